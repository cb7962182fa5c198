/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one profile: chunks of equal size, and what is taken from them is
 * named by a number of 32 bits, so that a tree costs half of what pointers cost
 * and can be copied as it is. What is given back is used again. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARENA_CHUNK	(16u << 10)
#define PARENA_PIECE	8192u		/* the largest */
#define PARENA_UNIT	8u
#define PARENA_CLASSES	38u

struct parena {
	uint8_t **chunks;
	uint32_t n_chunks, cap;
	uint32_t left;			/* bytes at the end of the last chunk */
	uint32_t free[PARENA_CLASSES];	/* pieces by size, each naming the next */
	uint64_t max;			/* bytes of all chunks; 0: no bound */
	uint64_t live;			/* bytes handed out */
};

/* Zeroed, aligned to eight bytes; 0: no memory within the bound. n is not larger than PARENA_PIECE. */
uint32_t parena_get(struct parena *a, uint32_t n);
/* n as it was asked for. */
void parena_put(struct parena *a, uint32_t ref, uint32_t n);
/* Bytes that it takes, all of them. */
uint64_t parena_bytes(const struct parena *a);
/* Nothing more is to be had but what is given back. */
bool parena_full(const struct parena *a);
/* False: no memory; `to` is empty then. */
bool parena_copy(struct parena *to, const struct parena *from);
void parena_fini(struct parena *a);

/* Valid until parena_fini(). */
static inline void *parena_at(const struct parena *a, uint32_t ref)
{
	return a->chunks[ref / (PARENA_CHUNK / PARENA_UNIT)] +
	       (size_t)(ref % (PARENA_CHUNK / PARENA_UNIT)) * PARENA_UNIT;
}
