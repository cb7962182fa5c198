/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of different sizes out of one stretch of memory that never grows.
 * One thread. Blocks are aligned to PROCPOOL_UNIT and never move.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PROCPOOL_UNIT	64u
#define PROCPOOL_ORDERS	11u
#define PROCPOOL_MAX	(PROCPOOL_UNIT << (PROCPOOL_ORDERS - 1))

struct procpool_block;

struct procpool {
	uint8_t *mem;
	uint8_t *state;		/* by unit: what begins there */
	uint32_t n_units;
	uint32_t n_carved;	/* units that were ever handed out or split */
	uint32_t nonempty;	/* bit per order: its list has a block */
	uint32_t pad;
	size_t used;		/* bytes of all blocks that are handed out */
	struct procpool_block *free[PROCPOOL_ORDERS];
};

/* Takes at most `bytes`, its own notes included; memory is touched on use only. */
int procpool_init(struct procpool *p, size_t bytes);
/* NULL: no room, or n > PROCPOOL_MAX. */
void *procpool_alloc(struct procpool *p, size_t n);
void procpool_free(struct procpool *p, void *at);
/* Bytes that may be written at a block. */
size_t procpool_size(const struct procpool *p, const void *at);
void procpool_fini(struct procpool *p);

static inline uint32_t procpool_unit(const struct procpool *p, const void *at)
{
	return (uint32_t)(((const uint8_t *)at - p->mem) / PROCPOOL_UNIT);
}

static inline void *procpool_at(const struct procpool *p, uint32_t unit)
{
	return p->mem + (size_t)unit * PROCPOOL_UNIT;
}
