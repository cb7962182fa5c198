/* SPDX-License-Identifier: Apache-2.0 */
#include "pwalk.h"

#include "pevict.h"
#include "ppattern.h"
#include "preduce.h"

#include <string.h>

/* One step down; 0: not known, and not learnt. */
static uint32_t step(const struct pwalk *w, uint32_t parent, const struct pkey *key, bool add)
{
	uint32_t ref = ptree_find(w->tree, parent, key);

	return ref || !add ? ref : pevict_add(w->tree, parent, key, w->sight.now_s);
}

/* A way that was begun and leads to nothing: there was no room for its end. */
static void take_back(const struct pwalk *w, uint32_t ref, uint32_t keep)
{
	if (ref != keep && !ptree_at(w->tree, ref)->child && ptree_is_way(w->tree, ref))
		ptree_remove(w->tree, ref, keep);
}

/* ---- the end of a way --------------------------------------------------------------*/

static bool is_known(const struct pwalk *w, uint32_t ref, uint8_t access)
{
	return !ptree_is_way(w->tree, ref) && !(access & ~ptree_at(w->tree, ref)->access);
}

/* from: where it begins. */
static void arrive(const struct pwalk *w, uint32_t from, uint32_t ref, uint8_t access,
		   struct pwalk_found *f)
{
	struct psight s = w->sight;

	f->ref = ref;
	f->known = is_known(w, ref, access);
	s.access = access;
	if (f->known)
		s.origin = 0;
	if (w->mode == PWALK_LOOK || (!f->known && w->mode == PWALK_SEE))
		return;
	f->added = pevict_see(w->tree, ref, &s) && !f->known;
	if (f->known || f->added)
		return;
	f->ref = from;
	take_back(w, ref, from);
}

/* ---- files ---------------------------------------------------------------------------*/

static uint32_t pattern_of(const struct pwalk *w, uint32_t folder, const struct pkey *name)
{
	struct pkey key = { .kind = PNODE_PATTERN };
	char text[PTEXT_MAX];

	if (name->len > sizeof(text))
		return 0;
	key.len = preduce_template(name->name, name->len, text);
	key.name = text;
	return key.len ? ptree_find(w->tree, folder, &key) : 0;
}

static void walk_file(const struct pwalk *w, uint32_t from, const struct pitem *item,
		      struct pwalk_found *f)
{
	const char *p = item->name, *end = p + item->len, *slash;
	struct pkey key = { .kind = PNODE_FILE };
	bool add = w->mode == PWALK_LEARN, is_new = false;
	uint32_t at = from, next = from, depth;

	for (depth = 0; p < end && depth < PTREE_DEPTH / 2; depth++, p = slash, at = next) {
		key.name = ++p;
		slash = memchr(p, '/', (size_t)(end - p));
		slash = slash ? slash : end;
		key.len = (uint32_t)(slash - p);
		next = ptree_find(w->tree, at, &key);
		if (!next && slash == end && !item->exact)
			next = pattern_of(w, at, &key);
		is_new = !next;
		if (is_new)
			next = step(w, at, &key, add);
		if (!next) {
			f->ref = add ? from : at;
			if (add)
				take_back(w, at, from);
			return;
		}
	}
	arrive(w, from, at, item->access, f);
	if (is_new && f->added)
		f->ref = ppattern_learn(w->tree, f->ref);
}

/* ---- what the kernel tells once ----------------------------------------------------*/

/* Of several processes of a workload any may be the first that does it. */
static bool is_shared(uint8_t kind)
{
	return kind == PNODE_SYSCALL || kind == PNODE_CAPUSE;
}

/* Below whatever process; 0: nowhere. Walks processes and what is right below them. */
static uint32_t find_anywhere(const struct ptree *t, const struct pkey *key)
{
	uint32_t ref = ptree_next(t, t->root), found;

	while (ref) {
		if (ptree_at(t, ref)->kind != PNODE_PROCESS) {
			ref = ptree_skip(t, ref);
			continue;
		}
		found = ptree_find(t, ref, key);
		if (found)
			return found;
		ref = ptree_next(t, ref);
	}
	return 0;
}

void pwalk_item(const struct pwalk *w, uint32_t process, const struct pitem *item,
		struct pwalk_found *f)
{
	struct pkey key = { item->kind, item->number, item->len, item->name };
	uint32_t ref;

	*f = (struct pwalk_found){ .ref = process };
	if (item->kind == PNODE_FILE) {
		walk_file(w, process, item, f);
		return;
	}
	ref = step(w, process, &key, false);
	if (!ref && is_shared(item->kind))
		ref = find_anywhere(w->tree, &key);
	if (!ref)
		ref = step(w, process, &key, w->mode == PWALK_LEARN);
	if (ref)
		arrive(w, process, ref, item->access, f);
}

/* ---- processes -----------------------------------------------------------------------*/

static bool is_remembered(const struct pwalk *w, const struct ptrail *x)
{
	return x->tree == w->id && x->n_removed == w->tree->n_removed;
}

static void remember(const struct pwalk *w, struct ptrail *x, uint32_t ref)
{
	x->tree = w->id;
	x->n_removed = w->tree->n_removed;
	x->node = ref;
}

bool pwalk_process(const struct pwalk *w, struct ptrail *trail, bool may_add, uint32_t *ref)
{
	struct ptrail *way[PTRAIL_DEPTH];
	struct pkey key = { .kind = PNODE_PROCESS };
	uint32_t n = 0, at, next;

	for (; trail && !is_remembered(w, trail); trail = trail->parent)
		way[n++] = trail;
	at = trail ? trail->node : w->tree->root;
	while (n) {
		key.name = way[--n]->path;
		key.len = way[n]->len;
		next = step(w, at, &key, may_add && w->mode == PWALK_LEARN);
		if (!next) {
			*ref = at;
			return false;
		}
		at = next;
		remember(w, way[n], at);
	}
	*ref = at;
	return true;
}

void pwalk_exec(const struct pwalk *w, struct ptrail *trail, bool may_add, struct pwalk_found *f)
{
	uint32_t ref;

	*f = (struct pwalk_found){ 0 };
	if (pwalk_process(w, trail, may_add, &ref))
		arrive(w, w->tree->root, ref, 0, f);
	else
		f->ref = ref;
}
