/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts, lists and rows on an event. All memory is the event's; what it has no room for
 * has the status error. The chain's thread, or whose event it is. This header becomes
 * part of the plugin: it is no part of the ABI.
 */
#pragma once

#include <string.h>

#include <weir/plugin.h>

struct weir_put {
	const struct weir_host *host;
	struct weir_event *ev;
};

static inline struct weir_value weir_put_text_value(const struct weir_put *p, const char *text, size_t len)
{
	char *copy = (char *)p->host->alloc(p->ev, len + 1);
	struct weir_value v;

	memset(&v, 0, sizeof(v));
	v.kind = WEIR_KIND_STR;
	v.status = WEIR_ERROR;
	if (!copy)
		return v;
	memcpy(copy, text, len);
	v.status = WEIR_PRESENT;
	v.len = (uint32_t)len;
	v.v.p = copy;
	return v;
}

static inline struct weir_value weir_put_number_value(uint64_t n)
{
	struct weir_value v;

	memset(&v, 0, sizeof(v));
	v.kind = WEIR_KIND_U64;
	v.status = WEIR_PRESENT;
	v.v.u = n;
	return v;
}

/* An empty text is none. */
static inline void weir_put_text(const struct weir_put *p, struct weir_handle h, const char *text)
{
	struct weir_value v;

	if (!*text)
		return;
	v = weir_put_text_value(p, text, strlen(text));
	weir_set(p->ev, h, &v);
}

/* Room for n rows of n_cols values, which the caller fills. NULL: no room, and said so. */
static inline struct weir_value *weir_put_rows(const struct weir_put *p, struct weir_handle h, uint32_t n,
					  uint32_t n_cols, bool cut)
{
	struct weir_value *values = (struct weir_value *)p->host->alloc(p->ev,
		((size_t)n * n_cols + 1) * sizeof(*values));
	struct weir_list *list = (struct weir_list *)p->host->alloc(p->ev, sizeof(*list));
	struct weir_value v;

	memset(&v, 0, sizeof(v));
	v.status = (uint8_t)(cut ? WEIR_TRUNCATED : WEIR_PRESENT);
	if (!values || !list) {
		v.status = WEIR_ERROR;
		weir_set(p->ev, h, &v);
		return NULL;
	}
	memset(values, 0, (size_t)n * n_cols * sizeof(*values));
	list->n = n;
	list->n_cols = n_cols;
	list->values = values;
	v.v.list = list;
	weir_set(p->ev, h, &v);
	return values;
}
