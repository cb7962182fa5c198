/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the making of async chains: settings, fields, and what a reload keeps. */
#include "chain/line.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/filter.h"
#include "chain/private.h"
#include "conf/diag.h"
#include "conf/options.h"
#include "conf/tree.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "util/macros.h"

enum { OPT_QUEUE, OPT_WORKERS, OPT_OVERFLOW, OPT_BLOCK, OPT_DEADLINE, OPT__N };

const struct weir_option line_options[] = {
	[OPT_QUEUE] = { .name = "queue", .type = WEIR_OPT_INT, .min = 16, .max = 1 << 20,
		.dflt = "8192", .doc = "Events that may wait for each worker." },
	[OPT_WORKERS] = { .name = "workers", .type = WEIR_OPT_INT, .min = 1, .max = 64,
		.dflt = "1", .doc = "Threads. The events of one process stay in order." },
	[OPT_OVERFLOW] = { .name = "overflow", .type = WEIR_OPT_ENUM,
		.dflt = "drop_newest", .words = "drop_newest|drop_oldest|block",
		.doc = "What happens to an event when the queue is full; what is dropped is counted and announced." },
	[OPT_BLOCK] = { .name = "block", .type = WEIR_OPT_TIME, .min = 1, .max = 10000000000,
		.dflt = "100ms",
		.doc = "With overflow = \"block\": how long the sync chain waits for room." },
	[OPT_DEADLINE] = { .name = "deadline", .type = WEIR_OPT_TIME, .min = 1000000,
		.max = 3600000000000, .dflt = "5s",
		.doc = "How long a stage may take for what it finishes later." },
};
const uint32_t line_n_options = ARRAY_LEN(line_options);
_Static_assert(ARRAY_LEN(line_options) == OPT__N, "one row an option");

bool lines_share(const struct line *a, const struct line *b)
{
	size_t i, j;

	for (i = 0; i < a->n_stages; i++)
		for (j = 0; j < b->n_stages; j++)
			if (a->stages[i]->in == b->stages[j]->in)
				return true;
	return false;
}

bool line_unref(struct line *line)
{
	return !--line->n_refs;
}

struct line *line_free(struct line *line)
{
	if (line) {
		free(line->stages);
		free(line->slots);
		schema_free(line->schema);
		filter_free(line->filter);
		free(line->filters);
		free(line);
	}
	return NULL;
}

/* ---- settings -----------------------------------------------------------------------*/

static bool name_ok(const char *name)
{
	const char *p;

	for (p = name; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
		    *p != '_' && *p != '-')
			return false;
	return p > name && p - name < 32 && strcmp(name, "sync") != 0;
}

static int settings_read(const struct conf_node *node, struct services *services,
			 struct diag *d, struct async_settings *s)
{
	static const char *const skip[] = { "stages", "filter", NULL };
	struct options *o;
	int r;

	if (!name_ok(node->name))
		return diag_error(d, node->file, node->line,
				  "async: \"%s\" is no name for a chain", node->name);
	r = options_read(node, node->name, line_options, line_n_options, skip, d, &o);
	if (r)
		return r;
	*s = (struct async_settings){
		.name = dict_intern(services->dict, node->name),
		.queue = (unsigned)o->vals[OPT_QUEUE].v.i,
		.workers = (unsigned)o->vals[OPT_WORKERS].v.i,
		.overflow = (enum async_overflow)o->vals[OPT_OVERFLOW].v.i,
		.block_ns = o->vals[OPT_BLOCK].v.i,
		.deadline_ns = o->vals[OPT_DEADLINE].v.i,
	};
	options_free(o);
	return 0;
}

static const struct conf_node *stages_of(const struct conf_node *node, struct diag *d)
{
	const struct conf_node *stages;

	if (node->type != CONF_GROUP) {
		diag_error(d, node->file, node->line,
			   "async: %s must be a group { stages = ( ... ); }, not %s",
			   node->name, conf_type_name(node->type));
		return NULL;
	}
	stages = conf_get(node, "stages");
	if (!stages || stages->type != CONF_LIST || !stages->children)
		diag_error(d, node->file, node->line,
			   "async: %s has no stages ( { plugin = \"NAME\"; }, ... )",
			   node->name);
	return stages && stages->type == CONF_LIST && stages->children ? stages : NULL;
}

static int line_load(struct plan_async *pa, const struct plan_conf *conf,
		     const struct conf_node *node, struct diag *d)
{
	const struct conf_node *stages = stages_of(node, d);
	struct async_settings s;
	int r, bad;

	pa->node = node;
	if (!stages)
		return -EINVAL;
	pa->line = calloc(1, sizeof(*pa->line));
	if (!pa->line)
		return -ENOMEM;
	pa->line->n_refs = 1;
	bad = settings_read(node, conf->services, d, &s);
	r = plan_stages_load(conf, node->name, true, stages, d, &pa->line->stages,
			     &pa->line->n_stages);
	if (!r)
		r = plan_names_check(pa->line->stages, pa->line->n_stages, d);
	return bad ? bad : r;
}

int lines_load(struct plan *p, const struct plan_conf *conf, struct diag *d)
{
	const struct conf_node *node;
	int r, bad = 0;

	p->asyncs = calloc(conf_count(conf->async) + 1, sizeof(*p->asyncs));
	if (!p->asyncs)
		return -ENOMEM;
	CONF_EACH(node, conf->async) {
		r = line_load(&p->asyncs[p->n_asyncs++], conf, node, d);
		bad = r ? r : bad;
	}
	return bad;
}

/* ---- fields -----------------------------------------------------------------------------*/

/* Events that the sensor makes of itself are worked on only where they are named. */
static bool line_sees(const struct stage *st, unsigned type)
{
	bool own = type >= WEIR_EV_KERNEL_MAX && type < WEIR_EV_PLUGIN &&
		   type != WEIR_EV_snapshot;

	return own ? st->named[type / 64] >> (type % 64) & 1 : stage_sees(st, type);
}

static int slots_add(struct line *line, const struct stage *st, struct schema *sync,
		     struct diag *d)
{
	const struct weir_field_def *def;
	struct weir_handle handle;
	uint16_t *grown;
	uint32_t i;
	int bad = 0;

	grown = realloc(line->slots, (line->n_slots + st->def->n_produces + 1) *
			sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	line->slots = grown;
	for (i = 0; i < st->def->n_produces; i++) {
		def = &st->def->produces[i];
		grown[line->n_slots++] = (uint16_t)(st->in->produces[i].slot -
						    line->view.n_wire);
		if (schema_add(sync, def, st->in->name, &handle) == -EEXIST)
			bad = diag_error(d, st->node->file, st->node->line,
					 "%s: produces field %s, which stage %s produces already",
					 st->in->name, def->name,
					 schema_find(sync, def->name)->producer);
	}
	return bad;
}

/* Of the chain and of each stage. */
static int filters_note(struct plan_async *pa)
{
	struct line *line = pa->line;
	const struct conf_node *f = conf_get(pa->node, "filter");
	size_t i, len;
	char *text, *grown;

	for (i = 0; i <= line->n_stages; i++) {
		text = f ? conf_canon(f) : strdup("");
		len = line->filters ? strlen(line->filters) : 0;
		grown = text ? realloc(line->filters, len + strlen(text) + 2) : NULL;
		if (!grown) {
			free(text);
			return -ENOMEM;
		}
		line->filters = grown;
		strcpy(stpcpy(grown + len, text), ";");
		free(text);
		if (i < line->n_stages)
			f = conf_get(line->stages[i]->node, "filter");
	}
	return 0;
}

int line_resolve(struct plan_async *pa, const struct plan_conf *conf,
		 const struct schema *before, struct schema *sync, struct diag *d)
{
	struct line *line = pa->line;
	const char *chain = line->stages[0]->in->chain;
	unsigned type;
	struct stage *st;
	int r, bad = 0;
	size_t i;

	line->schema = schema_copy(before);
	if (!line->schema)
		return -ENOMEM;
	bad = filter_read(before, pa->node, pa->node->name, d, &line->filter);
	r = filters_note(pa);
	bad = r ? r : bad;
	for (i = 0; i < line->n_stages; i++) {
		st = line->stages[i];
		r = stage_resolve(st, line->schema,
				  plan_stuck(conf, chain) ? NULL :
				  plan_instance(conf->running, chain, st->in->name), d);
		bad = r ? r : bad;
		for (type = 0; type < WEIR_EV_MAX; type++)
			if (line_sees(st, type))
				line->types[type / 64] |= 1ull << (type % 64);
	}
	line->view = schema_view(line->schema);
	for (i = 0; !bad && i < line->n_stages; i++)
		bad = slots_add(line, line->stages[i], sync, d);
	line->n_added = schema_n_added(line->schema);
	return bad;
}

/* ---- queues -------------------------------------------------------------------------------*/

static bool settings_same(const struct async_settings *a, const struct async_settings *b)
{
	return a->name == b->name && a->queue == b->queue && a->workers == b->workers &&
	       a->overflow == b->overflow && a->block_ns == b->block_ns &&
	       a->deadline_ns == b->deadline_ns;
}

static const struct plan_async *running_find(const struct plan *running, const char *name)
{
	size_t i;

	for (i = 0; running && i < running->n_asyncs; i++)
		if (async_settings(running->asyncs[i].async)->name == name)
			return &running->asyncs[i];
	return NULL;
}

static bool line_same(const struct line *a, const struct line *b)
{
	size_t i;

	if (a->n_stages != b->n_stages || strcmp(a->filters, b->filters))
		return false;
	for (i = 0; i < a->n_stages; i++)
		if (a->stages[i]->in != b->stages[i]->in ||
		    memcmp(a->stages[i]->types, b->stages[i]->types,
			   sizeof(a->stages[i]->types)))
			return false;
	return true;
}

/* Nothing has changed: the line that runs goes on as it is. */
static void line_keep(struct plan_async *pa, struct line *running)
{
	size_t i;

	for (i = 0; i < pa->line->n_stages; i++)
		stage_free(pa->line->stages[i]);
	line_free(pa->line);
	pa->line = running;
	running->n_refs++;
	pa->kept = true;
}

int lines_queue(struct plan *p, const struct plan_conf *conf)
{
	const struct plan_async *old;
	struct async_settings s;
	struct plan_async *pa;
	struct diag none = { 0 };
	int r;

	for (pa = p->asyncs; pa < p->asyncs + p->n_asyncs; pa++) {
		r = settings_read(pa->node, conf->services, &none, &s);
		diag_fini(&none);
		if (r)
			return r;
		old = running_find(conf->running, s.name);
		pa->taken = old && !plan_stuck(conf, s.name) &&
			    settings_same(async_settings(old->async), &s);
		if (pa->taken && line_same(old->line, pa->line))
			line_keep(pa, old->line);
		pa->async = pa->taken ? old->async : async_new(conf->services, &s);
		if (!pa->async)
			return -ENOMEM;
	}
	return 0;
}
