/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the arithmetic of partial writes and the copy of a line that was begun. */
#include "lines.h"

#include <stdlib.h>

void lines_begin(struct lines *l, struct lines_rest *rest, const struct weir_batch *batch)
{
	l->rest = rest;
	l->items = batch->items;
	l->n = batch->n;
	l->at = 0;
	l->off = 0;
}

int lines_next(const struct lines *l, struct iovec *iov, int max, bool single)
{
	uint32_t off = l->off, i;
	const struct weir_item *item;
	int n = 0;

	if (l->rest->off < l->rest->len) {
		iov[0].iov_base = l->rest->p + l->rest->off;
		iov[0].iov_len = l->rest->len - l->rest->off;
		return 1;
	}
	for (i = l->at; i < l->n; i++, off = 0) {
		item = &l->items[i];
		if (n && (uint8_t *)iov[n - 1].iov_base + iov[n - 1].iov_len == item->p) {
			iov[n - 1].iov_len += item->len;
		} else {
			if (n == max)
				break;
			iov[n].iov_base = (uint8_t *)(uintptr_t)item->p + off;
			iov[n++].iov_len = item->len - off;
		}
		if (single)
			break;
	}
	return n;
}

void lines_wrote(struct lines *l, size_t n)
{
	if (l->rest->off < l->rest->len) {
		l->rest->off += n;
		return;
	}
	for (; l->at < l->n && n >= l->items[l->at].len - l->off; l->at++, l->off = 0)
		n -= l->items[l->at].len - l->off;
	l->off += (uint32_t)n;
}

static bool make_room(struct lines_rest *rest, size_t need)
{
	uint8_t *p;

	if (need <= rest->cap)
		return true;
	p = realloc(rest->p, need);
	if (!p)
		return false;
	rest->p = p;
	rest->cap = need;
	return true;
}

void lines_keep(struct lines *l)
{
	struct lines_rest *rest = l->rest;
	const struct weir_item *item;

	if (!l->off)
		return;
	item = &l->items[l->at];
	rest->off = 0;
	rest->len = item->len - l->off;
	if (make_room(rest, rest->len)) {
		memcpy(rest->p, item->p + l->off, rest->len);
	} else {
		/* No memory: end the line there, so that only this one is torn. */
		rest->p[0] = '\n';
		rest->len = 1;
	}
	l->at++;
	l->off = 0;
}
