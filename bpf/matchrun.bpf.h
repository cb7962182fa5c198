/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How an event is matched; see match.bpf.h. The includer has defined `struct match`,
 * which has a member `struct match_work *w`, and the functions named there.
 */
#pragma once

#include "match.bpf.h"

/* Whether a text is searched for another field's, which takes the time of both. */
#ifdef __bpf__
#define MATCH_SEARCHES	0
#else
#define MATCH_SEARCHES	1
#endif
/*
 * A step has four ways to go, and the verifier follows them all. It takes what they leave
 * in memory for the same, but not what they leave in registers.
 */
#ifdef __bpf__
#define MATCH_JOIN()	asm volatile("" : : : "memory")
#else
#define MATCH_JOIN()	((void)0)
#endif
#define MATCH_SAME_ANYWHERE	(MATCH_SAME_STARTS | MATCH_SAME_ENDS | MATCH_SAME_CONTAINS)

/* ---- texts -----------------------------------------------------------------------*/

static inline weir_u8 match_at(struct match *m, const struct match_value *v, weir_u32 at)
{
	weir_u8 byte = match_byte(m, v, at);

	return byte || !(v->flags & MATCH_VALUE_LIST) ? byte : ' ';
}

static inline void match_hit(struct match *m, weir_u32 bit)
{
	struct match_work *w = m->w;
	weir_u32 word = bit / 64 % (MATCH_BITS_MAX / 64);

	if (w->bits[word] >> bit % 64 & 1)
		return;
	if (w->n_hits >= MATCH_HITS) {
		w->overflow = 1;
		return;
	}
	w->bits[word] |= 1ull << bit % 64;
	w->hits[w->n_hits++ % MATCH_HITS] = bit;
}

/* One output of what the last chunk has found. */
static inline int match_pending_step(struct match *m)
{
	struct match_work *w = m->w;
	const struct match_out *o;

	if (!w->out) {
		if (w->i >= w->n_pending)
			return 1;
		w->out = w->pending[w->i++ % MATCH_CHUNK];
	}
	o = match_out(m, w->out);
	if (!o)
		return 1;
	match_hit(m, o->bit);
	w->out = o->next;
	return 0;
}

static inline void match_enter(struct match_scan *s, weir_u32 state, const struct match_cell *c)
{
	s->state = state;
	s->base = c->base;
	s->fail = c->fail;
}

static inline int match_fall(struct match *m, struct match_scan *s, weir_u32 state)
{
	const struct match_cell *c = match_cell(m, state);

	if (!c)
		return 1;
	match_enter(s, state, c);
	return 0;
}

/* One step; not 0: the text is over. A list's NUL has the code of a blank. */
static inline int match_step(struct match *m, struct match_scan *s,
			     const struct match_automaton *a, const struct match_value *v)
{
	const struct match_cell *c;
	weir_u32 code = a->end, next;

	if (s->at >= s->end)
		return 1;
	if (s->at < v->len)
		code = a->code[match_byte(m, v, s->at)];
	next = s->base + code;
	c = match_cell(m, next);
	if (c && c->check == s->state) {
		s->at++;
		match_enter(s, next, c);
		if (c->out)
			m->w->pending[m->w->n_pending++ % MATCH_CHUNK] = c->out;
		return 0;
	}
	/* A byte that no text has (code 0) leads to the root, and has no cell. */
	if (!code || s->state == a->root)
		s->at++;
	if (s->state == a->root)
		return 0;
	return match_fall(m, s, code ? s->fail : a->root);
}

static inline int match_scan_chunk(struct match *m)
{
	const struct match_automaton *a = match_automaton(m, m->w->automaton);
	const struct match_value *v = match_value(m, m->w->field);
	struct match_work *w = m->w;
	int i, over = 0;

	if (!a || !v)
		return 1;
	w->n_pending = 0;
	for (i = 0; i < (int)MATCH_CHUNK && !over; i++) {
		over = match_step(m, &w->scan, a, v);
		MATCH_JOIN();
	}
	w->i = 0;
	w->out = 0;
	if (w->n_pending)
		match_loop(m, MATCH_CHUNK * MATCH_BITS_MAX, match_pending_step);
	return over;
}

static inline void match_scan(struct match *m, weir_u32 automaton)
{
	const struct match_automaton *a = match_automaton(m, automaton);
	const struct match_value *v = match_value(m, m->w->field);
	struct match_scan *s = &m->w->scan;

	if (!a || !v || !(v->flags & MATCH_VALUE_TEXT))
		return;
	m->w->automaton = automaton;
	s->at = 0;
	s->end = v->len + !(v->flags & MATCH_VALUE_CUT_END);
	if (!match_fall(m, s, v->flags & MATCH_VALUE_CUT_BEGIN ? a->root : a->start))
		match_loop(m, 2 * v->len / MATCH_CHUNK + 2, match_scan_chunk);
}

/* ---- candidates --------------------------------------------------------------------*/

static inline int match_is_of_type(const struct match *m, const struct match_rule *r)
{
	return r->types[m->w->type / 64 % 2] >> m->w->type % 64 & 1;
}

/* One of the list, from w->first on. */
static inline int match_mark_step(struct match *m)
{
	const weir_u32 *number = match_list(m, m->w->first + m->w->i++);
	const struct match_rule *r = number ? match_rule(m, *number) : 0;
	struct match_work *w = m->w;
	weir_u32 word;

	if (!r)
		return 1;
	word = *number / 64 % (MATCH_RULES_MAX / 64);
	if (!match_is_of_type(m, r) || w->marked[word] >> *number % 64 & 1)
		return 0;
	if (w->n_cands >= MATCH_CANDS) {
		w->overflow = 1;
		return 1;
	}
	w->marked[word] |= 1ull << *number % 64;
	w->cands[w->n_cands++ % MATCH_CANDS] = (weir_u16)*number;
	return 0;
}

static inline void match_mark(struct match *m, weir_u32 first, weir_u32 n)
{
	m->w->first = first;
	m->w->i = 0;
	match_loop(m, n, match_mark_step);
}

/* The texts of a field: first those of any case, then the others. */
static inline int match_field_step(struct match *m)
{
	struct match_work *w = m->w;
	const struct match_field *f = match_field(m, w->field);
	const struct match_value *v = match_value(m, w->field);
	weir_u32 automaton;

	if (!f || !v)
		return 1;
	if (!(v->flags & MATCH_VALUE_TEXT)) {
		w->field++;
		return 0;
	}
	automaton = w->op ? f->cased : f->folded;
	if (automaton != MATCH_NONE)
		match_scan(m, automaton);
	if (w->op && v->flags & (MATCH_VALUE_CUT_BEGIN | MATCH_VALUE_CUT_END))
		match_mark(m, f->rule_at, f->n_rules);
	w->field += w->op;
	w->op ^= 1;
	return 0;
}

static inline int match_hit_step(struct match *m)
{
	const struct match_bit *b;

	if (m->w->op >= m->w->n_hits)
		return 1;
	b = match_bit(m, m->w->hits[m->w->op++ % MATCH_HITS]);
	if (b && b->n_rules)
		match_mark(m, b->rule_at, b->n_rules);
	return 0;
}

/* ---- tests -----------------------------------------------------------------------*/

static inline int match_compare(const struct match_value *v, const struct match_test *t)
{
	if (v->number != t->value)
		return v->number < t->value ? -1 : 1;
	return v->fraction < t->more ? -1 : v->fraction > t->more;
}

static inline int match_number(const struct match_value *v, const struct match_test *t)
{
	int c = match_compare(v, t);

	if (!(v->flags & MATCH_VALUE_NUMBER))
		return MATCH_FALSE;
	switch (t->op) {
	case MATCH_TEST_EQ:
		return c == 0;
	case MATCH_TEST_LT:
		return c < 0;
	case MATCH_TEST_LE:
		return c <= 0;
	case MATCH_TEST_GT:
		return c > 0;
	case MATCH_TEST_ANY:
		return (v->number & t->value) != 0;
	default:
		return c >= 0;
	}
}

static inline int match_cidr(const struct match_value *v, const struct match_test *t)
{
	if (!(v->flags & MATCH_VALUE_ADDRESS) || (weir_s64)v->family != t->value)
		return MATCH_FALSE;
	return !(((v->addr.word[0] ^ t->addr.word[0]) & t->mask.word[0]) |
		 ((v->addr.word[1] ^ t->addr.word[1]) & t->mask.word[1]));
}

static inline weir_u8 match_fold(weir_u8 c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Byte w->i of the other text against the same one of ours, from w->at on. */
static inline int match_same_step(struct match *m)
{
	const struct match_test *t = match_test(m, m->w->out);
	const struct match_value *v, *o;
	weir_u8 a, b;

	if (!t)
		return 1;
	v = match_value(m, t->field);
	o = match_value(m, (weir_u32)t->value);
	if (!v || !o || m->w->i >= o->len)
		return 1;
	a = match_at(m, v, m->w->at + m->w->i);
	b = match_at(m, o, m->w->i);
	if (!(t->more & MATCH_SAME_CASED)) {
		a = match_fold(a);
		b = match_fold(b);
	}
	if (a != b)
		return 1;
	m->w->i++;
	return 0;
}

static inline int match_same(struct match *m, const struct match_value *v,
			     const struct match_test *t, weir_u32 number)
{
	const struct match_value *o = match_value(m, (weir_u32)t->value);
	weir_u32 cut = MATCH_VALUE_CUT_BEGIN | MATCH_VALUE_CUT_END, first, last;

	if (!o || !(o->flags & MATCH_VALUE_TEXT) || !(v->flags & MATCH_VALUE_TEXT))
		return MATCH_FALSE;
	if ((o->flags | v->flags) & cut)
		return MATCH_UNKNOWN;
	if (o->len > v->len || (o->len < v->len && !(t->more & MATCH_SAME_ANYWHERE)))
		return MATCH_FALSE;
	m->w->out = number;
	last = t->more & MATCH_SAME_CONTAINS ? v->len - o->len : 0;
	first = t->more & MATCH_SAME_ENDS ? v->len - o->len : 0;
	for (m->w->at = first; m->w->at <= first + last; m->w->at++) {
		m->w->i = 0;
		match_loop(m, o->len, match_same_step);
		if (m->w->i == o->len)
			return MATCH_TRUE;
		if (!MATCH_SEARCHES)
			break;
	}
	return MATCH_FALSE;
}

static inline int match_try(struct match *m, weir_u32 number)
{
	const struct match_test *t = match_test(m, number);
	const struct match_value *v = t ? match_value(m, t->field) : 0;

	if (!v || !v->flags)
		return MATCH_FALSE;
	if (v->flags & MATCH_VALUE_LATE)
		return MATCH_UNKNOWN;
	switch (t->op) {
	case MATCH_TEST_PRESENT:
		return MATCH_TRUE;
	case MATCH_TEST_EMPTY:
		if (!(v->flags & MATCH_VALUE_TEXT) || v->len)
			return MATCH_FALSE;
		return v->flags & (MATCH_VALUE_CUT_BEGIN | MATCH_VALUE_CUT_END) ?
		       MATCH_UNKNOWN : MATCH_TRUE;
	case MATCH_TEST_CIDR:
		return match_cidr(v, t);
	case MATCH_TEST_SAME:
		return match_same(m, v, t, number);
	case MATCH_TEST_PART:
		return match_part(m, v, t);
	case MATCH_TEST_CGROUP:
		return match_cgroup(m, v, t);
	default:
		return match_number(v, t);
	}
}

/* ---- evaluation --------------------------------------------------------------------*/

static inline int match_bit_truth(struct match *m, weir_u32 bit)
{
	const struct match_bit *b = match_bit(m, bit);
	const struct match_value *v;

	if (m->w->bits[bit / 64 % (MATCH_BITS_MAX / 64)] >> bit % 64 & 1)
		return MATCH_TRUE;
	v = b ? match_value(m, b->field) : 0;
	if (!v)
		return MATCH_FALSE;
	return (v->flags & MATCH_VALUE_CUT_BEGIN && b->flags & MATCH_BIT_BEGIN) ||
	       (v->flags & MATCH_VALUE_CUT_END && b->flags & MATCH_BIT_END) ?
	       MATCH_UNKNOWN : MATCH_FALSE;
}

/* One step; not 0: it is decided, or the text is over. */
static inline int match_dfa_step(struct match *m, const struct match_dfa *d,
				 const struct match_value *v, int parts)
{
	struct match_work *w = m->w;
	const weir_u16 *next;
	weir_u32 class = d->end;
	int ends = 1;
	weir_u8 byte;

	if (w->at > v->len)
		return 1;
	if (w->at < v->len) {
		byte = match_byte(m, v, w->at);
		ends = parts && byte == 0xff;
		if (!ends)
			class = d->class[byte];
	}
	next = match_next(m, d->next_at + w->state * d->n_classes + class);
	if (!next)
		return 1;
	w->at++;
	w->state = *next;
	if (w->state == MATCH_DFA_FOUND)
		return 1;
	if (parts && ends)
		w->state = 0;
	return !parts && w->state == MATCH_DFA_DEAD;
}

static inline int match_dfa_chunk(struct match *m)
{
	const struct match_dfa *d = match_dfa(m, m->w->automaton);
	const struct match_value *v = d ? match_value(m, d->field) : 0;
	const struct match_field *f = d ? match_field(m, d->field) : 0;
	int i, over = 0;

	if (!v || !f)
		return 1;
	for (i = 0; i < (int)MATCH_CHUNK && !over; i++) {
		over = match_dfa_step(m, d, v, f->flags & MATCH_FIELD_PARTS);
		MATCH_JOIN();
	}
	return over;
}

static inline int match_dfa_truth(struct match *m, weir_u32 number)
{
	const struct match_dfa *d = match_dfa(m, number);
	const struct match_value *v = d ? match_value(m, d->field) : 0;
	int literal = MATCH_TRUE;

	if (!v || !(v->flags & MATCH_VALUE_TEXT))
		return MATCH_FALSE;
	if (d->literal != MATCH_NONE)
		literal = match_bit_truth(m, d->literal);
	if (literal == MATCH_FALSE)
		return MATCH_FALSE;
	if (v->flags & (MATCH_VALUE_CUT_BEGIN | MATCH_VALUE_CUT_END))
		return MATCH_UNKNOWN;
	m->w->automaton = number;
	m->w->at = 0;
	m->w->state = 0;
	match_loop(m, v->len / MATCH_CHUNK + 1, match_dfa_chunk);
	return m->w->state == MATCH_DFA_FOUND;
}

static inline void match_push(struct match_work *w, int truth)
{
	w->is_true = w->is_true << 1 | (truth == MATCH_TRUE);
	w->is_unknown = w->is_unknown << 1 | (truth == MATCH_UNKNOWN);
}

/* The two last operands become one. */
static inline void match_join(struct match_work *w, int is_or)
{
	weir_u64 t = w->is_true, u = w->is_unknown, may;

	if (is_or) {
		may = (t | u) | (t | u) >> 1;
		t = (t | t >> 1) & 1;
	} else {
		may = (t | u) & (t | u) >> 1;
		t = (t & t >> 1) & 1;
	}
	w->is_true = (w->is_true >> 2 << 1) | t;
	w->is_unknown = (w->is_unknown >> 2 << 1) | (may & 1 & ~t);
}

static inline int match_op_step(struct match *m)
{
	const weir_u32 *op;
	struct match_work *w = m->w;
	weir_u32 n;

	if (!w->n_ops)
		return 1;
	op = match_op(m, w->op);
	if (!op)
		return 1;
	n = *op & 0xffffff;
	switch (*op >> 24) {
	case MATCH_OP_BIT:
		match_push(w, match_bit_truth(m, n));
		break;
	case MATCH_OP_TEST:
		match_push(w, match_try(m, n));
		break;
	case MATCH_OP_DFA:
		match_push(w, match_dfa_truth(m, n));
		break;
	case MATCH_OP_NOT:
		w->is_true ^= ~w->is_unknown & 1;
		break;
	default:
		match_join(w, *op >> 24 == MATCH_OP_OR);
	}
	w->op++;
	w->n_ops--;
	return 0;
}

static inline void match_found(struct match *m, weir_u32 rule, weir_u32 truth)
{
	struct match_work *w = m->w;

	if (w->n_found >= MATCH_FOUND) {
		w->more++;
		return;
	}
	w->found[w->n_found % MATCH_FOUND] = (struct match_found){ rule, truth };
	w->n_found++;
}

static inline int match_cand_step(struct match *m)
{
	struct match_work *w = m->w;
	weir_u32 number = w->cands[w->field % MATCH_CANDS];
	const struct match_rule *r;

	if (w->field >= w->n_cands)
		return 1;
	r = match_rule(m, number);
	w->field++;
	if (!r)
		return 1;
	w->op = r->op_at;
	w->n_ops = r->n_ops;
	w->is_true = 0;
	w->is_unknown = 0;
	match_loop(m, r->n_ops, match_op_step);
	if (w->is_true & 1)
		match_found(m, number, MATCH_TRUE);
	else if (w->is_unknown & 1)
		match_found(m, number, MATCH_UNKNOWN);
	return 0;
}

/* ---- an event ----------------------------------------------------------------------*/

static inline int match_unhit_step(struct match *m)
{
	weir_u32 bit = m->w->hits[m->w->field % MATCH_HITS];

	if (m->w->field++ >= m->w->n_hits)
		return 1;
	m->w->bits[bit / 64 % (MATCH_BITS_MAX / 64)] = 0;
	return 0;
}

static inline int match_unmark_step(struct match *m)
{
	weir_u32 rule = m->w->cands[m->w->field % MATCH_CANDS];

	if (m->w->field++ >= m->w->n_cands)
		return 1;
	m->w->marked[rule / 64 % (MATCH_RULES_MAX / 64)] = 0;
	return 0;
}

/* What was found is in w->found until the next event. */
static inline void match_event(struct match *m, const struct match_image *image, weir_u32 type)
{
	struct match_work *w = m->w;

	w->type = type;
	w->n_hits = w->n_cands = w->n_found = w->more = w->overflow = 0;
	w->field = w->op = 0;
	match_loop(m, image->n_fields * 2, match_field_step);
	match_mark(m, image->always_at, image->n_always);
	w->op = 0;
	match_loop(m, w->n_hits, match_hit_step);
	w->field = 0;
	match_loop(m, w->n_cands, match_cand_step);
	w->field = 0;
	match_loop(m, w->n_hits, match_unhit_step);
	w->field = 0;
	match_loop(m, w->n_cands, match_unmark_step);
}
