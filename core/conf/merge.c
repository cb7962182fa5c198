/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the merging of files: who overrides whom, and where a stage that a
 * drop-in brings is put. Which parts of the tree are lists of stages is known
 * here and nowhere else in this folder.
 */
#include "conf/merge.h"

#include <errno.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/tree.h"
#include "util/macros.h"

/* What a node is in the tree, which says how its children merge. */
enum part { PART_PLAIN, PART_ROOT, PART_ASYNC, PART_CHAIN, PART_STAGES };

static enum part part_of_child(enum part parent, const char *name)
{
	switch (parent) {
	case PART_ROOT:
		return !strcmp(name, "sync") ? PART_STAGES :
		       !strcmp(name, "async") ? PART_ASYNC : PART_PLAIN;
	case PART_ASYNC:
		return PART_CHAIN;
	case PART_CHAIN:
		return !strcmp(name, "stages") ? PART_STAGES : PART_PLAIN;
	default:
		return PART_PLAIN;
	}
}

static const char *stage_name(const struct conf_node *stage)
{
	const char *name = conf_get_string(stage, "name");

	return name ? name : conf_get_string(stage, "plugin");
}

static struct conf_node *stage_find(const struct conf_node *first,
				    const struct conf_node *end, const char *name)
{
	for (; first != end; first = first->next)
		if (!strcmp(stage_name(first), name))
			return (struct conf_node *)first;
	return NULL;
}

static void child_append(struct conf_node *node, struct conf_node *child)
{
	struct conf_node **at = &node->children;

	while (*at)
		at = &(*at)->next;
	child->next = NULL;
	*at = child;
}

/* The link in node that points to its child of that name, or to the end. */
static struct conf_node **child_link(struct conf_node *node, const char *name)
{
	struct conf_node **at = &node->children;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	return at;
}

static void child_remove(struct conf_node *node, const char *name)
{
	struct conf_node **at = child_link(node, name);

	if (*at)
		*at = (*at)->next;
}

/* ---- merging ---------------------------------------------------------------*/

static int merge_group(struct mem *m, struct conf_node *into,
		       struct conf_node *from, enum part part, struct diag *d);
static int merge_stages(struct mem *m, struct conf_node *into,
			struct conf_node *from, struct diag *d);

static bool part_type_ok(const struct conf_node *node, enum part part,
			 struct diag *d)
{
	bool empty = node->type == CONF_ARRAY && !node->children;

	if (part == PART_STAGES && node->type != CONF_LIST && !empty) {
		diag_error(d, node->file, node->line,
			   "\"%s\" must be a list of stages, not %s", node->name,
			   conf_type_name(node->type));
		return false;
	}
	if ((part == PART_ASYNC || part == PART_CHAIN) && node->type != CONF_GROUP) {
		diag_error(d, node->file, node->line, "\"%s\" must be a group, not %s",
			   node->name, conf_type_name(node->type));
		return false;
	}
	return true;
}

/* For what must pass the checks of its part even if it comes first. */
static struct conf_node *node_empty(struct mem *m, const struct conf_node *like,
				    enum part part)
{
	struct conf_node *node = mem_alloc(m, sizeof(*node));

	if (!node)
		return NULL;
	node->name = like->name;
	node->file = like->file;
	node->line = like->line;
	node->type = part == PART_STAGES ? CONF_LIST : CONF_GROUP;
	return node;
}

static int merge_child(struct mem *m, struct conf_node *into,
		       struct conf_node *child, enum part part, struct diag *d)
{
	struct conf_node **at = child_link(into, child->name), *old;

	if (!part_type_ok(child, part, d))
		return 0;
	if (!*at && part != PART_PLAIN) {
		*at = node_empty(m, child, part);
		if (!*at)
			return -ENOMEM;
	}
	old = *at;
	if (part == PART_STAGES)
		return merge_stages(m, old, child, d);
	if (old && (old->type == CONF_GROUP) != (child->type == CONF_GROUP)) {
		diag_error(d, child->file, child->line,
			   "\"%s\" is %s here, but %s in %s:%d", child->name,
			   conf_type_name(child->type), conf_type_name(old->type),
			   old->file, old->line);
		return 0;
	}
	if (old && old->type == CONF_GROUP)
		return merge_group(m, old, child, part, d);
	child->next = old ? old->next : NULL;
	*at = child;
	return 0;
}

static int merge_group(struct mem *m, struct conf_node *into,
		       struct conf_node *from, enum part part, struct diag *d)
{
	struct conf_node *c, *next;
	int r = 0;

	for (c = from->children; c && r == 0; c = next) {
		next = c->next;
		r = merge_child(m, into, c, part_of_child(part, c->name), d);
	}
	return r;
}

static bool stage_text_ok(const struct conf_node *stage, const char *key,
			  struct diag *d)
{
	const struct conf_node *n = conf_get(stage, key);

	if (!n || (n->type == CONF_STRING && *n->v.s))
		return true;
	diag_error(d, n->file, n->line, "\"%s\" of a stage must be a string that is not empty",
		   key);
	return false;
}

/* `list` has those that stand before it in the same file. */
static bool stage_ok(const struct conf_node *list, const struct conf_node *stage,
		     struct diag *d)
{
	static const char *const keys[] = { "plugin", "name", "before", "after" };
	const struct conf_node *twin;
	bool good = true;
	size_t i;

	if (stage->type != CONF_GROUP) {
		diag_error(d, stage->file, stage->line,
			   "a stage must be a group such as { plugin = \"json\"; }, not %s",
			   conf_type_name(stage->type));
		return false;
	}
	for (i = 0; i < ARRAY_LEN(keys); i++)
		good &= stage_text_ok(stage, keys[i], d);
	if (!good)
		return false;
	if (!stage_name(stage)) {
		diag_error(d, stage->file, stage->line, "stage without \"plugin\"");
		return false;
	}
	if (conf_get(stage, "before") && conf_get(stage, "after")) {
		diag_error(d, stage->file, stage->line,
			   "stage \"%s\": \"before\" or \"after\", not both",
			   stage_name(stage));
		return false;
	}
	twin = stage_find(list->children, NULL, stage_name(stage));
	if (twin) {
		diag_error(d, stage->file, stage->line,
			   "a second stage \"%s\", the first is at %s:%d; give one a \"name\"",
			   stage_name(stage), twin->file, twin->line);
		return false;
	}
	return true;
}

/* A stage that exists takes what a later file says of it. */
static int stage_merge(struct mem *m, struct conf_node *old,
		       struct conf_node *stage, struct diag *d)
{
	const char *was = conf_get_string(old, "plugin");
	const char *is = conf_get_string(stage, "plugin");

	if (was && is && strcmp(was, is)) {
		diag_error(d, stage->file, stage->line,
			   "stage \"%s\" is of plugin \"%s\" here, but of \"%s\" in %s:%d",
			   stage_name(stage), is, was, old->file, old->line);
		return 0;
	}
	if (conf_get(stage, "before") || conf_get(stage, "after")) {
		child_remove(old, "before");
		child_remove(old, "after");
	}
	return merge_group(m, old, stage, PART_PLAIN, d);
}

static int merge_stages(struct mem *m, struct conf_node *into,
			struct conf_node *from, struct diag *d)
{
	struct conf_node seen = { .type = CONF_LIST }, *c, *next, *old;
	int r = 0;

	/* First those of this file among themselves, then against the others. */
	for (c = from->children; c; c = next) {
		next = c->next;
		if (stage_ok(&seen, c, d))
			child_append(&seen, c);
	}
	for (c = seen.children; c && r == 0; c = next) {
		next = c->next;
		old = stage_find(into->children, NULL, stage_name(c));
		if (old)
			r = stage_merge(m, old, c, d);
		else
			child_append(into, c);
	}
	return r;
}

int merge_file(struct conf *c, struct conf_node *root, struct diag *d)
{
	return merge_group(&c->mem, c->root, root, PART_ROOT, d);
}

/* ---- places ----------------------------------------------------------------*/

static const char *stage_anchor(const struct conf_node *stage, bool *after)
{
	const char *name = conf_get_string(stage, "after");

	*after = name;
	return name ? name : conf_get_string(stage, "before");
}

/* Puts the stage beside its anchor; false if that has no place yet. */
static bool stage_place(struct conf_node *list, struct conf_node *stage)
{
	bool after, other_after;
	const char *anchor = stage_anchor(stage, &after), *other;
	struct conf_node **at = &list->children;

	while (*at && strcmp(stage_name(*at), anchor))
		at = &(*at)->next;
	if (!*at)
		return false;
	if (after)
		at = &(*at)->next;
	/* Two that want to be after the same stand in the order of the files. */
	while (after && *at) {
		other = stage_anchor(*at, &other_after);
		if (!other || !other_after || strcmp(other, anchor))
			break;
		at = &(*at)->next;
	}
	stage->next = *at;
	*at = stage;
	return true;
}

static void stage_lost(const struct conf_node *stage,
		       const struct conf_node *others, struct diag *d)
{
	bool after;
	const char *anchor = stage_anchor(stage, &after);
	const struct conf_node *at = conf_get(stage, after ? "after" : "before");

	if (stage_find(others, NULL, anchor))
		diag_error(d, at->file, at->line,
			   "stage \"%s\": its place and that of \"%s\" depend on each other",
			   stage_name(stage), anchor);
	else
		diag_error(d, at->file, at->line,
			   "stage \"%s\": there is no stage \"%s\" to be %s",
			   stage_name(stage), anchor, after ? "after" : "before");
}

/* Takes those without an anchor out of *left and appends them. */
static void place_fixed(struct conf_node *list, struct conf_node **left,
			struct diag *d)
{
	struct conf_node **at = left, *stage;

	while ((stage = *at)) {
		if (!conf_get(stage, "plugin"))
			diag_error(d, stage->file, stage->line,
				   "stage \"%s\" has no \"plugin\"", stage_name(stage));
		if (conf_get(stage, "before") || conf_get(stage, "after")) {
			at = &stage->next;
			continue;
		}
		*at = stage->next;
		child_append(list, stage);
	}
}

/* Takes those out of *left whose anchor has a place; true if there are any. */
static bool place_anchored(struct conf_node *list, struct conf_node **left)
{
	struct conf_node **at = left, *stage, *next;
	bool moved = false;

	while ((stage = *at)) {
		next = stage->next;
		if (!stage_place(list, stage)) {
			at = &stage->next;
			continue;
		}
		*at = next;
		moved = true;
	}
	return moved;
}

static void place_stages(struct conf_node *list, struct diag *d)
{
	struct conf_node *left = list->children, *stage;

	list->children = NULL;
	place_fixed(list, &left, d);
	while (place_anchored(list, &left))
		;
	for (stage = left; stage; stage = stage->next)
		stage_lost(stage, left, d);
}

void merge_finish(struct conf *c, struct diag *d)
{
	struct conf_node **sync = child_link(c->root, "sync");
	struct conf_node **async = child_link(c->root, "async");
	struct conf_node *chain, **stages;

	if (*sync)
		place_stages(*sync, d);
	for (chain = *async ? (*async)->children : NULL; chain; chain = chain->next) {
		stages = child_link(chain, "stages");
		if (*stages)
			place_stages(*stages, d);
	}
}
