/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two trees are walked in step: of each node of one, the way that leads to it is kept as
 * refs of the other.
 */
#include "pmerge.h"

#include <errno.h>
#include <string.h>

#define WAY	(PTREE_DEPTH + 2)

/* ways[level]: of the node at that level in the tree that is walked, and its like in the other. */
struct way {
	uint32_t from[WAY], to[WAY];
	uint32_t level;
};

static struct pkey key_of(const struct ptree *t, uint32_t ref)
{
	const struct pnode *n = ptree_at(t, ref);
	struct pkey key = { .kind = n->kind, .number = n->number };

	key.name = ptree_name(t, ref, &key.len);
	return key;
}

static void way_init(struct way *w, const struct ptree *from, const struct ptree *to)
{
	w->level = 0;
	w->from[0] = from->root;
	w->to[0] = to->root;
}

/* The like of the parent of `ref`, which is the next node of the walk; 0: it has none. */
static uint32_t way_parent(struct way *w, const struct ptree *from, uint32_t ref)
{
	while (w->from[w->level] != ptree_at(from, ref)->parent)
		w->level--;
	return w->to[w->level];
}

static void way_down(struct way *w, uint32_t from, uint32_t to)
{
	w->level++;
	w->from[w->level] = from;
	w->to[w->level] = to;
}

/* ---- merging ---------------------------------------------------------------------*/

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t greatest(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* As a version's state comes of those of its types: what is doubtful on one host is so. */
static unsigned rank(const struct pstate *s)
{
	static const unsigned ranks[] = { [PSTATE_NONE] = 0, [PSTATE_LEARNING] = 1,
		[PSTATE_STABLE] = 2, [PSTATE_UNSTABLE] = 3 };

	return ranks[s->is];
}

static void join_state(struct pstate *to, const struct pstate *from)
{
	if (rank(from) > rank(to) || (rank(from) == rank(to) && from->since_s < to->since_s)) {
		to->is = from->is;
		to->since_s = from->since_s;
	}
	to->new_s = greatest(to->new_s, from->new_s);
	to->warm_s = to->warm_s && from->warm_s ? least(to->warm_s, from->warm_s) :
						  to->warm_s | from->warm_s;
	to->n = greatest(to->n, from->n);
}

static int place_for(struct pprofile *to, const struct pversion *v)
{
	int at = pprofile_find_version(to, v->tag, (uint32_t)strlen(v->tag));
	int i;

	for (i = 0; at < 0 && i < (int)PTREE_VERSIONS; i++)
		if (!*to->versions[i].tag)
			at = i;
	return at;
}

/* map: of versions. False: there are too many. */
static bool join_versions(struct pprofile *to, const struct pprofile *from,
			  uint8_t map[PTREE_VERSIONS])
{
	struct pversion *v;
	uint32_t i, k;
	int at;

	for (i = 0; i < PTREE_VERSIONS; i++) {
		if (!*from->versions[i].tag)
			continue;
		at = place_for(to, &from->versions[i]);
		if (at < 0)
			return false;
		map[i] = (uint8_t)at;
		v = &to->versions[at];
		if (!*v->tag) {
			*v = from->versions[i];
			continue;
		}
		v->first_s = least(v->first_s, from->versions[i].first_s);
		v->last_s = greatest(v->last_s, from->versions[i].last_s);
		for (k = 0; k < PTYPE__MAX; k++)
			join_state(&v->states[k], &from->versions[i].states[k]);
	}
	return true;
}

static bool join_node(struct ptree *to, uint32_t ref, const struct ptree *from, uint32_t other,
		      const uint8_t map[PTREE_VERSIONS])
{
	const struct pnode *n = ptree_at(from, other);
	const struct pseen *x = ptree_seen_at(from, n->seen);
	struct pseen y;

	for (; x; x = ptree_seen_at(from, x->next)) {
		y = *x;
		y.version = map[x->version];
		if (!ptree_join(to, ref, &y))
			return false;
	}
	ptree_mark(to, ref, n->origin, n->access);
	return true;
}

static bool join_trees(struct ptree *to, const struct ptree *from,
		       const uint8_t map[PTREE_VERSIONS])
{
	uint32_t ref, parent, like;
	struct pkey key;
	struct way w;

	way_init(&w, from, to);
	for (ref = ptree_next(from, from->root); ref; ref = ptree_next(from, ref)) {
		parent = way_parent(&w, from, ref);
		key = key_of(from, ref);
		like = ptree_find(to, parent, &key);
		if (!like)
			like = ptree_add(to, parent, &key);
		if (!like || !join_node(to, like, from, ref, map))
			return false;
		way_down(&w, ref, like);
	}
	return true;
}

int pmerge_new(const struct pprofile *a, const struct pprofile *b, struct pprofile **out)
{
	uint8_t map[PTREE_VERSIONS] = { 0 };
	struct pprofile *p = pprofile_copy(a);
	int r = -ENOMEM;

	if (!p)
		return r;
	p->tree.arena.max = 0;
	p->dirty = true;
	p->created_s = least(a->created_s, b->created_s);
	p->frozen_s = a->frozen_s && b->frozen_s ? least(a->frozen_s, b->frozen_s) :
						   a->frozen_s | b->frozen_s;
	if (strcmp(b->name, p->name) < 0)
		memcpy(p->name, b->name, sizeof(p->name));
	if (!join_versions(p, b, map))
		r = -E2BIG;
	else if (join_trees(&p->tree, &b->tree, map))
		r = 0;
	if (r)
		pprofile_free(p);
	else
		*out = p;
	return r;
}

/* ---- comparing -------------------------------------------------------------------*/

/* like: 0: none. False: the other knows all of it. */
static bool is_more(struct pmerge_more *m, const struct ptree *from, const struct ptree *to,
		    uint32_t like)
{
	const struct pnode *n = ptree_at(from, m->ref), *o = like ? ptree_at(to, like) : NULL;

	m->unseen = !o || (!ptree_is_way(from, m->ref) && ptree_is_way(to, like));
	m->access = o ? n->access & (uint8_t)~o->access : n->access;
	return m->unseen || m->access;
}

static void tell_missing(const struct pprofile *a, const struct pprofile *b, bool in_first,
			 pmerge_tell_f *tell, void *arg)
{
	const struct ptree *from = &a->tree, *to = &b->tree;
	struct pmerge_more m = { .p = a, .in_first = in_first };
	uint32_t ref, parent, like;
	struct pkey key;
	struct way w;

	way_init(&w, from, to);
	for (ref = ptree_next(from, from->root); ref; ref = ptree_next(from, ref)) {
		parent = way_parent(&w, from, ref);
		key = key_of(from, ref);
		like = parent ? ptree_find(to, parent, &key) : 0;
		m.ref = ref;
		if (is_more(&m, from, to, like))
			tell(arg, &m);
		way_down(&w, ref, like);
	}
}

void pmerge_diff(const struct pprofile *a, const struct pprofile *b, pmerge_tell_f *tell, void *arg)
{
	tell_missing(a, b, true, tell, arg);
	tell_missing(b, a, false, tell, arg);
}
