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
	uint8_t *stale;			/* by chunk: not in the copy that is made, as it is; NULL: none is */
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
/*
 * A copy that is made in steps, between which the original goes on being changed. Begin and
 * step: false: no memory, and there is no copy. *left: chunks that are still to be copied, or once
 * more. End copies those, and it is one; cancel: there is none.
 */
bool parena_copy_begin(struct parena *to, struct parena *from);
bool parena_copy_step(struct parena *to, struct parena *from, uint32_t n, uint32_t *left);
bool parena_copy_end(struct parena *to, struct parena *from);
void parena_copy_cancel(struct parena *to, struct parena *from);
void parena_fini(struct parena *a);

/* Valid until parena_fini(). */
static inline const void *parena_at(const struct parena *a, uint32_t ref)
{
	return a->chunks[ref / (PARENA_CHUNK / PARENA_UNIT)] +
	       (size_t)(ref % (PARENA_CHUNK / PARENA_UNIT)) * PARENA_UNIT;
}

/* The same to write to, at once: before the next step of a copy. */
static inline void *parena_edit(struct parena *a, uint32_t ref)
{
	uint32_t chunk = ref / (PARENA_CHUNK / PARENA_UNIT);

	if (a->stale)
		a->stale[chunk] = 1;
	return a->chunks[chunk] + (size_t)(ref % (PARENA_CHUNK / PARENA_UNIT)) * PARENA_UNIT;
}
