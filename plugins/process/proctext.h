/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that many processes share: each is kept once and counts its users. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"

struct proctext {
	uint32_t next;		/* unit + 1 of the next in its bucket */
	uint32_t refs;
	uint32_t hash;
	uint32_t n;		/* PROCTEXT_* and the bytes taken from the source */
	char bytes[];		/* ended by a NUL which n does not count */
};
#define PROCTEXT_TRUNCATED	(1u << 31)
#define PROCTEXT_CUT		(1u << 30)	/* by us: the NUL at its end belongs to it */
#define PROCTEXT_N		(PROCTEXT_CUT - 1)

struct proctexts {
	struct procpool *pool;
	uint32_t *heads;	/* unit + 1 */
	uint32_t mask;
	uint32_t n;
	uint64_t seed;
};

int proctexts_init(struct proctexts *ts, struct procpool *pool,
		   uint32_t n_buckets, uint64_t seed);
/* One more reference, from the first max - 1 bytes if there are more than max. */
struct proctext *proctext_get(struct proctexts *ts, const void *p, uint32_t len,
			      uint32_t max, bool truncated);
void proctext_put(struct proctexts *ts, struct proctext *x);
void proctexts_fini(struct proctexts *ts);

static inline struct proctext *proctext_ref(struct proctext *x)
{
	if (x)
		x->refs++;
	return x;
}

static inline uint32_t proctext_len(const struct proctext *x)
{
	return (x->n & PROCTEXT_N) + !!(x->n & PROCTEXT_CUT);
}
