/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cache in sets of eight: an inode's attributes are all in one set, so that
 * forgetting it is one look. In a full set the entry that was used longest ago
 * goes.
 *
 * An inode that has been read has an entry of attribute 0 besides: the attributes
 * that it had then, and all that were put since. Another one had no value when
 * it was read, and has none now; one that is listed and has no entry is not known.
 */
#include "memo.h"

#include <stdlib.h>

#define WAYS	8u

struct slot {
	struct memo_key key;
	uint64_t used;		/* the clock; 0: empty */
	uint64_t read;		/* when; 0: put */
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
	return h ? h : 1;
}

static struct slot *set_of(const struct memo *m, uint32_t dev, uint64_t ino)
{
	uint64_t h = (ino ^ (uint64_t)dev << 40) * 0x9e3779b97f4a7c15u;

	return m->slots + (size_t)((h >> 32) % m->n_sets) * WAYS;
}

static bool is_key(const struct slot *s, const struct memo_key *k)
{
	return s->used && s->key.ino == k->ino && s->key.dev == k->dev && s->key.attr == k->attr &&
	       (s->key.gen == k->gen || !s->key.gen || !k->gen);
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

static uint8_t *bytes_of(const struct memo *m, const struct slot *s)
{
	return m->values + (size_t)(s - m->slots) * m->size;
}

/* ---- what has been read ----------------------------------------------------------*/

static struct slot *find_list(const struct memo *m, struct memo_key k)
{
	k.attr = 0;
	return find(m, &k);
}

static bool is_listed(const struct memo *m, const struct slot *list, uint32_t attr)
{
	uint32_t i;

	for (i = 0; i < list->len; i += 4)
		if (le32(bytes_of(m, list) + i) == attr)
			return true;
	return false;
}

/* False: it is full, and would say from now on that there is none. */
static bool list_add(struct memo *m, struct slot *list, uint32_t attr)
{
	if (is_listed(m, list, attr))
		return true;
	if (list->len + 4 > m->size)
		return false;
	le32_put(bytes_of(m, list) + list->len, attr);
	list->len += 4;
	return true;
}

static enum memo_state of_list(const struct memo *m, const struct memo_key *k, uint64_t time,
			       struct memo_value *value)
{
	struct slot *list = find_list(m, *k);

	if (!list || list->read > time || is_listed(m, list, k->attr))
		return MEMO_UNKNOWN;
	*value = (struct memo_value){ .read = true };
	return MEMO_NONE;
}

/* ---- values -----------------------------------------------------------------------*/

enum memo_state memo_get(struct memo *m, const struct memo_key *k, uint64_t time,
			 struct memo_value *value)
{
	struct slot *s = find(m, k);

	if (!s)
		return of_list(m, k, time, value);
	if (s->read > time)
		return MEMO_UNKNOWN;
	s->used = ++m->clock;
	*value = (struct memo_value){ { bytes_of(m, s), s->len }, s->read };
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

static void fill(struct memo *m, struct slot *s, uint64_t read, enum memo_state state,
		 struct acl_bytes value)
{
	s->used = ++m->clock;
	s->read = read;
	s->state = state;
	s->len = value.len;
	if (value.len)
		memcpy(bytes_of(m, s), value.p, value.len);
}

void memo_put(struct memo *m, const struct memo_key *k, enum memo_state state,
	      struct acl_bytes value)
{
	struct slot *s = find(m, k), *list = find_list(m, *k);

	if (list && !list_add(m, list, k->attr))
		drop(m, list);
	if (state == MEMO_UNKNOWN || value.len > m->size) {
		if (s)
			drop(m, s);
		return;
	}
	fill(m, s ? s : take(m, k), 0, state, value);
}

bool memo_was_read(struct memo *m, struct memo_key *k)
{
	struct slot *list = find_list(m, *k);

	if (list)
		list->used = ++m->clock;
	return list;
}

void memo_read(struct memo *m, struct memo_key *k, uint64_t time,
	       const struct memo_attr_read *attrs, uint32_t n)
{
	struct slot *list = find_list(m, *k);
	uint32_t i;

	k->attr = 0;
	fill(m, list ? list : take(m, k), time, MEMO_PRESENT, (struct acl_bytes){ 0 });
	for (i = 0; i < n; i++) {
		list = find_list(m, *k);
		if (list && !list_add(m, list, attrs[i].attr))
			drop(m, list);
		k->attr = attrs[i].attr;
		if (attrs[i].value.p && attrs[i].value.len <= m->size && !find(m, k))
			fill(m, take(m, k), time, MEMO_PRESENT, attrs[i].value);
	}
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
