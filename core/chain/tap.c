/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the copying for those who look on. What does not fit is counted, not waited for. */
#include "chain/tap.h"

#include <stdlib.h>
#include <string.h>

#include "chain/filter.h"
#include "chain/private.h"
#include "queue/evq.h"

static uint32_t who_wants(const struct tap *tap, const struct weir_event *ev)
{
	const struct tap_client *cl;
	uint32_t mask = 0;
	unsigned i;

	for (i = 0; i < TAP_CLIENTS; i++) {
		cl = tap->clients[i];
		if (cl && cl->types[ev->type / 64] >> (ev->type % 64) & 1 &&
		    (!cl->filter || filter_match(cl->filter, ev)))
			mask |= 1u << i;
	}
	return mask;
}

static const struct page *page_find(const struct chain *c)
{
	size_t i;

	for (i = 0; i < c->n_stages; i++)
		if (c->stages[i]->def->kind == WEIR_PLUGIN_SERIALIZER &&
		    c->stages[i]->page.start < c->stages[i]->page.buf.len)
			return &c->stages[i]->page;
	return NULL;
}

static void count_dropped(struct tap *tap, uint32_t mask)
{
	unsigned i;

	for (i = 0; i < TAP_CLIENTS; i++)
		if (mask >> i & 1)
			stat_add(&tap->clients[i]->dropped, 1);
}

void tap_event(struct tap *tap, const struct chain *c, const struct weir_event *ev)
{
	uint32_t mask = who_wants(tap, ev);
	const struct page *page = mask ? page_find(c) : NULL;
	struct tap_line *line;
	size_t len;

	if (!page)
		return;
	len = page->buf.len - page->start;
	line = malloc(sizeof(*line) + len);
	if (line) {
		line->clients = mask;
		line->serial = tap->serial;
		line->len = (uint32_t)len;
		memcpy(line->text, page->buf.p + page->start, len);
	}
	if (!line || !evq_push_sp(tap->ring, line)) {
		count_dropped(tap, mask);
		free(line);
	}
	tap->dirty = true;
}

void tap_wake(struct tap *tap)
{
	if (!tap->dirty)
		return;
	tap->dirty = false;
	tap->wake(tap->arg);
}
