/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through rules, and says each thing once, however often its value is in a condition. */
#include "rulelintpriv.h"

#include <stdbool.h>

#include "rulelogic.h"

struct lint {
	const struct sigma_rule *rule;
	struct rulediags *diags;
	uint32_t first;		/* of the rule's warnings */
};

/* Shared selections and what modifiers made of one value come by several times. */
static bool is_told(const struct lint *l, const struct ruleplace *at)
{
	uint32_t i;

	for (i = l->first; i < l->diags->n; i++)
		if (l->diags->items[i].place.line == at->line &&
		    l->diags->items[i].place.col == at->col)
			return true;
	return false;
}

static void test(struct lint *l, const struct sigma_test *t)
{
	const char *advice = t->op == SIGMA_RE ? rulelintvalue_regex(t) : rulelintvalue_text(t);

	if (advice && !is_told(l, &t->place))
		rulediag_warn(l->diags, &t->place, l->rule->meta.title, "%s: %s",
			      t->field ? t->field : "keywords", advice);
}

static void tests(struct lint *l, const struct sigma_expr *e)
{
	uint32_t i;

	if (e->node == SIGMA_LEAF)
		test(l, e->test);
	for (i = 0; i < e->n; i++)
		tests(l, e->of[i]);
}

/* The first selection that is a contradiction by itself; NULL: none is. */
static const struct sigma_expr *broken(const struct sigma_expr *e)
{
	const struct sigma_expr *found = NULL;
	uint32_t i;

	if (e->node == SIGMA_SELECTION)
		return rulelogic_never(e) ? e : NULL;
	for (i = 0; i < e->n && !found; i++)
		found = broken(e->of[i]);
	return found;
}

/* False: there is nothing to say. */
static bool logic(struct lint *l)
{
	const struct sigma_expr *e = l->rule->expr, *selection = broken(e);
	bool never = rulelogic_never(e);

	if (selection)
		rulediag_warn(l->diags, &selection->place, l->rule->meta.title,
			      "`%s` can never be true%s: values of one field contradict each other; "
			      "make a list of what may be instead of the other", selection->name,
			      never ? ", nor can the rule" : "");
	else if (never)
		rulediag_warn(l->diags, &e->place, l->rule->meta.title,
			      "the rule can never match: parts of its condition contradict each other; "
			      "join with `or` what cannot be at once");
	else if (rulelogic_always(e))
		rulediag_warn(l->diags, &e->place, l->rule->meta.title,
			      "the condition is always true: leave out a part of it");
	else
		return false;
	return true;
}

/* Programs are in the order of rules. */
static bool is_unguarded(const struct ruleset *image, uint32_t rule, uint32_t *at)
{
	bool is = false;

	for (; *at < image->image.n_rules && image->programs[*at].rule_index <= rule; ++*at)
		is |= image->programs[*at].rule_index == rule && image->programs[*at].unguarded;
	return is;
}

void rulelint_run(const struct sigma_set *set, const struct ruleset *image,
		  struct rulediags *diags)
{
	struct lint l = { .diags = diags };
	uint32_t i, at = 0;
	bool unguarded;

	for (i = 0; i < set->n_rules; i++) {
		l.rule = set->rules[i];
		unguarded = is_unguarded(image, i, &at);
		if (l.rule->refused)
			continue;
		if (!logic(&l) && unguarded)
			rulediag_warn(diags, &l.rule->meta.place, l.rule->meta.title,
				      "no text has to be there for it to match, so it is looked at for "
				      "each event of its types: add one that always is, if you can");
		l.first = diags->n;
		tests(&l, l.rule->expr);
	}
	rulelintsame_run(set, diags);
}
