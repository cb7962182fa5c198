/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that one thread counts and others read, without locked instructions;
 * and the clocks.
 */
#pragma once

#include <stdint.h>
#include <time.h>

/* The one thread that counts. */
static inline void stat_add(uint64_t *n, uint64_t by)
{
	__atomic_store_n(n, *n + by, __ATOMIC_RELAXED);
}

/* Where several threads count. */
static inline void stat_add_shared(uint64_t *n, uint64_t by)
{
	__atomic_fetch_add(n, by, __ATOMIC_RELAXED);
}

static inline uint64_t stat_get(const uint64_t *n)
{
	return __atomic_load_n(n, __ATOMIC_RELAXED);
}

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}
