/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees to states, from the end to the begin: each node is made knowing what follows it. A
 * character is a row of bytes, as UTF-8 has it; a byte that begins or goes on nothing is a
 * character by itself.
 */
#include "rulenfa.h"

#include <stdlib.h>
#include <string.h>

#include "rulefold.h"
#include "rulegrow.h"

#define CHAR_MAX_	0x10ffffu
#define FOLD_RANGE	0x11000u	/* larger ranges hold both cases anyhow */

/* ---- trees -----------------------------------------------------------------------*/

static bool grow(void *array, uint32_t *cap, uint32_t n, size_t size, uint32_t max, bool *large,
		 bool *no_memory)
{
	if (n >= *cap && n >= max)
		*large = true;
	else if (rulegrow(array, cap, n, size))
		return true;
	else
		*no_memory = true;
	return false;
}

uint32_t ruletree_node(struct ruletree *t, enum rulenode_kind kind, uint32_t a, uint32_t b)
{
	if (!t->n)
		t->n = 1;
	if (!grow(&t->nodes, &t->cap, t->n, sizeof(*t->nodes), RULENFA_NODES, &t->too_large,
		  &t->no_memory))
		return 0;
	t->nodes[t->n] = (struct rulenode){ .kind = kind, .a = a, .b = b };
	return t->n++;
}

uint32_t ruletree_byte(struct ruletree *t, uint32_t lo, uint32_t hi)
{
	uint32_t n = ruletree_node(t, RULENODE_BYTE, 0, 0);

	if (n) {
		t->nodes[n].min = lo;
		t->nodes[n].max = hi;
	}
	return n;
}

uint32_t ruletree_assert(struct ruletree *t, enum ruleassert what)
{
	uint32_t n = ruletree_node(t, RULENODE_ASSERT, 0, 0);

	if (n)
		t->nodes[n].assert = what;
	return n;
}

static void range_add(struct ruletree *t, uint32_t lo, uint32_t hi)
{
	if (grow(&t->ranges, &t->cap_ranges, t->n_ranges, sizeof(*t->ranges), RULENFA_STATES,
		 &t->too_large, &t->no_memory))
		t->ranges[t->n_ranges++] = (struct rulerange){ lo, hi };
}

static void fold_range(struct ruletree *t, const struct rulerange *r)
{
	uint32_t c, all[RULEFOLD_MAX];
	unsigned i, n;

	if (r->hi - r->lo > FOLD_RANGE)
		return;
	for (c = r->lo; c <= r->hi; c++) {
		n = rulefold_all(c, all);
		for (i = 0; i < n; i++)
			if (all[i] != c)
				range_add(t, all[i], all[i]);
	}
}

static int by_lo(const void *a, const void *b)
{
	const struct rulerange *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Those from number `at` on: in order, and none touches another. */
static void tidy(struct ruletree *t, uint32_t at)
{
	uint32_t i, n = t->n_ranges - at, to = 0;
	struct rulerange *r;

	if (!n)
		return;
	r = t->ranges + at;
	qsort(r, n, sizeof(*r), by_lo);
	for (i = 1; i < n; i++) {
		if (r[i].lo <= r[to].hi + 1)
			r[to].hi = r[i].hi > r[to].hi ? r[i].hi : r[to].hi;
		else
			r[++to] = r[i];
	}
	t->n_ranges = at + to + 1;
}

static void negate(struct ruletree *t, uint32_t at)
{
	uint32_t i, n = t->n_ranges - at, next = 0;
	struct rulerange *copy = calloc(n + 1, sizeof(*copy));

	if (!copy) {
		t->no_memory = true;
		return;
	}
	if (n)
		memcpy(copy, t->ranges + at, n * sizeof(*copy));
	t->n_ranges = at;
	for (i = 0; i < n; i++) {
		if (copy[i].lo > next)
			range_add(t, next, copy[i].lo - 1);
		next = copy[i].hi + 1;
	}
	if (next <= CHAR_MAX_)
		range_add(t, next, CHAR_MAX_);
	free(copy);
}

uint32_t ruletree_set(struct ruletree *t, const struct rulerange *ranges, uint32_t n, bool negated,
		      bool folded)
{
	uint32_t i, at = t->n_ranges, node;

	for (i = 0; i < n; i++) {
		range_add(t, ranges[i].lo, ranges[i].hi);
		if (folded)
			fold_range(t, &ranges[i]);
	}
	tidy(t, at);
	if (negated)
		negate(t, at);
	node = ruletree_node(t, RULENODE_SET, 0, 0);
	if (node) {
		t->nodes[node].range_at = at;
		t->nodes[node].n_ranges = t->n_ranges - at;
		t->nodes[node].bad = negated;
	}
	return node;
}

void ruletree_fini(struct ruletree *t)
{
	free(t->nodes);
	free(t->ranges);
}

/* ---- states ----------------------------------------------------------------------*/

static uint32_t state(struct rulenfa *nfa, uint8_t kind, uint32_t a, uint32_t b)
{
	if (!grow(&nfa->states, &nfa->cap, nfa->n, sizeof(*nfa->states), RULENFA_STATES,
		  &nfa->too_large, &nfa->no_memory))
		return 0;
	nfa->states[nfa->n] = (struct rulenfa_state){ .kind = kind, .a = a, .b = b };
	return nfa->n++;
}

static uint32_t byte(struct rulenfa *nfa, uint32_t lo, uint32_t hi, uint32_t next)
{
	uint32_t n = state(nfa, RULENFA_RANGE, next, 0);

	if (!nfa->too_large && !nfa->no_memory) {
		nfa->states[n].lo = (uint8_t)lo;
		nfa->states[n].hi = (uint8_t)hi;
	}
	return n;
}

/* One more way beside `other`; UINT32_MAX: there is none yet. */
static uint32_t either(struct rulenfa *nfa, uint32_t other, uint32_t one)
{
	return other == UINT32_MAX ? one : state(nfa, RULENFA_SPLIT, one, other);
}

static uint32_t same_length(struct rulenfa *nfa, const uint8_t *lo, const uint8_t *hi, unsigned n,
			    uint32_t next)
{
	while (n--)
		next = byte(nfa, lo[n], hi[n], next);
	return next;
}

/*
 * Characters of as many bytes each. Where only a part of the last k bytes belongs to it,
 * the range is cut, so that each piece is a row of ranges of bytes.
 */
static uint32_t utf8(struct rulenfa *nfa, uint32_t lo, uint32_t hi, uint32_t next, uint32_t way)
{
	uint8_t a[4] = { 0 }, b[4] = { 0 };
	uint32_t mask;
	unsigned k, n;

	for (k = 1; k < 4; k++) {
		mask = (1u << 6 * k) - 1;
		if ((lo & ~mask) == (hi & ~mask))
			break;
		if (lo & mask) {
			way = utf8(nfa, lo, lo | mask, next, way);
			return utf8(nfa, (lo | mask) + 1, hi, next, way);
		}
		if ((hi & mask) != mask) {
			way = utf8(nfa, lo, (hi & ~mask) - 1, next, way);
			return utf8(nfa, hi & ~mask, hi, next, way);
		}
	}
	n = rulefold_put(a, lo);
	rulefold_put(b, hi);
	return either(nfa, way, same_length(nfa, a, b, n, next));
}

static uint32_t range(struct rulenfa *nfa, struct rulerange r, uint32_t next, uint32_t way)
{
	static const struct rulerange lengths[] = { { 0, 0x7f }, { 0x80, 0x7ff }, { 0x800, 0xd7ff },
		{ 0xe000, 0xffff }, { 0x10000, CHAR_MAX_ } };
	uint32_t lo, hi;
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		lo = r.lo > lengths[i].lo ? r.lo : lengths[i].lo;
		hi = r.hi < lengths[i].hi ? r.hi : lengths[i].hi;
		if (lo > hi)
			continue;
		way = i ? utf8(nfa, lo, hi, next, way) : either(nfa, way, byte(nfa, lo, hi, next));
	}
	return way;
}

static uint32_t set(struct rulenfa *nfa, const struct ruletree *t, const struct rulenode *n,
		    uint32_t next)
{
	uint32_t way = UINT32_MAX, i;

	for (i = 0; i < n->n_ranges && !nfa->too_large && !nfa->no_memory; i++)
		way = range(nfa, t->ranges[n->range_at + i], next, way);
	if (n->bad) {
		way = either(nfa, way, byte(nfa, 0x80, 0xc1, next));
		way = either(nfa, way, byte(nfa, 0xf5, 0xff, next));
	}
	/* An empty class matches nothing. */
	return way == UINT32_MAX ? byte(nfa, 1, 0, next) : way;
}

static uint32_t build(struct rulenfa *nfa, const struct ruletree *t, uint32_t node, uint32_t next);

static uint32_t repeat(struct rulenfa *nfa, const struct ruletree *t, const struct rulenode *n,
		       uint32_t next)
{
	uint32_t i, again, after = next;

	if (n->max == RULENFA_MAX) {
		again = state(nfa, RULENFA_SPLIT, 0, next);
		after = build(nfa, t, n->a, again);
		if (nfa->too_large || nfa->no_memory)
			return 0;
		nfa->states[again].a = after;
		after = again;
	}
	for (i = n->min; n->max != RULENFA_MAX && i < n->max && !nfa->too_large && !nfa->no_memory; i++)
		after = state(nfa, RULENFA_SPLIT, build(nfa, t, n->a, after), next);
	for (i = 0; i < n->min && !nfa->too_large && !nfa->no_memory; i++)
		after = build(nfa, t, n->a, after);
	return after;
}

static uint32_t build(struct rulenfa *nfa, const struct ruletree *t, uint32_t node, uint32_t next)
{
	const struct rulenode *n = &t->nodes[node];
	uint32_t s;

	if (!node || nfa->too_large || nfa->no_memory)
		return next;
	switch (n->kind) {
	case RULENODE_SET:
		return set(nfa, t, n, next);
	case RULENODE_BYTE:
		return byte(nfa, n->min, n->max, next);
	case RULENODE_CAT:
		return build(nfa, t, n->a, build(nfa, t, n->b, next));
	case RULENODE_ALT:
		return state(nfa, RULENFA_SPLIT, build(nfa, t, n->a, next),
			     build(nfa, t, n->b, next));
	case RULENODE_REPEAT:
		return repeat(nfa, t, n, next);
	case RULENODE_ASSERT:
		s = state(nfa, RULENFA_ASSERT, next, 0);
		if (!nfa->too_large && !nfa->no_memory)
			nfa->states[s].lo = (uint8_t)n->assert;
		return s;
	default:
		return next;
	}
}

int rulenfa_build(struct rulenfa *nfa, const struct ruletree *t, uint32_t node)
{
	memset(nfa, 0, sizeof(*nfa));
	nfa->start = build(nfa, t, node, state(nfa, RULENFA_MATCH, 0, 0));
	return nfa->too_large || nfa->no_memory ? -1 : 0;
}

void rulenfa_fini(struct rulenfa *nfa)
{
	free(nfa->states);
}
