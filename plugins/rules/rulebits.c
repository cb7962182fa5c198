/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the texts of all rules until they become automata. A bit stands for one or more
 * texts of a field; who asks for the same texts gets the same bit.
 */
#include "rulebuild.h"

#include <stdlib.h>
#include <string.h>

#include <weir/wire.h>

#include "ruleac.h"

#define CELLS_MAX	(16u << 20)

/* The texts of a bit, as one key: flags, length, bytes; one after the other. */
struct entry {
	struct entry *next;
	uint32_t bit, field, n;
	bool cased;
	double weight;
	size_t len;
	uint8_t key[];
};

struct rulebits {
	uint32_t n, cap;
	struct entry **entries;		/* by bit */
	uint32_t mask;
	struct entry **heads;
};

struct rulebits *rulebits_new(void)
{
	struct rulebits *bits = calloc(1, sizeof(*bits));

	if (!bits)
		return NULL;
	bits->mask = 16383;
	bits->heads = calloc(bits->mask + 1, sizeof(*bits->heads));
	return bits->heads ? bits : (free(bits), NULL);
}

static uint32_t number_of(const uint8_t *p, size_t len)
{
	uint64_t h = len;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

static struct entry *entry_new(uint32_t field, bool cased, const struct rulestring *s, uint32_t n)
{
	size_t len = 0;
	struct entry *e;
	uint32_t i, most = 0, at;

	for (i = 0; i < n; i++)
		len += sizeof(s[i].len) + 1 + s[i].len;
	e = malloc(sizeof(*e) + len);
	if (!e)
		return NULL;
	*e = (struct entry){ .field = field, .n = n, .cased = cased, .len = len };
	for (i = 0, at = 0; i < n; i++) {
		e->key[at++] = s[i].flags;
		memcpy(e->key + at, &s[i].len, sizeof(s[i].len));
		memcpy(e->key + at + sizeof(s[i].len), s[i].text, s[i].len);
		at += (uint32_t)sizeof(s[i].len) + s[i].len;
		most = !i || s[i].len < most ? s[i].len : most;
	}
	e->weight = (1.0 + most) / n;
	return e;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return a->field == b->field && a->cased == b->cased && a->len == b->len &&
	       !memcmp(a->key, b->key, a->len);
}

/* What was cut off may have held it. */
static uint16_t flags_of(const struct rulestring *s, uint32_t n)
{
	uint16_t flags = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (!(s[i].flags & RULEAC_ENDS) || s[i].flags & RULEAC_STARTS)
			flags |= MATCH_BIT_BEGIN;
		if (!(s[i].flags & RULEAC_STARTS) || s[i].flags & RULEAC_ENDS)
			flags |= MATCH_BIT_END;
	}
	return flags;
}

static bool enter(struct rulebuild *b, struct entry *e, uint16_t flags)
{
	struct rulebits *bits = b->strings;
	uint32_t n = b->out->image.n_bits;

	if (n >= MATCH_BITS_MAX || !RULEBUILD_GROW(b, bits, n, bits) ||
	    !rulebuild_grow(b, &bits->entries, &bits->cap, n, sizeof(*bits->entries)))
		return false;
	e->bit = n;
	bits->entries[n] = e;
	b->out->bits[n] = (struct match_bit){ .field = (uint16_t)e->field, .flags = flags };
	b->out->image.n_bits = n + 1;
	return true;
}

uint32_t rulebits_get(struct rulebuild *b, uint32_t field, bool cased,
		      const struct rulestring *strings, uint32_t n)
{
	struct entry *e = entry_new(field, cased, strings, n), *old, **head;

	if (!e) {
		b->no_memory = true;
		return UINT32_MAX;
	}
	head = &b->strings->heads[number_of(e->key, e->len) & b->strings->mask];
	for (old = *head; old; old = old->next)
		if (is_same(old, e)) {
			free(e);
			return old->bit;
		}
	if (!enter(b, e, flags_of(strings, n))) {
		free(e);
		b->no_memory = true;
		return UINT32_MAX;
	}
	e->next = *head;
	*head = e;
	return e->bit;
}

double rulebits_weight(const struct rulebuild *b, uint32_t bit)
{
	return b->strings->entries[bit]->weight;
}

/* ---- automata ----------------------------------------------------------------------*/

static bool add_strings(struct rulebuild *b, struct ruleac_builder *ac, const struct entry *e)
{
	const uint8_t *at = e->key;
	uint32_t i, len;

	for (i = 0; i < e->n; i++) {
		memcpy(&len, at + 1, sizeof(len));
		if (ruleac_add(ac, at + 1 + sizeof(len), len, *at, e->bit))
			return false;
		at += 1 + sizeof(len) + len;
		b->out->n_strings++;
	}
	return true;
}

/* Moves an automaton behind the cells and outputs of those before. */
static bool append(struct rulebuild *b, const struct ruleac *ac, bool is_list)
{
	struct ruleset *s = b->out;
	uint32_t cells = s->n_cells, outs = s->n_outs, i;
	struct match_automaton *a;
	void *more;

	more = realloc(s->automata, (s->n_automata + 1) * sizeof(*s->automata));
	if (!more)
		return false;
	s->automata = more;
	more = realloc(s->cells, ((size_t)cells + ac->n_cells) * sizeof(*s->cells));
	if (!more)
		return false;
	s->cells = more;
	more = realloc(s->outs, ((size_t)outs + ac->n_outs) * sizeof(*s->outs));
	if (!more)
		return false;
	s->outs = more;
	for (i = 0; i < ac->n_cells; i++) {
		const struct ruleac_cell *c = &ac->cells[i];

		s->cells[cells + i] = (struct match_cell){ c->base + cells,
			c->check ? c->check + cells : 0, c->fail + cells,
			c->out ? c->out + outs : 0 };
	}
	for (i = 0; i < ac->n_outs; i++)
		s->outs[outs + i] = (struct match_out){ ac->outs[i].id,
			ac->outs[i].next ? ac->outs[i].next + outs : 0 };
	a = &s->automata[s->n_automata++];
	*a = (struct match_automaton){ .root = RULEAC_ROOT + cells, .start = ac->start + cells,
		.end = ac->end };
	memcpy(a->code, ac->code, sizeof(a->code));
	/* Between two texts of a list there is a NUL, which counts as a blank. */
	if (is_list)
		a->code[0] = a->code[' '];
	s->n_cells += ac->n_cells;
	s->n_outs += ac->n_outs;
	s->n_states += ac->n_states;
	return true;
}

/* Number of the automaton; MATCH_NONE: the field has no such texts. */
static bool build_one(struct rulebuild *b, uint32_t field, bool cased, uint32_t *number)
{
	struct rulebits *bits = b->strings;
	struct ruleac_builder *builder = NULL;
	uint32_t i, needed;
	struct ruleac ac;
	bool done;

	*number = MATCH_NONE;
	for (i = 0; i < b->out->image.n_bits; i++) {
		if (bits->entries[i]->field != field || bits->entries[i]->cased != cased)
			continue;
		if (!builder)
			builder = ruleac_begin(!cased);
		if (!builder || !add_strings(b, builder, bits->entries[i])) {
			ruleac_abandon(builder);
			return false;
		}
	}
	if (!builder)
		return true;
	if (ruleac_build(builder, CELLS_MAX, &ac, &needed))
		return false;
	*number = b->out->n_automata;
	done = append(b, &ac, b->out->names[field].kind == WEIR_KIND_STRV);
	ruleac_fini(&ac);
	return done;
}

bool rulebits_build(struct rulebuild *b)
{
	struct ruleset *s = b->out;
	uint32_t i;

	for (i = 0; i < s->image.n_fields; i++)
		if (!build_one(b, i, false, &s->fields[i].folded) ||
		    !build_one(b, i, true, &s->fields[i].cased))
			return false;
	return true;
}

void rulebits_free(struct rulebits *bits)
{
	uint32_t i;

	if (!bits)
		return;
	for (i = 0; i <= bits->mask; i++) {
		struct entry *e = bits->heads[i], *next;

		for (; e; e = next) {
			next = e->next;
			free(e);
		}
	}
	free(bits->entries);
	free(bits->heads);
	free(bits);
}
