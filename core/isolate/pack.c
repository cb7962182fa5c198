/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the form in which values cross the border. A value is sixteen bytes and
 * then what it points to; lists hold single values only, as check.c demands of
 * the tables.
 */
#include "isolate/pack.h"

#include <string.h>

#include "util/macros.h"

#define NO_LIST		UINT32_MAX

struct packed {
	uint8_t kind, status;
	uint16_t slot;
	uint32_t len;		/* bytes; of lists: values, or NO_LIST */
	uint64_t u;		/* of lists: columns */
};

static bool kind_points(unsigned kind)
{
	return kind == WEIR_KIND_STR || kind == WEIR_KIND_BYTES || kind == WEIR_KIND_STRV ||
	       kind == WEIR_KIND_IP;
}

static bool kind_lists(unsigned kind)
{
	return kind == WEIR_KIND_LIST || kind == WEIR_KIND_RECORDS;
}

/* ---- to bytes -----------------------------------------------------------------*/

static void put(struct pack *b, const void *p, size_t n)
{
	size_t room = ALIGN8(n);

	if (b->full || room > b->cap - b->len) {
		b->full = true;
		return;
	}
	memcpy(b->p + b->len, p, n);
	memset(b->p + b->len + n, 0, room - n);
	b->len += room;
}

void pack_u64(struct pack *b, uint64_t u)
{
	put(b, &u, sizeof(u));
}

void pack_bytes(struct pack *b, const void *p, size_t len)
{
	static const uint64_t nul;

	pack_u64(b, len);
	if (len)
		put(b, p, len);
	if (len % 8 == 0)
		put(b, &nul, sizeof(nul));
}

void pack_text(struct pack *b, const char *text)
{
	pack_bytes(b, text ? text : "", text ? strlen(text) : 0);
}

static void single_put(struct pack *b, uint16_t slot, unsigned kind,
		       const struct weir_value *v)
{
	struct packed w = { .kind = (uint8_t)kind, .status = v->status, .slot = slot };

	if (kind_lists(kind))
		w.len = NO_LIST;
	else if (kind_points(kind))
		w.len = v->v.p ? v->len : 0;
	else
		w.u = v->v.u;
	put(b, &w, sizeof(w));
	if (kind_points(kind) && w.len)
		put(b, v->v.p, w.len);
}

static unsigned element_kind(const struct weir_field_def *field, uint64_t i)
{
	return field->kind == WEIR_KIND_LIST ? field->elem_kind :
	       field->cols[i % field->n_cols].kind;
}

static void list_put(struct pack *b, uint16_t slot, const struct weir_field_def *field,
		     const struct weir_value *v)
{
	const struct weir_list *l = v->v.list;
	bool rows = v->kind == WEIR_KIND_RECORDS;
	uint64_t i, n = rows ? (uint64_t)l->n * l->n_cols : l->n;
	struct packed w = {
		.kind = v->kind, .status = v->status, .slot = slot,
		.len = (uint32_t)MIN(n, (uint64_t)NO_LIST - 1), .u = rows ? l->n_cols : 0,
	};

	put(b, &w, sizeof(w));
	for (i = 0; i < n && !b->full; i++)
		single_put(b, 0, element_kind(field, i), &l->values[i]);
}

void pack_value(struct pack *b, uint16_t slot, const struct weir_field_def *field,
		const struct weir_value *v)
{
	struct packed w = { .kind = v->kind, .status = WEIR_ERROR, .slot = slot };
	bool was_full = b->full;
	size_t len = b->len;

	if (kind_lists(v->kind) && v->status != WEIR_ABSENT && v->v.list)
		list_put(b, slot, field, v);
	else
		single_put(b, slot, v->kind, v);
	if (!b->full || was_full)
		return;
	b->full = false;
	b->len = len;
	w.len = kind_lists(v->kind) ? NO_LIST : 0;
	put(b, &w, sizeof(w));
}

/* ---- and back ---------------------------------------------------------------------*/

static const void *get(struct unpack *u, size_t n)
{
	const uint8_t *p = u->p;

	if (u->bad || n > u->left || ALIGN8(n) > u->left) {
		u->bad = true;
		return NULL;
	}
	u->p += ALIGN8(n);
	u->left -= ALIGN8(n);
	return p;
}

uint64_t unpack_u64(struct unpack *u)
{
	const uint64_t *p = get(u, sizeof(*p));

	return p ? *p : 0;
}

const char *unpack_bytes(struct unpack *u, size_t *len)
{
	uint64_t n = unpack_u64(u);
	const char *p;

	*len = 0;
	if (n >= u->left)
		u->bad = true;
	p = get(u, (size_t)n + 1);
	if (!p || p[n])
		u->bad = true;
	if (u->bad)
		return "";
	*len = (size_t)n;
	return p;
}

const char *unpack_text(struct unpack *u)
{
	size_t len;

	return unpack_bytes(u, &len);
}

uint16_t unpack_slot(const struct unpack *u)
{
	return u->left >= sizeof(struct packed) ? ((const struct packed *)u->p)->slot : 0;
}

static bool bytes_ok(const struct packed *w, const void *p)
{
	const struct weir_ip *ip = p;

	if (w->kind == WEIR_KIND_IP)
		return !w->len || (w->len == sizeof(*ip) && (!ip->family || ip->family == 2 ||
							     ip->family == 10));
	return w->kind != WEIR_KIND_STRV || !w->len || !((const char *)p)[w->len - 1];
}

typedef void *alloc_f(struct weir_event *ev, size_t n);

static void lost_value(struct weir_value *out)
{
	out->status = WEIR_ERROR;
	out->len = 0;
	out->v.u = 0;
}

static void single_get(struct unpack *u, unsigned kind, alloc_f *alloc,
		       struct weir_event *ev, struct weir_value *out)
{
	const struct packed *w = get(u, sizeof(*w));
	const void *p = NULL;
	void *copy;

	if (!w || w->kind != kind || kind_lists(kind) || kind >= WEIR_KIND_MAX ||
	    w->status > WEIR_SKIPPED || (kind == WEIR_KIND_BOOL && w->u > 1)) {
		u->bad = true;
		return;
	}
	*out = (struct weir_value){ .kind = w->kind, .status = w->status, .v.u = w->u };
	if (!kind_points(kind))
		return;
	out->v.p = "";
	p = get(u, w->len);
	if (!p || !bytes_ok(w, p))
		u->bad = true;
	if (u->bad || !w->len)
		return;
	copy = alloc(ev, w->len);
	if (!copy) {
		lost_value(out);
		return;
	}
	out->v.p = memcpy(copy, p, w->len);
	out->len = w->len;
}

/* Where there is no memory the rest is still read. */
static void elements_get(struct unpack *u, const struct packed *w,
			 const struct weir_field_def *field, alloc_f *alloc,
			 struct weir_event *ev, struct weir_value *out)
{
	struct weir_value *values, one;
	struct weir_list *l = alloc(ev, sizeof(*l));
	uint32_t i;

	values = alloc(ev, (w->len + 1) * sizeof(*values));
	for (i = 0; i < w->len && !u->bad; i++)
		single_get(u, element_kind(field, i), alloc, ev,
			   values ? &values[i] : &one);
	if (u->bad)
		return;
	if (!l || !values) {
		lost_value(out);
		return;
	}
	*l = (struct weir_list){
		.n = w->u ? (uint32_t)(w->len / w->u) : w->len,
		.n_cols = (uint32_t)w->u, .values = values,
	};
	out->v.list = l;
}

static bool list_ok(const struct packed *w, const struct weir_field_def *field, size_t left)
{
	bool rows = w->kind == WEIR_KIND_RECORDS;

	if (w->status > WEIR_SKIPPED || (w->len != NO_LIST && w->len > left / sizeof(*w)))
		return false;
	if (w->len == NO_LIST)
		return !rows || w->status != WEIR_PRESENT;
	if (!rows)
		return !w->u;
	return w->u && w->u <= UINT32_MAX && w->len % w->u == 0 &&
	       w->u == field->n_cols;
}

void unpack_value(struct unpack *u, const struct weir_field_def *field, alloc_f *alloc,
		  struct weir_event *ev, struct weir_value *out)
{
	const struct packed *w = (const struct packed *)u->p;
	*out = (struct weir_value){ 0 };
	if (u->left < sizeof(*w) || w->kind != field->kind) {
		u->bad = true;
		return;
	}
	if (!kind_lists(w->kind)) {
		single_get(u, field->kind, alloc, ev, out);
		return;
	}
	get(u, sizeof(*w));
	if (!list_ok(w, field, u->left)) {
		u->bad = true;
		return;
	}
	*out = (struct weir_value){ .kind = w->kind, .status = w->status };
	if (w->len != NO_LIST)
		elements_get(u, w, field, alloc, ev, out);
	else if (w->status != WEIR_ABSENT && w->status != WEIR_SKIPPED)
		out->status = w->status == WEIR_PRESENT ? WEIR_ERROR : w->status;
}
