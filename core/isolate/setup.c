/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what the process is told before it opens the plugin: limits, options,
 * handles, and those fields and types that are not in events.def. host_setup.c
 * reads it in the same order.
 */
#include "isolate/private.h"

static void option_pack(struct pack *b, uint32_t type, const struct weir_optval *v)
{
	uint32_t i;

	pack_u64(b, v->set);
	pack_u64(b, v->n);
	if (type == WEIR_OPT_STR) {
		pack_u64(b, v->v.s != NULL);
		pack_text(b, v->v.s);
	} else if (type != WEIR_OPT_STRLIST) {
		pack_u64(b, (uint64_t)v->v.i);
	}
	for (i = 0; type == WEIR_OPT_STRLIST && i < v->n; i++)
		pack_text(b, v->v.list[i]);
}

static void handle_pack(struct pack *b, struct weir_handle h)
{
	pack_u64(b, (uint64_t)h.slot | (uint64_t)h.kind << 16 | (uint64_t)h.flags << 24);
}

static void field_pack(struct pack *b, const struct weir_field *f)
{
	const struct weir_field_def *d = &f->def;
	uint32_t i;

	handle_pack(b, f->handle);
	pack_text(b, d->name);
	pack_u64(b, d->kind);
	pack_u64(b, d->elem_kind);
	pack_text(b, d->values);
	pack_text(b, d->sigma);
	pack_text(b, d->ecs);
	pack_text(b, d->ocsf);
	pack_text(b, d->doc);
	pack_text(b, f->producer);
	pack_u64(b, f->since);
	pack_u64(b, d->n_cols);
	for (i = 0; i < d->n_cols; i++) {
		pack_text(b, d->cols[i].name);
		pack_u64(b, d->cols[i].kind);
		pack_text(b, d->cols[i].values);
		pack_text(b, d->cols[i].doc);
	}
}

static void schema_pack(struct pack *b, const struct weir_schema *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->n_fields; i++)
		n += s->fields[i].handle.slot >= s->n_wire;
	pack_u64(b, n);
	for (i = 0; i < s->n_fields; i++)
		if (s->fields[i].handle.slot >= s->n_wire)
			field_pack(b, &s->fields[i]);
	for (n = 0, i = WEIR_EV_PLUGIN; i < s->n_types; i++)
		n += s->types[i].name != NULL;
	pack_u64(b, n);
	for (i = WEIR_EV_PLUGIN; i < s->n_types; i++) {
		if (!s->types[i].name)
			continue;
		pack_u64(b, i);
		pack_text(b, s->types[i].name);
		pack_text(b, s->types[i].doc);
	}
}

void setup_pack(const struct isolate *iso, struct pack *b)
{
	const struct isolate_limits *l = &iso->conf.limits;
	const struct weir_plugin *def = iso->conf.def;
	const struct weir_setup *s = iso->setup;
	const struct weir_host_id *id = s->host->host_id(s->ctx);
	uint32_t i;

	pack_u64(b, l->drop);
	pack_u64(b, l->uid);
	pack_u64(b, l->gid);
	pack_u64(b, (uint64_t)l->memory);
	pack_u64(b, iso->conf.n_added);
	pack_u64(b, s->schema->n_wire);
	pack_u64(b, s->flags);
	pack_text(b, def->name);
	pack_text(b, s->instance);
	pack_text(b, id->id);
	pack_text(b, id->name);
	pack_text(b, id->boot);
	for (i = 0; i < def->n_options; i++)
		option_pack(b, def->options[i].type, &s->options[i]);
	for (i = 0; i < def->n_wants; i++)
		handle_pack(b, s->wants[i]);
	for (i = 0; i < def->n_produces; i++)
		handle_pack(b, s->produces[i]);
	schema_pack(b, s->schema);
}
