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

/* A node that is to be printed; numbers are those of the order, the root has 0. */
struct place {
	uint32_t ref;
	unsigned depth;
	unsigned number, parent;
};

struct printer {
	void (*begin)(const struct profile *f);
	void (*node)(const struct place *at, struct json_object *o);
	void (*end)(void);
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

static void text_node(const struct place *at, struct json_object *o)
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

static void json_node(const struct place *at, struct json_object *o)
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

static void dot_node(const struct place *at, struct json_object *o)
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

/* ---- the walk --------------------------------------------------------------------*/

/* What a program does comes before the programs that it runs. */
static int rank(const struct ptree *t, uint32_t ref)
{
	int kind = ptree_at(t, ref)->kind;

	return kind == PNODE_PROCESS ? PNODE__MAX : kind;
}

static int compare(const void *a, const void *b, void *tree)
{
	const struct ptree *t = tree;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b, x_len, y_len;
	const char *x_name = ptree_name(t, x, &x_len), *y_name = ptree_name(t, y, &y_len);
	int r = rank(t, x) - rank(t, y);

	r = r ? r : memcmp(x_name, y_name, x_len < y_len ? x_len : y_len);
	if (r || x_len != y_len)
		return r ? r : x_len < y_len ? -1 : 1;
	return ptree_at(t, x)->number < ptree_at(t, y)->number ? -1 : 1;
}

/* In an order that does not depend on how the profile came to be. */
static uint32_t *children_of(struct ptree *t, uint32_t ref, size_t *n)
{
	uint32_t *list, at;

	*n = 0;
	for (at = ptree_at(t, ref)->child; at; at = ptree_at(t, at)->next)
		++*n;
	list = calloc(*n + 1, sizeof(*list));
	if (!list)
		abort();
	*n = 0;
	for (at = ptree_at(t, ref)->child; at; at = ptree_at(t, at)->next)
		list[(*n)++] = at;
	qsort_r(list, *n, sizeof(*list), compare, t);
	return list;
}

/* As deep as the tree, PTREE_DEPTH. *number: of the last one that was printed. */
static void walk(struct ptree *t, const struct place *above, const struct printer *p,
		 unsigned *number)
{
	size_t n, i;
	uint32_t *list = children_of(t, above->ref, &n);
	struct json_object *o;
	struct place at = { .depth = above->depth + 1, .parent = above->number };

	for (i = 0; i < n; i++) {
		at.ref = list[i];
		at.number = ++*number;
		o = describe(t, at.ref);
		p->node(&at, o);
		json_object_put(o);
		walk(t, &at, p, number);
	}
	free(list);
}

/* All that other versions have alone goes. False: there is no such version. */
static bool keep_version(struct pprofile *p, const char *tag)
{
	int at = pprofile_find_version(p, tag, (uint32_t)strlen(tag)), i;

	for (i = 0; at >= 0 && i < (int)PTREE_VERSIONS; i++) {
		if (i == at || !*p->versions[i].tag)
			continue;
		ptree_drop_version(&p->tree, (uint8_t)i);
		p->versions[i] = (struct pversion){ 0 };
	}
	return at >= 0;
}

int profiletree_run(const struct profile_options *o)
{
	const struct printer *p = o->json ? &as_json : o->dot ? &as_dot : &as_text;
	struct place root = { 0 };
	unsigned number = 0;
	struct profile f;
	int r = profile_open(&f, o->words[0], NULL);

	if (r != ST_OK)
		return r;
	if (o->version && !keep_version(f.p, o->version)) {
		human_error("%s: there is no version \"%s\"", f.path, o->version);
		profile_close(&f);
		return ST_FAILED;
	}
	root.ref = f.p->tree.root;
	p->begin(&f);
	walk(&f.p->tree, &root, p, &number);
	p->end();
	profile_close(&f);
	return ST_OK;
}
