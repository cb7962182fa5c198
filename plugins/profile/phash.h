/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table in a parena that grows by one bucket at a time, so that no single
 * event pays for all. What is in it begins with a struct plink.
 */
#pragma once

#include "parena.h"

#define PHASH_SEGMENT	64u	/* buckets that are taken at once */

struct plink {
	uint32_t hash;
	uint32_t next;
};

struct phash {
	uint32_t *segments;	/* refs */
	uint32_t n_segments, cap;
	uint32_t n_buckets;	/* between low and 2 * low */
	uint32_t low;		/* a power of two; 0: nothing was ever added */
	uint32_t n;
};

/* False: no memory for a first bucket. */
bool phash_add(struct phash *h, struct parena *a, uint32_t ref);
/* For n entries, as far as there is memory, so that none has to be moved; it is empty. */
void phash_reserve(struct phash *h, struct parena *a, uint32_t n);
/* `ref` is in it. */
void phash_remove(struct phash *h, struct parena *a, uint32_t ref);
uint64_t phash_bytes(const struct phash *h);
/* With a copy of its arena. False: no memory. */
bool phash_copy(struct phash *to, const struct phash *from);
void phash_fini(struct phash *h);

/* For bytes that somebody else chose: `seed` is not to be guessed. */
uint32_t phash_of(const void *p, size_t n, uint64_t seed);

static inline const struct plink *phash_link(const struct parena *a, uint32_t ref)
{
	return parena_at(a, ref);
}

static inline const uint32_t *phash_bucket(const struct phash *h, const struct parena *a,
					   uint32_t i)
{
	return (const uint32_t *)parena_at(a, h->segments[i / PHASH_SEGMENT]) + i % PHASH_SEGMENT;
}

/* The first of those that may have this hash; the others by link->next. */
static inline uint32_t phash_first(const struct phash *h, const struct parena *a, uint32_t hash)
{
	uint32_t i = hash & (2 * h->low - 1);

	if (!h->low)
		return 0;
	if (i >= h->n_buckets)
		i &= h->low - 1;
	return *phash_bucket(h, a, i);
}
