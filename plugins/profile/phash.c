/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear hashing (Litwin 1980): buckets are split in their order, one for each
 * entry that is added, so the mean length of a chain stays below one. Without
 * memory for more buckets the chains just get longer.
 */
#include "phash.h"

#include <stdlib.h>
#include <string.h>

static struct plink *edit_link(struct parena *a, uint32_t ref)
{
	return parena_edit(a, ref);
}

static uint32_t *edit_bucket(const struct phash *h, struct parena *a, uint32_t i)
{
	return (uint32_t *)parena_edit(a, h->segments[i / PHASH_SEGMENT]) + i % PHASH_SEGMENT;
}

static bool add_segment(struct phash *h, struct parena *a)
{
	uint32_t cap = h->cap ? 2 * h->cap : 4, *more, ref;

	if (h->n_segments == h->cap) {
		more = realloc(h->segments, cap * sizeof(*more));
		if (!more)
			return false;
		h->segments = more;
		h->cap = cap;
	}
	ref = parena_get(a, PHASH_SEGMENT * sizeof(uint32_t));
	if (!ref)
		return false;
	h->segments[h->n_segments++] = ref;
	return true;
}

/* The entries of bucket n_buckets - low are now in two. */
static void split(struct phash *h, struct parena *a)
{
	uint32_t *at = edit_bucket(h, a, h->n_buckets - h->low), *to, ref;

	if (h->n_buckets == h->n_segments * PHASH_SEGMENT && !add_segment(h, a))
		return;
	to = edit_bucket(h, a, h->n_buckets);
	while ((ref = *at)) {
		struct plink *link = edit_link(a, ref);

		if (!(link->hash & h->low)) {
			at = &link->next;
			continue;
		}
		*at = link->next;
		link->next = *to;
		*to = ref;
	}
	if (++h->n_buckets == 2 * h->low)
		h->low = h->n_buckets;
}

static uint32_t *bucket_of(const struct phash *h, struct parena *a, uint32_t hash)
{
	uint32_t i = hash & (2 * h->low - 1);

	return edit_bucket(h, a, i < h->n_buckets ? i : i & (h->low - 1));
}

static bool begin(struct phash *h, struct parena *a)
{
	if (!h->low && !add_segment(h, a))
		return false;
	if (!h->low)
		h->low = h->n_buckets = PHASH_SEGMENT;
	return true;
}

void phash_reserve(struct phash *h, struct parena *a, uint32_t n)
{
	uint32_t was = 0;

	if (!begin(h, a))
		return;
	for (; h->n_buckets < n && h->n_buckets != was; split(h, a))
		was = h->n_buckets;
}

bool phash_add(struct phash *h, struct parena *a, uint32_t ref)
{
	struct plink *link = edit_link(a, ref);
	uint32_t *at;

	if (!begin(h, a))
		return false;
	at = bucket_of(h, a, link->hash);
	link->next = *at;
	*at = ref;
	if (++h->n > h->n_buckets)
		split(h, a);
	return true;
}

void phash_remove(struct phash *h, struct parena *a, uint32_t ref)
{
	uint32_t *at = bucket_of(h, a, phash_link(a, ref)->hash);

	while (*at != ref)
		at = &edit_link(a, *at)->next;
	*at = phash_link(a, ref)->next;
	h->n--;
}

uint64_t phash_bytes(const struct phash *h)
{
	return h->cap * sizeof(*h->segments);
}

bool phash_copy(struct phash *to, const struct phash *from)
{
	*to = *from;
	to->segments = calloc(from->cap + 1, sizeof(*to->segments));
	if (!to->segments) {
		*to = (struct phash){ 0 };
		return false;
	}
	if (from->n_segments)
		memcpy(to->segments, from->segments, from->n_segments * sizeof(*to->segments));
	return true;
}

void phash_fini(struct phash *h)
{
	free(h->segments);
	*h = (struct phash){ 0 };
}

uint32_t phash_of(const void *p, size_t n, uint64_t seed)
{
	const uint8_t *at = p;
	uint64_t h = seed ^ n * 0x9e3779b97f4a7c15u, w;

	for (; n >= 8; n -= 8, at += 8) {
		memcpy(&w, at, 8);
		h = (h ^ w) * 0xd6e8feb86659fd93u;
		h ^= h >> 32;
	}
	if (n) {
		w = 0;
		memcpy(&w, at, n);
		h = (h ^ w) * 0xd6e8feb86659fd93u;
		h ^= h >> 32;
	}
	h *= 0xd6e8feb86659fd93u;
	return (uint32_t)(h >> 32);
}
