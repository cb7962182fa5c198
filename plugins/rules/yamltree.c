/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds trees of libyaml's events, with a stack of its own. After an error the file is
 * read on at its next line that begins with `---`, which is a document's begin wherever
 * it stands. libyaml looks far ahead, so it gets no document that is no UTF-8.
 */
#include "yamltree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "rulefold.h"

#define ANCHORS	256u	/* of a document */
#define BROKEN	1000u	/* documents of a file that are no YAML, before all are left */

/* A list or map that is not complete. */
struct level {
	struct yamltree *node;
	const char *anchor;
	const struct yamltree *key;	/* of a map, whose value is to come */
	uint32_t cap;
};

struct anchor {
	const char *name;
	const struct yamltree *node;
};

struct yamltree_file {
	struct rulearena *arena;
	struct rulediags *diags;
	const char *name, *bytes;
	size_t len;
	size_t at, stop;	/* what libyaml reads */
	size_t bad;		/* the first byte that is no text, at or after `at` */
	uint32_t line;		/* lines before `at` */
	uint32_t n_broken;
	yaml_parser_t parser;
	bool is_parsing, is_over;
	uint64_t n_nodes;
	const struct yamltree *root;
	struct level levels[YAMLTREE_DEPTH];
	uint32_t depth;
	struct anchor anchors[ANCHORS];
	uint32_t n_anchors;
};

static struct ruleplace place_of(const struct yamltree_file *f, const yaml_mark_t *mark)
{
	return (struct ruleplace){ f->name, (uint32_t)(f->line + mark->line + 1),
		(uint32_t)mark->column + 1 };
}

/* ---- where to go on --------------------------------------------------------------*/

/* Offset of a character, of which libyaml tells the number. */
static size_t offset_of(const struct yamltree_file *f, size_t n_chars)
{
	size_t at = f->at;

	for (; at < f->stop; at++) {
		if (((uint8_t)f->bytes[at] & 0xc0) == 0x80)
			continue;
		if (!n_chars--)
			break;
	}
	return at;
}

/* Line ends as libyaml counts them. */
static uint32_t count_lines(const char *p, const char *end)
{
	uint32_t n = 0;

	for (; p < end; p++)
		n += *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n')) ||
		     (end - p > 1 && !memcmp(p, "\xc2\x85", 2)) ||
		     (end - p > 2 && (!memcmp(p, "\xe2\x80\xa8", 3) ||
				      !memcmp(p, "\xe2\x80\xa9", 3)));
	return n;
}

static bool begins_document(const char *p, const char *end)
{
	return end - p >= 3 && !memcmp(p, "---", 3) &&
	       (end - p == 3 || strchr(" \t\r\n", p[3]));
}

static bool is_text(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c != RULEFOLD_BAD && c != 0x7f && (c < 0x80 || c > 0x9f || c == 0x85) &&
	       c != 0xfffe && c != 0xffff;
}

/* Where the document begins in which the first byte is that is no text; or the end. */
static size_t find_stop(struct yamltree_file *f)
{
	const char *p, *end = f->bytes + f->len;
	unsigned n;

	if (f->bad < f->at)
		f->bad = f->at;
	while (f->bad < f->len &&
	       is_text(rulefold_get((const uint8_t *)f->bytes + f->bad, f->len - f->bad, &n)))
		f->bad += n;
	if (f->bad == f->len)
		return f->len;
	for (p = f->bytes + f->bad; p > f->bytes + f->at; p--)
		if (p[-1] == '\n' && begins_document(p, end))
			break;
	return (size_t)(p - f->bytes);
}

static bool start_parser(struct yamltree_file *f)
{
	if (!yaml_parser_initialize(&f->parser))
		return false;
	f->is_parsing = true;
	f->stop = find_stop(f);
	yaml_parser_set_encoding(&f->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&f->parser, (const unsigned char *)f->bytes + f->at,
				     f->stop - f->at);
	return true;
}

/* Leaves what is wrong behind; `from` is where, at or after f->at. */
static bool skip_document(struct yamltree_file *f, size_t from)
{
	const char *end = f->bytes + f->len, *p = f->bytes + (from > f->at ? from - 1 : f->at);

	yaml_parser_delete(&f->parser);
	f->is_parsing = false;
	while (f->n_broken < BROKEN && p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		if (begins_document(++p, end)) {
			f->line += count_lines(f->bytes + f->at, p);
			f->at = (size_t)(p - f->bytes);
			f->n_broken++;
			return start_parser(f);
		}
	}
	if (f->n_broken == BROKEN)
		rulediag_error(f->diags, &(struct ruleplace){ f->name, 0, 0 }, NULL, "more than "
			       "%u documents are no YAML: the rest is left out", BROKEN);
	f->is_over = true;
	return true;
}

static struct ruleplace place_at(const struct yamltree_file *f, size_t offset)
{
	const char *begin = f->bytes + f->at, *p = f->bytes + offset;
	uint32_t col = 1;

	while (p > begin && p[-1] != '\n')
		col += ((uint8_t)*--p & 0xc0) != 0x80;
	return (struct ruleplace){ f->name, f->line + count_lines(begin, p) + 1, col };
}

/* ---- nodes -----------------------------------------------------------------------*/

static struct yamltree *new_node(struct yamltree_file *f, const yaml_event_t *e,
				 enum yamltree_kind kind)
{
	struct yamltree *node = rulearena_get(f->arena, 1, sizeof(*node));

	if (!node)
		return NULL;
	node->place = place_of(f, &e->start_mark);
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

static bool check_keys(struct yamltree_file *f, const struct yamltree *map)
{
	const struct yamltree **keys;
	uint32_t i;

	if (map->n < 2)
		return true;
	keys = rulearena_get(f->arena, map->n, sizeof(*keys));
	if (!keys)
		return false;
	for (i = 0; i < map->n; i++)
		keys[i] = map->pairs[i].key;
	qsort(keys, map->n, sizeof(*keys), compare_keys);
	for (i = 1; i < map->n; i++)
		if (!yamltree_compare(keys[i - 1], keys[i]))
			rulediag_error(f->diags, &keys[i]->place, NULL, "the key `%s` is here "
				       "again (first in line %u): keep one of them",
				       keys[i]->text, keys[i - 1]->place.line);
	return true;
}

static bool keep_anchor(struct yamltree_file *f, const char *name, const struct yamltree *node)
{
	if (!name)
		return true;
	if (f->n_anchors == ANCHORS) {
		rulediag_error(f->diags, &node->place, NULL,
			       "a document has at most %u anchors", ANCHORS);
		return false;
	}
	f->anchors[f->n_anchors++] = (struct anchor){ name, node };
	return true;
}

/* The next key of a map. What cannot be one is told, and stands for a key all the same. */
static bool put_key(struct yamltree_file *f, struct level *l, const struct yamltree *node)
{
	static const struct yamltree no_key = { .kind = YAMLTREE_TEXT, .text = "" };
	struct yamltree *key;

	l->key = node;
	if (node->kind < YAMLTREE_LIST) {
		if (node->kind == YAMLTREE_NULL)
			rulediag_error(f->diags, &node->place, NULL,
				       "a key is missing before the colon");
		if (!strcmp(node->text, "<<"))
			rulediag_error(f->diags, &node->place, NULL, "`<<` is not of YAML 1.2: "
				       "write out what is to be merged");
		return true;
	}
	rulediag_error(f->diags, &node->place, NULL, "a key is a text, and not %s",
		       yamlscalar_kind(node));
	key = rulearena_get(f->arena, 1, sizeof(*key));
	if (!key)
		return false;
	*key = no_key;
	key->place = node->place;
	l->key = key;
	return true;
}

static bool put_pair(struct yamltree_file *f, struct level *l, const struct yamltree *value)
{
	struct yamltree *map = l->node;

	if (!l->key)
		return put_key(f, l, value);
	if (!rulearena_more(f->arena, &map->pairs, map->n, &l->cap, sizeof(*map->pairs)))
		return false;
	map->pairs[map->n++] = (struct yamltree_pair){ l->key, value };
	l->key = NULL;
	return true;
}

/* A complete node, into what it is in. */
static bool put_node(struct yamltree_file *f, const struct yamltree *node)
{
	struct level *l = f->depth ? &f->levels[f->depth - 1] : NULL;
	struct yamltree *into = l ? l->node : NULL;

	f->n_nodes += node->weight;
	if (f->n_nodes > YAMLTREE_NODES) {
		rulediag_error(f->diags, &node->place, NULL, "more than %u nodes in a file: "
			       "divide it", YAMLTREE_NODES);
		return false;
	}
	if (!into) {
		f->root = node;
		return true;
	}
	into->weight += node->weight;
	if (into->kind == YAMLTREE_MAP)
		return put_pair(f, l, node);
	if (!rulearena_more(f->arena, &into->items, into->n, &l->cap, sizeof(*into->items)))
		return false;
	into->items[into->n++] = node;
	return true;
}

/* ---- events ----------------------------------------------------------------------*/

static const char *text_of(struct yamltree_file *f, const yaml_char_t *text)
{
	return text ? rulearena_text(f->arena, text, strlen((const char *)text)) : NULL;
}

/* By its tag, if it has one that is known. */
static bool resolve_scalar(struct yamltree_file *f, struct yamltree *node,
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
	rulediag_error(f->diags, &node->place, NULL, "the tag %s does not go with `%s`: leave "
		       "it out", tag, node->text);
	return true;
}

static bool take_scalar(struct yamltree_file *f, const yaml_event_t *e)
{
	struct yamltree *node = new_node(f, e, YAMLTREE_TEXT);

	if (!node)
		return false;
	node->text = rulearena_text(f->arena, e->data.scalar.value, e->data.scalar.length);
	node->len = (uint32_t)e->data.scalar.length;
	return node->text && resolve_scalar(f, node, e) &&
	       keep_anchor(f, text_of(f, e->data.scalar.anchor), node) && put_node(f, node);
}

static bool take_alias(struct yamltree_file *f, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	struct yamltree *none;
	uint32_t i;

	for (i = f->n_anchors; i--; )
		if (!strcmp(f->anchors[i].name, name))
			return put_node(f, f->anchors[i].node);
	none = new_node(f, e, YAMLTREE_NULL);
	if (!none)
		return false;
	none->text = "";
	rulediag_error(f->diags, &none->place, NULL, "there is no complete node &%s before "
		       "this *%s", name, name);
	return put_node(f, none);
}

static bool take_begin(struct yamltree_file *f, const yaml_event_t *e)
{
	bool is_map = e->type == YAML_MAPPING_START_EVENT;
	struct yamltree *node = new_node(f, e, is_map ? YAMLTREE_MAP : YAMLTREE_LIST);
	const char *tag = (const char *)(is_map ? e->data.mapping_start.tag :
					 e->data.sequence_start.tag);

	if (!node)
		return false;
	if (f->depth == YAMLTREE_DEPTH) {
		rulediag_error(f->diags, &node->place, NULL, "more than %u levels of lists and "
			       "maps", YAMLTREE_DEPTH);
		return false;
	}
	if (tag && strcmp(tag, is_map ? YAML_MAP_TAG : YAML_SEQ_TAG) && strcmp(tag, "!"))
		rulediag_error(f->diags, &node->place, NULL, "the tag %s does not go with %s: "
			       "leave it out", tag, yamlscalar_kind(node));
	f->levels[f->depth++] = (struct level){ .node = node,
		.anchor = text_of(f, is_map ? e->data.mapping_start.anchor :
				  e->data.sequence_start.anchor) };
	return true;
}

static bool take_end(struct yamltree_file *f)
{
	struct level *l = &f->levels[--f->depth];

	return (l->node->kind != YAMLTREE_MAP || check_keys(f, l->node)) &&
	       keep_anchor(f, l->anchor, l->node) && put_node(f, l->node);
}

/* false: the document cannot be read on. */
static bool take(struct yamltree_file *f, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		f->depth = f->n_anchors = 0;
		f->root = NULL;
		return true;
	case YAML_SCALAR_EVENT:
		return take_scalar(f, e);
	case YAML_ALIAS_EVENT:
		return take_alias(f, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return take_begin(f, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return take_end(f);
	case YAML_STREAM_END_EVENT:
		f->is_over = f->stop == f->len;
		return true;
	default:
		return true;
	}
}

static bool syntax_error(struct yamltree_file *f)
{
	const yaml_parser_t *p = &f->parser;
	struct ruleplace at = place_of(f, &p->problem_mark);

	if (p->error == YAML_MEMORY_ERROR)
		return false;
	rulediag_error(f->diags, &at, NULL, "no YAML: %s%s%s", p->context ? p->context : "",
		       p->context ? ", " : "", p->problem ? p->problem : "it cannot be read");
	/* Nobody knows how far ahead it was. */
	if (p->error == YAML_READER_ERROR) {
		f->is_over = true;
		return true;
	}
	return skip_document(f, offset_of(f, p->problem_mark.index));
}

/* At the end of what libyaml got. */
static bool skip_bad_bytes(struct yamltree_file *f)
{
	struct ruleplace at = place_at(f, f->bad);

	rulediag_error(f->diags, &at, NULL, "the byte %#x is no UTF-8, or no text: write the "
		       "file in UTF-8", (uint8_t)f->bytes[f->bad]);
	return skip_document(f, f->bad);
}

/* The levels that are open get what is in them, so that a title can be found. */
static void close_levels(struct yamltree_file *f)
{
	while (f->depth && !f->arena->failed)
		if (!put_node(f, f->levels[--f->depth].node))
			break;
}

/* ---- files -----------------------------------------------------------------------*/

struct yamltree_file *yamltree_open(struct rulearena *a, struct rulediags *diags,
				    const char *name, const void *bytes, size_t n)
{
	struct yamltree_file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->arena = a;
	f->diags = diags;
	f->name = name;
	f->bytes = bytes;
	f->len = n;
	if (n > YAMLTREE_BYTES) {
		rulediag_error(diags, &(struct ruleplace){ name, 0, 0 }, NULL, "a file has at "
			       "most %u MiB: divide it", YAMLTREE_BYTES >> 20);
		f->is_over = true;
	} else if (!start_parser(f)) {
		free(f);
		return NULL;
	}
	return f;
}

/* After an event that could not be taken. */
static bool give_up(struct yamltree_file *f, size_t n_chars)
{
	if (f->n_nodes > YAMLTREE_NODES) {
		f->is_over = true;
		return true;
	}
	close_levels(f);
	return skip_document(f, offset_of(f, n_chars));
}

int yamltree_next(struct yamltree_file *f, const struct yamltree **out)
{
	bool is_end = false, is_good = true;
	yaml_event_t e;

	f->depth = 0;
	f->root = NULL;
	while (!f->is_over && !is_end && is_good) {
		if (!yaml_parser_parse(&f->parser, &e)) {
			close_levels(f);
			is_good = false;
			if (!syntax_error(f))
				return -1;
			break;
		}
		is_good = take(f, &e);
		is_end = e.type == YAML_DOCUMENT_END_EVENT;
		if (f->arena->failed || (!is_good && !give_up(f, e.start_mark.index))) {
			yaml_event_delete(&e);
			return -1;
		}
		if (e.type == YAML_STREAM_END_EVENT && !f->is_over) {
			is_good = false;
			if (!skip_bad_bytes(f))
				return -1;
		}
		yaml_event_delete(&e);
	}
	if (f->arena->failed)
		return -1;
	if (!is_end && is_good)
		return 0;
	*out = f->root;
	return 1;
}

void yamltree_close(struct yamltree_file *f)
{
	if (f->is_parsing)
		yaml_parser_delete(&f->parser);
	free(f);
}
