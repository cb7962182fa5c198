/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the copying: first the size of everything is summed up, then one block
 * is filled. Values may be lists and lists of rows, two levels deep.
 */
#include "chain/event.h"

#include <stdlib.h>
#include <string.h>

#include "queue/pool.h"
#include "util/macros.h"

/* ---- values -----------------------------------------------------------------*/

static bool value_points(const struct weir_value *v)
{
	switch (v->kind) {
	case WEIR_KIND_STR:
	case WEIR_KIND_BYTES:
	case WEIR_KIND_STRV:
	case WEIR_KIND_IP:
		/* A plugin may have left a pointer in what it calls absent. */
		return v->len > 0 && v->v.p && v->status != WEIR_ABSENT;
	default:
		return false;
	}
}

static bool value_lists(const struct weir_value *v)
{
	return (v->kind == WEIR_KIND_LIST || v->kind == WEIR_KIND_RECORDS) &&
	       v->status != WEIR_ABSENT && v->v.list;
}

static uint32_t list_len(const struct weir_value *v)
{
	const struct weir_list *l = v->v.list;

	return v->kind == WEIR_KIND_RECORDS ? l->n * l->n_cols : l->n;
}

static size_t value_size(const struct weir_value *v)
{
	size_t n;
	uint32_t i;

	if (value_points(v))
		return ALIGN8((size_t)v->len);
	if (!value_lists(v))
		return 0;
	n = sizeof(struct weir_list) + list_len(v) * sizeof(struct weir_value);
	for (i = 0; i < list_len(v); i++)
		n += value_size(&v->v.list->values[i]);
	return n;
}

/* What has been used of the block. */
static void *take(uint8_t **at, size_t n)
{
	void *p = *at;

	*at += ALIGN8(n);
	return p;
}

static void value_copy(struct weir_value *to, const struct weir_value *v, uint8_t **at)
{
	struct weir_value *values;
	struct weir_list *l;
	uint32_t i;

	*to = *v;
	if (value_points(v)) {
		to->v.p = memcpy(take(at, v->len), v->v.p, v->len);
	} else if (value_lists(v)) {
		l = take(at, sizeof(*l));
		values = take(at, list_len(v) * sizeof(*values));
		*l = *v->v.list;
		l->values = values;
		for (i = 0; i < list_len(v); i++)
			value_copy(&values[i], &v->v.list->values[i], at);
		to->v.list = l;
	}
}

/* ---- events -------------------------------------------------------------------*/

static const struct weir_value *part(const struct event_parts *p, uint32_t i)
{
	return &p->added[p->only ? p->only[i] : i];
}

struct event *event_new(struct pool *pool, const struct event_parts *p)
{
	size_t size = sizeof(struct event) + ALIGN8((size_t)p->rec_size) +
		      p->n_added * sizeof(struct weir_value);
	uint32_t i, n = p->only ? p->n_only : p->n_added;
	struct event *e;
	uint8_t *at;

	for (i = 0; i < n; i++)
		size += value_size(part(p, i));
	e = pool ? pool_alloc_sp(pool, size) : malloc(size);
	if (!e)
		return NULL;
	at = (uint8_t *)(e + 1);
	*e = (struct event){
		.magic = EVENT_MAGIC, .n_refs = 1, .pooled = pool != NULL,
		.type = ((const struct weir_base *)p->rec)->type,
		.rec_size = p->rec_size, .n_added = p->n_added, .wall_ns = p->wall_ns,
	};
	e->rec = memcpy(take(&at, p->rec_size), p->rec, p->rec_size);
	e->added = take(&at, p->n_added * sizeof(*e->added));
	if (p->only)
		memset(e->added, 0, p->n_added * sizeof(*e->added));
	for (i = 0; i < n; i++)
		value_copy(&e->added[p->only ? p->only[i] : i], part(p, i), &at);
	return e;
}

struct event *event_ref(struct event *e)
{
	__atomic_fetch_add(&e->n_refs, 1, __ATOMIC_RELAXED);
	return e;
}

struct event *event_unref(struct event *e)
{
	/* What others have read of it comes before its end. */
	if (__atomic_sub_fetch(&e->n_refs, 1, __ATOMIC_ACQ_REL))
		return NULL;
	CHECK_OBJ_NOTNULL(e, EVENT_MAGIC);
	e->magic = 0;
	if (e->pooled)
		pool_free(e);
	else
		free(e);
	return NULL;
}

/* ---- records --------------------------------------------------------------------*/

/* Members of the base; those of other events follow, as rows of no base. */
static const struct member {
	bool is_base;
	uint8_t kind;
	uint16_t off;
} members[] = {
#define WEIR_EV_base 0
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ WEIR_EV_##ev == 0, WEIR_KIND_##kind, offsetof(struct weir_##ev, member) },
#include <weir/events.def>
};

static bool member_is_text(const struct member *m)
{
	return m->kind == WEIR_KIND_STR || m->kind == WEIR_KIND_STRV ||
	       m->kind == WEIR_KIND_BYTES;
}

static void bytes_append(void *buf, uint32_t *size, struct weir_str *s, const void *p,
			 uint32_t len)
{
	uint32_t marks = s->len & ~WEIR_STR_LEN;

	if (len > WEIR_REC_MAX - ALIGN8(*size)) {
		len = WEIR_REC_MAX - ALIGN8(*size);
		marks |= WEIR_STR_TRUNCATED;
	}
	memcpy((uint8_t *)buf + *size, p, len);
	s->off = *size;
	s->len = len | marks;
	*size += len;
}

void event_text(void *buf, uint32_t *size, struct weir_str *s, const char *text)
{
	event_bytes(buf, size, s, text, (uint32_t)strlen(text));
}

void event_bytes(void *buf, uint32_t *size, struct weir_str *s, const void *p, uint32_t len)
{
	struct weir_base *b = buf;

	s->len = 0;
	bytes_append(buf, size, s, p, len);
	while (*size % 8)
		((uint8_t *)buf)[(*size)++] = 0;
	b->size = *size;
}

/* The texts of the acting process, from one record's tail to the other's. */
static void texts_move(void *buf, uint32_t *size, const uint8_t *cause, bool texts)
{
	const struct member *m;
	struct weir_str *s;

	for (m = members; m < members + ARRAY_LEN(members) && m->is_base; m++) {
		if (!member_is_text(m))
			continue;
		s = (struct weir_str *)((uint8_t *)buf + m->off);
		if (texts && s->off)
			bytes_append(buf, size, s, cause + s->off, s->len & WEIR_STR_LEN);
		else
			*s = (struct weir_str){ .len = texts ? s->len & ~WEIR_STR_LEN : 0 };
		/* Texts that were cut end with a NUL all the same. */
		if (m->kind == WEIR_KIND_STRV && s->len & WEIR_STR_LEN)
			((uint8_t *)buf)[s->off + (s->len & WEIR_STR_LEN) - 1] = 0;
	}
}

uint32_t event_about(void *buf, unsigned type, const void *cause, const char *by,
		     bool texts)
{
	struct weir_amendment *a = buf;
	const struct weir_base *b = cause;
	uint32_t size = sizeof(*a);

	memset(a, 0, sizeof(*a));
	if (b) {
		a->base = *b;
		a->ref_id = b->id;
		a->ref_type = b->type;
		a->ref_hops = b->type == WEIR_EV_amendment || b->type >= WEIR_EV_PLUGIN ?
			      ((const struct weir_amendment *)cause)->ref_hops + 1 : 1;
		texts_move(buf, &size, cause, texts);
	}
	a->base.type = (uint16_t)type;
	a->base.rclass = WEIR_CLASS_USER;
	a->base.outcome = 0;
	a->base.error = 0;
	a->base.id = 0;
	a->base.seq = 0;
	event_text(buf, &size, &a->ref_by, by);
	return size;
}
