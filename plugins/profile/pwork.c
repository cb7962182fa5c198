/* SPDX-License-Identifier: Apache-2.0 */
#include "pwork.h"

#include <stdio.h>
#include <string.h>

#define NO_TAG	"latest"

enum pwork_kind pwork_kind_of(const char *name)
{
	static const char *const names[PWORK__MAX] = { "container", "unit", "user" };
	unsigned i;

	for (i = 0; i < PWORK__MAX && strcmp(names[i], name); i++)
		;
	return i;
}

static bool text(const struct pevent_conf *c, const struct weir_event *ev, unsigned in,
		 struct weir_value *v)
{
	*v = weir_get(ev, c->in[in]);
	return weir_present(v) && v->len;
}

static bool is(const struct weir_value *v, const char *word)
{
	return v->len == strlen(word) && !memcmp(v->v.p, word, v->len);
}

static uint64_t scope_of(enum pwork_kind kind, const void *p, uint32_t len)
{
	return (uint64_t)phash_of(p, len, 2 * kind + 1) << 32 | phash_of(p, len, ~(uint64_t)kind);
}

static void set_name(struct pwork *w, const char *kind, const struct weir_value *v)
{
	uint32_t k = (uint32_t)strlen(kind), n = sizeof(w->name) - 1 - k;

	n = v->len < n ? v->len : n;
	memcpy(w->name, kind, k);
	memcpy(w->name + k, v->v.p, n);
	w->name_len = k + n;
	w->name[k + n] = 0;
	w->tag = NO_TAG;
	w->tag_len = (uint32_t)strlen(NO_TAG);
}

static enum pwork_is find_container(const struct pevent_conf *c, const struct weir_event *ev,
				    struct pwork *w)
{
	struct weir_value v;

	if (!text(c, ev, PEVENT_CONTAINER_ID, &v))
		return PWORK_NONE;
	w->scope = scope_of(PWORK_CONTAINER, v.v.p, v.len);
	if (text(c, ev, PEVENT_IMAGE, &v)) {
		set_name(w, "image:", &v);
		if (text(c, ev, PEVENT_TAG, &v)) {
			w->tag = v.v.p;
			w->tag_len = v.len;
		}
		return PWORK_FOUND;
	}
	if (v.status == WEIR_PENDING)
		return PWORK_PENDING;
	if (!text(c, ev, PEVENT_CONTAINER, &v))
		return v.status == WEIR_PENDING ? PWORK_PENDING : PWORK_NONE;
	set_name(w, "container:", &v);
	return PWORK_FOUND;
}

/* Instances of a template are one workload: getty@tty1.service is getty@.service. */
static enum pwork_is find_unit(struct weir_value *unit, struct pwork *w)
{
	static const char suffix[] = ".service";
	const uint32_t n = sizeof(suffix) - 1;
	const char *p = unit->v.p, *at;

	if (unit->len <= n || memcmp(p + unit->len - n, suffix, n))
		return PWORK_NONE;
	at = memchr(p, '@', unit->len);
	unit->len = at ? (uint32_t)(at + 1 - p) : unit->len;
	set_name(w, "unit:", unit);
	if (at && w->name_len + n < sizeof(w->name)) {
		memcpy(w->name + w->name_len, suffix, n + 1);
		w->name_len += n;
	}
	w->scope = scope_of(PWORK_UNIT, w->name, w->name_len);
	return PWORK_FOUND;
}

static enum pwork_is find_user(uint64_t uid, struct pwork *w)
{
	char text[24];
	struct weir_value v = { .v.p = text };

	v.len = (uint32_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)uid);
	set_name(w, "user:", &v);
	w->scope = scope_of(PWORK_USER, w->name, w->name_len);
	return PWORK_FOUND;
}

enum pwork_is pwork_find(const struct pevent_conf *c, unsigned kinds, const struct weir_event *ev,
			 struct pwork *w)
{
	struct weir_value v = weir_get(ev, c->in[PEVENT_RUNTIME]);

	if (v.status == WEIR_PENDING || (weir_present(&v) && !is(&v, "none")))
		return kinds >> PWORK_CONTAINER & 1 ? find_container(c, ev, w) : PWORK_NONE;
	v = weir_get(ev, c->in[PEVENT_OWNER]);
	if (weir_present(&v))
		return kinds >> PWORK_USER & 1 ? find_user(v.v.u, w) : PWORK_NONE;
	if (!(kinds >> PWORK_UNIT & 1) || !text(c, ev, PEVENT_UNIT, &v))
		return PWORK_NONE;
	return find_unit(&v, w);
}
