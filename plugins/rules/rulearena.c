/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks of memory, the newest one first; a large piece has one of its own. */
#include "rulearena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK	(64u << 10)
#define ALIGN	16u

struct rulearena_chunk {
	_Alignas(ALIGN) struct rulearena_chunk *before;
};

/* Room for n bytes behind a head; calloc, since fresh pages are zero anyway. */
static uint8_t *add_chunk(struct rulearena *a, size_t n)
{
	struct rulearena_chunk *c = NULL;

	if (!a->max || (n <= a->max && a->used <= a->max - n))
		c = calloc(1, sizeof(*c) + n);
	if (!c) {
		a->failed = true;
		return NULL;
	}
	a->used += n;
	c->before = a->chunks;
	a->chunks = c;
	return (uint8_t *)(c + 1);
}

void *rulearena_get(struct rulearena *a, size_t n, size_t size)
{
	uint8_t *p;

	if (__builtin_mul_overflow(n, size, &n) || n > SIZE_MAX / 2) {
		a->failed = true;
		return NULL;
	}
	n = (n + ALIGN) & ~(size_t)(ALIGN - 1);
	if (n > CHUNK / 4)
		return add_chunk(a, n);
	if (n > a->left) {
		p = add_chunk(a, CHUNK);
		if (!p)
			return NULL;
		a->next = p;
		a->left = CHUNK;
	}
	p = a->next;
	a->next += n;
	a->left -= n;
	return p;
}

char *rulearena_text(struct rulearena *a, const void *bytes, size_t n)
{
	char *p = rulearena_get(a, n + 1, 1);

	if (p && n)
		memcpy(p, bytes, n);
	return p;
}

bool rulearena_more(struct rulearena *a, void *items, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? 2 * *cap : 8;
	void *was, *more;

	if (n < *cap)
		return true;
	if (want <= n) {
		a->failed = true;
		return false;
	}
	more = rulearena_get(a, want, size);
	if (!more)
		return false;
	memcpy(&was, items, sizeof(was));
	if (n)
		memcpy(more, was, n * size);
	memcpy(items, &more, sizeof(more));
	*cap = want;
	return true;
}

void rulearena_fini(struct rulearena *a)
{
	struct rulearena_chunk *c = a->chunks, *before;

	for (; c; c = before) {
		before = c->before;
		free(c);
	}
	*a = (struct rulearena){ .max = a->max };
}
