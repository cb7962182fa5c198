/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The selections and tests of rules, each as a rule of its own, so that the matcher tells
 * which of them hold. One thread; lives as long as the rules and the map.
 */
#pragma once

#include "ruleset.h"

struct rulepart {
	const struct sigma_expr *expr;	/* a SELECTION or a LEAF */
	uint32_t rule;		/* whose: index in the list */
	uint32_t n_below;	/* parts of it; they follow */
	bool negated;		/* an odd number of NOTs is above it */
};

/* All zero before it is made. */
struct ruleparts {
	struct rulepart *parts;
	uint32_t n;
	struct sigma_set set;		/* its rules: the parts */
	struct rulediags diags;
	struct ruleset *image;		/* rule_index of a program: the part */
	/* the rest is inside */
	uint32_t cap;
	struct sigma_rule *rules, **list;
};

/* Of rules that are not refused. false: no memory, or too many; call fini anyway. */
bool ruleparts_make(struct ruleparts *p, struct sigma_rule *const *rules, uint32_t n,
		    const struct ruleset_conf *conf);
void ruleparts_fini(struct ruleparts *p);
