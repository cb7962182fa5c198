/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the making of a configuration's chains: the order of the stages, which
 * fields exist where, which serializer a sink writes, and for each event type
 * the list of steps, so that the event path looks nothing up.
 */
#include "chain/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/async.h"
#include "chain/line.h"
#include "chain/private.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "util/macros.h"

#define ARENA_BYTES	(256u * 1024)

/* ---- stages ---------------------------------------------------------------------*/

int plan_stages_load(const struct plan_conf *conf, const char *chain, bool is_async,
		     const struct conf_node *list, struct diag *d,
		     struct stage ***stages, size_t *n)
{
	const struct instance_conf ic = {
		.services = conf->services, .loader = conf->loader, .dirs = conf->dirs,
		.n_dirs = conf->n_dirs, .chain = chain, .is_async = is_async,
		.of = conf->left_out ? conf->running : NULL, .left_out = conf->left_out,
	};
	size_t errors = d->n_errors;
	const struct conf_node *node;
	int r;

	*stages = calloc(conf_count(list) + 1, sizeof(**stages));
	if (!*stages)
		return -ENOMEM;
	CONF_EACH(node, list) {
		if (node->type != CONF_GROUP) {
			diag_error(d, node->file, node->line,
				   "a stage must be a group { plugin = \"NAME\"; }, not %s",
				   conf_type_name(node->type));
			continue;
		}
		r = stage_new(&ic, node, d, &(*stages)[*n]);
		if (r == 0)
			(*n)++;
		else if (r == -ENOMEM)
			return r;
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

int plan_names_check(struct stage *const *stages, size_t n, struct diag *d)
{
	size_t i, j;
	int bad = 0;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (stages[i]->in->name == stages[j]->in->name)
				bad = diag_error(d, stages[i]->node->file,
						 stages[i]->node->line,
						 "two stages are named \"%s\": give one a name",
						 stages[i]->in->name);
	return bad;
}

/* Of the same plugin, in whatever chain. */
static bool type_is_of(const struct schema *schema, const struct weir_emit *emit)
{
	int id = schema_type(schema, emit->name);

	return id >= 0 && schema_view(schema).types[id].name == emit->name;
}

/* Event types of plugins exist everywhere, whoever stands where. */
int plan_types_add(struct schema *schema, struct stage *const *stages, size_t n,
		   struct diag *d)
{
	const struct weir_plugin *def;
	size_t errors = d->n_errors, i;
	uint32_t k;
	int r;

	for (i = 0; i < n; i++) {
		def = stages[i]->def;
		for (k = 0; WEIR_HAS(def, n_emits) && k < def->n_emits; k++) {
			if (type_is_of(schema, &def->emits[k]))
				continue;
			r = schema_add_type(schema, def->emits[k].name, def->emits[k].doc);
			if (r < 0)
				diag_error(d, stages[i]->node->file, stages[i]->node->line,
					   "%s: plugin %s makes events of type %s, %s",
					   stages[i]->in->name, def->name,
					   def->emits[k].name, r == -EEXIST ?
					   "which exists already" : "for which there is no room");
		}
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

bool plan_stuck(const struct plan_conf *conf, const char *chain)
{
	size_t i;

	for (i = 0; i < conf->n_stuck; i++)
		if (!strcmp(conf->stuck[i], chain))
			return true;
	return false;
}

static struct instance *instance_in(struct stage *const *stages, size_t n,
				    const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (stages[i]->in->name == name)
			return stages[i]->in;
	return NULL;
}

struct instance *plan_instance(const struct plan *p, const char *chain, const char *name)
{
	const struct line *line;
	size_t i;

	if (!p)
		return NULL;
	if (!strcmp(chain, "sync"))
		return instance_in(p->chain->stages, p->chain->n_stages, name);
	for (i = 0; i < p->n_asyncs; i++) {
		line = p->asyncs[i].line;
		if (async_settings(p->asyncs[i].async)->name == chain)
			return instance_in(line->stages, line->n_stages, name);
	}
	return NULL;
}

/* ---- order of the sync chain -------------------------------------------------------*/

static size_t first_serializer(const struct chain *c)
{
	size_t i;

	for (i = 0; i < c->n_stages; i++)
		if (c->stages[i]->def->kind == WEIR_PLUGIN_SERIALIZER)
			break;
	return i;
}

/*
 * The stages in the order of the list; but one that a file of conf.d appended
 * without saying where (before, after) stands before the first serializer if
 * it is no sink: a file cannot know what others have appended.
 */
static void order_fix(struct chain *c)
{
	size_t i, j, first = first_serializer(c);
	struct stage *st;

	for (i = first + 1; i < c->n_stages; i++) {
		st = c->stages[i];
		if (st->def->kind != WEIR_PLUGIN_ENRICHER ||
		    !strcmp(st->node->file, c->main_file) ||
		    conf_get(st->node, "before") || conf_get(st->node, "after"))
			continue;
		for (j = i; j > first; j--)
			c->stages[j] = c->stages[j - 1];
		c->stages[first++] = st;
	}
}

/* ---- sinks and their serializers -----------------------------------------------------*/

static struct stage *encoder_named(struct chain *c, const char *name, size_t before)
{
	size_t i;

	for (i = before; i-- > 0;)
		if (c->stages[i]->def->kind == WEIR_PLUGIN_SERIALIZER &&
		    (!name || !strcmp(c->stages[i]->in->name, name)))
			return c->stages[i];
	return NULL;
}

static int encoder_find(struct chain *c, size_t i, struct diag *d)
{
	struct stage *st = c->stages[i];
	const struct conf_node *key = conf_get(st->node, "encoder");
	const char *name = conf_get_string(st->node, "encoder");

	if (key && !name)
		return diag_error(d, key->file, key->line,
				  "%s: encoder must be the name of a serializer, not %s",
				  st->in->name, conf_type_name(key->type));
	if (name && st->def->kind != WEIR_PLUGIN_SINK)
		return diag_error(d, st->node->file, st->node->line,
				  "%s: only a sink has an encoder", st->in->name);
	if (st->def->kind != WEIR_PLUGIN_SINK)
		return 0;
	c->n_sinks++;
	st->encoder = encoder_named(c, name, i);
	if (st->encoder)
		return 0;
	if (name)
		return diag_error(d, st->node->file, st->node->line,
				  "%s: no serializer named \"%s\" stands before it",
				  st->in->name, name);
	return diag_error(d, st->node->file, st->node->line,
			  "%s: a sink needs a serializer (such as json) before it",
			  st->in->name);
}

/* ---- steps ----------------------------------------------------------------------------*/

/*
 * An amendment goes to serializers and sinks: enrichers have seen the event
 * that it amends. Those that name it see it all the same.
 */
static bool steps_on(const struct stage *st, unsigned type)
{
	if (type == WEIR_EV_amendment && st->def->kind == WEIR_PLUGIN_ENRICHER)
		return st->named[type / 64] >> (type % 64) & 1;
	return stage_sees(st, type);
}

/* A type's own list of steps, each a stage that wants to see it. */
static int steps_make(struct chain *c)
{
	struct stage **at;
	unsigned type;
	size_t i;

	for (type = 0; type < WEIR_EV_MAX; type++) {
		at = c->steps[type] = calloc(c->n_stages + 1, sizeof(*at));
		if (!at)
			return -ENOMEM;
		for (i = 0; i < c->n_stages; i++)
			if (steps_on(c->stages[i], type))
				*at++ = c->stages[i];
	}
	return 0;
}

static int subs_make(struct plan *p)
{
	struct subscription *at;
	const struct line *line;
	unsigned type;
	size_t i;

	p->chain->asyncs = calloc(p->n_asyncs + 1, sizeof(*p->chain->asyncs));
	if (!p->chain->asyncs)
		return -ENOMEM;
	for (i = 0; i < p->n_asyncs; i++)
		p->chain->asyncs[p->chain->n_asyncs++] = p->asyncs[i].async;
	for (type = 0; type < WEIR_EV_MAX; type++) {
		for (at = NULL, i = 0; i < p->n_asyncs; i++) {
			line = p->asyncs[i].line;
			if (!(line->types[type / 64] >> (type % 64) & 1))
				continue;
			if (!at)
				at = p->chain->subs[type] = calloc(p->n_asyncs + 1,
								   sizeof(*at));
			if (!at)
				return -ENOMEM;
			*at++ = (struct subscription){ p->asyncs[i].async, line->filter };
		}
	}
	return 0;
}

/* ---- the sync chain ---------------------------------------------------------------------*/

static int chain_load(const struct plan_conf *conf, struct diag *d, struct chain *c)
{
	const struct conf_node *sync = conf->sync;

	c->services = conf->services;
	c->schema = schema_new(conf->services->dict);
	if (!c->schema || arena_init(&c->arena, ARENA_BYTES))
		return -ENOMEM;
	if (!sync || !sync->children)
		return diag_error(d, sync ? sync->file : NULL, sync ? sync->line : 0,
				  "sync: no stages: without a serializer and a sink no event leaves");
	c->main_file = sync->file;
	return plan_stages_load(conf, "sync", false, sync, d, &c->stages, &c->n_stages);
}

/* Stages from..to in order; each has its place behind the one before. */
static int chain_resolve(struct chain *c, const struct plan_conf *conf, size_t from,
			 size_t to, struct diag *d)
{
	struct instance *running;
	struct stage *st;
	int r, bad = 0;
	size_t i;

	for (i = from; i < to; i++) {
		st = c->stages[i];
		r = encoder_find(c, i, d);
		bad = r ? r : bad;
		running = plan_instance(conf->running, "sync", st->in->name);
		r = stage_resolve(st, c->schema, running, d);
		bad = r ? r : bad;
	}
	return bad;
}

static struct chain *chain_free(struct chain *c)
{
	unsigned type;

	if (!c)
		return NULL;
	for (type = 0; type < WEIR_EV_MAX; type++) {
		free(c->steps[type]);
		free(c->subs[type]);
	}
	free(c->stages);
	free(c->asyncs);
	free(c->added);
	arena_fini(&c->arena);
	schema_free(c->schema);
	FREE_OBJ(c);
	return NULL;
}

/* ---- plans --------------------------------------------------------------------------------*/

static int fields_make(struct plan *p, const struct plan_conf *conf, struct diag *d)
{
	struct chain *c = p->chain;
	struct schema *before;
	int r, bad;
	size_t i, first;

	bad = plan_names_check(c->stages, c->n_stages, d);
	r = plan_types_add(c->schema, c->stages, c->n_stages, d);
	for (i = 0; i < p->n_asyncs; i++) {
		bad = r ? r : bad;
		r = plan_types_add(c->schema, p->asyncs[i].line->stages,
				   p->asyncs[i].line->n_stages, d);
	}
	bad = r ? r : bad;
	first = first_serializer(c);
	r = chain_resolve(c, conf, 0, first, d);
	bad = r ? r : bad;
	before = schema_copy(c->schema);
	if (!before)
		return -ENOMEM;
	for (i = 0; i < p->n_asyncs; i++) {
		r = line_resolve(&p->asyncs[i], conf, before, c->schema, d);
		bad = r ? r : bad;
	}
	schema_free(before);
	r = chain_resolve(c, conf, first, c->n_stages, d);
	bad = r ? r : bad;
	c->view = schema_view(c->schema);
	c->n_added = schema_n_added(c->schema);
	c->added = calloc(c->n_added + 1, sizeof(*c->added));
	return c->added ? bad : -ENOMEM;
}

static int change_add(struct plan *p, struct instance *next, struct instance *running)
{
	struct plan_change *grown = realloc(p->changes, (p->n_changes + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->changes = grown;
	grown[p->n_changes++] = (struct plan_change){ .next = next, .running = running };
	return 0;
}

/* Calls fn for each stage of a plan, sync first, till it fails. */
static int stages_each(const struct plan *p, int (*fn)(void *ctx, struct stage *st),
		       void *ctx)
{
	const struct line *line;
	size_t i, j;
	int r = 0;

	for (i = 0; !r && p->chain && i < p->chain->n_stages; i++)
		r = fn(ctx, p->chain->stages[i]);
	for (i = 0; i < p->n_asyncs; i++) {
		line = p->asyncs[i].line;
		for (j = 0; !r && line && j < line->n_stages; j++)
			r = fn(ctx, line->stages[j]);
	}
	return r;
}

struct changing {
	struct plan *plan;
	const struct plan *running;
};

static int change_next(void *ctx, struct stage *st)
{
	struct changing *ch = ctx;

	return change_add(ch->plan, st->in,
			  plan_instance(ch->running, st->in->chain, st->in->name));
}

static int change_removed(void *ctx, struct stage *st)
{
	struct changing *ch = ctx;

	if (plan_instance(ch->plan, st->in->chain, st->in->name))
		return 0;
	return change_add(ch->plan, NULL, st->in);
}

static int changes_make(struct plan *p, const struct plan *running)
{
	struct changing ch = { p, running };
	int r = stages_each(p, change_next, &ch);

	return r || !running ? r : stages_each(running, change_removed, &ch);
}

static int plan_make(struct plan *p, const struct plan_conf *conf, struct diag *d)
{
	int r, bad;

	bad = chain_load(conf, d, p->chain);
	r = lines_load(p, conf, d);
	if (bad || r)
		return bad ? bad : r;
	order_fix(p->chain);
	r = fields_make(p, conf, d);
	if (!r)
		r = steps_make(p->chain);
	if (!r)
		r = lines_queue(p, conf);
	if (!r)
		r = subs_make(p);
	if (!r)
		r = changes_make(p, conf->running);
	return r;
}

int plan_build(const struct plan_conf *conf, struct diag *d, struct plan **out)
{
	struct plan *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	ALLOC_OBJ(p->chain, CHAIN_MAGIC);
	r = p->chain ? plan_make(p, conf, d) : -ENOMEM;
	if (r) {
		plan_drop(p);
		return r;
	}
	p->generation = conf->running ? conf->running->generation + 1 : 1;
	*out = p;
	return 0;
}

struct listing {
	struct instance **out;
	size_t n;
};

static int list_new(void *ctx, struct stage *st)
{
	struct listing *l = ctx;

	if (st->in->opened || st->in->disabled)
		return 0;
	if (l->out)
		l->out[l->n] = st->in;
	l->n++;
	return 0;
}

size_t plan_new_instances(const struct plan *p, struct instance **out)
{
	struct listing l = { .out = out };

	stages_each(p, list_new, &l);
	return l.n;
}

static int ready(void *ctx, struct stage *st)
{
	(void)ctx;
	stage_ready(st);
	return 0;
}

void plan_ready(struct plan *p)
{
	stages_each(p, ready, NULL);
}

static int count(void *ctx, struct stage *st)
{
	(void)st;
	++*(size_t *)ctx;
	return 0;
}

size_t plan_n_stages(const struct plan *p)
{
	size_t n = 0;

	stages_each(p, count, &n);
	return n;
}

/* Those that lose their last reference are handed out, if there is room. */
static int stage_leave(void *ctx, struct stage *st)
{
	struct listing *l = ctx;
	struct instance *in = st->in;

	if (l->out && instance_unref(in)) {
		l->out[l->n++] = in;
		st->in = NULL;
	} else if (l->out) {
		st->in = NULL;
	}
	stage_free(st);
	return 0;
}

size_t plan_free(struct plan *p, struct instance **out, size_t max)
{
	struct listing l = { .out = out };
	size_t i;

	MUST(!out || max >= plan_n_stages(p));
	for (i = 0; i < p->n_asyncs; i++)
		if (p->asyncs[i].line && !line_unref(p->asyncs[i].line))
			p->asyncs[i].line = NULL;
	stages_each(p, stage_leave, &l);
	for (i = 0; i < p->n_asyncs; i++)
		line_free(p->asyncs[i].line);
	chain_free(p->chain);
	free(p->asyncs);
	free(p->changes);
	free(p);
	return l.n;
}

void plan_drop(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n_asyncs; i++)
		if (p->asyncs[i].async && !p->asyncs[i].taken)
			async_free(p->asyncs[i].async);
	plan_free(p, NULL, 0);
}

static int instance_leave(void *ctx, struct stage *st)
{
	if (st->in != ctx)
		MUST(!instance_unref(st->in));
	return 0;
}

void plan_leave(struct plan *p, const struct instance *stuck)
{
	size_t i;

	for (i = 0; i < p->n_asyncs; i++)
		if (!line_unref(p->asyncs[i].line))
			p->asyncs[i].line = NULL;
	stages_each(p, instance_leave, (void *)(uintptr_t)stuck);
}
