/* SPDX-License-Identifier: Apache-2.0 */
/* Texts are copied one behind the other; what does not fit is cut, and marked. */
#include "confacts.h"

#include <stdlib.h>
#include <string.h>

static struct confacts_text put(struct confacts_draft *d, const char *text, size_t len)
{
	const size_t room = CONFACTS_TEXT - d->used;
	const size_t max = room < CONFACTS_LONG ? room : CONFACTS_LONG;
	struct confacts_text t = { .at = d->used, .there = true, .cut = len > max };

	t.len = (uint32_t)(t.cut ? max : len);
	memcpy(d->text + d->used, text, t.len);
	d->used += t.len;
	return t;
}

void confacts_add(struct confacts_draft *d, enum confact f, const char *text, size_t len)
{
	if (len && !d->facts[f].there)
		d->facts[f] = put(d, text, len);
}

void confacts_add_image(struct confacts_draft *d, const char *ref, size_t len)
{
	const char *at = memchr(ref, '@', len), *slash, *colon;

	if (at && at > ref)
		len = (size_t)(at - ref);
	slash = memrchr(ref, '/', len);
	colon = memrchr(ref, ':', len);
	/* In front of a slash it is a registry's port; sha256: begins an id. */
	if (colon && (!slash || slash < colon) &&
	    !(len > 7 && !memcmp(ref, "sha256:", 7))) {
		confacts_add(d, CONFACT_TAG, colon + 1, (size_t)(ref + len - colon - 1));
		len = (size_t)(colon - ref);
	}
	confacts_add(d, CONFACT_IMAGE, ref, len);
}

void confacts_add_label(struct confacts_draft *d, const char *name, size_t name_len,
			const char *value, size_t value_len)
{
	if (d->n_labels == CONFACTS_LABELS || name_len + value_len > CONFACTS_TEXT - d->used) {
		d->more_labels = true;
		return;
	}
	d->labels[d->n_labels][0] = put(d, name, name_len);
	d->labels[d->n_labels++][1] = put(d, value, value_len);
}

/* ---- the block -------------------------------------------------------------------*/

static struct weir_value value_of(const struct confacts_text *t, const char *text)
{
	struct weir_value v = { .kind = WEIR_KIND_STR, .len = t->len };

	v.status = !t->there ? WEIR_ABSENT : t->cut ? WEIR_TRUNCATED : WEIR_PRESENT;
	v.v.p = t->there ? text + t->at : NULL;
	return v;
}

static void put_labels(struct confacts *f, const struct confacts_draft *d, const char *text)
{
	uint32_t i;

	for (i = 0; i < d->n_labels * 2; i++)
		f->values[i] = value_of(&d->labels[i / 2][i % 2], text);
	f->list = (struct weir_list){ .n = d->n_labels, .n_cols = 2, .values = f->values };
	f->labels = (struct weir_value){ .kind = WEIR_KIND_RECORDS, .v.list = &f->list };
	f->labels.status = !d->n_labels ? WEIR_ABSENT :
			   d->more_labels ? WEIR_TRUNCATED : WEIR_PRESENT;
}

struct confacts *confacts_new(const struct confacts_draft *d, const char *reason)
{
	const size_t values = d->n_labels * 2 * sizeof(struct weir_value);
	const size_t size = sizeof(struct confacts) + values + d->used;
	struct confacts *f = calloc(1, size);
	char *text;
	unsigned i;

	if (!f)
		return NULL;
	text = (char *)f->values + values;
	memcpy(text, d->text, d->used);
	f->refs = 1;
	f->size = (uint32_t)size;
	f->runtime = d->runtime;
	f->reason = reason;
	for (i = 0; i < CONFACT__MAX; i++)
		f->facts[i] = value_of(&d->facts[i], text);
	put_labels(f, d, text);
	return f;
}

struct confacts *confacts_ref(struct confacts *f)
{
	__atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
	return f;
}

struct confacts *confacts_unref(struct confacts *f)
{
	if (f && __atomic_fetch_sub(&f->refs, 1, __ATOMIC_ACQ_REL) == 1)
		free(f);
	return NULL;
}
