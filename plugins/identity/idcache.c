/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of a few entries each: an id belongs to one set, and throws out the one of
 * it that was not used for the longest time. So nothing has to be kept in order,
 * and the table never grows.
 */
#include "idcache.h"

#include <stdlib.h>
#include <string.h>

#define WAYS	4u

struct idcache {
	uint64_t seed;
	uint32_t mask;		/* of sets */
	uint32_t n;
	struct identry sets[][WAYS];
};

struct idcache *idcache_new(uint32_t max, uint64_t seed)
{
	struct idcache *c;
	uint32_t n = 1;

	while (n * WAYS < max)
		n *= 2;
	c = calloc(1, sizeof(*c) + (size_t)n * sizeof(c->sets[0]));
	if (!c)
		return NULL;
	c->mask = n - 1;
	c->seed = seed;
	return c;
}

static struct identry *set_of(struct idcache *c, const struct idkey *key)
{
	uint64_t h = c->seed ^ ((uint64_t)key->mnt << 32 | key->id);

	h = (h ^ h >> 29) * 0x9e3779b97f4a7c15u;
	h ^= ((uint64_t)key->user << 1 | key->kind) + key->cgroup * 0x2545f4914f6cdd1du;
	h = (h ^ h >> 32) * 0xbf58476d1ce4e5b9u;
	return c->sets[h >> 32 & c->mask];
}

struct identry *idcache_get(struct idcache *c, const struct idkey *key, uint64_t now_ns)
{
	struct identry *e = set_of(c, key);
	unsigned i;

	for (i = 0; i < WAYS; i++, e++)
		if (e->used && idkey_is(&e->key, key)) {
			e->used_ns = now_ns;
			return e;
		}
	return NULL;
}

static void clear(struct idcache *c, struct identry *e)
{
	if (!e->used)
		return;
	free(e->text);
	memset(e, 0, sizeof(*e));
	c->n--;
}

/* The one that is to make room, if it is in use. */
static struct identry *victim(struct idcache *c, const struct idkey *key)
{
	struct identry *set = set_of(c, key), *oldest = set;
	unsigned i;

	for (i = 0; i < WAYS; i++)
		if (set[i].used && idkey_is(&set[i].key, key))
			return &set[i];
	for (i = 0; i < WAYS; i++) {
		if (!set[i].used)
			return &set[i];
		if (set[i].used_ns < oldest->used_ns)
			oldest = &set[i];
	}
	return oldest;
}

bool idcache_put(struct idcache *c, const struct idkey *key, const struct idanswer *a,
		 uint64_t now_ns)
{
	char *text = a->len ? malloc(a->len) : NULL;
	struct identry *e = victim(c, key);
	const bool same = e->used && idkey_is(&e->key, key);
	const uint64_t since = same && e->source == a->source ? e->since_ns : now_ns;
	const bool evicts = e->used && !same;

	if (a->len && !text)
		return false;
	clear(c, e);
	if (a->len)
		memcpy(text, a->text, a->len);
	*e = (struct identry){ .key = *key, .found_ns = now_ns, .used_ns = now_ns,
		.since_ns = since, .text = text, .len = a->len, .state = a->state, .source = a->source, .used = true };
	c->n++;
	return evicts;
}

void idcache_drop(struct idcache *c, uint32_t mnt)
{
	struct identry *e = c->sets[0], *end = e + (size_t)(c->mask + 1) * WAYS;

	for (; e < end; e++)
		if (e->used && (e->key.mnt == mnt || (!mnt && e->source == IDSOURCE_HOST)))
			clear(c, e);
}

uint32_t idcache_max(const struct idcache *c)
{
	return (c->mask + 1) * WAYS;
}

uint32_t idcache_count(const struct idcache *c)
{
	return c->n;
}

struct idcache *idcache_free(struct idcache *c)
{
	uint32_t i, k;

	for (i = 0; c && i <= c->mask; i++)
		for (k = 0; k < WAYS; k++)
			free(c->sets[i][k].text);
	free(c);
	return NULL;
}
