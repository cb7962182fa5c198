/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a writer is in a batch of lines: what to write next, and what is left
 * of a line that was begun. Pure: no descriptor.
 */
#pragma once

#include <stdbool.h>
#include <sys/uio.h>

#include <weir/plugin.h>

/* The end of a line whose head is out already; outlives the batch. */
struct lines_rest {
	uint8_t *p;
	size_t off, len, cap;
};

struct lines {
	struct lines_rest *rest;
	const struct weir_item *items;
	uint32_t n;
	uint32_t at;		/* first item that is not wholly written */
	uint32_t off;		/* bytes of it that are */
};

void lines_begin(struct lines *l, struct lines_rest *rest, const struct weir_batch *batch);
/* Items that lie behind each other become one piece; at most `max` pieces. */
int lines_next(const struct lines *l, struct iovec *iov, int max, bool single);
void lines_wrote(struct lines *l, size_t n);
static inline bool lines_done(const struct lines *l)
{
	return l->rest->off == l->rest->len && l->at == l->n;
}
/* There is a next line, and nothing of it is out. */
static inline bool lines_whole(const struct lines *l)
{
	return l->rest->off == l->rest->len && !l->off && l->at < l->n;
}
/* Takes a line that was begun over from the batch: it is to be finished first. */
void lines_keep(struct lines *l);
