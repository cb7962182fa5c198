/* SPDX-License-Identifier: Apache-2.0 */
/* `weirctl profile show`: versions, states of types, and how much there is of what. */
#include <stdio.h>

#include "profile.h"
#include "table.h"
#include "weirctl.h"

static struct json_object *types_of(const struct pversion *v)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct pstate *s;
	uint32_t i;

	for (i = 0; i < PTYPE__MAX; i++) {
		s = &v->states[i];
		if (s->is == PSTATE_NONE)
			continue;
		o = json_object_new_object();
		profile_add_text(o, "version", v->tag);
		profile_add_text(o, "type", pitem_type_name(i));
		profile_add_text(o, "state", pstate_name(s->is));
		profile_add_time(o, "since", s->since_s);
		profile_add_time(o, "last_new", s->new_s);
		profile_add_number(o, "events", s->n);
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *profile_versions(const struct pprofile *p)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct pversion *v;
	uint32_t i;

	for (i = 0; i < PTREE_VERSIONS; i++) {
		v = &p->versions[i];
		if (!*v->tag)
			continue;
		o = json_object_new_object();
		profile_add_text(o, "version", v->tag);
		profile_add_text(o, "state", pstate_name(pprofile_state(p, (uint8_t)i)));
		profile_add_time(o, "first", v->first_s);
		profile_add_time(o, "last", v->last_s);
		json_object_object_add(o, "types", types_of(v));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *kinds_of(const struct ptree *t)
{
	struct json_object *o = json_object_new_object();
	uint32_t n[PNODE__MAX] = { 0 }, ref, i;

	for (ref = ptree_next(t, t->root); ref; ref = ptree_next(t, ref))
		n[ptree_at(t, ref)->kind]++;
	for (i = 0; i < PNODE__MAX; i++)
		if (n[i])
			profile_add_number(o, profile_kind(i), n[i]);
	return o;
}

static void print_tables(struct json_object *versions)
{
	static const struct column of_version[] = {
		{ "VERSION", "version", UNIT_NONE, false, NULL },
		{ "STATE", "state", UNIT_NONE, false, NULL },
		{ "FIRST", "first", UNIT_NONE, false, NULL },
		{ "LAST", "last", UNIT_NONE, false, NULL },
		{ NULL, NULL, UNIT_NONE, false, NULL }
	};
	static const struct column of_type[] = {
		{ "VERSION", "version", UNIT_NONE, false, NULL },
		{ "TYPE", "type", UNIT_NONE, false, NULL },
		{ "STATE", "state", UNIT_NONE, false, NULL },
		{ "SINCE", "since", UNIT_NONE, false, NULL },
		{ "LAST NEW", "last_new", UNIT_NONE, false, NULL },
		{ "EVENTS", "events", UNIT_NONE, true, NULL },
		{ NULL, NULL, UNIT_NONE, false, NULL }
	};
	struct json_object *v, *types = json_object_new_array(), *list;
	size_t i, k;

	for (i = 0; i < json_object_array_length(versions); i++) {
		v = json_object_array_get_idx(versions, i);
		list = json_at(v, "types");
		for (k = 0; k < json_object_array_length(list); k++)
			json_object_array_add(types,
				json_object_get(json_object_array_get_idx(list, k)));
	}
	putchar('\n');
	table_print(versions, of_version);
	putchar('\n');
	table_print(types, of_type);
	json_object_put(types);
}

static void print_card(struct json_object *o)
{
	static const struct column card[] = {
		{ "name", "name", UNIT_NONE, false, NULL },
		{ "file", "file", UNIT_NONE, false, NULL },
		{ "begun", "begun", UNIT_NONE, false, NULL },
		{ "written", "written", UNIT_NONE, false, NULL },
		{ "frozen", "frozen", UNIT_NONE, false, NULL },
		{ "bytes", "bytes", UNIT_BYTES, false, NULL },
		{ "nodes", "nodes", UNIT_NONE, false, NULL },
		{ "of these", "kinds", UNIT_NONE, false, NULL },
		{ NULL, NULL, UNIT_NONE, false, NULL }
	};

	table_card(o, card);
}

int profileshow_run(const struct profile_options *o)
{
	struct json_object *all, *versions;
	struct profile f;
	int r = profile_open_word(&f, o);

	if (r != ST_OK)
		return r;
	all = profile_summary(&f);
	versions = profile_versions(f.p);
	json_object_object_add(all, "kinds", kinds_of(&f.p->tree));
	json_object_object_add(all, "versions", versions);
	if (o->json) {
		human_json_object(all);
	} else {
		print_card(all);
		print_tables(versions);
	}
	json_object_put(all);
	profile_close(&f);
	return ST_OK;
}
