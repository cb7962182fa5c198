/* SPDX-License-Identifier: Apache-2.0 */
/* The writer, and what it has in common with the reader, pparse.c. */
#include "pformat.h"

#include "pbytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t pbytes_sum(const uint8_t *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; n; n--)
		h = (h ^ *p++) * 0x100000001b3u;
	return h;
}

#define NO_VERSION	0xffu	/* it is going */

struct out {
	uint8_t *p;
	size_t len, cap;
	bool failed;
};

static uint8_t *room(struct out *o, size_t n)
{
	size_t cap = o->cap ? o->cap : 4096;
	uint8_t *more;

	while (cap - o->len < n)
		cap *= 2;
	if (cap != o->cap && !o->failed) {
		more = realloc(o->p, cap);
		o->failed = !more;
		if (more) {
			o->p = more;
			o->cap = cap;
		}
	}
	return o->failed ? NULL : o->p + o->len;
}

static void put_bytes(struct out *o, const void *p, size_t n)
{
	uint8_t *to = room(o, n);

	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	o->len += n;
}

static void put(struct out *o, uint64_t v)
{
	uint8_t *to = room(o, PBYTES_VARINT);

	if (!to)
		return;
	for (; v >= 0x80; v >>= 7, o->len++)
		*to++ = (uint8_t)(v | 0x80);
	*to = (uint8_t)v;
	o->len++;
}

static void put_text(struct out *o, const char *p, uint32_t len)
{
	put(o, len);
	put_bytes(o, p, len);
}

static void put_version(struct out *o, const struct pversion *v)
{
	const struct pstate *s;
	uint32_t i;

	put_text(o, v->tag, (uint32_t)strlen(v->tag));
	put(o, v->first_s);
	put(o, v->last_s - v->first_s);
	put(o, PTYPE__MAX);
	for (i = 0; i < PTYPE__MAX; i++) {
		s = &v->states[i];
		put(o, s->is);
		put(o, s->since_s);
		put(o, s->new_s);
		put(o, s->warm_s);
		put(o, s->n);
	}
}

/* map: the numbers of versions in the file. */
static void put_versions(struct out *o, const struct pprofile *p, uint8_t map[PTREE_VERSIONS])
{
	uint8_t i, n = 0;

	for (i = 0; i < PTREE_VERSIONS; i++)
		if (*p->versions[i].tag)
			map[i] = n++;
	put(o, n);
	for (i = 0; i < PTREE_VERSIONS; i++)
		if (*p->versions[i].tag)
			put_version(o, &p->versions[i]);
}

static void put_seen(struct out *o, const struct ptree *t, uint32_t ref,
		     const uint8_t map[PTREE_VERSIONS])
{
	const struct pseen *first = ptree_seen_at(t, ptree_at(t, ref)->seen), *x;
	uint32_t n = 0;

	for (x = first; x; x = ptree_seen_at(t, x->next))
		n += map[x->version] != NO_VERSION;
	put(o, n);
	for (x = first; x; x = ptree_seen_at(t, x->next)) {
		if (map[x->version] == NO_VERSION)
			continue;
		put(o, map[x->version]);
		put(o, x->first_s);
		put(o, x->last_s - x->first_s);
		put(o, x->count);
	}
}

static void put_node(struct out *o, const struct ptree *t, uint32_t ref, uint32_t depth,
		     const uint8_t map[PTREE_VERSIONS])
{
	const struct pnode *n = ptree_at(t, ref);
	const char *name;
	uint32_t len;

	put(o, depth);
	put(o, n->kind);
	put(o, n->origin);
	put(o, n->access);
	put(o, n->number);
	name = ptree_name(t, ref, &len);
	put_text(o, name, len);
	put_seen(o, t, ref, map);
}

static uint32_t depth_of(const struct ptree *t, uint32_t ref)
{
	uint32_t n = 0;

	for (; ref != t->root; ref = ptree_at(t, ref)->parent)
		n++;
	return n;
}

static void put_nodes(struct out *o, const struct ptree *t, const uint8_t map[PTREE_VERSIONS])
{
	uint32_t ref;

	put(o, t->n_nodes);
	for (ref = ptree_next(t, t->root); ref; ref = ptree_next(t, ref))
		put_node(o, t, ref, depth_of(t, ref), map);
}

static void put_head(struct out *o, bool frozen)
{
	pbytes_put64(o->p, PBYTES_MAGIC);
	pbytes_put64(o->p + 8, frozen ? PBYTES_FROZEN : PBYTES_VERSION);
	pbytes_put64(o->p + 16, o->len - PFORMAT_HEAD);
	pbytes_put64(o->p + 24, pbytes_sum(o->p + PFORMAT_HEAD, o->len - PFORMAT_HEAD));
}

int pformat_write(const struct pprofile *p, uint32_t now_s, uint8_t **out, size_t *len)
{
	static const uint8_t head[PFORMAT_HEAD];
	uint8_t map[PTREE_VERSIONS];
	struct out o = { 0 };

	memset(map, NO_VERSION, sizeof(map));
	put_bytes(&o, head, sizeof(head));
	put_text(&o, p->name, (uint32_t)strlen(p->name));
	put(&o, p->created_s);
	put(&o, now_s);
	if (p->frozen_s)
		put(&o, p->frozen_s);
	put_versions(&o, p, map);
	put_nodes(&o, &p->tree, map);
	if (o.failed) {
		free(o.p);
		return -ENOMEM;
	}
	put_head(&o, p->frozen_s);
	*out = o.p;
	*len = o.len;
	return 0;
}
