/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the value of one option: what can stand in a file for each type, and
 * how that type is spelled out in messages and in --help, is one row of
 * `kinds`.
 */
#include "conf/option.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/mem.h"
#include "conf/tree.h"
#include "conf/unit.h"
#include "util/macros.h"

struct kind {
	const char *name;	/* for --help */
	const char *expected;	/* for messages */
	bool (*from_text)(const char *s, int64_t *v);	/* if it is a number */
	const char *(*to_text)(int64_t v, char *buf);
};

static bool bool_parse(const char *s, int64_t *v)
{
	*v = !strcmp(s, "true");
	return *v || !strcmp(s, "false");
}

static const char *int_text(int64_t v, char *buf)
{
	snprintf(buf, UNIT_TEXT, "%lld", (long long)v);
	return buf;
}

static const struct kind kinds[] = {
	[WEIR_OPT_BOOL] = { "true or false", "true or false", bool_parse, NULL },
	[WEIR_OPT_INT] = { "number", "a whole number", unit_parse_int, int_text },
	[WEIR_OPT_SIZE] = { "size", "a size such as 4096, \"64K\" or \"16M\"",
			    unit_parse_size, unit_size },
	[WEIR_OPT_TIME] = { "time", "a time such as \"250ms\", \"3s\" or \"5m\"",
			    unit_parse_time, unit_time },
	[WEIR_OPT_STR] = { "string", "a string", NULL, NULL },
	[WEIR_OPT_ENUM] = { "word", "a string", NULL, NULL },
	[WEIR_OPT_STRLIST] = { "strings", "a string or an array of strings",
			       NULL, NULL },
};

bool option_is_ranged(const struct weir_option *o)
{
	return o->type == WEIR_OPT_INT || o->type == WEIR_OPT_SIZE ||
	       o->type == WEIR_OPT_TIME;
}

bool option_type_ok(const struct weir_option *o)
{
	return o->type < ARRAY_LEN(kinds);
}

const char *option_type_name(const struct weir_option *o)
{
	return kinds[o->type].name;
}

static int64_t option_max(const struct weir_option *o)
{
	return o->min || o->max ? o->max : INT64_MAX;
}

static bool option_in_range(const struct weir_option *o, int64_t v)
{
	return !option_is_ranged(o) || (v >= o->min && v <= option_max(o));
}

bool option_range_ok(const struct weir_option *o)
{
	return !option_is_ranged(o) || o->min <= option_max(o);
}

const char *option_range(const struct weir_option *o, char *buf)
{
	char lo[UNIT_TEXT], hi[UNIT_TEXT];

	kinds[o->type].to_text(o->min, lo);
	kinds[o->type].to_text(option_max(o), hi);
	if (option_max(o) == INT64_MAX)
		snprintf(buf, OPTION_RANGE_TEXT, "at least %s", lo);
	else
		snprintf(buf, OPTION_RANGE_TEXT, "%s to %s", lo, hi);
	return buf;
}

/* ---- one value -------------------------------------------------------------*/

int option_error(const struct option_reading *rd, const struct conf_node *at,
			 const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return diag_error(rd->d, at ? at->file : NULL, at ? at->line : 0, "%s%s%s",
			  rd->what ? rd->what : "", rd->what ? ": " : "", text);
}

#define FOUND_TEXT	96

/* What stands in the file, for a message. */
static const char *found_text(const struct conf_node *node, char *buf)
{
	switch (node->type) {
	case CONF_BOOL:
		snprintf(buf, FOUND_TEXT, "%s", node->v.b ? "true" : "false");
		break;
	case CONF_INT:
		snprintf(buf, FOUND_TEXT, "%lld", (long long)node->v.i);
		break;
	case CONF_FLOAT:
		snprintf(buf, FOUND_TEXT, "%#.6g", node->v.f);
		break;
	case CONF_STRING:
		snprintf(buf, FOUND_TEXT, "\"%.80s\"", node->v.s);
		break;
	default:
		snprintf(buf, FOUND_TEXT, "%s", conf_type_name(node->type));
	}
	return buf;
}

static int wrong_type(const struct option_reading *rd, const struct weir_option *o,
		      const struct conf_node *node)
{
	char found[FOUND_TEXT];

	return option_error(rd, node, "option \"%s\" must be %s, not %s", o->name,
			     kinds[o->type].expected, found_text(node, found));
}

/* False: the node cannot be read as a number of that type. */
static bool node_number(const struct weir_option *o, const struct conf_node *node,
			int64_t *v)
{
	if (o->type == WEIR_OPT_BOOL) {
		*v = node->type == CONF_BOOL && node->v.b;
		return node->type == CONF_BOOL;
	}
	if (node->type == CONF_INT) {
		*v = node->v.i;
		return o->type != WEIR_OPT_TIME || unit_seconds(node->v.i, v);
	}
	return o->type != WEIR_OPT_INT && node->type == CONF_STRING &&
	       kinds[o->type].from_text(node->v.s, v);
}

static int read_number(const struct option_reading *rd, const struct weir_option *o,
		       const struct conf_node *node, struct weir_optval *val)
{
	char range[OPTION_RANGE_TEXT], found[FOUND_TEXT];
	int64_t v;

	if (!node_number(o, node, &v))
		return wrong_type(rd, o, node);
	if (!option_in_range(o, v))
		return option_error(rd, node, "option \"%s\" must be %s, not %s",
				     o->name, option_range(o, range),
				     found_text(node, found));
	val->v.i = v;
	return 0;
}

static int read_str(const struct option_reading *rd, const struct weir_option *o,
		    const struct conf_node *node, struct weir_optval *val)
{
	if (node->type != CONF_STRING)
		return wrong_type(rd, o, node);
	val->v.s = mem_strdup(rd->mem, node->v.s);
	return val->v.s ? 0 : -ENOMEM;
}

/* The word nearest to s as `(did you mean "…"?)`, or "". */
static const char *hint_word(const char *words, const char *s, char *buf, size_t size)
{
	unsigned best = UINT32_MAX, dist;
	const char *word;
	char one[64];
	size_t len;
	int i;

	*buf = 0;
	for (i = 0; unit_word(words, i, &word, &len); i++) {
		if (len >= sizeof(one))
			continue;
		memcpy(one, word, len);
		one[len] = 0;
		if (!unit_similar(s, one, &dist) || dist >= best)
			continue;
		best = dist;
		snprintf(buf, size, " (did you mean \"%s\"?)", one);
	}
	return buf;
}

static int read_enum(const struct option_reading *rd, const struct weir_option *o,
		     const struct conf_node *node, struct weir_optval *val)
{
	char hint[96], found[FOUND_TEXT];

	if (node->type != CONF_STRING)
		return wrong_type(rd, o, node);
	val->v.i = unit_word_find(o->words, node->v.s);
	if (val->v.i >= 0)
		return 0;
	return option_error(rd, node, "option \"%s\" must be one of %s, not %s%s",
			     o->name, o->words, found_text(node, found),
			     hint_word(o->words, node->v.s, hint, sizeof(hint)));
}

static int read_strlist(const struct option_reading *rd, const struct weir_option *o,
			const struct conf_node *node, struct weir_optval *val)
{
	const struct conf_node *c;
	const char **list;
	size_t n = 1;

	if (node->type == CONF_ARRAY || node->type == CONF_LIST)
		n = conf_count(node);
	else if (node->type != CONF_STRING)
		return wrong_type(rd, o, node);
	list = mem_alloc(rd->mem, (n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	c = node->type == CONF_STRING ? node : node->children;
	for (n = 0; c; c = c == node ? NULL : c->next) {
		if (c->type != CONF_STRING)
			return wrong_type(rd, o, c);
		list[n] = mem_strdup(rd->mem, c->v.s);
		if (!list[n++])
			return -ENOMEM;
	}
	val->n = (uint32_t)n;
	val->v.list = list;
	return 0;
}

int option_read(const struct option_reading *rd, const struct weir_option *o,
		      const struct conf_node *node, struct weir_optval *val)
{
	switch (o->type) {
	case WEIR_OPT_STR:
		return read_str(rd, o, node, val);
	case WEIR_OPT_ENUM:
		return read_enum(rd, o, node, val);
	case WEIR_OPT_STRLIST:
		return read_strlist(rd, o, node, val);
	default:
		return read_number(rd, o, node, val);
	}
}

/* ---- defaults --------------------------------------------------------------*/

/* "a, b" as nodes, so that a default goes the way of what stands in a file. */
static int split_words(struct mem *m, const char *s, struct conf_node *list)
{
	struct conf_node **at = &list->children;
	const char *end;
	size_t len;

	for (; *s; s += len + (s[len] == ',')) {
		len = strcspn(s, ",");
		for (end = s + len; end > s && end[-1] == ' '; end--)
			;
		while (s < end && *s == ' ')
			s++, len--;
		if (s == end)
			continue;
		*at = mem_alloc(m, sizeof(**at));
		if (!*at)
			return -ENOMEM;
		(*at)->type = CONF_STRING;
		(*at)->v.s = mem_strndup(m, s, (size_t)(end - s));
		if (!(*at)->v.s)
			return -ENOMEM;
		at = &(*at)->next;
	}
	return 0;
}

int option_default(struct mem *m, const struct weir_option *o,
			struct weir_optval *val)
{
	struct option_reading rd = { .mem = m };
	struct conf_node node = { .type = CONF_STRING };
	int r;

	if (o->type == WEIR_OPT_ENUM) {
		val->v.i = o->dflt ? unit_word_find(o->words, o->dflt) : -1;
		return o->dflt && val->v.i < 0 ? -EINVAL : 0;
	}
	if (!o->dflt)
		return 0;
	if (kinds[o->type].from_text)
		return kinds[o->type].from_text(o->dflt, &val->v.i) &&
		       option_in_range(o, val->v.i) ? 0 : -EINVAL;
	node.v.s = o->dflt;
	if (o->type == WEIR_OPT_STRLIST) {
		node.type = CONF_LIST;
		r = split_words(m, o->dflt, &node);
		if (r < 0)
			return r;
	}
	return option_read(&rd, o, &node, val);
}
