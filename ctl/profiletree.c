/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl profile tree`: what a workload does, as lines for people, as JSON, or for
 * Graphviz. Nodes are printed one by one: a profile may have a hundred thousand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "profile.h"
#include "weirctl.h"

struct printer {
	void (*begin)(const struct profile *f);
	void (*node)(const struct profile_place *at, struct json_object *o);
	void (*end)(void);
};

struct printing {
	const struct printer *printer;
	const struct profile *f;
};

/* ---- what is said of a node ------------------------------------------------------*/

static void add_sights(struct json_object *o, const struct ptree *t, uint32_t ref)
{
	const struct pseen *x = ptree_seen_at(t, ptree_at(t, ref)->seen);
	uint32_t first = UINT32_MAX;

	if (!x)
		return;
	profile_add_number(o, "count", ptree_count(t, ref));
	for (; x; x = ptree_seen_at(t, x->next))
		first = x->first_s < first ? x->first_s : first;
	profile_add_time(o, "first", first);
	profile_add_time(o, "last", ptree_last(t, ref));
}

static struct json_object *describe(const struct ptree *t, uint32_t ref)
{
	const struct pnode *n = ptree_at(t, ref);
	struct json_object *o = profile_node(t, ref, n->access, false);
	struct json_object *origin = profile_origin(n->origin);

	add_sights(o, t, ref);
	if (origin)
		json_object_object_add(o, "origin", origin);
	return o;
}

static void put_member(struct json_object *o, const char *key)
{
	char *s = human_value(json_at(o, key), UNIT_NONE);

	if (*s)
		printf("  %s", s);
	free(s);
}

/* ---- lines -----------------------------------------------------------------------*/

static void text_begin(const struct profile *f)
{
	human_put(stdout, f->p->name);
	putchar('\n');
}

static void text_node(const struct profile_place *at, struct json_object *o)
{
	printf("%*s%s ", (int)(2 * at->depth), "", json_text(o, "kind"));
	human_put(stdout, json_text(o, "text"));
	put_member(o, "access");
	if (json_at(o, "count"))
		printf("  %lldx", json_int(o, "count"));
	put_member(o, "first");
	put_member(o, "last");
	put_member(o, "origin");
	putchar('\n');
}

static void text_end(void)
{
}

static const struct printer as_text = { text_begin, text_node, text_end };

/* ---- JSON: flat, for trees are deeper than what many readers take ------------------*/

static void json_begin(const struct profile *f)
{
	struct json_object *o = profile_summary(f);
	const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE);

	/* Open again, before its last bracket. */
	printf("%.*s,\"tree\":[\n", (int)strlen(s) - 1, s);
	json_object_put(o);
}

static void json_node(const struct profile_place *at, struct json_object *o)
{
	profile_add_number(o, "id", at->number);
	profile_add_number(o, "parent", at->parent);
	if (at->number > 1)
		putchar(',');
	human_json_object(o);
}

static void json_end(void)
{
	puts("]}");
}

static const struct printer as_json = { json_begin, json_node, json_end };

/* ---- Graphviz --------------------------------------------------------------------*/

/* A text within quotes: Graphviz reads escapes and entities there. */
static void dot_put(const char *s)
{
	char *e = human_escape(s, strlen(s)), *p;

	for (p = e; *p; p++) {
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else if (*p == '&')
			fputs("&amp;", stdout);
		else
			putchar(*p);
	}
	free(e);
}

static void dot_begin(const struct profile *f)
{
	printf("digraph profile {\n\trankdir=LR;\n\tnode [shape=box];\n\tn0 [label=\"");
	dot_put(f->p->name);
	puts("\"];");
}

static void dot_node(const struct profile_place *at, struct json_object *o)
{
	printf("\tn%u [label=\"%s ", at->number, json_text(o, "kind"));
	dot_put(json_text(o, "text"));
	if (json_at(o, "count"))
		printf("\\n%lldx", json_int(o, "count"));
	printf("\"];\n\tn%u -> n%u;\n", at->parent, at->number);
}

static void dot_end(void)
{
	puts("}");
}

static const struct printer as_dot = { dot_begin, dot_node, dot_end };

/* ---- the command ---------------------------------------------------------------*/

static void print_node(void *arg, const struct profile_place *at)
{
	const struct printing *x = arg;
	struct json_object *o = describe(&x->f->p->tree, at->ref);

	x->printer->node(at, o);
	json_object_put(o);
}

int profiletree_run(const struct profile_options *o)
{
	struct profile f;
	struct printing x = { o->json ? &as_json : o->dot ? &as_dot : &as_text, &f };
	int r = profile_open_word(&f, o);

	if (r != ST_OK)
		return r;
	x.printer->begin(&f);
	profile_walk(&f.p->tree, print_node, &x);
	x.printer->end();
	profile_close(&f);
	return ST_OK;
}
