/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded memory for copies of events. One thread owns the pool and allocates
 * (_sp); any thread frees. What comes back is kept for the next one of its size
 * class, and handed back to the system little by little by pool_trim_sp.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The largest object; the classes are the powers of two from 512 on. */
#define POOL_SIZE_MAX	(128u * 1024)

struct pool;

/* Bytes are those of whole blocks: the class, and what the pool adds to it. */
struct pool_stats {
	uint64_t n_used;	/* objects out */
	uint64_t used_size;	/* bytes of these */
	uint64_t kept_size;	/* bytes of free ones that are kept */
	uint64_t max_size;
	uint64_t n_failed;	/* calls of pool_alloc_sp that gave NULL */
};

/* NULL: no memory. At no time are there more than max_bytes, used or kept. */
struct pool *pool_new(size_t max_bytes);
/*
 * Aligned to 16 bytes, not zeroed. NULL, and counted: max_bytes are in use,
 * there is no memory, or size is over POOL_SIZE_MAX. At the limit, free objects
 * of other classes make room.
 */
void *pool_alloc_sp(struct pool *p, size_t size);
/*
 * Any thread; from one and the same pool_alloc_sp only once. NULL is nothing.
 * Does not block: but once the pool is closed, it calls free().
 */
void pool_free(void *object);
/*
 * About once a second: gives back half of what was free at all times since the
 * last call, so a burst leaves no trace after some seconds. A bounded number of
 * objects at a time. Only samples are taken: a peak may go unseen, which costs
 * some calls of malloc().
 */
void pool_trim_sp(struct pool *p);
/* Any thread, until pool_close. The values may be of different moments. */
struct pool_stats pool_stats(const struct pool *p);
/*
 * The owner is done with it. Objects may still be out: the last that comes back
 * frees the pool. NULL, always.
 */
struct pool *pool_close(struct pool *p);
