/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the making and the end of a chain: the order of the stages, which
 * serializer a sink writes, and for each event type the list of steps, so that
 * the event path looks nothing up. Control thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/private.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "schema/schema.h"
#include "util/macros.h"

#define ARENA_BYTES	(256u * 1024)

/* ---- order --------------------------------------------------------------------*/

/*
 * The stages in the order of the list; but one that a file of conf.d appended
 * without saying where (before, after) stands before the first serializer if
 * it is no sink: a file cannot know what others have appended.
 */
static void order_fix(struct chain *c)
{
	const char *main_file = c->conf.stages->file;
	struct stage *st;
	size_t i, j, first;

	for (first = 0; first < c->n_stages; first++)
		if (c->stages[first]->def->kind == WEIR_PLUGIN_SERIALIZER)
			break;
	for (i = first + 1; i < c->n_stages; i++) {
		st = c->stages[i];
		if (st->def->kind != WEIR_PLUGIN_ENRICHER ||
		    !strcmp(st->file, main_file) ||
		    conf_get(st->node, "before") || conf_get(st->node, "after"))
			continue;
		for (j = i; j > first; j--)
			c->stages[j] = c->stages[j - 1];
		c->stages[first++] = st;
	}
}

static int stages_load(struct chain *c, struct diag *d)
{
	const struct conf_node *list = c->conf.stages, *node;
	size_t errors = d->n_errors;
	int r;

	c->stages = calloc(conf_count(list) + 1, sizeof(struct stage *));
	if (!c->stages)
		return -ENOMEM;
	CONF_EACH(node, list) {
		if (node->type != CONF_GROUP) {
			diag_error(d, node->file, node->line,
				   "a stage must be a group { plugin = \"NAME\"; }, not %s",
				   conf_type_name(node->type));
			continue;
		}
		r = stage_new(c, node, d, &c->stages[c->n_stages]);
		if (r == 0)
			c->n_stages++;
		else if (r == -ENOMEM)
			return r;
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

/* ---- sinks and their serializers -------------------------------------------------*/

static struct stage *encoder_named(struct chain *c, const char *name, size_t before)
{
	size_t i;

	for (i = before; i-- > 0;)
		if (c->stages[i]->def->kind == WEIR_PLUGIN_SERIALIZER &&
		    (!name || !strcmp(c->stages[i]->name, name)))
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
				  st->name, conf_type_name(key->type));
	if (name && st->def->kind != WEIR_PLUGIN_SINK)
		return diag_error(d, st->file, st->line,
				  "%s: only a sink has an encoder", st->name);
	if (st->def->kind != WEIR_PLUGIN_SINK)
		return 0;
	c->n_sinks++;
	st->encoder = encoder_named(c, name, i);
	if (st->encoder)
		return 0;
	if (name)
		return diag_error(d, st->file, st->line,
				  "%s: no serializer named \"%s\" stands before it",
				  st->name, name);
	return diag_error(d, st->file, st->line,
			  "%s: a sink needs a serializer (such as json) before it", st->name);
}

/* ---- steps ------------------------------------------------------------------------*/

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
			if (stage_sees(c->stages[i], type))
				*at++ = c->stages[i];
	}
	return 0;
}

static int stages_resolve(struct chain *c, struct diag *d)
{
	int r, bad = 0;
	size_t i, j;

	for (i = 0; i < c->n_stages; i++) {
		for (j = 0; j < i; j++)
			if (!strcmp(c->stages[i]->name, c->stages[j]->name))
				bad = diag_error(d, c->stages[i]->file, c->stages[i]->line,
						 "two stages are named \"%s\": give one a name",
						 c->stages[i]->name);
		r = encoder_find(c, i, d);
		bad = r ? r : bad;
		r = stage_resolve(c->stages[i], c->schema, d);
		bad = r ? r : bad;
	}
	c->view = schema_view(c->schema);
	c->n_added = schema_n_added(c->schema);
	c->added = calloc(c->n_added + 1, sizeof(*c->added));
	return c->added ? bad : -ENOMEM;
}

/* ---- whole chains --------------------------------------------------------------------*/

int chain_build(const struct chain_conf *conf, struct diag *d, struct chain **out)
{
	struct chain *c;
	int r;

	if (!conf->stages || !conf->stages->children)
		return diag_error(d, conf->stages ? conf->stages->file : NULL,
				  conf->stages ? conf->stages->line : 0,
				  "sync: no stages: without a serializer and a sink no event leaves");
	ALLOC_OBJ(c, CHAIN_MAGIC);
	if (!c)
		return -ENOMEM;
	c->conf = *conf;
	c->host = chain_host;
	c->schema = schema_new();
	r = c->schema ? arena_init(&c->arena, ARENA_BYTES) : -ENOMEM;
	if (!r)
		r = stages_load(c, d);
	if (!r) {
		order_fix(c);
		r = stages_resolve(c, d);
	}
	if (!r)
		r = steps_make(c);
	if (r) {
		chain_free(c);
		return r;
	}
	*out = c;
	return 0;
}

int chain_open(struct chain *c, struct diag *d)
{
	struct stage *st;
	size_t i;

	CHECK_OBJ_NOTNULL(c, CHAIN_MAGIC);
	for (i = 0; i < c->n_stages; i++) {
		st = c->stages[i];
		if (stage_open(st) < 0)
			return diag_error(d, st->file, st->line,
					  "%s: plugin %s could not start", st->name,
					  st->def->name);
	}
	return 0;
}

struct chain *chain_free(struct chain *c)
{
	unsigned type;
	size_t i;

	if (!c)
		return NULL;
	for (i = c->n_stages; i-- > 0;)
		stage_free(c->stages[i]);
	for (type = 0; type < WEIR_EV_MAX; type++)
		free(c->steps[type]);
	free(c->stages);
	free(c->added);
	arena_fini(&c->arena);
	schema_free(c->schema);
	FREE_OBJ(c);
	return NULL;
}
