/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl profile approve|forget|freeze|thaw|pending`: what the plugin of the running sensor
 * is asked. With --state the same is done to the files of a sensor that does not run.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "human.h"
#include "link.h"
#include "plugins/profile/pedit.h"
#include "profile.h"
#include "profilelive.h"
#include "table.h"
#include "weirctl.h"

#define TIMEOUT_S	30

/* ---- the sensor --------------------------------------------------------------------*/

int profilelive_ask(const struct opts *o, struct json_object *order, struct json_object **result)
{
	struct json_object *args = json_object_new_object();
	int timeout_s = o->timeout_s ? o->timeout_s : TIMEOUT_S;

	json_object_object_add(args, "stage", json_object_new_string("profile"));
	json_object_object_add(args, "args", order);
	json_object_object_add(args, "timeout_ms", json_object_new_int64(timeout_s * 1000LL));
	/* The sensor gives up first, and says why. */
	return link_call(o, timeout_s + 5, "plugin", args, result);
}

struct json_object *profilelive_order(const char *what, const char *name)
{
	struct json_object *order = json_object_new_object();

	json_object_object_add(order, "what", json_object_new_string(what));
	if (name)
		json_object_object_add(order, "name", json_object_new_string(name));
	return order;
}

static void add(struct json_object *o, const char *name, const char *text)
{
	if (text)
		json_object_object_add(o, name, json_object_new_string(text));
}

static void print(const struct profile_options *o, struct json_object *result)
{
	static const char *const counts[] = { "approved", "added", "forgotten", NULL };
	const char *profile = json_text(result, "profile");
	const char *sep = ":";
	unsigned i;

	if (o->json) {
		human_json_object(result);
		return;
	}
	human_put(stdout, profile ? profile : "");
	for (i = 0; counts[i]; i++)
		if (json_at(result, counts[i])) {
			printf("%s %s %lld", sep, counts[i], json_int(result, counts[i]));
			sep = ",";
		}
	puts(*sep == ':' ? ": done" : "");
	if (json_at(result, "saved") && !json_object_get_boolean(json_at(result, "saved")))
		human_error("warning: the sensor keeps its profiles in memory only");
}

static int ask(const struct profile_options *o, const char *what)
{
	struct json_object *order = profilelive_order(what, o->n ? o->words[0] : NULL), *result;
	int r;

	add(order, "item", o->item);
	add(order, "id", o->id);
	add(order, "version", o->version);
	if (o->all)
		json_object_object_add(order, "all", json_object_new_boolean(true));
	r = profilelive_ask(o->opts, order, &result);
	if (r == ST_OK)
		print(o, result);
	json_object_put(result);
	return r;
}

/* ---- files -------------------------------------------------------------------------*/

/* Changes it and adds to the result. False: it said why not. */
typedef bool edit_f(const struct profile_options *o, struct pprofile *p,
		    struct json_object *result);

static bool approve(const struct profile_options *o, struct pprofile *p,
		    struct json_object *result)
{
	uint32_t n = pedit_approve(p, o->item);

	profile_add_number(result, "approved", n);
	if (!n && o->item)
		human_error("%s: nothing in it is \"%s\"", p->name, o->item);
	return n || !o->item;
}

static bool forget_version(const struct profile_options *o, struct pprofile *p,
			   struct json_object *result)
{
	int at = pprofile_find_version(p, o->version, (uint32_t)strlen(o->version));
	uint32_t before = p->tree.n_nodes;

	if (at < 0) {
		human_error("%s: there is no version \"%s\"", p->name, o->version);
		return false;
	}
	pprofile_drop_version(p, (uint8_t)at);
	profile_add_number(result, "forgotten", before - p->tree.n_nodes);
	return true;
}

static bool forget(const struct profile_options *o, struct pprofile *p,
		   struct json_object *result)
{
	uint32_t n;

	if (o->version)
		return forget_version(o, p, result);
	n = pedit_forget(p, o->item);
	profile_add_number(result, "forgotten", n);
	if (!n)
		human_error("%s: nothing in it is \"%s\"", p->name, o->item);
	return n;
}

static bool freeze(const struct profile_options *o, struct pprofile *p,
		   struct json_object *result)
{
	(void)o;
	(void)result;
	pprofile_freeze(p, (uint32_t)time(NULL));
	return true;
}

static bool thaw(const struct profile_options *o, struct pprofile *p, struct json_object *result)
{
	(void)o;
	(void)result;
	pprofile_thaw(p, (uint32_t)time(NULL));
	return true;
}

static int write_back(const struct profile_options *o, const struct profile *f)
{
	struct pstore s = { .dir = open(o->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	int r = s.dir < 0 ? ST_FAILED : ST_OK;

	/* As of when it was written: its clocks go on from there. */
	if (r == ST_OK && pstore_save(&s, f->p, f->saved_s))
		r = ST_FAILED;
	if (r != ST_OK)
		human_error("%s: %m", o->state);
	pstore_close(&s);
	return r;
}

static int edit_file(const struct profile_options *o, edit_f *edit)
{
	struct json_object *result = json_object_new_object();
	struct profile f;
	char *path;
	int r;

	path = profilelive_path(o->state, o->words[0]);
	r = profile_open(&f, path, NULL);
	if (r == ST_OK) {
		profile_add_text(result, "profile", f.p->name);
		r = edit(o, f.p, result) ? write_back(o, &f) : ST_FAILED;
	}
	if (r == ST_OK)
		print(o, result);
	profile_close(&f);
	json_object_put(result);
	free(path);
	return r;
}

char *profilelive_path(const char *state, const char *name)
{
	char file[PSTORE_FILE], *path;

	pstore_file(name, file);
	if (asprintf(&path, "%s/%s", state, file) < 0)
		abort();
	return path;
}

/* ---- commands ----------------------------------------------------------------------*/

int profileapprove_run(const struct profile_options *o)
{
	if ((o->item != NULL) + (o->id != NULL) + o->all != 1 || (!o->n && !o->id)) {
		human_error("approve what? NAME with --item TEXT or --all, or --id ID");
		return ST_USAGE;
	}
	if (o->state && o->id) {
		human_error("--id: what was not known is in the memory of a running sensor only");
		return ST_USAGE;
	}
	return o->state ? edit_file(o, approve) : ask(o, "approve");
}

static int remove_file(const struct profile_options *o)
{
	char *path = profilelive_path(o->state, o->words[0]);
	int r = remove(path) ? ST_FAILED : ST_OK;

	if (r != ST_OK)
		human_error("%s: %m", path);
	free(path);
	return r;
}

int profileforget_run(const struct profile_options *o)
{
	if (o->item && o->version) {
		human_error("forget an item or a version, not both");
		return ST_USAGE;
	}
	if (o->state)
		return o->item || o->version ? edit_file(o, forget) : remove_file(o);
	return ask(o, "forget");
}

int profilefreeze_run(const struct profile_options *o)
{
	return o->state ? edit_file(o, freeze) : ask(o, "freeze");
}

int profilethaw_run(const struct profile_options *o)
{
	return o->state ? edit_file(o, thaw) : ask(o, "thaw");
}

int profilepending_run(const struct profile_options *o)
{
	static const struct column columns[] = {
		{ "ID", "id", UNIT_NONE, false, NULL },
		{ "TIME", "at", UNIT_NONE, false, NULL },
		{ "PROFILE", "profile", UNIT_NONE, false, NULL },
		{ "VERSION", "version", UNIT_NONE, false, NULL },
		{ "KIND", "kind", UNIT_NONE, false, NULL },
		{ "ITEM", "item", UNIT_NONE, false, NULL },
		{ "BY", "process", UNIT_NONE, false, NULL },
		{ NULL, NULL, UNIT_NONE, false, NULL }
	};
	struct json_object *result, *list, *row;
	size_t i;
	int r;

	r = profilelive_ask(o->opts, profilelive_order("pending", o->n ? o->words[0] : NULL),
			    &result);
	list = json_at(result, "pending");
	for (i = 0; r == ST_OK && i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		profile_add_time(row, "at", (uint32_t)json_int(row, "time"));
	}
	if (r == ST_OK && o->json)
		human_json_object(result);
	else if (r == ST_OK && !table_print(list, columns))
		puts("nothing is waiting");
	json_object_put(result);
	return r;
}
