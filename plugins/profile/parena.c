/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces are multiples of eight bytes up to 256, then powers of two. One that was
 * given back goes to the list of its size; where a size has none, a larger one is
 * cut. The end of a chunk for which a piece was too large becomes pieces, too.
 */
#include "parena.h"

#include <stdlib.h>
#include <string.h>

#define FINE	256u	/* up to here the sizes are multiples of the unit */

static unsigned class_of(uint32_t n)
{
	unsigned c = FINE / PARENA_UNIT;
	uint32_t size = FINE;

	if (n <= FINE)
		return n ? (n + PARENA_UNIT - 1) / PARENA_UNIT : 1;
	for (; size < n; size *= 2)
		c++;
	return c;
}

static uint32_t size_of(unsigned c)
{
	return c <= FINE / PARENA_UNIT ? c * PARENA_UNIT : FINE << (c - FINE / PARENA_UNIT);
}


static void push(struct parena *a, unsigned c, uint32_t ref)
{
	*(uint32_t *)parena_edit(a, ref) = a->free[c];
	a->free[c] = ref;
}

static uint32_t pop(struct parena *a, unsigned c)
{
	uint32_t ref = a->free[c];

	if (ref)
		a->free[c] = *(const uint32_t *)parena_at(a, ref);
	return ref;
}

/* n bytes from ref on become pieces. */
static void give(struct parena *a, uint32_t ref, uint32_t n)
{
	uint32_t size;

	for (; n; n -= size, ref += size / PARENA_UNIT) {
		size = n < FINE ? n : FINE;
		push(a, class_of(size), ref);
	}
}

static uint32_t cut_larger(struct parena *a, unsigned c)
{
	unsigned from;
	uint32_t ref;

	for (from = c + 1; from < PARENA_CLASSES; from++) {
		ref = pop(a, from);
		if (!ref)
			continue;
		give(a, ref + size_of(c) / PARENA_UNIT, size_of(from) - size_of(c));
		return ref;
	}
	return 0;
}

static bool may_grow(const struct parena *a)
{
	return !a->max || (uint64_t)(a->n_chunks + 1) * PARENA_CHUNK <= a->max;
}

static bool make_room(struct parena *a)
{
	uint32_t cap = a->cap ? 2 * a->cap : 4;
	uint8_t **more, *stale;

	if (a->n_chunks < a->cap)
		return true;
	if (a->stale) {
		stale = realloc(a->stale, cap);
		if (!stale)
			return false;
		a->stale = stale;
	}
	more = realloc(a->chunks, cap * sizeof(*more));
	if (!more)
		return false;
	a->chunks = more;
	a->cap = cap;
	return true;
}

static bool grow(struct parena *a)
{
	const uint32_t per = PARENA_CHUNK / PARENA_UNIT;
	uint32_t left = a->left, end = a->n_chunks * per;
	uint8_t *chunk;

	if (!may_grow(a) || a->n_chunks == UINT32_MAX / per - 1 || !make_room(a))
		return false;
	chunk = malloc(PARENA_CHUNK);
	if (!chunk)
		return false;
	if (a->stale)
		a->stale[a->n_chunks] = 1;
	a->chunks[a->n_chunks++] = chunk;
	a->left = PARENA_CHUNK;
	if (!end)
		a->left -= PARENA_UNIT;		/* 0 names nothing */
	give(a, end - left / PARENA_UNIT, left);
	return true;
}

static uint32_t take_end(struct parena *a, uint32_t size)
{
	uint32_t end;

	if (size > a->left && !grow(a))
		return 0;
	end = a->n_chunks * (PARENA_CHUNK / PARENA_UNIT);
	a->left -= size;
	return end - (a->left + size) / PARENA_UNIT;
}

uint32_t parena_get(struct parena *a, uint32_t n)
{
	unsigned c = class_of(n);
	uint32_t ref = pop(a, c);

	if (!ref)
		ref = take_end(a, size_of(c));
	if (!ref)
		ref = cut_larger(a, c);
	if (!ref)
		return 0;
	memset(parena_edit(a, ref), 0, size_of(c));
	a->live += size_of(c);
	return ref;
}

void parena_put(struct parena *a, uint32_t ref, uint32_t n)
{
	unsigned c = class_of(n);

	push(a, c, ref);
	a->live -= size_of(c);
}

uint64_t parena_bytes(const struct parena *a)
{
	return (uint64_t)a->n_chunks * PARENA_CHUNK + a->cap * sizeof(*a->chunks);
}

bool parena_full(const struct parena *a)
{
	return !may_grow(a) && a->live + PARENA_CHUNK >= (uint64_t)a->n_chunks * PARENA_CHUNK;
}

bool parena_copy(struct parena *to, const struct parena *from)
{
	uint32_t i;

	*to = *from;
	to->stale = NULL;
	to->n_chunks = 0;
	to->cap = from->n_chunks;
	to->chunks = calloc(from->n_chunks + 1, sizeof(*to->chunks));
	for (i = 0; to->chunks && i < from->n_chunks; i++) {
		to->chunks[i] = malloc(PARENA_CHUNK);
		if (!to->chunks[i])
			break;
		memcpy(to->chunks[i], from->chunks[i], PARENA_CHUNK);
		to->n_chunks++;
	}
	if (to->chunks && to->n_chunks == from->n_chunks)
		return true;
	parena_fini(to);
	return false;
}

bool parena_copy_begin(struct parena *to, struct parena *from)
{
	*to = (struct parena){ 0 };
	from->stale = malloc(from->cap + 1);
	if (from->stale)
		memset(from->stale, 1, from->cap + 1);
	return from->stale;
}

void parena_copy_cancel(struct parena *to, struct parena *from)
{
	free(from->stale);
	from->stale = NULL;
	parena_fini(to);
}

static bool copy_chunk(struct parena *to, struct parena *from, uint32_t i)
{
	if (i == to->n_chunks) {
		to->chunks[i] = malloc(PARENA_CHUNK);
		if (!to->chunks[i])
			return false;
		to->n_chunks++;
	}
	memcpy(to->chunks[i], from->chunks[i], PARENA_CHUNK);
	from->stale[i] = 0;
	return true;
}

/* For as many chunks as the original has. */
static bool copy_room(struct parena *to, const struct parena *from)
{
	uint8_t **more;

	if (to->cap >= from->n_chunks)
		return true;
	more = realloc(to->chunks, from->cap * sizeof(*more));
	if (!more)
		return false;
	to->chunks = more;
	to->cap = from->cap;
	return true;
}

bool parena_copy_step(struct parena *to, struct parena *from, uint32_t n, uint32_t *left)
{
	bool done = copy_room(to, from);
	uint32_t i;

	*left = 0;
	/* In their order: none is copied before the one in front of it. */
	for (i = 0; done && i < from->n_chunks; i++) {
		if (!from->stale[i])
			continue;
		if (n) {
			n--;
			done = copy_chunk(to, from, i);
		} else {
			++*left;
		}
	}
	if (!done)
		parena_copy_cancel(to, from);
	return done;
}

bool parena_copy_end(struct parena *to, struct parena *from)
{
	struct parena all;
	uint32_t left;

	if (!parena_copy_step(to, from, UINT32_MAX, &left))
		return false;
	all = *from;
	all.chunks = to->chunks;
	all.cap = to->cap;
	all.stale = NULL;
	*to = all;
	free(from->stale);
	from->stale = NULL;
	return true;
}

void parena_fini(struct parena *a)
{
	free(a->stale);
	while (a->n_chunks)
		free(a->chunks[--a->n_chunks]);
	free(a->chunks);
	*a = (struct parena){ .max = a->max };
}
