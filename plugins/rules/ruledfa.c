/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns to automata: read or made as a tree, then states, then as few of them as can be. */
#include "ruledfa.h"

#include <stdlib.h>
#include <string.h>

#include "ruledfaset.h"
#include "rulefold.h"
#include "ruleregex.h"

/* ---- patterns ----------------------------------------------------------------------*/

static int from_tree(struct ruletree *t, uint32_t node, const struct ruledfa_limits *limits,
		     struct ruledfa *out)
{
	struct rulenfa nfa;
	int r = rulenfa_build(&nfa, t, node);

	if (!r && !t->no_memory)
		r = ruledfaset_make(&nfa, limits, out);
	else
		r = nfa.no_memory || t->no_memory ? RULEDFA_NO_MEMORY : RULEDFA_TOO_LARGE;
	rulenfa_fini(&nfa);
	if (!r && !ruledfamin_run(out)) {
		ruledfa_fini(out);
		r = RULEDFA_NO_MEMORY;
	}
	return r;
}

int ruledfa_regex(const char *regex, size_t len, uint32_t flags,
		  const struct ruledfa_limits *limits, struct ruledfa *out,
		  struct ruledfa_why *why)
{
	struct ruletree t = { 0 };
	uint32_t node;
	int r = ruleregex_read(&t, regex, len, flags, &node, why);

	if (!r)
		r = from_tree(&t, node, limits, out);
	if (r == RULEDFA_TOO_LARGE && !why->text)
		why->text = "needs too large an automaton";
	ruletree_fini(&t);
	return r;
}

static uint32_t glob_literal(struct ruletree *t, const struct sigma_part *p, bool cased)
{
	const uint8_t *s = (const uint8_t *)p->text;
	uint32_t i = 0, node = 0, one, c;
	struct rulerange r;
	unsigned n;

	for (; i < p->len; i += n) {
		c = rulefold_get(s + i, p->len - i, &n);
		r = (struct rulerange){ c, c };
		one = c == RULEFOLD_BAD ? ruletree_byte(t, s[i], s[i]) :
					  ruletree_set(t, &r, 1, false, !cased);
		node = node ? ruletree_node(t, RULENODE_CAT, node, one) : one;
	}
	return node;
}

static uint32_t glob_part(struct ruletree *t, const struct sigma_part *p, bool cased)
{
	uint32_t any;

	switch (p->kind) {
	case SIGMA_LITERAL:
		return glob_literal(t, p, cased);
	case SIGMA_ONE:
		return ruletree_set(t, NULL, 0, true, false);
	default:
		any = ruletree_node(t, RULENODE_REPEAT, ruletree_byte(t, 0, 255), 0);
		if (any)
			t->nodes[any].max = RULENFA_MAX;
		return any;
	}
}

/* With a wildcard at an end it is what is looked for anywhere: there is nothing to count. */
int ruledfa_glob(const struct sigma_glob *glob, bool cased, const struct ruledfa_limits *limits,
		 struct ruledfa *out)
{
	uint32_t i = glob->n && glob->parts[0].kind == SIGMA_ANY, n = glob->n, node;
	bool open = n && glob->parts[n - 1].kind == SIGMA_ANY;
	struct ruletree t = { 0 };
	int r;

	node = i ? ruletree_node(&t, RULENODE_EMPTY, 0, 0) : ruletree_assert(&t, RULEASSERT_BEGIN);
	for (; i < n - open; i++)
		node = ruletree_node(&t, RULENODE_CAT, node, glob_part(&t, &glob->parts[i], cased));
	if (!open)
		node = ruletree_node(&t, RULENODE_CAT, node, ruletree_assert(&t, RULEASSERT_END));
	r = t.too_large ? RULEDFA_TOO_LARGE : from_tree(&t, node, limits, out);
	ruletree_fini(&t);
	return r;
}

bool ruledfa_run(const struct ruledfa *dfa, const void *text, size_t len)
{
	const uint8_t *p = text;
	uint32_t s = 0;
	size_t i;

	for (i = 0; i < len && s != RULEDFA_FOUND; i++)
		s = dfa->next[s * dfa->n_classes + dfa->class[p[i]]];
	if (s != RULEDFA_FOUND)
		s = dfa->next[s * dfa->n_classes + dfa->end];
	return s == RULEDFA_FOUND;
}

void ruledfa_fini(struct ruledfa *dfa)
{
	free(dfa->next);
}
