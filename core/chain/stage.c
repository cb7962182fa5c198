/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a configuration says of one stage beyond its instance: the events
 * that it sees. Control thread, but for the part about passing over.
 */
#include "chain/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/filter.h"
#include "chain/line.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "chain/services.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "util/macros.h"

static void type_set(uint64_t *types, int type)
{
	types[type / 64] |= 1ull << (type % 64);
}

static int interest_read(struct stage *st, struct schema *schema, struct diag *d)
{
	uint32_t i;
	int type;

	if (!st->def->types) {
		memset(st->types, 0xff, sizeof(st->types));
		return 0;
	}
	for (i = 0; i < st->def->n_types; i++) {
		type = schema_type(schema, st->def->types[i]);
		if (type < 0)
			return diag_error(d, st->node->file, st->node->line,
					  "%s: plugin %s asks for event type \"%s\", which does not exist",
					  st->in->name, st->def->name, st->def->types[i]);
		type_set(st->types, type);
	}
	memcpy(st->named, st->types, sizeof(st->named));
	return 0;
}

/* events = [ "exec", ... ]: of those that interest the plugin, only these. */
static int events_read(struct stage *st, struct schema *schema, struct diag *d)
{
	const struct conf_node *events = conf_get(st->node, "events"), *e;
	size_t i, errors = d->n_errors;
	int type;

	if (!events)
		return 0;
	if (events->type != CONF_ARRAY && events->type != CONF_LIST)
		return diag_error(d, events->file, events->line,
				  "%s: events must be an array of event names, not %s",
				  st->in->name, conf_type_name(events->type));
	memset(st->named, 0, sizeof(st->named));
	CONF_EACH(e, events) {
		if (e->type != CONF_STRING) {
			diag_error(d, e->file, e->line,
				   "%s: events must be names of events, not %s",
				   st->in->name, conf_type_name(e->type));
			continue;
		}
		type = schema_type(schema, e->v.s);
		if (type < 0)
			diag_error(d, e->file, e->line, "%s: unknown event \"%s\"",
				   st->in->name, e->v.s);
		else
			type_set(st->named, type);
	}
	for (i = 0; i < ARRAY_LEN(st->types); i++) {
		st->types[i] &= st->named[i];
		st->named[i] &= st->types[i];
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

static int instance_take(struct stage *st, const struct instance_conf *conf)
{
	const char *name = conf_get_string(st->node, "name");
	struct instance *in;

	name = name ? name : conf_get_string(st->node, "plugin");
	in = plan_instance(conf->of, dict_intern(conf->services->dict, conf->chain),
			   dict_intern(conf->services->dict, name));
	MUST(in);
	st->taken = in != conf->left_out;
	st->in = st->taken ? instance_ref(in) : instance_stand_in(in);
	return st->in ? 0 : -ENOMEM;
}

static void instance_set(struct stage *st, struct instance *in)
{
	st->in = in;
	st->def = in->def;
	st->kind = in->def->kind;
	st->process = in->def->process;
}

int stage_new(const struct instance_conf *conf, const struct conf_node *node,
	      struct diag *d, struct stage **out)
{
	struct stage *st;
	int r;

	ALLOC_OBJ(st, STAGE_MAGIC);
	if (!st)
		return -ENOMEM;
	st->node = node;
	r = conf->of ? instance_take(st, conf) : instance_new(conf, node, d, &st->in);
	if (!r) {
		instance_set(st, st->in);
		if (st->def->kind == WEIR_PLUGIN_SINK)
			st->pending.items = calloc(STAGE_BATCH_ITEMS,
						   sizeof(*st->pending.items));
		if (st->def->kind == WEIR_PLUGIN_SINK && !st->pending.items)
			r = -ENOMEM;
	}
	if (r) {
		stage_free(st);
		return r;
	}
	*out = st;
	return 0;
}

int stage_resolve(struct stage *st, struct schema *schema, struct instance *running,
		  struct diag *d)
{
	int r, bad;

	bad = interest_read(st, schema, d);
	if (!bad)
		bad = events_read(st, schema, d);
	r = st->taken ? instance_fields(st->in, schema) :
			instance_resolve(st->in, st->node, schema, d);
	bad = r ? r : bad;
	r = filter_read(schema, st->node, st->in->name, d, &st->filter);
	if (bad || r)
		return r ? r : bad;
	if (!st->taken && running && instance_same(running, st->in)) {
		instance_free(st->in);
		instance_set(st, instance_ref(running));
	}
	return 0;
}

void stage_ready(struct stage *st)
{
	/* One that runs already is left alone. */
	if (st->inst != st->in->inst)
		st->inst = st->in->inst;
}

struct stage *stage_free(struct stage *st)
{
	if (!st)
		return NULL;
	if (st->in && instance_unref(st->in))
		instance_free(st->in);
	filter_free(st->filter);
	free(st->page.buf.p);
	free(st->pending.items);
	FREE_OBJ(st);
	return NULL;
}

/* ---- on the chain's thread --------------------------------------------------------*/

bool stage_skips_now(struct stage *st, const struct weir_event *ev)
{
	struct instance *in = st->in;
	uint64_t digest;
	size_t i;

	if (in->disabled || budget_skips(&in->budget))
		return true;
	if (!in->n_poison)
		return false;
	for (i = 0; i < in->n_poison && in->poison[i].type != ev->type; i++)
		;
	if (i == in->n_poison)
		return false;
	digest = ledger_digest(ev->rec, ev->rec_size);
	for (; i < in->n_poison; i++)
		if (in->poison[i].digest == digest)
			return true;
	return false;
}

void stage_skip(struct stage *st, struct weir_event *ev)
{
	static const struct weir_value skipped = { .status = WEIR_SKIPPED };
	uint32_t i;

	stat_add(&st->in->stats.skipped, 1);
	for (i = 0; i < st->def->n_produces; i++)
		weir_set(ev, st->in->produces[i], &skipped);
}
