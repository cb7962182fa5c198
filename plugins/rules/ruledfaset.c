/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one state of each set of states that can hold at once. A set comes with what the
 * character before it was, as far as the pattern asks; what an assertion says of the next
 * one is known when that is taken, and of the last one at the text's end.
 */
#include "ruledfaset.h"

#include <stdlib.h>
#include <string.h>

#include "rulegrow.h"

enum before { BEGIN, NEWLINE, WORD, OTHER };

/* In no order. */
struct set {
	uint32_t before, number, n;
	bool asks;		/* there is an assertion in it */
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
	uint32_t number;		/* of all in it, whatever their order */
	bool asks;
	uint32_t *mark, round;		/* by state of the nfa: in the list already */
	uint32_t *held;			/* what holds before a byte is taken */
	uint32_t *stack;
	uint32_t restart[OTHER + 1];	/* the state for no more than the start; by before */
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
	m->number += (state + 1) * 0x9e3779b1u ^ state >> 3;
	m->asks |= m->nfa->states[state].kind == RULENFA_ASSERT;
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
	m->n_list = m->number = 0;
	m->found = m->asks = false;
	m->round++;
}

/* All in the list are marked; no set holds a state that is never listed. */
static bool is_list(const struct make *m, const struct set *s, uint32_t before)
{
	uint32_t i;

	if (s->before != before || s->n != m->n_list || s->number != m->number)
		return false;
	for (i = 0; i < s->n; i++)
		if (m->mark[s->states[i]] != m->round)
			return false;
	return true;
}

static bool room(struct make *m)
{
	uint32_t cap[3] = { m->cap, m->cap, m->cap };

	if (!rulegrow(&m->sets, &cap[0], m->n, sizeof(*m->sets)) ||
	    !rulegrow(&m->chain, &cap[1], m->n, sizeof(*m->chain)) ||
	    !rulegrow(&m->next, &cap[2], m->n, m->n_classes * sizeof(*m->next))) {
		m->error = RULEDFA_NO_MEMORY;
		return false;
	}
	m->cap = cap[0];
	return true;
}

static uint32_t set_add(struct make *m, uint32_t before, uint32_t *head)
{
	struct set *s = NULL;

	m->work += m->n_list;
	if (m->n >= m->limits->max_states || m->work > m->limits->max_work * 64) {
		m->error = RULEDFA_TOO_LARGE;
		return RULEDFA_DEAD;
	}
	if (room(m))
		s = malloc(sizeof(*s) + m->n_list * sizeof(*m->list));
	if (!s) {
		m->error = RULEDFA_NO_MEMORY;
		return RULEDFA_DEAD;
	}
	*s = (struct set){ before, m->number, m->n_list, m->asks };
	memcpy(s->states, m->list, m->n_list * sizeof(*m->list));
	m->sets[m->n] = s;
	m->chain[m->n] = *head;
	*head = m->n;
	return m->n++;
}

/* The state for the list; DEAD or FOUND without one. */
static uint32_t state_of(struct make *m, uint32_t before)
{
	uint32_t *head = &m->heads[(m->number + before) % HEADS], i;

	if (m->found)
		return RULEDFA_FOUND;
	if (!m->n_list)
		return RULEDFA_DEAD;
	for (i = *head; i != UINT32_MAX; i = m->chain[i])
		if (is_list(m, m->sets[i], before))
			return i;
	return set_add(m, before, head);
}

/* ---- steps -----------------------------------------------------------------------*/

/* What holds before `next` is taken: in *out, from the list as it is or a copy of it. */
static uint32_t resolve(struct make *m, const struct set *s, int next, const uint32_t **out)
{
	uint32_t i;

	fresh(m);
	*out = s->states;
	if (!s->asks)
		return s->n;
	for (i = 0; i < s->n && !m->found; i++)
		enter(m, s->states[i], s->before, next);
	memcpy(m->held, m->list, m->n_list * sizeof(*m->held));
	*out = m->held;
	return m->n_list;
}

/* Where nothing goes on it begins anew; most classes do not go on from most sets. */
static uint32_t restart(struct make *m, uint32_t before)
{
	if (m->restart[before] == UINT32_MAX) {
		fresh(m);
		enter(m, m->nfa->start, before, -2);
		m->restart[before] = state_of(m, before);
	}
	return m->restart[before];
}

/* Which classes may go on from a set. */
static void look_around(const struct make *m, const struct set *s, bool *goes_on)
{
	const struct rulenfa_state *t;
	uint32_t i;

	memset(goes_on, s->asks, m->n_classes);
	goes_on[m->end] = true;
	for (i = 0; i < s->n && !s->asks; i++) {
		t = &m->nfa->states[s->states[i]];
		if (t->lo <= t->hi)
			memset(goes_on + m->class[t->lo], true,
			       (size_t)m->class[t->hi] - m->class[t->lo] + 1);
	}
}

static uint32_t step(struct make *m, const struct set *s, uint32_t class)
{
	unsigned byte = m->sample[class];
	const struct rulenfa_state *t;
	const uint32_t *held;
	uint32_t i, n, before;

	n = resolve(m, s, class == m->end ? -1 : (int)byte, &held);
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

static void run(struct make *m)
{
	bool goes_on[257];
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
	for (i = 3; i < m->n && !m->error; i++) {
		look_around(m, m->sets[i], goes_on);
		for (k = 0; k < m->n_classes && !m->error; k++) {
			to = goes_on[k] ? step(m, m->sets[i], k) :
					  restart(m, before_of(m, m->sample[k]));
			m->next[(size_t)i * m->n_classes + k] = (uint16_t)to;
		}
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
	free(m->held);
	free(m->stack);
}

static bool make_init(struct make *m, uint32_t n)
{
	uint32_t i;

	m->heads = malloc(HEADS * sizeof(*m->heads));
	m->list = calloc(n + 1, sizeof(*m->list));
	m->mark = calloc(n + 1, sizeof(*m->mark));
	m->held = calloc(n + 1, sizeof(*m->held));
	m->stack = calloc(2 * (size_t)n + 4, sizeof(*m->stack));
	if (!m->heads || !m->list || !m->mark || !m->held || !m->stack || !room(m))
		return false;
	for (i = 0; i < HEADS; i++)
		m->heads[i] = UINT32_MAX;
	memset(m->restart, 0xff, sizeof(m->restart));
	m->n = 3;
	return true;
}

int ruledfaset_make(const struct rulenfa *nfa, const struct ruledfa_limits *limits,
		    struct ruledfa *out)
{
	struct make m = { .nfa = nfa, .limits = limits };

	classes(&m);
	if (make_init(&m, nfa->n))
		run(&m);
	else
		m.error = RULEDFA_NO_MEMORY;
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
