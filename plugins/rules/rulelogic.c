/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition is taken apart into facts, all of which have to hold, or not to hold. It can
 * never be true if one of them is against the others. That a condition is always true is
 * that its opposite never is.
 */
#include "rulelogic.h"

#include <stdint.h>

#include "ruleimply.h"

#define FACTS	64u		/* that are looked at; without the others there is less to find */
#define WORK	20000u		/* comparisons of tests */

struct fact {
	const struct sigma_expr *e;
	bool not;
};

struct facts {
	const struct facts *outer;	/* what holds where these are asked for */
	struct fact fact[FACTS];
	uint32_t n, skip;		/* skip: the one that is looked at */
	uint32_t *work;
};

static bool never(const struct sigma_expr *e, bool not, const struct facts *outer,
		  uint32_t *work);

static void add(struct facts *f, const struct sigma_expr *e, bool not)
{
	uint32_t i;

	if (e->node == SIGMA_SELECTION) {
		add(f, e->of[0], not);
	} else if (e->node == SIGMA_NOT) {
		add(f, e->of[0], !not);
	} else if (e->node == (not ? SIGMA_OR : SIGMA_AND)) {
		for (i = 0; i < e->n; i++)
			add(f, e->of[i], not);
	} else if (f->n < FACTS) {
		f->fact[f->n++] = (struct fact){ e, not };
	}
}

/* Whether all that makes `e` true makes the test true, or false. */
static bool says(const struct sigma_expr *e, const struct sigma_test *t, bool yes, uint32_t *work)
{
	uint32_t i;

	if (!*work)
		return false;
	switch (e->node) {
	case SIGMA_LEAF:
		--*work;
		return (yes ? ruleimply_yes : ruleimply_no)(e->test, t);
	case SIGMA_AND:
		for (i = 0; i < e->n; i++)
			if (says(e->of[i], t, yes, work))
				return true;
		return false;
	case SIGMA_OR:
		for (i = 0; i < e->n; i++)
			if (!says(e->of[i], t, yes, work))
				return false;
		return true;
	case SIGMA_SELECTION:
		return says(e->of[0], t, yes, work);
	default:
		return false;
	}
}

/* A fact that does not hold says no of whatever would make it hold. */
static bool fact_says(const struct fact *f, const struct sigma_test *t, bool yes, uint32_t *work)
{
	if (!f->not)
		return says(f->e, t, yes, work);
	if (f->e->node != SIGMA_LEAF || !*work)
		return false;
	--*work;
	if (yes)	/* all that there is besides being there is to be absent */
		return t->op == SIGMA_ABSENT && f->e->test->op == SIGMA_PRESENT &&
		       ruleimply_no(f->e->test, t);
	return ruleimply_yes(t, f->e->test);
}

static bool leaf_is(const struct facts *f, const struct sigma_test *t, bool yes)
{
	uint32_t i;

	for (; f; f = f->outer)
		for (i = 0; i < f->n; i++)
			if (i != f->skip && fact_says(&f->fact[i], t, yes, f->work))
				return true;
	return false;
}

/* A selection that is named twice is the same node. */
static bool is_fact(const struct facts *f, const struct sigma_expr *e, bool yes)
{
	uint32_t i;

	for (; f; f = f->outer)
		for (i = 0; i < f->n; i++)
			if (i != f->skip && f->fact[i].e == e && f->fact[i].not != yes)
				return true;
	return false;
}

/* Whether the facts make `e` true (yes) or false. */
static bool is(const struct facts *f, const struct sigma_expr *e, bool yes)
{
	uint32_t i;

	if (is_fact(f, e, yes))
		return true;
	switch (e->node) {
	case SIGMA_LEAF:
		return leaf_is(f, e->test, yes);
	case SIGMA_SELECTION:
		return is(f, e->of[0], yes);
	case SIGMA_NOT:
		return is(f, e->of[0], !yes);
	default:
		break;
	}
	if (e->node == (yes ? SIGMA_AND : SIGMA_OR)) {
		for (i = 0; i < e->n; i++)
			if (!is(f, e->of[i], yes))
				return false;
		return true;
	}
	/* One of them is enough, or that they are against each other. */
	return never(e, yes, f, f->work);
}

static bool never(const struct sigma_expr *e, bool not, const struct facts *outer,
		  uint32_t *work)
{
	struct facts f = { .outer = outer, .work = work };

	add(&f, e, not);
	for (f.skip = 0; f.skip < f.n && *work; f.skip++)
		if (is(&f, f.fact[f.skip].e, f.fact[f.skip].not))
			return true;
	return false;
}

bool rulelogic_never(const struct sigma_expr *e)
{
	uint32_t work = WORK;

	return never(e, false, NULL, &work);
}

bool rulelogic_always(const struct sigma_expr *e)
{
	uint32_t work = WORK;

	return never(e, true, NULL, &work);
}
