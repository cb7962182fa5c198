/* SPDX-License-Identifier: Apache-2.0 */
/* Builds trees of libyaml's events, with a stack of its own. */
#include "yamlbuild.h"

#include <stdlib.h>
#include <string.h>

struct ruleplace yamlbuild_place(const struct yamlbuild *b, const yaml_mark_t *mark)
{
	return (struct ruleplace){ b->name, (uint32_t)(b->line + mark->line + 1),
		(uint32_t)mark->column + 1 };
}

void yamlbuild_begin(struct yamlbuild *b)
{
	b->depth = b->n_anchors = 0;
	b->root = NULL;
}

bool yamlbuild_is_full(const struct yamlbuild *b)
{
	return b->n_nodes > YAMLTREE_NODES;
}

/* ---- nodes -----------------------------------------------------------------------*/

static struct yamltree *new_node(struct yamlbuild *b, const yaml_event_t *e,
				 enum yamltree_kind kind)
{
	struct yamltree *node = rulearena_get(b->arena, 1, sizeof(*node));

	if (!node)
		return NULL;
	node->place = yamlbuild_place(b, &e->start_mark);
	node->kind = kind;
	node->weight = 1;
	return node;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yamltree *const *x = a, *const *y = b;
	const struct ruleplace *p = &(*x)->place, *q = &(*y)->place;
	int r = yamltree_compare(*x, *y);

	/* The later one of two behind the other. */
	if (!r)
		r = (p->line > q->line) - (p->line < q->line);
	return r ? r : (p->col > q->col) - (p->col < q->col);
}

static bool check_keys(struct yamlbuild *b, const struct yamltree *map)
{
	const struct yamltree **keys;
	uint32_t i;

	if (map->n < 2)
		return true;
	keys = rulearena_get(b->arena, map->n, sizeof(*keys));
	if (!keys)
		return false;
	for (i = 0; i < map->n; i++)
		keys[i] = map->pairs[i].key;
	qsort(keys, map->n, sizeof(*keys), compare_keys);
	for (i = 1; i < map->n; i++)
		if (!yamltree_compare(keys[i - 1], keys[i]))
			rulediag_error(b->diags, &keys[i]->place, NULL, "the key `%s` is here "
				       "again (first in line %u): keep one of them",
				       keys[i]->text, keys[i - 1]->place.line);
	return true;
}

static bool keep_anchor(struct yamlbuild *b, const char *name, const struct yamltree *node)
{
	if (!name)
		return true;
	if (b->n_anchors == YAMLBUILD_ANCHORS) {
		rulediag_error(b->diags, &node->place, NULL,
			       "a document has at most %u anchors", YAMLBUILD_ANCHORS);
		return false;
	}
	b->anchors[b->n_anchors++] = (struct yamlbuild_anchor){ name, node };
	return true;
}

/* The next key of a map. What cannot be one is told, and stands for a key all the same. */
static bool put_key(struct yamlbuild *b, struct yamlbuild_level *l, const struct yamltree *node)
{
	static const struct yamltree no_key = { .kind = YAMLTREE_TEXT, .text = "" };
	struct yamltree *key;

	l->key = node;
	if (node->kind < YAMLTREE_LIST) {
		if (node->kind == YAMLTREE_NULL)
			rulediag_error(b->diags, &node->place, NULL,
				       "a key is missing before the colon");
		if (!strcmp(node->text, "<<"))
			rulediag_error(b->diags, &node->place, NULL, "`<<` is not of YAML 1.2: "
				       "write out what is to be merged");
		return true;
	}
	rulediag_error(b->diags, &node->place, NULL, "a key is a text, and not %s",
		       yamlscalar_kind(node));
	key = rulearena_get(b->arena, 1, sizeof(*key));
	if (!key)
		return false;
	*key = no_key;
	key->place = node->place;
	l->key = key;
	return true;
}

static bool put_pair(struct yamlbuild *b, struct yamlbuild_level *l, const struct yamltree *value)
{
	struct yamltree *map = l->node;

	if (!l->key)
		return put_key(b, l, value);
	if (!rulearena_more(b->arena, &map->pairs, map->n, &l->cap, sizeof(*map->pairs)))
		return false;
	map->pairs[map->n++] = (struct yamltree_pair){ l->key, value };
	l->key = NULL;
	return true;
}

/* A complete node, into what it is in. */
static bool put_node(struct yamlbuild *b, const struct yamltree *node)
{
	struct yamlbuild_level *l = b->depth ? &b->levels[b->depth - 1] : NULL;
	struct yamltree *into = l ? l->node : NULL;

	b->n_nodes += node->weight;
	if (yamlbuild_is_full(b)) {
		rulediag_error(b->diags, &node->place, NULL, "more than %u nodes in a file: "
			       "divide it", YAMLTREE_NODES);
		return false;
	}
	if (!into) {
		b->root = node;
		return true;
	}
	into->weight += node->weight;
	if (into->kind == YAMLTREE_MAP)
		return put_pair(b, l, node);
	if (!rulearena_more(b->arena, &into->items, into->n, &l->cap, sizeof(*into->items)))
		return false;
	into->items[into->n++] = node;
	return true;
}

/* ---- events ----------------------------------------------------------------------*/

static const char *text_of(struct yamlbuild *b, const yaml_char_t *text)
{
	return text ? rulearena_text(b->arena, text, strlen((const char *)text)) : NULL;
}

/* By its tag, if it has one that is known. */
static bool resolve_scalar(struct yamlbuild *b, struct yamltree *node,
			   const yaml_event_t *e)
{
	static const struct { const char *tag; enum yamltree_kind kind; } tags[] = {
		{ YAML_NULL_TAG, YAMLTREE_NULL }, { YAML_BOOL_TAG, YAMLTREE_BOOL },
		{ YAML_INT_TAG, YAMLTREE_INT }, { YAML_FLOAT_TAG, YAMLTREE_FLOAT },
	};
	const char *tag = (const char *)e->data.scalar.tag;
	unsigned i;

	if (!tag && e->data.scalar.plain_implicit)
		yamlscalar_read(node);
	if (!tag || !strcmp(tag, "!") || !strcmp(tag, YAML_STR_TAG))
		return true;
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp(tag, tags[i].tag))
			continue;
		yamlscalar_read(node);
		if (node->kind == tags[i].kind)
			return true;
	}
	rulediag_error(b->diags, &node->place, NULL, "the tag %s does not go with `%s`: leave "
		       "it out", tag, node->text);
	return true;
}

static bool take_scalar(struct yamlbuild *b, const yaml_event_t *e)
{
	struct yamltree *node = new_node(b, e, YAMLTREE_TEXT);

	if (!node)
		return false;
	node->text = rulearena_text(b->arena, e->data.scalar.value, e->data.scalar.length);
	node->len = (uint32_t)e->data.scalar.length;
	return node->text && resolve_scalar(b, node, e) &&
	       keep_anchor(b, text_of(b, e->data.scalar.anchor), node) && put_node(b, node);
}

static bool take_alias(struct yamlbuild *b, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	struct yamltree *none;
	uint32_t i;

	for (i = b->n_anchors; i--; )
		if (!strcmp(b->anchors[i].name, name))
			return put_node(b, b->anchors[i].node);
	none = new_node(b, e, YAMLTREE_NULL);
	if (!none)
		return false;
	none->text = "";
	rulediag_error(b->diags, &none->place, NULL, "there is no complete node &%s before "
		       "this *%s", name, name);
	return put_node(b, none);
}

static bool take_begin(struct yamlbuild *b, const yaml_event_t *e)
{
	bool is_map = e->type == YAML_MAPPING_START_EVENT;
	struct yamltree *node = new_node(b, e, is_map ? YAMLTREE_MAP : YAMLTREE_LIST);
	const char *tag = (const char *)(is_map ? e->data.mapping_start.tag :
					 e->data.sequence_start.tag);

	if (!node)
		return false;
	if (b->depth == YAMLTREE_DEPTH) {
		rulediag_error(b->diags, &node->place, NULL, "more than %u levels of lists and "
			       "maps", YAMLTREE_DEPTH);
		return false;
	}
	if (tag && strcmp(tag, is_map ? YAML_MAP_TAG : YAML_SEQ_TAG) && strcmp(tag, "!"))
		rulediag_error(b->diags, &node->place, NULL, "the tag %s does not go with %s: "
			       "leave it out", tag, yamlscalar_kind(node));
	b->levels[b->depth++] = (struct yamlbuild_level){ .node = node,
		.anchor = text_of(b, is_map ? e->data.mapping_start.anchor :
				  e->data.sequence_start.anchor) };
	return true;
}

static bool take_end(struct yamlbuild *b)
{
	struct yamlbuild_level *l = &b->levels[--b->depth];

	return (l->node->kind != YAMLTREE_MAP || check_keys(b, l->node)) &&
	       keep_anchor(b, l->anchor, l->node) && put_node(b, l->node);
}

bool yamlbuild_take(struct yamlbuild *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return take_alias(b, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return take_begin(b, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return take_end(b);
	default:
		return true;
	}
}

void yamlbuild_close(struct yamlbuild *b)
{
	while (b->depth && !b->arena->failed && !yamlbuild_is_full(b))
		if (!put_node(b, b->levels[--b->depth].node))
			break;
}
