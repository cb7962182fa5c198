/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns as trees, and as automata over bytes in which several states may hold at once.
 * Made by ruleregex.c and ruledfa.c; one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULENFA_NODES	20000u
#define RULENFA_STATES	100000u
#define RULENFA_MAX	UINT32_MAX	/* of a repetition: without end */

/* Characters from lo to hi; those of Unicode, or single bytes. */
struct rulerange {
	uint32_t lo, hi;
};

enum rulenode_kind {
	RULENODE_EMPTY,
	RULENODE_SET,		/* one character */
	RULENODE_BYTE,		/* one byte from lo to hi */
	RULENODE_CAT, RULENODE_ALT,	/* of a and b */
	RULENODE_REPEAT,	/* of a */
	RULENODE_ASSERT,
};

enum ruleassert { RULEASSERT_BEGIN, RULEASSERT_LINE_BEGIN, RULEASSERT_END, RULEASSERT_LINE_END,
	RULEASSERT_WORD, RULEASSERT_NO_WORD };

struct rulenode {
	enum rulenode_kind kind;
	uint32_t a, b;			/* nodes; 0: none */
	uint32_t min, max;		/* REPEAT; BYTE: lo and hi */
	enum ruleassert assert;
	uint32_t range_at, n_ranges;	/* SET */
	bool bad;			/* SET: a byte that is no UTF-8 as well */
};

/* Nodes and ranges; node 0 is nobody's. All zero is an empty one. */
struct ruletree {
	struct rulenode *nodes;
	uint32_t n, cap;
	struct rulerange *ranges;
	uint32_t n_ranges, cap_ranges;
	bool no_memory, too_large;
};

/* 0: no memory, or too large. */
uint32_t ruletree_node(struct ruletree *t, enum rulenode_kind kind, uint32_t a, uint32_t b);
uint32_t ruletree_byte(struct ruletree *t, uint32_t lo, uint32_t hi);
uint32_t ruletree_assert(struct ruletree *t, enum ruleassert what);
/* The ranges in any order; folded: with all that fold alike. */
uint32_t ruletree_set(struct ruletree *t, const struct rulerange *ranges, uint32_t n, bool negated,
		      bool folded);
void ruletree_fini(struct ruletree *t);

enum rulenfa_kind { RULENFA_RANGE, RULENFA_SPLIT, RULENFA_ASSERT, RULENFA_MATCH };

struct rulenfa_state {
	uint8_t kind, lo, hi;	/* RANGE: bytes; ASSERT: which, in lo */
	uint32_t a, b;		/* next states; b of SPLIT only */
};

struct rulenfa {
	struct rulenfa_state *states;
	uint32_t n, cap, start;
	bool no_memory, too_large;
};

/* -1: no memory, or too large. */
int rulenfa_build(struct rulenfa *nfa, const struct ruletree *t, uint32_t node);
void rulenfa_fini(struct rulenfa *nfa);
