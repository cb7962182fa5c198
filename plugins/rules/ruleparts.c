/* SPDX-License-Identifier: Apache-2.0 */
/* Takes expressions apart, and makes an image of what it gets. */
#include "ruleparts.h"

#include <stdlib.h>

#include "rulegrow.h"

/* A selection before its tests. */
static bool gather(struct ruleparts *p, const struct sigma_expr *e, uint32_t rule, bool negated)
{
	const bool is_part = e->node == SIGMA_SELECTION || e->node == SIGMA_LEAF;
	uint32_t i, at = p->n;

	if (is_part) {
		if (!rulegrow(&p->parts, &p->cap, p->n, sizeof(*p->parts)))
			return false;
		p->parts[p->n++] = (struct rulepart){ .expr = e, .rule = rule,
			.negated = negated };
	}
	for (i = 0; e->node != SIGMA_LEAF && i < e->n; i++)
		if (!gather(p, e->of[i], rule, negated != (e->node == SIGMA_NOT)))
			return false;
	if (is_part)
		p->parts[at].n_below = p->n - at - 1;
	return true;
}

bool ruleparts_make(struct ruleparts *p, struct sigma_rule *const *rules, uint32_t n,
		    const struct ruleset_conf *conf)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!rules[i]->refused && !gather(p, rules[i]->expr, i, false))
			return false;
	p->rules = calloc(p->n + 1, sizeof(*p->rules));
	p->list = calloc(p->n + 1, sizeof(*p->list));
	if (!p->rules || !p->list)
		return false;
	for (i = 0; i < p->n; i++) {
		p->rules[i] = *rules[p->parts[i].rule];
		p->rules[i].expr = p->parts[i].expr;
		p->rules[i].weir = (struct sigma_weir){ 0 };
		p->list[i] = &p->rules[i];
	}
	p->set = (struct sigma_set){ .n_rules = p->n, .rules = p->list };
	p->image = ruleset_new(&p->set, conf, &p->diags);
	return p->image != NULL;
}

void ruleparts_fini(struct ruleparts *p)
{
	ruleset_free(p->image);
	rulediag_fini(&p->diags);
	free(p->rules);
	free(p->list);
	free(p->parts);
}
