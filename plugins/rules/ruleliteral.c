/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are in whatever a pattern matches. */
#include <string.h>

#include "ruledfa.h"
#include "rulefold.h"
#include "ruleregex.h"

struct literal {
	const struct ruletree *t;
	char *text, run[64];
	size_t size, best, n;
	bool folded;
};

static void cut(struct literal *l)
{
	if (l->n > l->best) {
		l->best = l->n < l->size ? l->n : l->size;
		memcpy(l->text, l->run, l->best);
	}
	l->n = 0;
}

/* The character of ASCII that it is, in either case; 0: it is not one. */
static char single(const struct ruletree *t, const struct rulenode *n, bool folded)
{
	const struct rulerange *r = &t->ranges[n->range_at];
	uint32_t i, c = 0;

	for (i = 0; i < n->n_ranges; i++) {
		if (r[i].lo != r[i].hi || (c && rulefold(r[i].lo) != rulefold(c)))
			return 0;
		if (!c || r[i].lo < c)
			c = r[i].lo;
	}
	if (n->bad || !c || c >= 0x80 || (n->n_ranges > 1 && !folded))
		return 0;
	return (char)(folded ? rulefold(c) : c);
}

static void walk(struct literal *l, uint32_t node)
{
	const struct rulenode *n = &l->t->nodes[node];
	char c;

	switch (n->kind) {
	case RULENODE_CAT:
		walk(l, n->a);
		walk(l, n->b);
		break;
	case RULENODE_SET:
		c = single(l->t, n, l->folded);
		if (!c || l->n == sizeof(l->run))
			cut(l);
		if (c)
			l->run[l->n++] = c;
		break;
	case RULENODE_EMPTY:
	case RULENODE_ASSERT:
		break;
	default:
		cut(l);
	}
}

/* With folding anywhere in it, all of it is looked for in any case, which finds no less. */
size_t ruledfa_literal(const char *regex, size_t len, uint32_t flags, char *text, size_t size,
		       bool *cased)
{
	struct literal l = { .text = text, .size = size };
	struct ruledfa_why why = { NULL, 0 };
	struct ruletree t = { 0 };
	uint32_t node;

	*cased = false;
	l.folded = true;
	l.t = &t;
	if (!ruleregex_read(&t, regex, len, flags, &node, &why) && node) {
		walk(&l, node);
		cut(&l);
	}
	ruletree_fini(&t);
	return l.best;
}

size_t ruleglob_literal(const struct sigma_glob *glob, char *text, size_t size)
{
	size_t best = 0;
	uint32_t i;

	for (i = 0; i < glob->n; i++)
		if (glob->parts[i].kind == SIGMA_LITERAL && glob->parts[i].len > best &&
		    glob->parts[i].len <= size) {
			best = glob->parts[i].len;
			memcpy(text, glob->parts[i].text, best);
		}
	return best;
}
