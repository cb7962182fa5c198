/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which bits a program cannot do without, so that it is looked at only where one of them
 * is set: of operands that must all hold the rarest one's, of alternatives all of theirs.
 */
#include "rulebuild.h"

#include <stdlib.h>
#include <string.h>

/* Bits; NULL: the operand may be true without any. */
struct guards {
	uint32_t *bits;
	uint32_t n;
	double weight;
};

/* Who is looked at because of whom. */
struct pairs {
	struct pair {
		uint32_t of, rule;
	} *pair;
	uint32_t n, cap;
};

static struct guards none(struct guards *g)
{
	free(g->bits);
	return (struct guards){ 0 };
}

static struct guards one(struct rulebuild *b, uint32_t bit)
{
	struct guards g = { malloc(sizeof(bit)), 1, rulebits_weight(b, bit) };

	if (!g.bits) {
		b->no_memory = true;
		return (struct guards){ 0 };
	}
	*g.bits = bit;
	return g;
}

static struct guards both(struct guards *x, struct guards *y)
{
	bool first = x->bits && (!y->bits || x->weight >= y->weight);

	none(first ? y : x);
	return first ? *x : *y;
}

static struct guards either(struct rulebuild *b, struct guards *x, struct guards *y)
{
	uint32_t *more;

	if (!x->bits || !y->bits) {
		none(x);
		return none(y);
	}
	more = realloc(x->bits, ((size_t)x->n + y->n) * sizeof(*more));
	if (!more) {
		b->no_memory = true;
		none(x);
		return none(y);
	}
	memcpy(more + x->n, y->bits, y->n * sizeof(*more));
	x->bits = more;
	x->n += y->n;
	x->weight = 1.0 / (1.0 / x->weight + 1.0 / y->weight);
	none(y);
	return *x;
}

static struct guards leaf(struct rulebuild *b, enum match_op kind, uint32_t n)
{
	if (kind == MATCH_OP_DFA)
		n = b->out->dfas[n].literal;
	if (kind == MATCH_OP_TEST || n == MATCH_NONE)
		return (struct guards){ 0 };
	return one(b, n);
}

static struct guards find(struct rulebuild *b, const struct match_rule *r)
{
	struct guards stack[MATCH_DEPTH + 1] = { 0 };
	uint32_t i, depth = 0, op;

	for (i = 0; i < r->n_ops; i++) {
		op = b->out->ops[r->op_at + i];
		switch (op >> 24) {
		case MATCH_OP_NOT:
			stack[depth - 1] = none(&stack[depth - 1]);
			break;
		case MATCH_OP_AND:
			depth--;
			stack[depth - 1] = both(&stack[depth - 1], &stack[depth]);
			break;
		case MATCH_OP_OR:
			depth--;
			stack[depth - 1] = either(b, &stack[depth - 1], &stack[depth]);
			break;
		default:
			stack[depth++] = leaf(b, op >> 24, op & 0xffffff);
		}
	}
	return stack[0];
}

static void pair_add(struct rulebuild *b, struct pairs *p, uint32_t of, uint32_t rule)
{
	if (!rulebuild_grow(b, &p->pair, &p->cap, p->n, sizeof(*p->pair)))
		return;
	p->pair[p->n++] = (struct pair){ of, rule };
}

static int by_of(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	if (a->of != b->of)
		return a->of < b->of ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

/* Appends the rules of each, without those that are there twice; begin[of] and n[of]. */
static void list_add(struct rulebuild *b, struct pairs *p,
		     void (*tell)(struct rulebuild *b, uint32_t of, uint32_t at, uint32_t n))
{
	uint32_t i, at = b->out->n_list, of;

	if (p->n)
		qsort(p->pair, p->n, sizeof(*p->pair), by_of);
	for (i = 0; i < p->n && !b->no_memory; i++) {
		of = p->pair[i].of;
		if (i && !by_of(&p->pair[i - 1], &p->pair[i]))
			continue;
		if (!i || p->pair[i - 1].of != of)
			at = b->out->n_list;
		if (!RULEBUILD_GROW(b, list, b->out->n_list, list))
			return;
		b->out->list[b->out->n_list++] = p->pair[i].rule;
		tell(b, of, at, b->out->n_list - at);
	}
}

static void tell_bit(struct rulebuild *b, uint32_t of, uint32_t at, uint32_t n)
{
	b->out->bits[of].rule_at = at;
	b->out->bits[of].n_rules = n;
}

static void tell_field(struct rulebuild *b, uint32_t of, uint32_t at, uint32_t n)
{
	b->out->fields[of].rule_at = at;
	b->out->fields[of].n_rules = n;
}

static void tell_always(struct rulebuild *b, uint32_t of, uint32_t at, uint32_t n)
{
	(void)of;
	b->out->image.always_at = at;
	b->out->image.n_always = n;
}

bool ruleguard_all(struct rulebuild *b)
{
	struct pairs bits = { 0 }, fields = { 0 }, always = { 0 };
	struct ruleset *s = b->out;
	struct guards g;
	uint32_t i, k;

	for (i = 0; i < s->image.n_rules; i++) {
		g = find(b, &s->rules[i]);
		s->programs[i].n_guards = g.n;
		s->programs[i].unguarded = !g.bits;
		if (!g.bits)
			pair_add(b, &always, 0, i);
		for (k = 0; k < g.n; k++) {
			pair_add(b, &bits, g.bits[k], i);
			pair_add(b, &fields, s->bits[g.bits[k]].field, i);
		}
		none(&g);
	}
	list_add(b, &bits, tell_bit);
	list_add(b, &fields, tell_field);
	list_add(b, &always, tell_always);
	free(bits.pair);
	free(fields.pair);
	free(always.pair);
	return !b->no_memory;
}
