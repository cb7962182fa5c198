/* SPDX-License-Identifier: Apache-2.0 */
/* Owns one expansion of events.def and values.def into the structs of plugin.h. */
#include "toyschema.h"

#include <signal.h>
#include <stdlib.h>

struct row {
	int type;		/* -1: of every event */
	struct weir_field_def def;
	uint16_t off;
};

#define ROW(number, ev, kind_, member, name_, values_, sigma_, ecs_, ocsf_, doc_) \
	{ number, { .name = name_, .kind = WEIR_KIND_##kind_, .values = #values_, \
		    .sigma = sigma_, .ecs = ecs_, .ocsf = ocsf_, .doc = doc_ }, \
	  offsetof(struct weir_##ev, member) },

enum { WEIR_EV_base = -1 };

static const struct row rows[] = {
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	ROW(WEIR_EV_##ev, ev, kind, member, name, values, sigma, ecs, ocsf, doc)
#define ALIAS FIELD
#include <weir/events.def>
};

static const struct weir_value_name event_names[] = {
#define EVENT(id, name, class, actor, doc) { id, #name },
#include <weir/events.def>
	{ 0, NULL }
};

#define VALUE_SET(set) static const struct weir_value_name set##_names[] = {
#define VALUE(set, number, name) { number, name },
#define VALUE_SET_END(set) { 0, NULL } };
#include <weir/values.def>

static const struct weir_value_name errno_names[] = {
	{ 1, "EPERM" }, { 2, "ENOENT" }, { 11, "EAGAIN" }, { 13, "EACCES" },
	{ 17, "EEXIST" }, { 28, "ENOSPC" }, { 111, "ECONNREFUSED" },
	{ 115, "EINPROGRESS" }, { 0, NULL }
};

static const struct weir_value_name signal_names[] = {
	{ SIGHUP, "SIGHUP" }, { SIGKILL, "SIGKILL" }, { SIGSEGV, "SIGSEGV" },
	{ SIGTERM, "SIGTERM" }, { 0, NULL }
};

static const struct {
	const char *set;
	const struct weir_value_name *names;
} sets[] = {
	{ "event", event_names }, { "errno", errno_names }, { "signal", signal_names },
#define VALUE_SET(set) { #set, set##_names },
#include <weir/values.def>
};

const struct weir_value_name *toyschema_values(const char *set)
{
	size_t i;

	for (i = 0; set && i < WEIR_N_OF(sets); i++)
		if (!strcmp(set, sets[i].set))
			return sets[i].names;
	return NULL;
}

const struct weir_field *toyschema_field(const struct toyschema *toy, const char *name)
{
	uint32_t i;

	for (i = 0; i < toy->schema.n_fields; i++)
		if (!strcmp(toy->fields[i].def.name, name))
			return &toy->fields[i];
	return NULL;
}

static struct weir_field *field_new(struct toyschema *toy, const struct weir_field_def *def)
{
	struct weir_field *f = &toy->fields[toy->schema.n_fields++];

	if (toy->schema.n_fields >= TOY_FIELDS)
		abort();
	f->def = *def;
	if (def->values && !strcmp(def->values, "none"))
		f->def.values = NULL;
	f->value_names = toyschema_values(f->def.values);
	f->handle.slot = (uint16_t)toy->schema.n_fields;
	f->handle.kind = (uint8_t)def->kind;
	f->since = 1;
	return f;
}

static void row_add(struct toyschema *toy, const struct row *row)
{
	const struct weir_field *f;
	int i;

	if (!*row->def.name)
		return;
	f = toyschema_field(toy, row->def.name);
	if (!f)
		f = field_new(toy, &row->def);
	if (row->type >= 0) {
		toy->offs[row->type][f->handle.slot] = row->off;
		return;
	}
	for (i = 0; i < WEIR_EV_MAX; i++)
		if (toy->types[i].name)
			toy->offs[i][f->handle.slot] = row->off;
}

static void type_add(struct toyschema *toy, int id, const char *name, int class,
		     uint32_t actor, size_t size, const char *doc)
{
	struct weir_type *t = &toy->types[id];

	t->name = name;
	t->doc = doc;
	t->rclass = (uint32_t)class;
	t->actor = actor;
	t->size = (uint32_t)size;
	t->offs = toy->offs[id];
}

#define CLASS_critical	WEIR_CLASS_CRITICAL
#define CLASS_bulk	WEIR_CLASS_BULK
#define CLASS_user	WEIR_CLASS_USER

struct toyschema *toyschema_new(const struct weir_field_def *added, uint32_t n_added)
{
	struct toyschema *toy = calloc(1, sizeof(*toy));
	struct weir_field *f;
	uint32_t i;

	if (!toy)
		abort();
#define EVENT(id, name, class, actor, doc) \
	type_add(toy, id, #name, CLASS_##class, actor, sizeof(struct weir_##name), doc);
#include <weir/events.def>
	toy->schema.size = sizeof(toy->schema);
	toy->schema.fields = toy->fields;
	toy->schema.types = toy->types;
	toy->schema.n_types = WEIR_EV_MAX;
	for (i = 0; i < WEIR_N_OF(rows); i++)
		row_add(toy, &rows[i]);
	toy->schema.n_wire = toy->schema.n_fields + 1;
	for (i = 0; i < n_added; i++) {
		f = field_new(toy, &added[i]);
		f->handle.flags = WEIR_HANDLE_WRITE;
		f->producer = "toy";
	}
	return toy;
}

void toyschema_free(struct toyschema *toy)
{
	free(toy);
}
