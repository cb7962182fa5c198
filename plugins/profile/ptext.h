/* SPDX-License-Identifier: Apache-2.0 */
/* Equal texts are kept once, in a parena. Any bytes, at most PTEXT_MAX of them. */
#pragma once

#include "phash.h"

#define PTEXT_MAX	4096u

struct ptext {
	struct plink link;
	uint32_t refs;
	uint16_t len;
	char bytes[];
};

struct ptexts {
	struct phash hash;
	uint64_t seed;
};

/* With one more reference; 0: no memory, or too long. `hash` is that of ptext_hash(). */
uint32_t ptext_get(struct ptexts *x, struct parena *a, const void *p, uint32_t len, uint32_t hash);
void ptext_put(struct ptexts *x, struct parena *a, uint32_t ref);

static inline uint32_t ptext_hash(const struct ptexts *x, const void *p, uint32_t len)
{
	return phash_of(p, len, x->seed);
}

static inline const struct ptext *ptext_at(const struct parena *a, uint32_t ref)
{
	return parena_at(a, ref);
}
