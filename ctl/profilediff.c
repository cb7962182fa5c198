/* SPDX-License-Identifier: Apache-2.0 */
/* `weirctl profile diff`: what only one of two profiles knows. */
#include <stdio.h>
#include <stdlib.h>

#include "human.h"
#include "plugins/profile/pmerge.h"
#include "profile.h"
#include "weirctl.h"

struct diff {
	struct json_object *first, *second;	/* what only that one has */
};

/* Those above a node, the outermost first. */
static struct json_object *programs(const struct ptree *t, uint32_t ref)
{
	struct json_object *list;
	char text[PTEXT_MAX + 1];

	for (ref = ptree_at(t, ref)->parent; ref != t->root; ref = ptree_at(t, ref)->parent)
		if (ptree_at(t, ref)->kind == PNODE_PROCESS)
			break;
	if (ref == t->root)
		return json_object_new_array();
	list = programs(t, ref);
	pitem_node_text(t, ref, text, sizeof(text));
	json_object_array_add(list, profile_text(text));
	return list;
}

static void add(void *arg, const struct pmerge_more *m)
{
	const struct ptree *t = &m->p->tree;
	struct diff *d = arg;
	struct json_object *o;

	/* It is only a way to others, which are told. */
	if (!ptree_at(t, m->ref)->seen)
		return;
	o = profile_node(t, m->ref, m->access, true);
	json_object_object_add(o, "programs", programs(t, m->ref));
	json_object_array_add(m->in_first ? d->first : d->second, o);
}

static void print_list(char mark, struct json_object *list)
{
	struct json_object *o, *above;
	size_t i, k, n;
	char *access;

	for (i = 0; i < json_object_array_length(list); i++) {
		o = json_object_array_get_idx(list, i);
		access = human_value(json_at(o, "access"), UNIT_NONE);
		printf("%c %s ", mark, json_text(o, "kind"));
		human_put(stdout, json_text(o, "text"));
		printf("%s%s", *access ? "  " : "", access);
		free(access);
		above = json_at(o, "programs");
		n = json_object_array_length(above);
		for (k = 0; k < n; k++) {
			fputs(k ? " > " : "  by ", stdout);
			human_put(stdout,
				  json_object_get_string(json_object_array_get_idx(above, k)));
		}
		putchar('\n');
	}
}

static void print(const struct diff *d, const struct profile f[2], bool json)
{
	struct json_object *o;

	if (!json) {
		print_list('<', d->first);
		print_list('>', d->second);
		return;
	}
	o = json_object_new_object();
	profile_add_text(o, "first", f[0].path);
	profile_add_text(o, "second", f[1].path);
	json_object_object_add(o, "only_first", json_object_get(d->first));
	json_object_object_add(o, "only_second", json_object_get(d->second));
	human_json_object(o);
	json_object_put(o);
}

static int compare(const struct profile f[2], bool json)
{
	struct diff d = { json_object_new_array(), json_object_new_array() };
	int status;

	pmerge_diff(f[0].p, f[1].p, add, &d);
	print(&d, f, json);
	status = json_object_array_length(d.first) + json_object_array_length(d.second) ?
		 ST_DIFFERENT : ST_OK;
	json_object_put(d.first);
	json_object_put(d.second);
	return status;
}

int profilediff_run(const struct profile_options *o)
{
	struct profile f[2] = { 0 };
	int r = profile_open(&f[0], o->words[0], NULL);

	if (r == ST_OK)
		r = profile_open(&f[1], o->words[1], NULL);
	if (r == ST_OK)
		r = compare(f, o->json);
	profile_close(&f[0]);
	profile_close(&f[1]);
	return r;
}
