/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The double array: where a node's children lie, so that no cell is taken twice. The
 * nodes with the most children choose first; those with one fill what is left. Each
 * number of children begins at the first free cell; a search that was in vain is not
 * done again by the next node, so all of it is linear but for a constant.
 */
#include "ruleactrie.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TRIES	64

struct pack {
	struct ruleac_builder *b;
	uint32_t code[RULEAC_SYMS], n_codes;
	uint32_t cap;		/* cells */
	uint32_t *next, *prev;	/* of a free cell: the ring of them, which begins at cell 0 */
	uint8_t *taken;
	uint32_t top;		/* behind the last cell that may be looked at */
	uint32_t rover;
};

/* The more often a symbol is taken, the smaller its code: children lie close together. */
static void number_codes(struct pack *p)
{
	uint32_t i, j, best, freq[RULEAC_SYMS] = { 0 };
	uint32_t n_bytes = 0;

	for (i = 1; i < p->b->n; i++)
		freq[p->b->nodes[i].sym]++;
	for (i = 0; i < 256; i++)
		n_bytes += freq[i] > 0;
	/* With all bytes in use there is none that needs code 0 for itself. */
	p->n_codes = n_bytes == 256 ? 0 : 1;
	for (i = 0; i < 256; i++) {
		for (best = j = 0; j < 256; j++)
			if (freq[j] > freq[best])
				best = j;
		if (!freq[best])
			break;
		p->code[best] = p->n_codes++;
		freq[best] = 0;
	}
	p->code[RULEAC_START_SYM] = p->n_codes++;
	p->code[RULEAC_END_SYM] = p->n_codes++;
}

static bool grow(struct pack *p, uint32_t want)
{
	uint32_t i, cap = p->cap ? p->cap : 1024;
	void *next, *prev, *taken;

	while (cap < want)
		cap *= 2;
	if (cap == p->cap)
		return true;
	if ((next = realloc(p->next, cap * sizeof(*p->next))))
		p->next = next;
	if ((prev = realloc(p->prev, cap * sizeof(*p->prev))))
		p->prev = prev;
	if ((taken = realloc(p->taken, cap)))
		p->taken = taken;
	if (!next || !prev || !taken)
		return false;
	memset(p->taken + p->cap, 0, cap - p->cap);
	if (!p->cap)
		p->next[0] = p->prev[0] = 0;
	for (i = p->cap ? p->cap : 1; i < cap; i++) {
		p->prev[i] = p->prev[0];
		p->next[i] = 0;
		p->next[p->prev[0]] = i;
		p->prev[0] = i;
	}
	p->cap = cap;
	return true;
}

static void take(struct pack *p, uint32_t cell)
{
	if (p->rover == cell)
		p->rover = p->next[cell];
	p->next[p->prev[cell]] = p->next[cell];
	p->prev[p->next[cell]] = p->prev[cell];
	p->taken[cell] = 1;
	if (cell >= p->top)
		p->top = cell + 1;
}

static bool fits(const struct pack *p, uint32_t node, uint32_t base)
{
	const struct ruleac_node *nodes = p->b->nodes;
	uint32_t c;

	for (c = nodes[node].child; c; c = nodes[c].sibling)
		if (p->taken[base + p->code[nodes[c].sym]])
			return false;
	return true;
}

/* A base for the node's children. False: no memory. */
static bool find_base(struct pack *p, uint32_t node, uint32_t *base)
{
	const struct ruleac_node *nodes = p->b->nodes;
	uint32_t c, at, tries, least = UINT32_MAX;

	for (c = nodes[node].child; c; c = nodes[c].sibling)
		least = p->code[nodes[c].sym] < least ? p->code[nodes[c].sym] : least;
	/* Always enough free cells behind the top for a whole node. */
	if (!grow(p, p->top + 2 * RULEAC_SYMS + MAX_TRIES))
		return false;
	at = p->rover ? p->rover : p->next[0];
	for (tries = 0; tries < MAX_TRIES && at < p->top; tries++, at = p->next[at]) {
		if (at < least || !fits(p, node, at - least))
			continue;
		*base = at - least;
		return true;
	}
	p->rover = at;
	while (at < p->top || at < least)
		at = at < p->top ? p->top : at + 1;
	*base = at - least;
	return true;
}

static bool place(struct pack *p, uint32_t node)
{
	struct ruleac_node *nodes = p->b->nodes;
	uint32_t c, base;

	if (!find_base(p, node, &base))
		return false;
	nodes[node].base = base;
	for (c = nodes[node].child; c; c = nodes[c].sibling) {
		nodes[c].cell = base + p->code[nodes[c].sym];
		take(p, nodes[c].cell);
	}
	return true;
}

/* Nodes by their number of children, the most first. */
static bool place_all(struct pack *p)
{
	uint32_t i, k, from[RULEAC_SYMS + 2] = { 0 }, *order;
	const struct ruleac_node *nodes = p->b->nodes;
	bool good = true;

	order = malloc(p->b->n * sizeof(*order));
	if (!order)
		return false;
	for (i = 0; i < p->b->n; i++)
		from[RULEAC_SYMS - nodes[i].n_children + 1]++;
	for (k = 1; k < RULEAC_SYMS + 2; k++)
		from[k] += from[k - 1];
	for (i = 0; i < p->b->n; i++)
		order[from[RULEAC_SYMS - nodes[i].n_children]++] = i;
	for (i = k = 0; good && i < p->b->n && nodes[order[i]].n_children; i++) {
		if (nodes[order[i]].n_children != k)
			p->rover = 0;
		k = nodes[order[i]].n_children;
		good = place(p, order[i]);
	}
	free(order);
	return good;
}

static void fill(const struct pack *p, struct ruleac *ac)
{
	const struct ruleac_node *nodes = p->b->nodes;
	uint32_t i;

	for (i = 0; i < p->b->n; i++) {
		ac->cells[nodes[i].cell] = (struct ruleac_cell){
			.base = nodes[i].base,
			.check = i ? nodes[nodes[i].parent].cell : 0,
			.fail = nodes[nodes[i].fail].cell,
			.out = nodes[i].out,
		};
		if (nodes[i].sym == RULEAC_START_SYM && i)
			ac->start = nodes[i].cell;
	}
	for (i = 0; i < 256; i++)
		ac->code[i] = (uint8_t)p->code[i];
	for (i = 'A'; p->b->folded && i <= 'Z'; i++)
		ac->code[i] = (uint8_t)p->code[i | 0x20];
}

bool ruleacpack_run(struct ruleac_builder *b, struct ruleac *out)
{
	struct pack p = { .b = b };
	uint32_t i, n = 0;
	bool good;

	number_codes(&p);
	good = grow(&p, 1);
	if (good) {
		b->nodes[0].cell = RULEAC_ROOT;
		take(&p, RULEAC_ROOT);
		good = place_all(&p);
	}
	for (i = 0; i < b->n; i++)
		n = b->nodes[i].base > n ? b->nodes[i].base : n;
	n = n + p.n_codes > p.top ? n + p.n_codes : p.top;
	*out = (struct ruleac){ .start = RULEAC_ROOT, .n_codes = p.n_codes, .n_states = b->n,
				.end = p.code[RULEAC_END_SYM], .n_cells = n };
	out->cells = good ? calloc(n, sizeof(*out->cells)) : NULL;
	if (out->cells)
		fill(&p, out);
	free(p.next);
	free(p.prev);
	free(p.taken);
	return out->cells;
}
