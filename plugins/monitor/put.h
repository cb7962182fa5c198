/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of an event of our own. All memory is the event's; what it has no room
 * for has the status error.
 */
#pragma once

#include <string.h>

#include <weir/plugin.h>

struct put {
	const struct weir_host *host;
	struct weir_event *ev;
};

static inline struct weir_value put_text_value(const struct put *p, const char *text, size_t len)
{
	struct weir_value v = { .kind = WEIR_KIND_STR, .status = WEIR_ERROR };
	char *copy = p->host->alloc(p->ev, len + 1);

	if (!copy)
		return v;
	memcpy(copy, text, len);
	v.status = WEIR_PRESENT;
	v.len = (uint32_t)len;
	v.v.p = copy;
	return v;
}

static inline struct weir_value put_number_value(uint64_t n)
{
	return (struct weir_value){ .kind = WEIR_KIND_U64, .status = WEIR_PRESENT, .v.u = n };
}

/* An empty text is none. */
static inline void put_text(const struct put *p, struct weir_handle h, const char *text)
{
	struct weir_value v;

	if (!*text)
		return;
	v = put_text_value(p, text, strlen(text));
	weir_set(p->ev, h, &v);
}

/* Room for n rows of n_cols values, which the caller fills. NULL: no room, and said so. */
static inline struct weir_value *put_rows(const struct put *p, struct weir_handle h, uint32_t n,
					  uint32_t n_cols, bool cut)
{
	struct weir_value *values = p->host->alloc(p->ev, (n * n_cols + 1) * sizeof(*values));
	struct weir_value v = { .status = cut ? WEIR_TRUNCATED : WEIR_PRESENT };
	struct weir_list *list = p->host->alloc(p->ev, sizeof(*list));

	if (!values || !list) {
		v.status = WEIR_ERROR;
		weir_set(p->ev, h, &v);
		return NULL;
	}
	memset(values, 0, n * n_cols * sizeof(*values));
	*list = (struct weir_list){ n, n_cols, values };
	v.v.list = list;
	weir_set(p->ev, h, &v);
	return values;
}
