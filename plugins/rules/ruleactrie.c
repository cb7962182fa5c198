/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trie: nodes in one array. Few children of a node are a list, and mostly lie behind it;
 * more are found by parent and symbol in a hash table without deletion that is never more
 * than half full.
 */
#include "ruleactrie.h"

#include <stdlib.h>

#include "rulegrow.h"

#define MAX_NODES	(1u << 28)
#define FEW		4u	/* children that are not hashed */

static uint64_t hash(uint32_t parent, uint16_t sym)
{
	return ((uint64_t)parent << 9 | sym) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The place of the node, or that for it. *mark: what is stored there besides the node. */
static uint64_t *slot(const struct ruleac_builder *b, uint32_t parent, uint16_t sym,
		      uint64_t *mark)
{
	uint64_t h = hash(parent, sym);
	uint32_t i = (uint32_t)(h >> 32) & (b->n_slots - 1);

	*mark = h << 32;
	for (; b->slots[i]; i = (i + 1) & (b->n_slots - 1)) {
		const struct ruleac_node *n = &b->nodes[(uint32_t)b->slots[i]];

		if ((b->slots[i] ^ *mark) >> 32)
			continue;
		if (n->parent == parent && n->sym == sym)
			break;
	}
	return &b->slots[i];
}

static void hash_node(struct ruleac_builder *b, uint32_t node)
{
	uint64_t mark, *s = slot(b, b->nodes[node].parent, b->nodes[node].sym, &mark);

	*s = mark | node;
	b->n_hashed++;
}

/* Room for one node more, or for all children of one that has many now. */
static bool rehash(struct ruleac_builder *b)
{
	uint32_t i, n = b->n_slots ? b->n_slots * 4 : 1024;
	uint64_t *slots;

	if (b->n_hashed + FEW + 1 < b->n_slots / 2)
		return true;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	free(b->slots);
	b->slots = slots;
	b->n_slots = n;
	b->n_hashed = 0;
	for (i = 1; i < b->n; i++)
		if (b->nodes[b->nodes[i].parent].n_children > FEW)
			hash_node(b, i);
	return true;
}

static void add_child(struct ruleac_builder *b, uint32_t parent, uint16_t sym)
{
	struct ruleac_node *p = &b->nodes[parent];
	uint32_t c;

	b->nodes[b->n] = (struct ruleac_node){ .parent = parent, .sym = sym, .sibling = p->child };
	p->child = b->n++;
	p->n_children++;
	if (p->n_children > FEW + 1)
		hash_node(b, p->child);
	for (c = p->n_children == FEW + 1 ? p->child : 0; c; c = b->nodes[c].sibling)
		hash_node(b, c);
}

uint32_t ruleactrie_step(struct ruleac_builder *b, uint32_t parent, uint16_t sym)
{
	uint32_t to = ruleactrie_find(b, parent, sym);

	if (to)
		return to;
	if (b->n >= MAX_NODES || !rehash(b) ||
	    !rulegrow(&b->nodes, &b->cap, b->n, sizeof(*b->nodes)))
		return 0;
	add_child(b, parent, sym);
	return b->nodes[parent].child;
}

uint32_t ruleactrie_find(const struct ruleac_builder *b, uint32_t parent, uint16_t sym)
{
	uint64_t mark;
	uint32_t c;

	if (b->nodes[parent].n_children > FEW)
		return (uint32_t)*slot(b, parent, sym, &mark);
	for (c = b->nodes[parent].child; c && b->nodes[c].sym != sym; c = b->nodes[c].sibling)
		;
	return c;
}
