/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings go into a trie as they are added. In a folded one a letter of ASCII is its
 * small one. Another spelling of a character, which may have another length (KELVIN
 * SIGN for k), is a path of its own from the node before the character; its last node
 * has the failure link to the character's node, from where everything goes on. So no
 * string is there twice: a character adds the bytes of its spellings, and no more.
 */
#include "ruleactrie.h"

#include <stdlib.h>
#include <string.h>

#include "rulefold.h"
#include "rulegrow.h"

struct ruleac_builder *ruleac_begin(bool folded)
{
	struct ruleac_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->folded = folded;
	if (!rulegrow(&b->nodes, &b->cap, 0, sizeof(*b->nodes)) ||
	    !rulegrow(&b->outs, &b->cap_outs, 0, sizeof(*b->outs))) {
		ruleac_abandon(b);
		return NULL;
	}
	b->nodes[0] = (struct ruleac_node){ 0 };
	b->n = b->n_outs = 1;
	return b;
}

static bool walk(struct ruleac_builder *b, uint32_t *at, const uint8_t *s, size_t n)
{
	uint32_t to = *at;

	while (n--) {
		to = ruleactrie_step(b, to, *s++);
		if (!to)
			return false;
	}
	*at = to;
	return true;
}

/* The shortest spelling is the path: no spelling is deeper than what it leads to. */
static unsigned shortest(const uint32_t *all, unsigned n)
{
	unsigned i, least = 0;
	uint8_t s[4];

	for (i = 1; i < n; i++)
		if (rulefold_put(s, all[i]) < rulefold_put(s, all[least]))
			least = i;
	return least;
}

static bool walk_char(struct ruleac_builder *b, uint32_t *at, uint32_t c)
{
	uint32_t all[RULEFOLD_MAX], from = *at, to;
	unsigned i, n = rulefold_all(c, all), path = shortest(all, n);
	uint8_t s[4];

	if (!walk(b, at, s, rulefold_put(s, all[path])))
		return false;
	for (i = 0; i < n; i++) {
		if (i == path || all[i] < 0x80)
			continue;
		to = from;
		if (!walk(b, &to, s, rulefold_put(s, all[i])))
			return false;
		b->nodes[to].same = *at;
	}
	return true;
}

static bool walk_text(struct ruleac_builder *b, uint32_t *at, const uint8_t *s, size_t len)
{
	unsigned n;

	if (!b->folded)
		return walk(b, at, s, len);
	for (; len; s += n, len -= n)
		if (!walk_char(b, at, rulefold_get(s, len, &n)))
			return false;
	return true;
}

static bool is_utf8(const uint8_t *s, size_t len)
{
	unsigned n;

	for (; len; s += n, len -= n)
		if (rulefold_get(s, len, &n) == RULEFOLD_BAD)
			return false;
	return true;
}

int ruleac_add(struct ruleac_builder *b, const void *text, size_t len, unsigned flags,
	       uint32_t id)
{
	uint32_t at = 0;

	if (!len && flags != (RULEAC_STARTS | RULEAC_ENDS))
		return RULEAC_E_EMPTY;
	if (b->folded && !is_utf8(text, len))
		return RULEAC_E_NOT_UTF8;
	if (!rulegrow(&b->outs, &b->cap_outs, b->n_outs, sizeof(*b->outs)))
		return -1;
	if (flags & RULEAC_STARTS && !(at = ruleactrie_step(b, at, RULEAC_START_SYM)))
		return -1;
	if (!walk_text(b, &at, text, len))
		return -1;
	if (flags & RULEAC_ENDS && !(at = ruleactrie_step(b, at, RULEAC_END_SYM)))
		return -1;
	b->outs[b->n_outs] = (struct ruleac_out){ id, b->nodes[at].out };
	b->nodes[at].out = b->n_outs++;
	return 0;
}

int ruleac_build(struct ruleac_builder *b, uint32_t max_cells, struct ruleac *out,
		 uint32_t *needed)
{
	struct ruleac ac;
	bool good = ruleaclink_run(b) && ruleacpack_run(b, &ac);

	*needed = 0;
	if (good && ac.n_cells > max_cells) {
		*needed = ac.n_cells;
		free(ac.cells);
		good = false;
	}
	if (good) {
		ac.outs = b->outs;
		ac.n_outs = b->n_outs;
		ac.outs[0] = (struct ruleac_out){ 0 };
		b->outs = NULL;
		*out = ac;
	}
	ruleac_abandon(b);
	return good ? 0 : -1;
}

void ruleac_abandon(struct ruleac_builder *b)
{
	if (!b)
		return;
	free(b->nodes);
	free(b->slots);
	free(b->outs);
	free(b);
}

void ruleac_fini(struct ruleac *ac)
{
	free(ac->cells);
	free(ac->outs);
	*ac = (struct ruleac){ 0 };
}
