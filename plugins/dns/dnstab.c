/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An array of entries, found by a hash with chains and kept in the order in
 * which they were learnt. Entries are named by index; 0 is none.
 */
#include "dnstab.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct key {
	uint64_t words[3];	/* address, namespace and family */
};

struct entry {
	struct key key;
	uint32_t chain;		/* next of the same bucket */
	uint32_t older, newer;
	struct dnstab_name name;
};

struct dnstab {
	uint64_t seed;
	uint32_t max, n;
	uint32_t mask;		/* of buckets */
	uint32_t oldest, newest;
	uint32_t *buckets;
	struct entry *entries;	/* max + 1 of them */
};

/* An IPv4 address in IPv6 form is an IPv4 address, as it is in events. */
static struct key key_of(uint32_t ns, const struct weir_ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is4 = ip->family == 2, is_mapped = !is4 && !memcmp(ip->addr, mapped, 12);
	struct key k = { { 0 } };

	memcpy(k.words, ip->addr + (is_mapped ? 12 : 0), is4 || is_mapped ? 4 : 16);
	k.words[2] = (uint64_t)ns << 8 | (is4 || is_mapped ? 4 : 6);
	return k;
}

/* With a secret seed: who answers questions chooses addresses. */
static uint32_t bucket_of(const struct dnstab *t, const struct key *k)
{
	uint64_t h = t->seed;
	unsigned i;

	for (i = 0; i < 3; i++) {
		h = (h ^ k->words[i]) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
		h = (h + t->seed) * 0xbf58476d1ce4e5b9ull;
		h ^= h >> 32;
	}
	return (uint32_t)h & t->mask;
}

static uint32_t find(const struct dnstab *t, const struct key *k)
{
	uint32_t i = t->buckets[bucket_of(t, k)];

	while (i && memcmp(&t->entries[i].key, k, sizeof(*k)))
		i = t->entries[i].chain;
	return i;
}

/* ---- order ---------------------------------------------------------------------*/

static void order_take(struct dnstab *t, uint32_t i)
{
	struct entry *e = &t->entries[i];

	*(e->older ? &t->entries[e->older].newer : &t->oldest) = e->newer;
	*(e->newer ? &t->entries[e->newer].older : &t->newest) = e->older;
}

static void order_put(struct dnstab *t, uint32_t i)
{
	struct entry *e = &t->entries[i];

	e->older = t->newest;
	e->newer = 0;
	*(t->newest ? &t->entries[t->newest].newer : &t->oldest) = i;
	t->newest = i;
}

static uint32_t evict(struct dnstab *t)
{
	uint32_t i = t->oldest;
	uint32_t *at = &t->buckets[bucket_of(t, &t->entries[i].key)];

	while (*at != i)
		at = &t->entries[*at].chain;
	*at = t->entries[i].chain;
	order_take(t, i);
	return i;
}

/* ---- the table -----------------------------------------------------------------*/

struct dnstab *dnstab_new(uint32_t max, uint64_t seed)
{
	struct dnstab *t = calloc(1, sizeof(*t));
	uint32_t n = 16;

	if (!t)
		return NULL;
	while (n < max)
		n *= 2;
	t->seed = seed;
	t->max = max;
	t->mask = n - 1;
	t->buckets = calloc(n, sizeof(*t->buckets));
	t->entries = calloc((size_t)max + 1, sizeof(*t->entries));
	return t->buckets && t->entries ? t : dnstab_free(t);
}

struct dnstab *dnstab_free(struct dnstab *t)
{
	if (!t)
		return NULL;
	free(t->buckets);
	free(t->entries);
	free(t);
	return NULL;
}

static bool entry_put(struct dnstab *t, const struct key *k, uint32_t *out)
{
	bool full = t->n == t->max;
	uint32_t i = full ? evict(t) : ++t->n, *at;

	t->entries[i].key = *k;
	at = &t->buckets[bucket_of(t, k)];
	t->entries[i].chain = *at;
	*at = i;
	order_put(t, i);
	*out = i;
	return full;
}

/* The entry of this key, the newest from now on. */
static bool entry_get(struct dnstab *t, const struct key *k, uint32_t *out)
{
	*out = find(t, k);
	if (!*out)
		return entry_put(t, k, out);
	order_take(t, *out);
	order_put(t, *out);
	return false;
}

bool dnstab_learn(struct dnstab *t, uint32_t ns, const struct weir_ip *ip, const char *name,
		  uint32_t len, uint64_t expires_ns)
{
	struct key k = key_of(ns, ip);
	struct dnstab_name *e;
	uint32_t i;
	bool full = entry_get(t, &k, &i);

	e = &t->entries[i].name;
	e->expires_ns = expires_ns;
	e->cut = len > DNSTAB_NAME;
	e->len = (uint8_t)(e->cut ? DNSTAB_NAME : len);
	for (i = 0; i < e->len; i++)
		e->text[i] = (char)tolower((unsigned char)name[i]);
	return full;
}

const struct dnstab_name *dnstab_find(const struct dnstab *t, uint32_t ns,
				      const struct weir_ip *ip)
{
	struct key k = key_of(ns, ip);
	uint32_t i = find(t, &k);

	return i ? &t->entries[i].name : NULL;
}

uint32_t dnstab_count(const struct dnstab *t)
{
	return t->n;
}

static void empty(struct dnstab *t)
{
	memset(t->buckets, 0, ((size_t)t->mask + 1) * sizeof(*t->buckets));
	t->n = t->oldest = t->newest = 0;
}

void dnstab_move(struct dnstab **to, struct dnstab **from)
{
	struct dnstab *t = *to, *f = *from;
	uint32_t i, mine;

	if (t->max == f->max) {
		empty(t);
		*to = f;
		*from = t;
		return;
	}
	for (i = f->oldest; i; i = f->entries[i].newer) {
		entry_get(t, &f->entries[i].key, &mine);
		t->entries[mine].name = f->entries[i].name;
	}
	empty(f);
}
