/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the look of a loaded tree: finding nodes, and the canonical text. */
#include "conf/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

const struct conf_node *conf_get(const struct conf_node *node, const char *name)
{
	const struct conf_node *c;

	if (!node || node->type != CONF_GROUP)
		return NULL;
	CONF_EACH(c, node)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const char *conf_get_string(const struct conf_node *node, const char *name)
{
	const struct conf_node *c = conf_get(node, name);

	return c && c->type == CONF_STRING ? c->v.s : NULL;
}

const struct conf_node *conf_lookup(const struct conf *c, const char *path)
{
	const struct conf_node *node = c->root;
	char name[128];
	size_t n;

	while (node && *path) {
		n = strcspn(path, ".");
		if (n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = 0;
		node = conf_get(node, name);
		path += n + (path[n] == '.');
	}
	return node;
}

size_t conf_count(const struct conf_node *node)
{
	const struct conf_node *c;
	size_t n = 0;

	CONF_EACH(c, node)
		n++;
	return n;
}

const char *conf_type_name(enum conf_type type)
{
	static const char *const names[CONF_TYPE__MAX] = {
		"a boolean", "a number", "a fraction", "a string",
		"a group", "an array", "a list",
	};

	MUST(type < CONF_TYPE__MAX);
	return names[type];
}

struct conf *conf_free(struct conf *c)
{
	if (c)
		mem_fini(&c->mem);
	free(c);
	return NULL;
}

/* ---- canonical text --------------------------------------------------------*/

static void canon_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			fprintf(f, "\\x%02x", (unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

/* Hexadecimal digits would be exact and short, but libconfig has none. */
static void canon_float(FILE *f, double v)
{
	char num[40];

	snprintf(num, sizeof(num), "%.17g", v);
	fputs(num, f);
	if (!strpbrk(num, ".e"))
		fputs(".0", f);
}

static int by_name(const void *a, const void *b)
{
	const struct conf_node *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int canon_node(FILE *f, const struct conf_node *node);

static int canon_children(FILE *f, const struct conf_node *node,
			  const char *brackets)
{
	size_t n = conf_count(node), i = 0;
	const struct conf_node **all, *c;
	int r = 0;

	all = calloc(n + 1, sizeof(const struct conf_node *));
	if (!all)
		return -ENOMEM;
	CONF_EACH(c, node)
		all[i++] = c;
	if (node->type == CONF_GROUP)
		qsort(all, n, sizeof(const struct conf_node *), by_name);
	fputc(brackets[0], f);
	for (i = 0; i < n && r == 0; i++) {
		if (i && node->type != CONF_GROUP)
			fputc(',', f);
		if (node->type == CONF_GROUP)
			fprintf(f, "%s=", all[i]->name);
		r = canon_node(f, all[i]);
		if (node->type == CONF_GROUP)
			fputc(';', f);
	}
	fputc(brackets[1], f);
	free(all);
	return r;
}

static int canon_node(FILE *f, const struct conf_node *node)
{
	switch (node->type) {
	case CONF_BOOL:
		fputs(node->v.b ? "true" : "false", f);
		return 0;
	case CONF_INT:
		fprintf(f, "%lld", (long long)node->v.i);
		return 0;
	case CONF_FLOAT:
		canon_float(f, node->v.f);
		return 0;
	case CONF_STRING:
		canon_string(f, node->v.s);
		return 0;
	case CONF_GROUP:
		return canon_children(f, node, "{}");
	case CONF_ARRAY:
		return canon_children(f, node, "[]");
	case CONF_LIST:
		return canon_children(f, node, "()");
	default:
		WRONG("type of a node");
	}
}

char *conf_canon(const struct conf_node *node)
{
	char *text = NULL;
	size_t len;
	FILE *f;
	int r;

	f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	r = canon_node(f, node);
	if (fclose(f) != 0)
		r = -ENOMEM;
	if (r < 0) {
		free(text);
		return NULL;
	}
	return text;
}
