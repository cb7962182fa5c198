/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what open() gets, made of what the core has written (setup.c). Texts
 * stay where they are, in memory that does not change.
 */
#include <stdlib.h>

#include "isolate/host.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "schema/values.h"
#include "util/macros.h"

int setup_begin(struct host *h, struct unpack *u)
{
	*u = (struct unpack){
		.p = (const uint8_t *)h->down + SHM_PAGE, .left = h->down->setup_len,
	};
	h->jail.drop = unpack_u64(u);
	h->jail.uid = (uint32_t)unpack_u64(u);
	h->jail.gid = (uint32_t)unpack_u64(u);
	h->jail.memory = unpack_u64(u);
	h->jail.daemon = h->down->daemon;
	h->n_added = (unsigned)unpack_u64(u);
	h->schema.n_wire = (uint32_t)unpack_u64(u);
	h->setup.flags = (uint32_t)unpack_u64(u);
	h->plugin_name = unpack_text(u);
	h->setup.instance = unpack_text(u);
	h->id.id = unpack_text(u);
	h->id.name = unpack_text(u);
	h->id.boot = unpack_text(u);
	return u->bad ? -1 : 0;
}

/* ---- options and handles ----------------------------------------------------------*/

static void option_get(struct unpack *u, uint32_t type, struct weir_optval *v)
{
	const char **list;
	uint64_t there;
	uint32_t i;

	v->set = (uint32_t)unpack_u64(u);
	v->n = (uint32_t)unpack_u64(u);
	if (type == WEIR_OPT_STR) {
		there = unpack_u64(u);
		v->v.s = unpack_text(u);
		v->v.s = there ? v->v.s : NULL;
	} else if (type != WEIR_OPT_STRLIST) {
		v->v.i = (int64_t)unpack_u64(u);
	} else {
		list = calloc((size_t)v->n + 1, sizeof(*list));
		for (i = 0; list && i < v->n; i++)
			list[i] = unpack_text(u);
		u->bad |= !list;
		v->v.list = list;
	}
}

static struct weir_handle handle_get(struct unpack *u)
{
	uint64_t n = unpack_u64(u);

	return (struct weir_handle){ .slot = (uint16_t)n, .kind = (uint8_t)(n >> 16),
				     .flags = (uint8_t)(n >> 24) };
}

static struct weir_handle *handles_get(struct unpack *u, uint32_t n)
{
	struct weir_handle *list = calloc(n + 1, sizeof(*list));
	uint32_t i;

	for (i = 0; list && i < n; i++)
		list[i] = handle_get(u);
	u->bad |= !list;
	return list;
}

/* ---- schema ---------------------------------------------------------------------------*/

static const char *text_or_null(struct unpack *u)
{
	const char *text = unpack_text(u);

	return *text ? text : NULL;
}

static void columns_get(struct unpack *u, struct weir_field_def *d)
{
	uint64_t n = unpack_u64(u);
	struct weir_column *cols = calloc(n < u->left ? n + 1 : 1, sizeof(*cols));
	uint64_t i;

	u->bad |= !cols || n > u->left;
	for (i = 0; !u->bad && i < n; i++) {
		cols[i].name = unpack_text(u);
		cols[i].kind = (uint32_t)unpack_u64(u);
		cols[i].values = text_or_null(u);
		cols[i].doc = unpack_text(u);
	}
	d->cols = cols;
	d->n_cols = (uint32_t)n;
}

static void field_get(struct unpack *u, struct weir_field *f)
{
	struct weir_field_def *d = &f->def;

	f->handle = handle_get(u);
	d->name = unpack_text(u);
	d->kind = (uint32_t)unpack_u64(u);
	d->elem_kind = (uint32_t)unpack_u64(u);
	d->values = text_or_null(u);
	d->sigma = unpack_text(u);
	d->ecs = unpack_text(u);
	d->ocsf = unpack_text(u);
	d->doc = unpack_text(u);
	f->producer = text_or_null(u);
	f->since = (uint32_t)unpack_u64(u);
	f->value_names = d->values ? values_find(d->values) : NULL;
	columns_get(u, d);
}

static void types_get(struct unpack *u, struct weir_type *types)
{
	uint64_t n = unpack_u64(u), id;

	while (n-- && !u->bad) {
		id = unpack_u64(u);
		if (id >= WEIR_EV_MAX)
			u->bad = true;
		if (u->bad)
			return;
		types[id] = types[WEIR_EV_amendment];
		types[id].name = unpack_text(u);
		types[id].doc = unpack_text(u);
	}
}

/* Those of events.def, which is the same here, and then the plugins'. */
static void schema_get(struct host *h, struct unpack *u)
{
	struct weir_type *types = calloc(WEIR_EV_MAX, sizeof(*types));
	struct weir_field *fields;
	struct dict *dict = dict_new();
	uint64_t i, n = unpack_u64(u);
	unsigned n_base;

	fields = calloc(DICT_SLOTS_MAX * 2, sizeof(*fields));
	h->added_defs = calloc(h->n_added + 1, sizeof(*h->added_defs));
	if (!dict || !types || !fields || !h->added_defs || n > DICT_SLOTS_MAX ||
	    dict_n_wire(dict) != h->schema.n_wire) {
		u->bad = true;
		return;
	}
	n_base = dict_fields(dict, fields);
	dict_types(dict, types);
	for (i = 0; i < n && !u->bad; i++) {
		field_get(u, &fields[n_base + i]);
		if (fields[n_base + i].handle.slot - h->schema.n_wire < h->n_added)
			h->added_defs[fields[n_base + i].handle.slot - h->schema.n_wire] =
				&fields[n_base + i].def;
	}
	types_get(u, types);
	h->schema = (struct weir_schema){
		.size = sizeof(h->schema), .n_fields = n_base + (unsigned)n,
		.fields = fields, .n_types = WEIR_EV_MAX, .n_wire = h->schema.n_wire,
		.types = types,
	};
}

static int emits_get(struct host *h)
{
	uint32_t i, k, n = WEIR_HAS(h->def, n_emits) ? h->def->n_emits : 0;

	h->emits = calloc(n + 1, sizeof(*h->emits));
	for (i = 0; h->emits && i < n; i++)
		for (k = 0; k < h->schema.n_types; k++)
			if (h->schema.types[k].name &&
			    !strcmp(h->schema.types[k].name, h->def->emits[i].name))
				h->emits[i] = k;
	return h->emits ? 0 : -1;
}

int setup_end(struct host *h, struct unpack *u)
{
	struct weir_optval *options;
	uint32_t i;

	if (strcmp(h->plugin_name, h->def->name) || h->def->n_counters > SHM_COUNTERS)
		return -1;
	options = calloc(h->def->n_options + 1, sizeof(*options));
	for (i = 0; options && i < h->def->n_options; i++)
		option_get(u, h->def->options[i].type, &options[i]);
	h->wants = handles_get(u, h->def->n_wants);
	h->produces = handles_get(u, h->def->n_produces);
	schema_get(h, u);
	if (!options || u->bad || emits_get(h))
		return -1;
	h->setup = (struct weir_setup){
		.size = sizeof(h->setup), .host = &host_services, .ctx = h,
		.instance = h->setup.instance, .options = options, .wants = h->wants,
		.produces = h->produces, .schema = &h->schema,
		.counters = h->up->counters, .flags = h->setup.flags,
	};
	return 0;
}
