/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failure links, level by level: the longest end of what a node stands for that is a
 * node, too. A node's outputs go on with those of its failure link.
 */
#include "ruleactrie.h"

#include <stdlib.h>

static void join_outs(struct ruleac_builder *b, struct ruleac_node *n, uint32_t fail)
{
	uint32_t *end = &n->out;

	while (*end)
		end = &b->outs[*end].next;
	*end = b->nodes[fail].out;
}

static void link_node(struct ruleac_builder *b, uint32_t at)
{
	struct ruleac_node *n = &b->nodes[at];
	uint32_t to = 0, f = n->parent;

	if (n->sym == RULEAC_START_SYM)
		f = 0;
	while (f && !to) {
		f = b->nodes[f].fail;
		to = ruleactrie_find(b, f, n->sym);
	}
	n->fail = to;
	join_outs(b, n, to);
}

/*
 * Other spellings come last: what they are the same as may be on any level, they have
 * no outputs of their own, and no other node fails to them.
 */
static void link_spellings(struct ruleac_builder *b)
{
	uint32_t i;

	for (i = 1; i < b->n; i++) {
		struct ruleac_node *n = &b->nodes[i];

		if (!n->same)
			continue;
		n->fail = n->same;
		n->out = b->nodes[n->same].out;
	}
}

bool ruleaclink_run(struct ruleac_builder *b)
{
	uint32_t head, tail = 0, c, *queue = malloc(b->n * sizeof(*queue));

	if (!queue)
		return false;
	queue[tail++] = 0;
	for (head = 0; head < tail; head++) {
		for (c = b->nodes[queue[head]].child; c; c = b->nodes[c].sibling) {
			if (b->nodes[c].same)
				continue;
			link_node(b, c);
			queue[tail++] = c;
		}
	}
	free(queue);
	link_spellings(b);
	return true;
}
