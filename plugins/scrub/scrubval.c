/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hides what secret.c finds. Nothing is copied before the first secret of a text,
 * nor a list before its first text that has one.
 */
#include "scrubval.h"

static bool lose(struct scrubval *s, const struct weir_value *v, struct weir_value *out)
{
	*out = (struct weir_value){ .kind = v->kind, .status = WEIR_ERROR };
	s->n_full++;
	return true;
}

static void *room(struct scrubval *s, size_t n)
{
	if (s->record)
		return n <= WEIR_REC_MAX ? s->record : NULL;
	return s->alloc(s->ev, n);
}

/* The text up to the secret, then what takes its place. */
static uint32_t put(const uint8_t *p, uint32_t done, const struct secret_range *r, uint8_t *to)
{
	memcpy(to, p + done, r->off - done);
	return r->off - done + secret_mask(r, p, to + (r->off - done));
}

static bool hide_text(struct scrubval *s, uint32_t flags, enum secret_class value_of,
		      const struct weir_value *v, struct weir_value *out)
{
	struct secret_scan scan;
	struct secret_range r;
	uint32_t done = 0, len = 0, how, slot;
	uint8_t *to = NULL;

	if (!v->v.p || !v->len || v->status == WEIR_ABSENT)
		return false;
	flags |= v->status == WEIR_PRESENT ? 0 : SECRET_CUT;
	how = flags << 8 | value_of;
	if (scrubseen_has(s->seen, v->v.p, v->len, how, &slot))
		return false;
	secret_begin(&scan, s->keys, v->v.p, v->len, flags, value_of);
	while (secret_next(&scan, &r)) {
		if (!to)
			to = room(s, v->len);
		if (!to)
			return lose(s, v, out);
		len += put(v->v.p, done, &r, to + len);
		done = r.off + r.len;
		s->n[r.rule]++;
	}
	if (!to) {
		scrubseen_add(s->seen, v->v.p, v->len, how, slot);
		return false;
	}
	memcpy(to + len, (const uint8_t *)v->v.p + done, v->len - done);
	*out = *v;
	out->v.p = to;
	out->len = len + v->len - done;
	return true;
}

/* A list of our own with the same values. */
static struct weir_value *copy_list(struct scrubval *s, const struct weir_list *from,
				    size_t n, struct weir_list **to)
{
	struct weir_list *list = s->alloc(s->ev, sizeof(*list));
	struct weir_value *values = list ? s->alloc(s->ev, n * sizeof(*values)) : NULL;

	if (!values)
		return NULL;
	memcpy(values, from->values, n * sizeof(*values));
	*list = (struct weir_list){ from->n, from->n_cols, values };
	*to = list;
	return values;
}

/* Of the name beside it, if there is one. */
static enum secret_class class_of(const struct scrubval *s, const struct scrubfield *f,
				  const struct weir_value *row, uint32_t n_cols)
{
	const struct weir_value *name = &row[f->name_col];

	if (f->name_col >= n_cols || !weir_present(name) || !name->v.p)
		return SECRET_NONE;
	return secretkeys_find(s->keys, name->v.p, name->len);
}

static bool hide_cell(struct scrubval *s, const struct scrubfield *f, uint8_t use,
		      const struct weir_value *row, uint32_t col, uint32_t n_cols,
		      struct weir_value *out)
{
	enum secret_class cls = SECRET_NONE;

	if (use == SCRUBFIELD_LEAVE)
		return false;
	if (use == SCRUBFIELD_VALUE)
		cls = class_of(s, f, row, n_cols);
	return hide_text(s, f->flags, cls, &row[col], out);
}

static bool hide_list(struct scrubval *s, const struct scrubfield *f, const struct weir_value *v,
		      struct weir_value *out)
{
	const struct weir_list *from = v->v.list;
	bool records = f->field->def.kind == WEIR_KIND_RECORDS;
	uint32_t n_cols = records && from ? from->n_cols : 1, col;
	size_t n = from ? (size_t)from->n * n_cols : 0, i;
	struct weir_value *values = NULL, cell;
	struct weir_list *to = NULL;

	for (i = 0; i < n && from->values; i++) {
		col = (uint32_t)(i % n_cols);
		if (col >= SCRUBFIELD_COLS ||
		    !hide_cell(s, f, f->use[col], from->values + i - col, col, n_cols, &cell))
			continue;
		if (!values)
			values = copy_list(s, from, n, &to);
		if (!values)
			return lose(s, v, out);
		values[i] = cell;
	}
	if (!values)
		return false;
	*out = *v;
	out->v.list = to;
	return true;
}

bool scrubval_hide(struct scrubval *s, const struct scrubfield *f, const struct weir_value *v,
		   struct weir_value *out)
{
	uint32_t kind = f->field->def.kind;

	if (kind == WEIR_KIND_LIST || kind == WEIR_KIND_RECORDS)
		return hide_list(s, f, v, out);
	return hide_text(s, f->flags, SECRET_NONE, v, out);
}
