/* SPDX-License-Identifier: Apache-2.0 */
/* Owns one block. Under ASan what is not handed out is poisoned. */
#include "chain/arena.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)	ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n)	ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n)	((void)(p), (void)(n))
#define UNPOISON(p, n)	((void)(p), (void)(n))
#endif

int arena_init(struct arena *a, size_t cap)
{
	a->mem = aligned_alloc(16, (cap + 15) & ~(size_t)15);
	if (!a->mem)
		return -ENOMEM;
	a->cap = cap;
	a->len = 0;
	POISON(a->mem, a->cap);
	return 0;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t at = (a->len + 15) & ~(size_t)15;

	if (at > a->cap || n > a->cap - at)
		return NULL;
	a->len = at + n;
	UNPOISON(a->mem + at, n);
	return a->mem + at;
}

void arena_reset(struct arena *a)
{
	POISON(a->mem, a->len);
	a->len = 0;
}

void arena_fini(struct arena *a)
{
	if (a->mem)
		UNPOISON(a->mem, a->cap);
	free(a->mem);
	a->mem = NULL;
}
