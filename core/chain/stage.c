/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the making of one stage: from settings to handles. Runs on the control
 * thread; every mistake is told with the place in the configuration.
 */
#include "chain/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/private.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "schema/schema.h"
#include "util/log.h"
#include "util/macros.h"

const char *const chain_reserved[] = {
	"plugin", "name", "before", "after", "events", "encoder",
	/* of later versions; no plugin may take them */
	"filter", "isolation", "budget", "deadline", "queue", "workers",
	"overflow", "required", NULL
};
/* Those that mean something today. */
static const char *const stage_keys[] = {
	"plugin", "name", "before", "after", "events", "encoder", NULL
};

static int stage_load(struct stage *st, const struct conf_node *node, struct diag *d)
{
	const struct chain_conf *conf = &st->chain->conf;
	const char *plugin = conf_get_string(node, "plugin");
	const char *name = conf_get_string(node, "name");
	struct loader_ask ask = {
		.name = plugin, .dirs = conf->dirs, .n_dirs = conf->n_dirs,
		.file = node->file, .line = node->line,
	};
	int r;

	if (!plugin)
		return diag_error(d, node->file, node->line,
				  "a stage needs a plugin: plugin = \"NAME\"");
	st->name = strdup(name ? name : plugin);
	if (!st->name)
		return -ENOMEM;
	r = loader_open(conf->loader, &ask, d, &st->plugin);
	if (r < 0)
		return r;
	st->def = st->plugin->def;
	return options_read(node, st->name, st->def->options, st->def->n_options,
			    stage_keys, d, &st->options);
}

static void type_set(struct stage *st, int type)
{
	st->types[type / 64] |= 1ull << (type % 64);
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
			return diag_error(d, st->file, st->line,
					  "%s: plugin %s asks for event type \"%s\", which does not exist",
					  st->name, st->def->name, st->def->types[i]);
		type_set(st, type);
	}
	return 0;
}

/* events = [ "exec", ... ]: of those that interest the plugin, only these. */
static int events_read(struct stage *st, const struct conf_node *node,
		       struct schema *schema, struct diag *d)
{
	const struct conf_node *events = conf_get(node, "events"), *e;
	uint64_t interest[ARRAY_LEN(st->types)];
	size_t i, errors = d->n_errors;
	int type;

	if (!events)
		return 0;
	if (events->type != CONF_ARRAY && events->type != CONF_LIST)
		return diag_error(d, events->file, events->line,
				  "%s: events must be an array of event names, not %s",
				  st->name, conf_type_name(events->type));
	memcpy(interest, st->types, sizeof(interest));
	memset(st->types, 0, sizeof(st->types));
	CONF_EACH(e, events) {
		if (e->type != CONF_STRING) {
			diag_error(d, e->file, e->line,
				   "%s: events must be names of events, not %s", st->name,
				   conf_type_name(e->type));
			continue;
		}
		type = schema_type(schema, e->v.s);
		if (type < 0)
			diag_error(d, e->file, e->line, "%s: unknown event \"%s\"",
				   st->name, e->v.s);
		else
			type_set(st, type);
	}
	for (i = 0; i < ARRAY_LEN(interest); i++)
		st->types[i] &= interest[i];
	return d->n_errors == errors ? 0 : -EINVAL;
}

static int wants_bind(struct stage *st, struct schema *schema, struct diag *d)
{
	const struct weir_field *f;
	const struct weir_want *w;
	size_t errors = d->n_errors;
	uint32_t i;

	st->wants = calloc(st->def->n_wants + 1, sizeof(*st->wants));
	if (!st->wants)
		return -ENOMEM;
	for (i = 0; i < st->def->n_wants; i++) {
		w = &st->def->wants[i];
		f = schema_find(schema, w->name);
		if (f)
			st->wants[i] = f->handle;
		else if (w->flags & WEIR_WANT_REQUIRED)
			diag_error(d, st->file, st->line,
				   "%s: needs field %s, which no stage before it produces",
				   st->name, w->name);
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

static int produces_add(struct stage *st, struct schema *schema, struct diag *d)
{
	const struct weir_field_def *def;
	const struct weir_field *other;
	size_t errors = d->n_errors;
	uint32_t i;
	int r;

	st->produces = calloc(st->def->n_produces + 1, sizeof(*st->produces));
	if (!st->produces)
		return -ENOMEM;
	for (i = 0; i < st->def->n_produces; i++) {
		def = &st->def->produces[i];
		r = schema_add(schema, def, st->name, &st->produces[i]);
		if (r == -EEXIST) {
			other = schema_find(schema, def->name);
			diag_error(d, st->file, st->line,
				   "%s: produces field %s, which %s%s produces already",
				   st->name, def->name, other->producer ? "stage " : "",
				   other->producer ? other->producer : "the kernel");
		} else if (r < 0) {
			diag_error(d, st->file, st->line, "%s: field %s: %s", st->name,
				   def->name, r == -ENOSPC ? "too many fields" :
							     "unknown value set");
		}
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

static int buffers_make(struct stage *st)
{
	st->counters = calloc(st->def->n_counters + 1, sizeof(*st->counters));
	if (!st->counters)
		return -ENOMEM;
	if (st->def->kind != WEIR_PLUGIN_SINK)
		return 0;
	st->pending.items = calloc(STAGE_BATCH_ITEMS, sizeof(*st->pending.items));
	return st->pending.items ? 0 : -ENOMEM;
}

int stage_new(struct chain *c, const struct conf_node *node, struct diag *d,
	      struct stage **out)
{
	struct stage *st;
	int r;

	ALLOC_OBJ(st, STAGE_MAGIC);
	if (!st)
		return -ENOMEM;
	st->chain = c;
	st->node = node;
	st->file = node->file;
	st->line = node->line;
	r = stage_load(st, node, d);
	if (!r)
		r = buffers_make(st);
	if (r) {
		stage_free(st);
		return r;
	}
	*out = st;
	return 0;
}

int stage_resolve(struct stage *st, struct schema *schema, struct diag *d)
{
	int r, bad = 0;

	r = interest_read(st, schema, d);
	if (!r)
		r = events_read(st, st->node, schema, d);
	bad |= r;
	r = wants_bind(st, schema, d);
	bad |= r;
	/* A serializer prints what is there before it, not its own. */
	st->schema = schema_view(schema);
	r = produces_add(st, schema, d);
	st->node = NULL;
	return bad | r ? -EINVAL : 0;
}

int stage_open(struct stage *st)
{
	st->setup = (struct weir_setup){
		.size = sizeof(st->setup),
		.host = &st->chain->host,
		.ctx = st,
		.instance = st->name,
		.options = st->options->vals,
		.wants = st->wants,
		.produces = st->produces,
		.schema = &st->schema,
		.counters = st->counters,
	};

	if (st->def->open && st->def->open(&st->setup, &st->inst) != 0)
		return -EINVAL;
	st->opened = true;
	return 0;
}

struct stage *stage_free(struct stage *st)
{
	if (!st)
		return NULL;
	if (st->opened && st->def->close)
		st->def->close(st->inst);
	options_free(st->options);
	plugin_unref(st->plugin);
	free(st->wants);
	free(st->produces);
	free(st->counters);
	free(st->page.buf.p);
	free(st->pending.items);
	free(st->name);
	FREE_OBJ(st);
	return NULL;
}
