/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the memory of the process table's texts and lineages: a buddy
 * allocator over one stretch, so that the bound holds to the byte, nothing is
 * asked of the system while events run, and what is freed joins up again
 * whatever sizes are wanted next. Blocks are powers of two from 64 bytes to
 * 64 KiB. The stretch is used from its start; pages that were never needed
 * are never touched.
 */
#include "procpool.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__	1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, n)	ASAN_POISON_MEMORY_REGION(at, n)
#define UNPOISON(at, n)	ASAN_UNPOISON_MEMORY_REGION(at, n)
#else
#define POISON(at, n)	((void)(at), (void)(n))
#define UNPOISON(at, n)	((void)(at), (void)(n))
#endif

/* What begins at a unit: 0 nothing, else the order of a block and one mark. */
#define STATE_USED	0x40u
#define STATE_FREE	0x80u
#define STATE_ORDER	0x3fu
#define TOP		(PROCPOOL_ORDERS - 1)

struct procpool_block {
	struct procpool_block *next, *prev;
};

static size_t order_bytes(unsigned order)
{
	return (size_t)PROCPOOL_UNIT << order;
}

static unsigned order_of(size_t n)
{
	size_t units = (n + PROCPOOL_UNIT - 1) / PROCPOOL_UNIT;

	if (units <= 1)
		return 0;
	return 64u - (unsigned)__builtin_clzll(units - 1);
}

static void block_put(struct procpool *p, uint32_t unit, unsigned order)
{
	struct procpool_block *b = procpool_at(p, unit);

	UNPOISON(b, sizeof(*b));
	b->prev = NULL;
	b->next = p->free[order];
	if (b->next)
		b->next->prev = b;
	p->free[order] = b;
	p->nonempty |= 1u << order;
	p->state[unit] = (uint8_t)(STATE_FREE | order);
	POISON(b + 1, order_bytes(order) - sizeof(*b));
}

static void block_take(struct procpool *p, uint32_t unit, unsigned order)
{
	struct procpool_block *b = procpool_at(p, unit);

	if (b->prev)
		b->prev->next = b->next;
	else
		p->free[order] = b->next;
	if (b->next)
		b->next->prev = b->prev;
	if (!p->free[order])
		p->nonempty &= ~(1u << order);
	p->state[unit] = 0;
}

/* The smallest free block of at least `order`; -1: none. */
static int block_find(struct procpool *p, unsigned order, unsigned *got)
{
	uint32_t lists = p->nonempty & ~((1u << order) - 1);
	uint32_t unit = p->n_carved;

	if (!lists) {
		if (p->n_units - unit < 1u << TOP)
			return -1;
		p->n_carved += 1u << TOP;
		block_put(p, unit, TOP);
		lists = 1u << TOP;
	}
	*got = (unsigned)__builtin_ctz(lists);
	return 0;
}

void *procpool_alloc(struct procpool *p, size_t n)
{
	unsigned order, have;
	uint32_t unit;
	void *at;

	if (n > PROCPOOL_MAX)
		return NULL;
	order = order_of(n);
	if (block_find(p, order, &have))
		return NULL;
	at = p->free[have];
	unit = procpool_unit(p, at);
	block_take(p, unit, have);
	while (have > order) {
		have--;
		block_put(p, unit + (1u << have), have);
	}
	p->state[unit] = (uint8_t)(STATE_USED | order);
	p->used += order_bytes(order);
	UNPOISON(at, order_bytes(order));
	return at;
}

void procpool_free(struct procpool *p, void *at)
{
	uint32_t unit = procpool_unit(p, at), buddy;
	unsigned order = p->state[unit] & STATE_ORDER;

	p->used -= order_bytes(order);
	p->state[unit] = 0;
	POISON(at, order_bytes(order));
	for (; order < TOP; order++) {
		buddy = unit ^ (1u << order);
		if (p->state[buddy] != (STATE_FREE | order))
			break;
		block_take(p, buddy, order);
		unit &= ~(1u << order);
	}
	block_put(p, unit, order);
}

size_t procpool_size(const struct procpool *p, const void *at)
{
	return order_bytes(p->state[procpool_unit(p, at)] & STATE_ORDER);
}

int procpool_init(struct procpool *p, size_t bytes)
{
	size_t top = order_bytes(TOP);
	size_t n_tops = bytes / (top + (1u << TOP));

	*p = (struct procpool){ 0 };
	if (!n_tops || n_tops > UINT32_MAX >> (TOP + 1))
		return -EINVAL;
	p->n_units = (uint32_t)(n_tops << TOP);
	p->mem = aligned_alloc(PROCPOOL_UNIT, n_tops * top);
	p->state = calloc(p->n_units, 1);
	if (!p->mem || !p->state) {
		procpool_fini(p);
		return -ENOMEM;
	}
	POISON(p->mem, n_tops * top);
	return 0;
}

void procpool_fini(struct procpool *p)
{
	if (p->mem)
		UNPOISON(p->mem, (size_t)p->n_units * PROCPOOL_UNIT);
	free(p->mem);
	free(p->state);
	p->mem = NULL;
	p->state = NULL;
}
