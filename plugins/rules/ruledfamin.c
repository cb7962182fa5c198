/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fewest states, after A. Valmari, "Fast brief practical DFA minimization" (2012): two
 * partitions, of the states and of the steps by class and where they lead, each refined by
 * the other until nothing changes, of the parts of one that is split the smaller one anew.
 */
#include "ruledfaset.h"

#include <stdlib.h>
#include <string.h>

/* Elements by part: those of part p are elem[first[p]] to elem[past[p] - 1]. */
struct parts {
	uint32_t n;			/* parts */
	uint32_t *elem, *at;		/* at: where an element is */
	uint32_t *of;			/* its part */
	uint32_t *first, *past;
	uint32_t *n_marked;		/* of a part; they lie first in it */
	uint32_t *touched, n_touched;	/* parts with marked elements */
};

struct min {
	struct ruledfa *dfa;
	uint32_t n_steps;		/* number of one: class * n_states + from */
	struct parts states, steps;
	uint32_t *into, *into_at;	/* steps by the state that they lead to */
	uint32_t *name;			/* the new state of a part of states */
};

/* ---- partitions --------------------------------------------------------------------*/

/* All zero but the order; of `size` elements and no part. */
static bool parts_init(struct parts *p, uint32_t size)
{
	uint32_t i, *all = calloc(7 * (size_t)size, sizeof(*all));

	if (!all)
		return false;
	*p = (struct parts){ 0, all, all + size, all + 2 * (size_t)size, all + 3 * (size_t)size,
		all + 4 * (size_t)size, all + 5 * (size_t)size, all + 6 * (size_t)size, 0 };
	for (i = 0; i < size; i++)
		p->elem[i] = p->at[i] = i;
	return true;
}

static void parts_add(struct parts *p, uint32_t first, uint32_t past)
{
	uint32_t i;

	p->first[p->n] = first;
	p->past[p->n] = past;
	for (i = first; i < past; i++)
		p->of[p->elem[i]] = p->n;
	p->n++;
}

/* Once for each element between two splits. */
static void mark(struct parts *p, uint32_t e)
{
	uint32_t part = p->of[e], i = p->at[e], to = p->first[part] + p->n_marked[part];

	p->elem[i] = p->elem[to];
	p->at[p->elem[i]] = i;
	p->elem[to] = e;
	p->at[e] = to;
	if (!p->n_marked[part]++)
		p->touched[p->n_touched++] = part;
}

static void split(struct parts *p)
{
	uint32_t part, cut, first, past;

	while (p->n_touched) {
		part = p->touched[--p->n_touched];
		first = p->first[part];
		past = p->past[part];
		cut = first + p->n_marked[part];
		p->n_marked[part] = 0;
		if (cut == past)
			continue;
		if (cut - first <= past - cut) {
			p->first[part] = cut;
			parts_add(p, first, cut);
		} else {
			p->past[part] = cut;
			parts_add(p, cut, past);
		}
	}
}

/* ---- refining ----------------------------------------------------------------------*/

static uint32_t leads_to(const struct min *m, uint32_t step)
{
	const struct ruledfa *d = m->dfa;

	return d->next[(size_t)(step % d->n_states) * d->n_classes + step / d->n_states];
}

static void sort_steps(struct min *m)
{
	uint32_t i, *at = m->into_at;

	for (i = 0; i < m->n_steps; i++)
		at[leads_to(m, i) + 1]++;
	for (i = 0; i < m->dfa->n_states; i++)
		at[i + 1] += at[i];
	for (i = m->n_steps; i-- > 0;)
		m->into[--at[leads_to(m, i) + 1]] = i;
	/* Each has moved from the end of its own to the begin. */
	memmove(at, at + 1, m->dfa->n_states * sizeof(*at));
	at[m->dfa->n_states] = m->n_steps;
}

static void refine(struct min *m)
{
	struct parts *states = &m->states, *steps = &m->steps;
	uint32_t i, k, s, done_states = 1, done_steps = 0;

	for (; done_steps < steps->n; done_steps++) {
		for (i = steps->first[done_steps]; i < steps->past[done_steps]; i++)
			mark(states, steps->elem[i] % m->dfa->n_states);
		split(states);
		for (; done_states < states->n; done_states++) {
			for (i = states->first[done_states]; i < states->past[done_states]; i++) {
				s = states->elem[i];
				for (k = m->into_at[s]; k < m->into_at[s + 1]; k++)
					mark(steps, m->into[k]);
			}
			split(steps);
		}
	}
}

/* ---- the result --------------------------------------------------------------------*/

/* State 0 is the begin, even where it can lead nowhere, or anywhere. */
static void rename_states(struct min *m)
{
	const uint32_t *of = m->states.of;
	uint32_t i, n = 3;

	memset(m->name, 0xff, m->states.n * sizeof(*m->name));
	m->name[of[0]] = 0;
	m->name[of[RULEDFA_FOUND]] = RULEDFA_FOUND;
	m->name[of[RULEDFA_DEAD]] = RULEDFA_DEAD;
	for (i = 3; i < m->dfa->n_states; i++)
		if (m->name[of[i]] == UINT32_MAX)
			m->name[of[i]] = n++;
}

/* A row moves to a number that is no larger, and so never over one that is still wanted. */
static void move_rows(struct min *m)
{
	struct ruledfa *d = m->dfa;
	uint32_t i, k, to, n = 3;
	uint16_t *row;

	for (i = 0; i < d->n_states; i++) {
		to = i < 3 ? i : m->name[m->states.of[i]];
		if (i >= 3 && to != n)
			continue;
		n += i >= 3;
		row = d->next + (size_t)to * d->n_classes;
		for (k = 0; k < d->n_classes; k++)
			row[k] = (uint16_t)m->name[m->states.of[d->next[(size_t)i * d->n_classes + k]]];
	}
	d->n_states = n;
}

static bool same_column(const struct ruledfa *d, uint32_t a, uint32_t b)
{
	const uint16_t *row = d->next;
	uint32_t i;

	for (i = 0; i < d->n_states; i++, row += d->n_classes)
		if (row[a] != row[b])
			return false;
	return true;
}

/* The end stays a class of its own, and the last one. */
static void join_classes(struct ruledfa *d)
{
	uint32_t i, k, n = 0, keep[257], to[257];
	uint16_t *out = d->next;

	for (i = 0; i < d->n_classes; i++) {
		for (k = 0; k < n && (i == d->end || !same_column(d, i, keep[k])); k++)
			;
		to[i] = k;
		if (k == n)
			keep[n++] = i;
	}
	for (i = 0; i < d->n_states; i++)
		for (k = 0; k < n; k++)
			*out++ = d->next[(size_t)i * d->n_classes + keep[k]];
	for (i = 0; i < 256; i++)
		d->class[i] = (uint8_t)to[d->class[i]];
	d->end = to[d->end];
	d->n_classes = n;
}

static bool min_init(struct min *m)
{
	uint32_t n = m->dfa->n_states, i;

	m->into = calloc(m->n_steps, sizeof(*m->into));
	m->into_at = calloc((size_t)n + 2, sizeof(*m->into_at));
	m->name = calloc(n, sizeof(*m->name));
	if (!m->into || !m->into_at || !m->name || !parts_init(&m->states, n) ||
	    !parts_init(&m->steps, m->n_steps))
		return false;
	parts_add(&m->states, 0, n);
	for (i = 0; i < m->dfa->n_classes; i++)
		parts_add(&m->steps, i * n, (i + 1) * n);
	sort_steps(m);
	return true;
}

/* Classes are joined before, too: with fewer of them there is less to look at. */
bool ruledfamin_run(struct ruledfa *dfa)
{
	struct min m = { .dfa = dfa };
	bool good;

	join_classes(dfa);
	m.n_steps = dfa->n_states * dfa->n_classes;
	good = min_init(&m);

	if (good) {
		mark(&m.states, RULEDFA_FOUND);
		split(&m.states);
		refine(&m);
		rename_states(&m);
		move_rows(&m);
		join_classes(dfa);
	}
	free(m.into);
	free(m.into_at);
	free(m.name);
	free(m.states.elem);
	free(m.steps.elem);
	return good;
}
