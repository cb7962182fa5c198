/* SPDX-License-Identifier: Apache-2.0 */
/* What the torture tests share: arguments, time, cheap random numbers. */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"
#include "util/macros.h"

#define TORTURE_MAX	64u
/* What a part of a test takes, unless it has run out of items before. */
#define TORTURE_NS	700000000ull
/* Who waits that long for another was not woken. */
#define TORTURE_LOST_NS	3000000000ull

struct torture {
	unsigned n_threads, size;
};

static inline struct torture torture_args(int argc, char **argv,
					  unsigned n_threads, unsigned size)
{
	struct torture t = { n_threads, size };

	if (argc > 1)
		t.n_threads = (unsigned)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		t.size = (unsigned)strtoul(argv[2], NULL, 0);
	if (argc > 3 || t.n_threads < 1 || t.n_threads > TORTURE_MAX ||
	    t.size < 1 || t.size > 1u << 20) {
		fprintf(stderr, "usage: %s [THREADS [SIZE]]\n", argv[0]);
		exit(2);
	}
	tap_diag("%u threads, size %u", t.n_threads, t.size);
	return t;
}

static inline uint64_t torture_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* xorshift; the state is not 0. */
static inline uint32_t torture_rand(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static inline void torture_spin(uint32_t n)
{
	while (n-- > 0)
		__asm__ __volatile__("" ::: "memory");
}

static inline void torture_start(pthread_t *t, void *(*fn)(void *), void *priv)
{
	AZ(pthread_create(t, NULL, fn, priv));
}

static inline void torture_join(pthread_t t)
{
	AZ(pthread_join(t, NULL));
}
