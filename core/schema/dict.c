/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the numbers of fields and types. Every name has a slot; for each event
 * type an array says where in the record the slot lies. Slot 0 is no field and
 * lies nowhere, so that the handle of a field that does not exist reads as
 * absent without a test. Slots behind those of the record's fields belong to
 * plugins. A number once given means the same for as long as the process
 * lives: instances and queued events live on across reloads with theirs.
 */
#include "schema/dict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"
#include "schema/values.h"

#define OFFS	(DICT_SLOTS_MAX + 1u)

/* A name that a plugin has given to a slot or a type. */
struct name {
	char *text;
	uint32_t kind;
};

struct dict {
	unsigned magic;
#define DICT_MAGIC	0x1d9c63b5
	unsigned n_wire;	/* slots, slot 0 included */
	unsigned n_fields;	/* of the record */
	unsigned n_added;
	struct weir_field *fields;
	struct name *added;
	struct name *texts;	/* interned */
	unsigned n_texts;
	struct name type_names[WEIR_EV_MAX];
	struct weir_type types[WEIR_EV_MAX];
	uint16_t *offs;
};

struct row {
	struct weir_field_def def;
	uint32_t since;
	uint16_t type;
	uint16_t off;
	bool is_base;
};

#define ROW(ev, kind_, member, name_, values_, sigma_, ecs_, ocsf_, since_, doc_)	\
	{ .def = { .name = name_, .kind = WEIR_KIND_##kind_, .values = #values_,	\
		   .sigma = sigma_, .ecs = ecs_, .ocsf = ocsf_, .doc = doc_ },		\
	  .since = since_, .type = WEIR_EV_##ev, .is_base = WEIR_EV_##ev == 0,		\
	  .off = offsetof(struct weir_##ev, member) },

static const struct row rows[] = {
#define WEIR_EV_base 0
#define FIELD ROW
#define ALIAS ROW
#include <weir/events.def>
};

static const struct weir_type types[] = {
#define CLASS_critical	WEIR_CLASS_CRITICAL
#define CLASS_bulk	WEIR_CLASS_BULK
#define CLASS_user	WEIR_CLASS_USER
#define EVENT(id, name_, class, actor_, doc_)					\
	[id] = { .name = #name_, .doc = doc_, .rclass = CLASS_##class,		\
		 .actor = actor_, .size = sizeof(struct weir_##name_) },
#include <weir/events.def>
};

/* Fields of an actor stay out of types that have none. */
static bool row_applies(const struct row *row, unsigned type)
{
	if (!types[type].name)
		return false;
	if (!row->is_base)
		return row->type == type;
	return types[type].actor || strncmp(row->def.name, "process.", 8) != 0;
}

static void row_place(struct dict *d, const struct row *row, uint16_t slot)
{
	unsigned type;

	for (type = 0; type < ARRAY_LEN(types); type++)
		if (row_applies(row, type))
			d->offs[type * OFFS + slot] = row->off;
}

static const struct weir_field *field_find(const struct dict *d, const char *name)
{
	unsigned i;

	for (i = 0; i < d->n_fields; i++)
		if (!strcmp(d->fields[i].def.name, name))
			return &d->fields[i];
	return NULL;
}

static const struct weir_field *field_append(struct dict *d, const struct row *row)
{
	struct weir_field *f = &d->fields[d->n_fields++];

	f->def = row->def;
	f->since = row->since;
	if (!strcmp(row->def.values, "none"))
		f->def.values = NULL;
	else
		f->value_names = values_find(row->def.values);
	f->handle.slot = (uint16_t)d->n_fields;
	f->handle.kind = (uint8_t)row->def.kind;
	return f;
}

static void wire_fields_add(struct dict *d)
{
	const struct weir_field *known;
	unsigned i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (!*rows[i].def.name)
			continue;
		known = field_find(d, rows[i].def.name);
		if (!known)
			known = field_append(d, &rows[i]);
		MUST(known->def.kind == rows[i].def.kind);
		row_place(d, &rows[i], known->handle.slot);
	}
	d->n_wire = d->n_fields + 1;
}

struct dict *dict_new(void)
{
	struct dict *d;
	unsigned i;

	ALLOC_OBJ(d, DICT_MAGIC);
	if (!d)
		return NULL;
	d->fields = calloc(DICT_SLOTS_MAX, sizeof(*d->fields));
	d->added = calloc(DICT_SLOTS_MAX, sizeof(*d->added));
	d->offs = calloc((size_t)WEIR_EV_MAX * OFFS, sizeof(*d->offs));
	if (!d->fields || !d->offs || !d->added)
		return dict_free(d);
	for (i = 0; i < WEIR_EV_MAX; i++) {
		if (i < ARRAY_LEN(types))
			d->types[i] = types[i];
		d->types[i].offs = d->offs + (size_t)i * OFFS;
	}
	wire_fields_add(d);
	return d;
}

struct dict *dict_free(struct dict *d)
{
	unsigned i;

	if (!d)
		return NULL;
	for (i = 0; i < d->n_added; i++)
		free(d->added[i].text);
	for (i = 0; i < WEIR_EV_MAX; i++)
		free(d->type_names[i].text);
	for (i = 0; i < d->n_texts; i++)
		free(d->texts[i].text);
	free(d->texts);
	free(d->added);
	free(d->fields);
	free(d->offs);
	FREE_OBJ(d);
	return NULL;
}

unsigned dict_fields(const struct dict *d, struct weir_field *out)
{
	memcpy(out, d->fields, d->n_fields * sizeof(*out));
	return d->n_fields;
}

void dict_types(const struct dict *d, struct weir_type *out)
{
	unsigned i;

	for (i = 0; i < WEIR_EV_MAX; i++) {
		out[i] = d->types[i];
		if (i >= WEIR_EV_PLUGIN)
			out[i].name = NULL;
	}
}

const struct weir_type *dict_type_at(const struct dict *d, unsigned id)
{
	return &d->types[id];
}

unsigned dict_n_wire(const struct dict *d)
{
	return d->n_wire;
}

unsigned dict_n_added(const struct dict *d)
{
	return d->n_added;
}

int dict_slot(struct dict *d, const char *name, uint32_t kind)
{
	unsigned i;

	for (i = 0; i < d->n_added; i++)
		if (d->added[i].kind == kind && !strcmp(d->added[i].text, name))
			return (int)(d->n_wire + i);
	if (d->n_wire + d->n_added > DICT_SLOTS_MAX)
		return -ENOSPC;
	d->added[i].text = strdup(name);
	if (!d->added[i].text)
		return -ENOMEM;
	d->added[i].kind = kind;
	return (int)(d->n_wire + d->n_added++);
}

/* Laid out as an amendment. */
static void type_lay_out(struct dict *d, unsigned id)
{
	struct weir_type *t = &d->types[id];
	const struct weir_type *as = &d->types[WEIR_EV_amendment];

	memcpy(d->offs + (size_t)id * OFFS, as->offs, OFFS * sizeof(*d->offs));
	t->rclass = as->rclass;
	t->actor = as->actor;
	t->size = as->size;
}

int dict_type(struct dict *d, const char *name)
{
	unsigned id;

	for (id = WEIR_EV_PLUGIN; id < WEIR_EV_MAX && d->type_names[id].text; id++)
		if (!strcmp(d->type_names[id].text, name))
			return (int)id;
	if (id == WEIR_EV_MAX)
		return -ENOSPC;
	d->type_names[id].text = strdup(name);
	if (!d->type_names[id].text)
		return -ENOMEM;
	type_lay_out(d, id);
	return (int)id;
}

const char *dict_intern(struct dict *d, const char *text)
{
	struct name *grown;
	unsigned i;

	for (i = 0; i < d->n_texts; i++)
		if (!strcmp(d->texts[i].text, text))
			return d->texts[i].text;
	grown = realloc(d->texts, (d->n_texts + 1) * sizeof(*grown));
	if (!grown)
		return "";
	d->texts = grown;
	grown[d->n_texts].text = strdup(text);
	return grown[d->n_texts].text ? grown[d->n_texts++].text : "";
}
