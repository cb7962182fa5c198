/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the list of the fields and types that exist at one place of one
 * configuration. Their numbers come from the dictionary, which outlives it.
 */
#include "schema/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema/dict.h"
#include "schema/values.h"
#include "util/macros.h"

struct schema {
	unsigned magic;
#define SCHEMA_MAGIC	0x5ce3a1d7
	unsigned n_refs;
	struct dict *dict;
	unsigned n_fields;
	struct weir_field *fields;
	struct weir_type types[WEIR_EV_MAX];
};

struct schema *schema_new(struct dict *dict)
{
	struct schema *s;

	ALLOC_OBJ(s, SCHEMA_MAGIC);
	if (!s)
		return NULL;
	s->n_refs = 1;
	s->dict = dict;
	s->fields = calloc(DICT_SLOTS_MAX, sizeof(*s->fields));
	if (!s->fields)
		return schema_free(s);
	s->n_fields = dict_fields(dict, s->fields);
	dict_types(dict, s->types);
	return s;
}

struct schema *schema_copy(const struct schema *of)
{
	struct schema *s = schema_new(of->dict);

	if (!s)
		return NULL;
	s->n_fields = of->n_fields;
	memcpy(s->fields, of->fields, of->n_fields * sizeof(*s->fields));
	memcpy(s->types, of->types, sizeof(s->types));
	return s;
}

struct schema *schema_ref(struct schema *s)
{
	CHECK_OBJ_NOTNULL(s, SCHEMA_MAGIC);
	s->n_refs++;
	return s;
}

struct schema *schema_free(struct schema *s)
{
	if (s && !--s->n_refs) {
		free(s->fields);
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
	const char *values = def->values && strcmp(def->values, "none") ?
			     def->values : NULL;
	struct weir_field *f;
	int slot;

	CHECK_OBJ_NOTNULL(s, SCHEMA_MAGIC);
	if (schema_find(s, def->name))
		return -EEXIST;
	if (values && !values_find(values))
		return -EINVAL;
	slot = dict_slot(s->dict, def->name, def->kind);
	if (slot < 0)
		return slot;
	if (s->n_fields == DICT_SLOTS_MAX)
		return -ENOSPC;
	f = &s->fields[s->n_fields++];
	f->def = *def;
	f->def.values = values;
	f->value_names = values ? values_find(values) : NULL;
	f->handle.slot = (uint16_t)slot;
	f->handle.kind = (uint8_t)def->kind;
	f->producer = dict_intern(s->dict, producer);
	*out = f->handle;
	out->flags |= WEIR_HANDLE_WRITE;
	return 0;
}

int schema_add_type(struct schema *s, const char *name, const char *doc)
{
	int id = schema_type(s, name);

	if (id >= 0)
		return -EEXIST;
	id = dict_type(s->dict, name);
	if (id < 0)
		return id;
	s->types[id] = *dict_type_at(s->dict, (unsigned)id);
	s->types[id].name = name;
	s->types[id].doc = doc;
	return id;
}

struct weir_schema schema_view(const struct schema *s)
{
	return (struct weir_schema){
		.size = sizeof(struct weir_schema),
		.n_fields = s->n_fields,
		.fields = s->fields,
		.n_types = WEIR_EV_MAX,
		.n_wire = dict_n_wire(s->dict),
		.types = s->types,
	};
}

unsigned schema_n_added(const struct schema *s)
{
	return dict_n_added(s->dict);
}

int schema_type(const struct schema *s, const char *name)
{
	unsigned i;

	for (i = 0; i < WEIR_EV_MAX; i++)
		if (s->types[i].name && !strcmp(s->types[i].name, name))
			return (int)i;
	return -1;
}
