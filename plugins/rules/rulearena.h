/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is taken in small pieces and given back as a whole. A piece that there is
 * no memory for is NULL, and `failed` stays set: who builds something large may look only
 * there. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rulearena_chunk;

/* All zero but for max is an empty one. */
struct rulearena {
	size_t max;		/* bytes in all; 0: no limit */
	size_t used, left;
	uint8_t *next;
	struct rulearena_chunk *chunks;
	bool failed;
};

/* n items of `size` bytes, all zero. */
void *rulearena_get(struct rulearena *a, size_t n, size_t size);
/* A copy of n bytes with a NUL behind. */
char *rulearena_text(struct rulearena *a, const void *bytes, size_t n);
/*
 * Makes room for one more of n items (*items of *cap): the same ones, or twice as many of
 * which the first n are copies. false: no memory, nothing has changed.
 */
bool rulearena_more(struct rulearena *a, void *items, uint32_t n, uint32_t *cap, size_t size);
void rulearena_fini(struct rulearena *a);
