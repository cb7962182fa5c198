/* SPDX-License-Identifier: Apache-2.0 */
/* `weirctl profile list`: the profiles in a folder, and what of them is damaged. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "table.h"
#include "weirctl.h"

struct list {
	struct json_object *profiles, *damaged;
	int status;
};

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* Hidden ones are being written. */
static int is_ours(const struct dirent *d)
{
	return d->d_name[0] != '.' && (ends_in(d->d_name, ".profile") ||
				       ends_in(d->d_name, ".profile.damaged"));
}

/* The version that was seen last; NULL: there is none. */
static const struct pversion *newest(const struct pprofile *p)
{
	const struct pversion *v = NULL;
	uint32_t i;

	for (i = 0; i < PTREE_VERSIONS; i++)
		if (*p->versions[i].tag && (!v || p->versions[i].last_s > v->last_s))
			v = &p->versions[i];
	return v;
}

/* As lists of types by state, which a table has room for. */
static void add_states(struct json_object *o, const struct pversion *v)
{
	struct json_object *states = json_object_new_object(), *types;
	enum pstate_is is;
	uint32_t i;

	for (i = 0; v && i < PTYPE__MAX; i++) {
		is = v->states[i].is;
		if (is == PSTATE_NONE)
			continue;
		types = json_at(states, pstate_name(is));
		if (!types) {
			types = json_object_new_array();
			json_object_object_add(states, pstate_name(is), types);
		}
		json_object_array_add(types, json_object_new_string(pitem_type_name(i)));
	}
	json_object_object_add(o, "states", states);
}

static void add(struct list *l, const char *path)
{
	struct json_object *o = NULL;
	struct profile f;
	int r = profile_open(&f, path, &o);

	if (r == ST_OK && ends_in(path, ".damaged")) {
		human_error("%s: the sensor has set it aside", path);
		o = json_object_new_object();
		profile_add_text(o, "file", path);
		profile_add_text(o, "error", "the sensor has set it aside");
		r = ST_RULE;
	}
	if (r == ST_OK) {
		o = profile_summary(&f);
		add_states(o, newest(f.p));
	}
	json_object_array_add(r == ST_OK ? l->profiles : l->damaged, o);
	l->status = r > l->status ? r : l->status;
	profile_close(&f);
}

static int read_dir(struct list *l, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_ours, alphasort), i;
	char *path;

	if (n < 0) {
		human_error("%s: %s", dir, strerror(errno));
		return ST_FAILED;
	}
	for (i = 0; i < n; i++) {
		if (asprintf(&path, "%s/%s", dir, names[i]->d_name) < 0)
			abort();
		add(l, path);
		free(path);
		free(names[i]);
	}
	free(names);
	return ST_OK;
}

static void print(struct list *l, bool json)
{
	static const struct column columns[] = {
		{ "NAME", "name", UNIT_NONE, false, NULL },
		{ "VERSIONS", "versions", UNIT_NONE, true, NULL },
		{ "STABLE", "states.stable", UNIT_NONE, false, NULL },
		{ "LEARNING", "states.learning", UNIT_NONE, false, NULL },
		{ "UNSTABLE", "states.unstable", UNIT_NONE, false, NULL },
		{ "NODES", "nodes", UNIT_NONE, true, NULL },
		{ "BYTES", "bytes", UNIT_BYTES, true, NULL },
		{ "BEGUN", "begun", UNIT_NONE, false, NULL },
		{ "WRITTEN", "written", UNIT_NONE, false, NULL },
		{ NULL, NULL, UNIT_NONE, false, NULL }
	};
	struct json_object *all;

	if (!json) {
		if (!table_print(l->profiles, columns))
			puts("no profiles");
		return;
	}
	all = json_object_new_object();
	json_object_object_add(all, "profiles", json_object_get(l->profiles));
	json_object_object_add(all, "damaged", json_object_get(l->damaged));
	human_json_object(all);
	json_object_put(all);
}

int profilelist_run(const struct profile_options *o)
{
	struct list l = { json_object_new_array(), json_object_new_array(), ST_OK };
	int r = read_dir(&l, o->n ? o->words[0] : PROFILE_STATE);

	if (r == ST_OK)
		print(&l, o->json);
	json_object_put(l.profiles);
	json_object_put(l.damaged);
	return r == ST_OK ? l.status : r;
}
