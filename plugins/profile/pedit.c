/* SPDX-License-Identifier: Apache-2.0 */
#include "pedit.h"

#include <string.h>

#define TEXT	(PTEXT_MAX + 64u)

static bool is_item(const struct ptree *t, uint32_t ref, const char *item)
{
	char text[TEXT];

	pitem_path_text(t, ref, text, sizeof(text));
	return !strcmp(text, item);
}

static uint32_t approve(struct ptree *t, uint32_t ref)
{
	if (ptree_is_way(t, ref))
		return 0;
	ptree_mark(t, ref, PNODE_APPROVED, 0);
	return 1;
}

/* A folder is one that has files in it. */
static uint32_t approve_below(struct ptree *t, uint32_t ref)
{
	uint32_t end = ptree_skip(t, ref), n = 0, at;

	if (ptree_at(t, ref)->kind != PNODE_FILE)
		return 0;
	for (at = ptree_next(t, ref); at != end; at = ptree_next(t, at))
		n += approve(t, at);
	return n;
}

uint32_t pedit_approve(struct pprofile *p, const char *item)
{
	struct ptree *t = &p->tree;
	uint32_t ref, n = 0;

	for (ref = ptree_next(t, t->root); ref; ref = ptree_next(t, ref))
		if (!item)
			n += approve(t, ref);
		else if (is_item(t, ref, item))
			n += approve(t, ref) + approve_below(t, ref);
	p->dirty |= n != 0;
	return n;
}

uint32_t pedit_forget(struct pprofile *p, const char *item)
{
	uint32_t before = p->tree.n_nodes, ref = ptree_next(&p->tree, p->tree.root), next;

	for (; ref; ref = next) {
		if (!is_item(&p->tree, ref, item)) {
			next = ptree_next(&p->tree, ref);
			continue;
		}
		/* What comes next has another parent, or is beside it: it stays. */
		next = ptree_skip(&p->tree, ref);
		ptree_remove_all(&p->tree, ref);
	}
	p->dirty |= p->tree.n_nodes != before;
	return before - p->tree.n_nodes;
}

/* The version in which it was not known, or another one. -1: there is none any more. */
static int version_of(const struct pprofile *p, const char *tag)
{
	int at = pprofile_find_version(p, tag, (uint32_t)strlen(tag)), i;

	for (i = 0; at < 0 && i < (int)PTREE_VERSIONS; i++)
		if (*p->versions[i].tag)
			at = i;
	return at;
}

static bool add(struct pprofile *p, struct ptrail *trail, const struct pnews_item *x,
		uint32_t now_s)
{
	struct pwalk w = { .tree = &p->tree, .id = p->id, .mode = PWALK_LEARN,
		.sight = { .now_s = now_s, .origin = PNODE_APPROVED } };
	int version = version_of(p, x->tag);
	struct pwalk_found f = { 0 };
	uint32_t process, ref, i;

	w.sight.version = (uint8_t)version;
	if (version < 0 || !pwalk_process(&w, trail, true, &process))
		return false;
	if (x->item.kind == PNODE_PROCESS)
		pwalk_exec(&w, trail, true, &f);
	else
		pwalk_item(&w, process, &x->item, &f);
	if (!f.known && !f.added)
		return false;
	for (ref = process; ref != p->tree.root; ref = ptree_at(&p->tree, ref)->parent)
		ptree_mark(&p->tree, ref, PNODE_APPROVED, 0);
	ptree_mark(&p->tree, f.ref, PNODE_APPROVED, x->item.access);
	for (i = 0; i < x->n_more; i++) {
		pwalk_item(&w, process, &x->more[i], &f);
		if (f.known || f.added)
			ptree_mark(&p->tree, f.ref, PNODE_APPROVED, 0);
	}
	p->dirty = true;
	return true;
}

bool pedit_add(struct pprofile *p, const struct pnews_item *x, uint32_t now_s)
{
	struct ptrail *trail = NULL, *next;
	const char *at = x->steps;
	uint16_t len;
	uint32_t i;
	bool done;

	for (i = 0; i < x->n_steps; i++, at += len) {
		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		next = ptrail_step(trail, at, len);
		ptrail_unref(trail);
		trail = next;
		if (!trail)
			return false;
	}
	done = trail && add(p, trail, x, now_s);
	ptrail_unref(trail);
	return done;
}
