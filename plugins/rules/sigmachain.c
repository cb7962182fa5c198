/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What correlations refer to. They are taken in rounds: in each those that refer only to
 * rules and to correlations of rounds before; what is left is a circle, or too long.
 */
#include "sigmapriv.h"

#define ROUNDS	16u

static int refuse(struct sigma_own *own, struct sigma_correlation *c,
		  const struct ruleplace *at, const char *ref, const char *why)
{
	c->refused = true;
	return rulediag_error(&own->set.diags, at, c->meta.title, "`%s` %s", ref, why);
}

static void find_refs(struct sigma_own *own, const struct sigma_index *index,
		      struct sigma_correlation *c)
{
	struct sigma_ref *ref;

	for (ref = c->refs; ref < c->refs + c->n_refs && !c->refused; ref++) {
		if (!sigmaref_find(index, ref))
			refuse(own, c, &ref->place, ref->text, "is the id or name of no rule");
		else if (ref->rule && ref->rule->refused)
			refuse(own, c, &ref->place, ref->text, "is refused, and with it all that "
			       "refers to it");
	}
}

/* ---- aliases ---------------------------------------------------------------------*/

static bool is_same(const struct sigma_ref *a, const struct sigma_ref *b)
{
	return a->rule == b->rule && a->correlation == b->correlation;
}

static bool is_among(const struct sigma_ref *one, const struct sigma_ref *of, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (is_same(one, &of[i]))
			return true;
	return false;
}

static bool is_grouped_by(const struct sigma_correlation *c, const char *name)
{
	return sigmatake_word(name, c->group_by.word, c->group_by.n) >= 0;
}

/* It is for rules of the correlation; and, if it is used, for each of them. */
static int check_alias(struct sigma_own *own, const struct sigma_index *index,
		       struct sigma_correlation *c, const struct sigma_alias *alias)
{
	struct sigma_ref *of = rulearena_get(&own->arena, alias->n, sizeof(*of));
	uint32_t i;

	if (!of)
		return -1;
	for (i = 0; i < alias->n; i++) {
		of[i].text = alias->of[i].rule;
		if (!sigmaref_find(index, &of[i]) || !is_among(&of[i], c->refs, c->n_refs))
			return refuse(own, c, &c->meta.place, of[i].text, "has an alias, and is "
				      "none of the correlation's `rules`");
	}
	for (i = 0; i < c->n_refs && is_grouped_by(c, alias->name); i++)
		if (!is_among(&c->refs[i], of, alias->n))
			return refuse(own, c, &c->refs[i].place, c->refs[i].text, "has no field "
				      "for an alias that is in `group-by`: give it one");
	return 0;
}

static void check_aliases(struct sigma_own *own, const struct sigma_index *index,
			  struct sigma_correlation *c)
{
	uint32_t i;

	for (i = 0; i < c->n_aliases && !c->refused; i++)
		check_alias(own, index, c, &c->aliases[i]);
}

/* ---- chains ----------------------------------------------------------------------*/

static uint32_t *round_of(struct sigma_correlation *c)
{
	return &((struct sigma_correlation_own *)c)->round;
}

/* The first reference to what is not there before this round; NULL: there is none. */
static const struct sigma_ref *find_open(const struct sigma_correlation *c, uint32_t round)
{
	uint32_t i, other;

	for (i = 0; i < c->n_refs; i++) {
		if (c->refs[i].rule)
			continue;
		other = *round_of((struct sigma_correlation *)(uintptr_t)c->refs[i].correlation);
		if (!other || other >= round)
			return &c->refs[i];
	}
	return NULL;
}

static void take_round(struct sigma_own *own, uint32_t round)
{
	struct sigma_correlation *c;
	const struct sigma_ref *ref;
	uint32_t i;

	for (i = 0; i < own->set.n_correlations; i++) {
		c = own->set.correlations[i];
		if (c->refused || *round_of(c))
			continue;
		ref = find_open(c, round);
		if (!ref)
			*round_of(c) = round;
		else if (ref->correlation->refused)
			refuse(own, c, &ref->place, ref->text, "is refused, and with it all that "
			       "refers to it");
	}
}

static void refuse_rest(struct sigma_own *own)
{
	const struct sigma_ref *ref;
	struct sigma_correlation *c;
	uint32_t i;

	for (i = 0; i < own->set.n_correlations; i++) {
		c = own->set.correlations[i];
		if (c->refused || *round_of(c))
			continue;
		ref = find_open(c, ROUNDS + 1);
		if (!ref)
			ref = c->refs;
		refuse(own, c, &ref->place, ref->text, "leads in a circle of correlations, or "
		       "through more than 16 of them: break the chain");
	}
}

void sigmachain_link(struct sigma_own *own, const struct sigma_index *index)
{
	struct sigma_set *set = &own->set;
	uint32_t i, round;

	for (i = 0; i < set->n_correlations; i++) {
		if (set->correlations[i]->refused)
			continue;
		find_refs(own, index, set->correlations[i]);
		check_aliases(own, index, set->correlations[i]);
	}
	for (round = 1; round <= ROUNDS; round++)
		take_round(own, round);
	refuse_rest(own);
}
