/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After the last file: filters become part of the rules that they are for, as
 * `(the rule's condition) and (the filter's)`, and rules learn whether they are told.
 */
#include <string.h>

#include "sigmapriv.h"

/* ---- filters ---------------------------------------------------------------------*/

/* What the filter names; what it leaves out may be anything. */
static bool is_inside(const struct sigma_logsource *rule, const struct sigma_logsource *filter)
{
	const char *const have[] = { rule->category, rule->product, rule->service };
	const char *const want[] = { filter->category, filter->product, filter->service };
	unsigned i;

	for (i = 0; i < 3; i++)
		if (want[i] && (!have[i] || strcmp(want[i], have[i])))
			return false;
	return true;
}

static void refuse_rule(struct sigma_own *own, struct sigma_rule_own *rule,
			const struct sigma_filter *f)
{
	rule->rule.refused = true;
	rulediag_error(&own->set.diags, &rule->rule.meta.place, rule->rule.meta.title,
		       "with the filter `%s` it has more than %u values: divide it",
		       f->meta.title, own->conf.max_values);
}

/* false: no memory. */
static bool apply(struct sigma_own *own, struct sigma_rule_own *rule,
		  const struct sigma_filter *f)
{
	struct sigma_reader r = { .own = own, .arena = &own->arena };
	struct sigma_list *parts = &rule->parts;

	if (rule->rule.refused || (parts->n && parts->of[parts->n - 1] == f->cond.expr))
		return true;
	if (f->cond.n_values > own->conf.max_values - rule->n_values) {
		refuse_rule(own, rule, f);
		return true;
	}
	rule->n_values += f->cond.n_values;
	if (!parts->n && !sigmaexpr_add(&r, parts, rule->rule.expr))
		return false;
	return sigmaexpr_add(&r, parts, f->cond.expr);
}

static bool apply_to_all(struct sigma_own *own, const struct sigma_filter *f)
{
	struct sigma_rule *rule;
	uint32_t i, n = 0;

	for (i = 0; i < own->set.n_rules; i++) {
		rule = own->set.rules[i];
		if (!is_inside(&rule->logsource, &f->logsource))
			continue;
		n++;
		if (!apply(own, (struct sigma_rule_own *)rule, f))
			return false;
	}
	if (!n)
		rulediag_warn(&own->set.diags, &f->logsource.place, f->meta.title,
			      "there is no rule of this logsource");
	return true;
}

static bool apply_to_refs(struct sigma_own *own, const struct sigma_index *index,
			  struct sigma_filter *f)
{
	struct sigma_ref *ref;

	for (ref = f->refs; ref < f->refs + f->n_refs; ref++) {
		if (!sigmaref_find(index, ref) || !ref->rule)
			rulediag_warn(&own->set.diags, &ref->place, f->meta.title, "`%s` is %s",
				      ref->text, ref->correlation ? "a correlation: filter the "
				      "rules that it refers to" : "the id or name of no rule");
		else if (!is_inside(&ref->rule->logsource, &f->logsource))
			rulediag_warn(&own->set.diags, &ref->place, f->meta.title, "`%s` is of "
				      "another logsource than the filter, which does not apply",
				      ref->text);
		else if (!apply(own, (struct sigma_rule_own *)(uintptr_t)ref->rule, f))
			return false;
	}
	return true;
}

static bool join_parts(struct sigma_own *own)
{
	struct sigma_reader r = { .own = own, .arena = &own->arena };
	struct sigma_rule_own *rule;
	uint32_t i;

	for (i = 0; i < own->set.n_rules; i++) {
		rule = (struct sigma_rule_own *)own->set.rules[i];
		if (!rule->parts.n)
			continue;
		rule->rule.expr = sigmaexpr_join(&r, SIGMA_AND, &rule->parts,
						 &rule->rule.meta.place);
		if (!rule->rule.expr)
			return false;
	}
	return true;
}

static bool apply_filters(struct sigma_own *own, const struct sigma_index *index)
{
	struct sigma_filter *f;
	uint32_t i;

	for (i = 0; i < own->n_filters; i++) {
		f = own->filters[i];
		if (!(f->is_for_all ? apply_to_all(own, f) : apply_to_refs(own, index, f)))
			return false;
	}
	return join_parts(own);
}

/* ---- who is told -----------------------------------------------------------------*/

/* Of all that correlations with or without `generate` refer to. */
static void mark(struct sigma_own *own, bool generate, bool quiet)
{
	const struct sigma_correlation *c;
	const struct sigma_ref *ref;
	uint32_t i;

	for (i = 0; i < own->set.n_correlations; i++) {
		c = own->set.correlations[i];
		if (c->refused || c->generate != generate)
			continue;
		for (ref = c->refs; ref < c->refs + c->n_refs; ref++) {
			if (ref->rule)
				((struct sigma_rule *)(uintptr_t)ref->rule)->quiet = quiet;
			else
				((struct sigma_correlation *)(uintptr_t)
				 ref->correlation)->quiet = quiet;
		}
	}
}

int sigma_link(struct sigma_set *set)
{
	struct sigma_own *own = (struct sigma_own *)set;
	struct sigma_index *index = sigmaref_index(own);

	if (!index || !apply_filters(own, index))
		return -1;
	sigmachain_link(own, index);
	/* One correlation that asks for a rule alone is enough. */
	mark(own, false, true);
	mark(own, true, false);
	return own->arena.failed ? -1 : 0;
}
