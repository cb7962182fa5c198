/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the list of fields and the offsets by which they are read. Every name
 * has a slot; for each event type an array says where in the record the slot
 * lies. Slot 0 is no field and lies nowhere, so that the handle of a field
 * that does not exist reads as absent without a test.
 */
#include "schema/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema/values.h"
#include "util/macros.h"

#define SCHEMA_FIELDS_MAX	1024

struct schema {
	unsigned magic;
#define SCHEMA_MAGIC	0x5ce3a1d7
	unsigned n_fields;
	unsigned n_wire;	/* slots, slot 0 included */
	uint16_t n_offs;	/* entries of each array: all slots there can be */
	struct weir_field *fields;
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

static void row_place(struct schema *s, const struct row *row, uint16_t slot)
{
	unsigned type;

	for (type = 0; type < ARRAY_LEN(types); type++)
		if (row_applies(row, type))
			s->offs[type * s->n_offs + slot] = row->off;
}

static struct weir_field *field_append(struct schema *s, const struct weir_field_def *def)
{
	struct weir_field *f = &s->fields[s->n_fields++];

	f->def = *def;
	if (!def->values || !strcmp(def->values, "none"))
		f->def.values = NULL;
	else
		f->value_names = values_find(def->values);
	f->handle.slot = (uint16_t)s->n_fields;
	f->handle.kind = (uint8_t)def->kind;
	return f;
}

static void wire_fields_add(struct schema *s)
{
	const struct weir_field *known;
	struct weir_field *f;
	unsigned i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (!*rows[i].def.name)
			continue;
		known = schema_find(s, rows[i].def.name);
		if (!known) {
			f = field_append(s, &rows[i].def);
			f->since = rows[i].since;
			known = f;
		}
		MUST(known->def.kind == rows[i].def.kind);
		row_place(s, &rows[i], known->handle.slot);
	}
	s->n_wire = s->n_fields + 1;
}

struct schema *schema_new(void)
{
	struct schema *s;
	unsigned i;

	ALLOC_OBJ(s, SCHEMA_MAGIC);
	if (!s)
		return NULL;
	s->n_offs = SCHEMA_FIELDS_MAX + 1;
	s->fields = calloc(SCHEMA_FIELDS_MAX, sizeof(*s->fields));
	s->offs = calloc((size_t)ARRAY_LEN(types) * s->n_offs, sizeof(*s->offs));
	if (!s->fields || !s->offs)
		return schema_free(s);
	for (i = 0; i < ARRAY_LEN(types); i++) {
		s->types[i] = types[i];
		s->types[i].offs = s->offs + (size_t)i * s->n_offs;
	}
	wire_fields_add(s);
	return s;
}

struct schema *schema_free(struct schema *s)
{
	if (s) {
		free(s->fields);
		free(s->offs);
		FREE_OBJ(s);
	}
	return NULL;
}

const struct weir_field *schema_find(const struct schema *s, const char *name)
{
	unsigned i;

	for (i = 0; i < s->n_fields; i++)
		if (!strcmp(s->fields[i].def.name, name))
			return &s->fields[i];
	return NULL;
}

int schema_add(struct schema *s, const struct weir_field_def *def,
	       const char *producer, struct weir_handle *out)
{
	struct weir_field *f;

	CHECK_OBJ_NOTNULL(s, SCHEMA_MAGIC);
	if (schema_find(s, def->name))
		return -EEXIST;
	if (s->n_fields == SCHEMA_FIELDS_MAX)
		return -ENOSPC;
	if (def->values && !values_find(def->values))
		return -EINVAL;
	f = field_append(s, def);
	f->producer = producer;
	*out = f->handle;
	out->flags |= WEIR_HANDLE_WRITE;
	return 0;
}

struct weir_schema schema_view(const struct schema *s)
{
	return (struct weir_schema){
		.size = sizeof(struct weir_schema),
		.n_fields = s->n_fields,
		.fields = s->fields,
		.n_types = WEIR_EV_MAX,
		.n_wire = s->n_wire,
		.types = s->types,
	};
}

unsigned schema_n_added(const struct schema *s)
{
	return s->n_fields + 1 - s->n_wire;
}

int schema_type(const struct schema *s, const char *name)
{
	unsigned i;

	for (i = 0; i < WEIR_EV_MAX; i++)
		if (s->types[i].name && !strcmp(s->types[i].name, name))
			return (int)i;
	return -1;
}
