/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last lines, for all readers together: each has a place in it. Memory is bounded: the oldest
 * lines make room for new ones, and a reader who has not had them knows by their numbers how
 * many. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct stored {
	uint64_t at;		/* of its first byte, counted from the beginning of all lines */
	uint32_t len;
};

struct store {
	char *p;
	size_t cap;
	struct stored *lines;	/* by number, modulo max */
	uint32_t max;
	uint64_t first, next;	/* numbers of the oldest, and of the next one */
	uint64_t end;		/* bytes of all lines so far */
};

/* False: no memory. */
bool store_init(struct store *s, size_t size);
/* False: the line is larger than the store. */
bool store_add(struct store *s, const void *line, uint32_t len);
/* From byte `from` on of the line `number`, which must be there: one piece, or two. */
int store_get(const struct store *s, uint64_t number, uint32_t from, struct iovec iov[2]);
void store_fini(struct store *s);
