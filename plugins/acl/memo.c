/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cache in sets of eight: an inode's attributes are all in one set, so that
 * forgetting it is one look. In a full set the entry that was used longest ago
 * goes.
 */
#include "memo.h"

#include <stdlib.h>

#define WAYS	8u

struct slot {
	struct memo_key key;
	uint64_t used;		/* the clock; 0: empty */
	uint32_t len;
	uint32_t state;		/* enum memo_state */
};

struct memo {
	struct slot *slots;
	uint8_t *values;	/* one for each slot */
	uint32_t n_sets, size;
	uint64_t clock, n, n_evicted;
};

struct memo *memo_new(uint32_t n, uint32_t size)
{
	struct memo *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->n_sets = (n + WAYS - 1) / WAYS;
	m->size = (size + 7) & ~7u;
	m->slots = calloc((size_t)m->n_sets * WAYS, sizeof(*m->slots));
	m->values = calloc((size_t)m->n_sets * WAYS, m->size);
	return m->slots && m->values ? m : memo_free(m);
}

struct memo *memo_free(struct memo *m)
{
	if (m) {
		free(m->slots);
		free(m->values);
		free(m);
	}
	return NULL;
}

bool memo_same_size(const struct memo *a, const struct memo *b)
{
	return a->n_sets == b->n_sets && a->size == b->size;
}

/* FNV-1a */
uint32_t memo_attr(const char *name, size_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ (uint8_t)*name++) * 16777619u;
	return h;
}

static struct slot *set_of(const struct memo *m, uint32_t dev, uint64_t ino)
{
	uint64_t h = (ino ^ (uint64_t)dev << 40) * 0x9e3779b97f4a7c15u;

	return m->slots + (size_t)((h >> 32) % m->n_sets) * WAYS;
}

static bool is_key(const struct slot *s, const struct memo_key *k)
{
	return s->used && s->key.ino == k->ino && s->key.dev == k->dev && s->key.attr == k->attr;
}

static struct slot *find(const struct memo *m, const struct memo_key *k)
{
	struct slot *s = set_of(m, k->dev, k->ino), *end = s + WAYS;

	for (; s < end; s++)
		if (is_key(s, k))
			return s;
	return NULL;
}

static void drop(struct memo *m, struct slot *s)
{
	m->n--;
	s->used = 0;
}

enum memo_state memo_get(struct memo *m, const struct memo_key *k, struct acl_bytes *value)
{
	struct slot *s = find(m, k);

	if (!s)
		return MEMO_UNKNOWN;
	s->used = ++m->clock;
	*value = (struct acl_bytes){ m->values + (size_t)(s - m->slots) * m->size, s->len };
	return s->state;
}

/* Empty, or the oldest of the set. */
static struct slot *take(struct memo *m, const struct memo_key *k)
{
	struct slot *s = set_of(m, k->dev, k->ino), *best = s, *end = s + WAYS;

	for (; s < end; s++)
		if (s->used < best->used)
			best = s;
	if (best->used) {
		m->n_evicted++;
		drop(m, best);
	}
	m->n++;
	best->key = *k;
	return best;
}

void memo_put(struct memo *m, const struct memo_key *k, enum memo_state state,
	      struct acl_bytes value)
{
	struct slot *s = find(m, k);

	if (state == MEMO_UNKNOWN || value.len > m->size) {
		if (s)
			drop(m, s);
		return;
	}
	if (!s)
		s = take(m, k);
	s->used = ++m->clock;
	s->state = state;
	s->len = value.len;
	if (value.len)
		memcpy(m->values + (size_t)(s - m->slots) * m->size, value.p, value.len);
}

void memo_forget(struct memo *m, uint32_t dev, uint64_t ino)
{
	struct slot *s = set_of(m, dev, ino), *end = s + WAYS;

	for (; s < end; s++)
		if (s->used && s->key.ino == ino && s->key.dev == dev)
			drop(m, s);
}

uint64_t memo_entries(const struct memo *m)
{
	return m->n;
}

uint64_t memo_evicted(const struct memo *m)
{
	return m->n_evicted;
}
