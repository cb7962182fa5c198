/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trie that becomes the automaton of ruleac.h. Inside of ruleac*.c. Nodes are
 * numbered from 0, the root; lists end with 0.
 */
#pragma once

#include "ruleac.h"

enum { RULEAC_START_SYM = 256, RULEAC_END_SYM, RULEAC_SYMS };

struct ruleac_node {
	uint32_t parent;
	uint32_t child, sibling;
	uint32_t same;		/* another spelling of that node: fails to it, has no children */
	uint32_t fail;
	uint32_t out;		/* index in outs; 0: none */
	uint32_t base, cell;
	uint16_t sym, n_children;
};

struct ruleac_builder {
	bool folded;
	uint32_t n, cap;
	struct ruleac_node *nodes;
	uint32_t n_slots;	/* a power of two: nodes by parent and symbol, of those with many */
	uint32_t n_hashed;
	uint64_t *slots;	/* a half of the hash, and the node; 0: free */
	uint32_t n_outs, cap_outs;
	struct ruleac_out *outs;
};

/* The child of `parent` by sym, made if there is none. 0: no memory. */
uint32_t ruleactrie_step(struct ruleac_builder *b, uint32_t parent, uint16_t sym);
/* 0: it has none. */
uint32_t ruleactrie_find(const struct ruleac_builder *b, uint32_t parent, uint16_t sym);
/* Fills in fail, and out of what has none of its own. False: no memory. */
bool ruleaclink_run(struct ruleac_builder *b);
/* Lays the nodes out in cells. False: no memory; then nothing is in *out. */
bool ruleacpack_run(struct ruleac_builder *b, struct ruleac *out);
