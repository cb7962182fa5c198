/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one event: taken piece by piece, given back all at once when the
 * event leaves the chain. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *mem;
	size_t len;
	size_t cap;
};

/* 0 or -ENOMEM. */
int arena_init(struct arena *a, size_t cap);
/* Aligned to 16 bytes, not zeroed; NULL: full. */
void *arena_alloc(struct arena *a, size_t n);
void arena_reset(struct arena *a);
void arena_fini(struct arena *a);
