/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one state of each set of states that can hold at once. A set comes with what the
 * character before it was, as far as the pattern asks; what an assertion says of the next
 * one is known when that is taken, and of the last one at the text's end.
 */
#include "ruledfa.h"

#include <stdlib.h>
#include <string.h>

#include "rulefold.h"
#include "ruleregex.h"

enum before { BEGIN, NEWLINE, WORD, OTHER };

struct set {
	uint32_t before, n;
	uint32_t states[];
};

struct make {
	const struct rulenfa *nfa;
	const struct ruledfa_limits *limits;
	bool asks_begin, asks_line, asks_word;
	uint8_t class[256];
	uint8_t sample[257];		/* a byte of each class */
	uint32_t n_classes, end;
	struct set **sets;		/* by state; NULL for FOUND and DEAD */
	uint32_t n, cap, work;
	uint32_t *heads, *chain;	/* of sets with the same number */
	uint16_t *next;
	uint32_t *list, n_list;		/* the set that is being made */
	uint32_t *mark, round;		/* by state of the nfa: in the list already */
	uint32_t *stack;
	bool found;
	int error;
};

#define HEADS	4096u

static bool is_word(unsigned c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* ---- classes -----------------------------------------------------------------------*/

static void look(struct make *m, bool *cut)
{
	const struct rulenfa_state *s;
	uint32_t i;

	for (i = 0; i < m->nfa->n; i++) {
		s = &m->nfa->states[i];
		if (s->kind == RULENFA_RANGE && s->lo <= s->hi) {
			cut[s->lo] = true;
			cut[s->hi + 1] = true;
		} else if (s->kind == RULENFA_ASSERT) {
			m->asks_begin |= s->lo == RULEASSERT_BEGIN || s->lo == RULEASSERT_LINE_BEGIN;
			m->asks_line |= s->lo == RULEASSERT_LINE_BEGIN || s->lo == RULEASSERT_LINE_END;
			m->asks_word |= s->lo >= RULEASSERT_WORD;
		}
	}
}

static void classes(struct make *m)
{
	bool cut[257] = { true };
	unsigned c;

	look(m, cut);
	if (m->asks_line)
		cut['\n'] = cut['\n' + 1] = true;
	for (c = 1; m->asks_word && c < 256; c++)
		cut[c] |= is_word(c) != is_word(c - 1);
	for (c = 0; c < 256; c++) {
		if (cut[c])
			m->sample[m->n_classes++] = (uint8_t)c;
		m->class[c] = (uint8_t)(m->n_classes - 1);
	}
	m->end = m->n_classes++;
}

static uint32_t before_of(const struct make *m, unsigned byte)
{
	if (m->asks_line && byte == '\n')
		return NEWLINE;
	return m->asks_word && is_word(byte) ? WORD : OTHER;
}

/* ---- sets ------------------------------------------------------------------------*/

/* next: a byte; -1: the end; -2: not known yet, and assertions are kept as they are. */
static bool holds(const struct rulenfa_state *s, uint32_t before, int next)
{
	bool was_word = before == WORD, will_be = next >= 0 && is_word((unsigned)next);

	switch (s->lo) {
	case RULEASSERT_BEGIN:
		return before == BEGIN;
	case RULEASSERT_LINE_BEGIN:
		return before == BEGIN || before == NEWLINE;
	case RULEASSERT_END:
		return next == -1;
	case RULEASSERT_LINE_END:
		return next == -1 || next == '\n';
	case RULEASSERT_WORD:
		return was_word != will_be;
	default:
		return was_word == will_be;
	}
}

static void put(struct make *m, uint32_t state)
{
	if (m->mark[state] == m->round)
		return;
	m->mark[state] = m->round;
	m->list[m->n_list++] = state;
}

/* Everything that holds where `state` does; only what takes a byte, or asks, is listed. */
static void enter(struct make *m, uint32_t state, uint32_t before, int next)
{
	const struct rulenfa_state *s;
	uint32_t n = 0;

	m->stack[n++] = state;
	while (n) {
		state = m->stack[--n];
		s = &m->nfa->states[state];
		if (m->mark[state] == m->round)
			continue;
		if (s->kind == RULENFA_SPLIT) {
			m->mark[state] = m->round;
			m->stack[n++] = s->a;
			m->stack[n++] = s->b;
		} else if (s->kind == RULENFA_MATCH) {
			m->found = true;
		} else if (s->kind == RULENFA_RANGE || next == -2) {
			/* Nothing comes before the begin any more. */
			if (s->kind != RULENFA_ASSERT || s->lo != RULEASSERT_BEGIN || before == BEGIN)
				put(m, state);
		} else if (holds(s, before, next)) {
			m->mark[state] = m->round;
			m->stack[n++] = s->a;
		}
	}
}

static void fresh(struct make *m)
{
	m->n_list = 0;
	m->found = false;
	m->round++;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint32_t number_of(const struct make *m, uint32_t before)
{
	uint64_t h = before;
	uint32_t i;

	for (i = 0; i < m->n_list; i++)
		h = (h ^ m->list[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32) % HEADS;
}

static bool room(struct make *m)
{
	uint32_t cap = m->cap ? m->cap * 2 : 64;
	void *sets, *chain, *next;

	if (m->n < m->cap)
		return true;
	sets = realloc(m->sets, cap * sizeof(*m->sets));
	m->sets = sets ? sets : m->sets;
	chain = realloc(m->chain, cap * sizeof(*m->chain));
	m->chain = chain ? chain : m->chain;
	next = realloc(m->next, (size_t)cap * m->n_classes * sizeof(*m->next));
	m->next = next ? next : m->next;
	if (!sets || !chain || !next) {
		m->error = RULEDFA_NO_MEMORY;
		return false;
	}
	m->cap = cap;
	return true;
}

/* The state for the list; DEAD or FOUND without one. */
static uint32_t state_of(struct make *m, uint32_t before)
{
	uint32_t head, i;
	struct set *s;

	if (m->found)
		return RULEDFA_FOUND;
	if (!m->n_list)
		return RULEDFA_DEAD;
	qsort(m->list, m->n_list, sizeof(*m->list), by_number);
	head = number_of(m, before);
	for (i = m->heads[head]; i != UINT32_MAX; i = m->chain[i])
		if (m->sets[i]->before == before && m->sets[i]->n == m->n_list &&
		    !memcmp(m->sets[i]->states, m->list, m->n_list * sizeof(*m->list)))
			return i;
	m->work += m->n_list;
	if (m->n >= m->limits->max_states || m->work > m->limits->max_work * 64) {
		m->error = RULEDFA_TOO_LARGE;
		return RULEDFA_DEAD;
	}
	s = room(m) ? malloc(sizeof(*s) + m->n_list * sizeof(*m->list)) : NULL;
	if (!s) {
		m->error = RULEDFA_NO_MEMORY;
		return RULEDFA_DEAD;
	}
	s->before = before;
	s->n = m->n_list;
	memcpy(s->states, m->list, m->n_list * sizeof(*m->list));
	m->sets[m->n] = s;
	m->chain[m->n] = m->heads[head];
	m->heads[head] = m->n;
	return m->n++;
}

/* ---- steps -----------------------------------------------------------------------*/

/* What holds before `next` is taken. Copied to the stack's upper half, to be gone through. */
static uint32_t resolve(struct make *m, const struct set *s, int next, uint32_t *out)
{
	uint32_t i;

	fresh(m);
	for (i = 0; i < s->n && !m->found; i++)
		enter(m, s->states[i], s->before, next);
	memcpy(out, m->list, m->n_list * sizeof(*out));
	return m->n_list;
}

static uint32_t step(struct make *m, const struct set *s, uint32_t class, uint32_t *held)
{
	unsigned byte = m->sample[class];
	const struct rulenfa_state *t;
	uint32_t i, n, before;

	n = resolve(m, s, class == m->end ? -1 : (int)byte, held);
	if (m->found || class == m->end)
		return m->found ? RULEDFA_FOUND : RULEDFA_DEAD;
	before = before_of(m, byte);
	fresh(m);
	for (i = 0; i < n; i++) {
		t = &m->nfa->states[held[i]];
		if (t->lo <= byte && byte <= t->hi)
			enter(m, t->a, before, -2);
	}
	/* It may begin anywhere. */
	enter(m, m->nfa->start, before, -2);
	return state_of(m, before);
}

static void run(struct make *m, uint32_t *held)
{
	uint32_t i, k, to;

	fresh(m);
	enter(m, m->nfa->start, BEGIN, -2);
	/* State 0 is that of the begin, even if all is over there. */
	to = state_of(m, BEGIN);
	for (k = 0; !m->error && k < m->n_classes; k++) {
		m->next[RULEDFA_FOUND * m->n_classes + k] = RULEDFA_FOUND;
		m->next[RULEDFA_DEAD * m->n_classes + k] = RULEDFA_DEAD;
		if (to != 3)
			m->next[k] = (uint16_t)to;
	}
	for (i = 3; i < m->n && !m->error; i++)
		for (k = 0; k < m->n_classes && !m->error; k++) {
			to = step(m, m->sets[i], k, held);
			m->next[(size_t)i * m->n_classes + k] = (uint16_t)to;
		}
	/* The set of the begin is number 3: it goes on from 0 as well. */
	for (k = 0; !m->error && m->n > 3 && m->sets[3]->before == BEGIN && k < m->n_classes; k++)
		m->next[k] = m->next[3 * m->n_classes + k];
}

static void make_fini(struct make *m)
{
	uint32_t i;

	for (i = 3; i < m->n; i++)
		free(m->sets[i]);
	free(m->sets);
	free(m->heads);
	free(m->chain);
	free(m->list);
	free(m->mark);
	free(m->stack);
}

static int determinize(const struct rulenfa *nfa, const struct ruledfa_limits *limits,
		       struct ruledfa *out)
{
	struct make m = { .nfa = nfa, .limits = limits };
	uint32_t *held = calloc(nfa->n + 1, sizeof(*held)), i;

	m.heads = malloc(HEADS * sizeof(*m.heads));
	m.list = calloc(nfa->n + 1, sizeof(*m.list));
	m.mark = calloc(nfa->n + 1, sizeof(*m.mark));
	m.stack = calloc(2 * (size_t)nfa->n + 4, sizeof(*m.stack));
	classes(&m);
	m.error = held && m.heads && m.list && m.mark && m.stack && room(&m) ? 0 : RULEDFA_NO_MEMORY;
	if (!m.error) {
		for (i = 0; i < HEADS; i++)
			m.heads[i] = UINT32_MAX;
		m.n = 3;
		run(&m, held);
	}
	free(held);
	make_fini(&m);
	if (m.error) {
		free(m.next);
		return m.error;
	}
	*out = (struct ruledfa){ .n_states = m.n, .n_classes = m.n_classes, .end = m.end,
		.next = m.next };
	memcpy(out->class, m.class, sizeof(out->class));
	return RULEDFA_OK;
}

/* ---- patterns ----------------------------------------------------------------------*/

static int from_tree(struct ruletree *t, uint32_t node, const struct ruledfa_limits *limits,
		     struct ruledfa *out)
{
	struct rulenfa nfa;
	int r = rulenfa_build(&nfa, t, node);

	if (!r && !t->no_memory)
		r = determinize(&nfa, limits, out);
	else
		r = nfa.no_memory || t->no_memory ? RULEDFA_NO_MEMORY : RULEDFA_TOO_LARGE;
	rulenfa_fini(&nfa);
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

int ruledfa_glob(const struct sigma_glob *glob, bool cased, const struct ruledfa_limits *limits,
		 struct ruledfa *out)
{
	struct ruletree t = { 0 };
	uint32_t i, node = ruletree_assert(&t, RULEASSERT_BEGIN);
	int r;

	for (i = 0; i < glob->n; i++)
		node = ruletree_node(&t, RULENODE_CAT, node, glob_part(&t, &glob->parts[i], cased));
	node = ruletree_node(&t, RULENODE_CAT, node, ruletree_assert(&t, RULEASSERT_END));
	r = t.too_large ? RULEDFA_TOO_LARGE : from_tree(&t, node, limits, out);
	ruletree_fini(&t);
	return r;
}

/* ---- literals ----------------------------------------------------------------------*/

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
