/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are in whatever a pattern matches. */
#include <string.h>

#include "ruledfa.h"
#include "rulefold.h"
#include "ruleregex.h"

#define DEPTH	24u	/* of alternatives in each other; what is deeper is not looked at */

/* `run`: one of these is at the place where the walk is. */
struct literal {
	const struct ruletree *t;
	struct ruledfa_texts *best, run;
};

uint32_t ruledfa_shortest(const struct ruledfa_texts *s)
{
	uint32_t i, len = s->n ? s->len[0] : 0;

	for (i = 1; i < s->n; i++)
		len = s->len[i] < len ? s->len[i] : len;
	return len;
}

static void cut(struct literal *l)
{
	uint32_t len = ruledfa_shortest(&l->run), best = ruledfa_shortest(l->best);

	if (len > best || (len && len == best && l->run.n < l->best->n))
		*l->best = l->run;
	l->run = (struct ruledfa_texts){ .n = 1 };
}

static bool add_text(struct ruledfa_texts *s, const char *text, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->len[i] == len && !memcmp(s->text[i], text, len))
			return true;
	if (s->n == RULEDFA_TEXTS || len > RULEDFA_TEXT)
		return false;
	memcpy(s->text[s->n], text, len);
	s->len[s->n++] = len;
	return true;
}

/* Each of one with each of the other behind it; false: these are too many, or too long. */
static bool join(struct ruledfa_texts *s, const struct ruledfa_texts *behind)
{
	struct ruledfa_texts out = { 0 };
	char text[2 * RULEDFA_TEXT];
	uint32_t i, k;

	for (i = 0; i < s->n; i++)
		for (k = 0; k < behind->n; k++) {
			memcpy(text, s->text[i], s->len[i]);
			memcpy(text + s->len[i], behind->text[k], behind->len[k]);
			if (!add_text(&out, text, s->len[i] + behind->len[k]))
				return false;
		}
	*s = out;
	return true;
}

/* The few characters of ASCII that it is, folded. */
static bool letters(const struct ruletree *t, const struct rulenode *n, struct ruledfa_texts *out)
{
	const struct rulerange *r = &t->ranges[n->range_at];
	uint32_t i, c, folded;
	char text;

	if (n->bad || !n->n_ranges)
		return false;
	for (i = 0; i < n->n_ranges; i++)
		for (c = r[i].lo; c <= r[i].hi; c++) {
			folded = rulefold(c);
			text = (char)folded;
			if (!folded || folded >= 0x80 || !add_text(out, &text, 1))
				return false;
		}
	return true;
}

/* All that it matches, if that is not much; what it asserts is left out, which is no less. */
static bool all_of(const struct ruletree *t, uint32_t node, unsigned depth, struct ruledfa_texts *out)
{
	const struct rulenode *n = &t->nodes[node];
	struct ruledfa_texts b;
	uint32_t i;

	*out = (struct ruledfa_texts){ 0 };
	switch (n->kind) {
	case RULENODE_EMPTY:
	case RULENODE_ASSERT:
		return add_text(out, "", 0);
	case RULENODE_SET:
		return letters(t, n, out);
	case RULENODE_CAT:
		return depth && all_of(t, n->a, depth - 1, out) && all_of(t, n->b, depth - 1, &b) &&
		       join(out, &b);
	case RULENODE_ALT:
		if (!depth || !all_of(t, n->a, depth - 1, out) || !all_of(t, n->b, depth - 1, &b))
			return false;
		for (i = 0; i < b.n; i++)
			if (!add_text(out, b.text[i], b.len[i]))
				return false;
		return true;
	default:
		return false;
	}
}

static void walk(struct literal *l, uint32_t node)
{
	const struct rulenode *n = &l->t->nodes[node];
	struct ruledfa_texts all;

	if (n->kind == RULENODE_CAT) {
		walk(l, n->a);
		walk(l, n->b);
		return;
	}
	if (!all_of(l->t, node, DEPTH, &all)) {
		cut(l);
	} else if (!join(&l->run, &all)) {
		cut(l);
		l->run = all;
	}
}

void ruledfa_literal(const char *regex, size_t len, uint32_t flags, struct ruledfa_texts *out)
{
	struct literal l = { .best = out, .run = { .n = 1 } };
	struct ruledfa_why why = { NULL, 0 };
	struct ruletree t = { 0 };
	uint32_t node;

	*out = (struct ruledfa_texts){ 0 };
	l.t = &t;
	if (!ruleregex_read(&t, regex, len, flags, &node, &why) && node) {
		walk(&l, node);
		cut(&l);
	}
	ruletree_fini(&t);
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
