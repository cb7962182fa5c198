/* SPDX-License-Identifier: Apache-2.0 */
/* From an executed file to its digest, within the limits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"
#include "exefile.h"
#include "pace.h"

struct hashcache;

struct hasher {
	struct hashcache *cache;	/* atomic: adopt swaps it */
	struct pace pace;
	uint64_t max_size;
	uint64_t max_wait_ns;	/* for the rate, and for somebody else */
};

struct hasher_result {
	enum outcome outcome;
	uint8_t digest[DIGEST_LEN];	/* of OUTCOME_OK and OUTCOME_TOUCHED */
	bool hit;		/* nothing was read */
	bool uncached;		/* too young to be remembered */
	uint32_t n_evicted;
	uint64_t n_bytes;	/* read */
};

/*
 * Any thread, several at once; blocks. exec_ns is the time of the exec since
 * 1970. Fills all of *r.
 */
void hasher_run(struct hasher *h, const struct weir_find *x, uint64_t exec_ns,
		struct hasher_result *r);
