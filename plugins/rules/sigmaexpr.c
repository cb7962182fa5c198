/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of expressions, in the set's arena. */
#include "sigmapriv.h"

bool sigmaexpr_add(struct sigma_reader *r, struct sigma_list *list,
		   const struct sigma_expr *one)
{
	if (!one || !rulearena_more(r->arena, &list->of, list->n, &list->cap,
				    sizeof(*list->of)))
		return false;
	list->of[list->n++] = one;
	return true;
}

static struct sigma_expr *new_expr(struct sigma_reader *r, enum sigma_node node,
				   const struct ruleplace *at)
{
	struct sigma_expr *e = rulearena_get(r->arena, 1, sizeof(*e));

	if (e) {
		e->node = node;
		e->place = *at;
	}
	return e;
}

/* A node of one other. */
static struct sigma_expr *new_over(struct sigma_reader *r, enum sigma_node node,
				   const struct sigma_expr *one, const struct ruleplace *at)
{
	struct sigma_expr *e = new_expr(r, node, at);
	const struct sigma_expr **of = rulearena_get(r->arena, 1, sizeof(*of));

	if (!e || !of)
		return NULL;
	*of = one;
	e->of = of;
	e->n = 1;
	return e;
}

const struct sigma_expr *sigmaexpr_join(struct sigma_reader *r, enum sigma_node node,
					const struct sigma_list *list,
					const struct ruleplace *at)
{
	struct sigma_expr *e;

	if (list->n == 1)
		return list->of[0];
	e = new_expr(r, node, at);
	if (e) {
		e->n = list->n;
		e->of = list->of;
	}
	return e;
}

const struct sigma_expr *sigmaexpr_not(struct sigma_reader *r, const struct sigma_expr *one)
{
	return one ? new_over(r, SIGMA_NOT, one, &one->place) : NULL;
}

const struct sigma_expr *sigmaexpr_name(struct sigma_reader *r, const char *name,
					const struct sigma_expr *one,
					const struct ruleplace *at)
{
	struct sigma_expr *e = new_over(r, SIGMA_SELECTION, one, at);

	if (e)
		e->name = name;
	return e;
}

const struct sigma_expr *sigmaexpr_leaf(struct sigma_reader *r, const struct sigma_test *test)
{
	struct sigma_expr *e;
	struct sigma_test *t;

	if (r->n_values >= r->own->conf.max_values) {
		SIGMA_ERROR(r, &test->place, "more than %u values in a rule: divide it",
			    r->own->conf.max_values);
		return NULL;
	}
	e = new_expr(r, SIGMA_LEAF, &test->place);
	t = rulearena_get(r->arena, 1, sizeof(*t));
	if (!e || !t)
		return NULL;
	r->n_values++;
	*t = *test;
	e->test = t;
	return e;
}
