/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the search for what a name means: options, fields, events, plugins. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "chain/async.h"
#include "chain/chain.h"
#include "chain/line.h"
#include "chain/plan.h"
#include "chain/stage.h"
#include "commands.h"
#include "conf/option.h"
#include "daemon_state.h"
#include "schema/manual.h"
#include "settings.h"
#include "util/macros.h"

/* A whole name, or the last part of one. */
static bool name_matches(const char *group, const char *name, const char *wanted)
{
	char full[256];

	snprintf(full, sizeof(full), "%s.%s", group, name);
	return !strcmp(name, wanted) || !strcmp(full, wanted) || !strcmp(group, wanted);
}

static void text_add(struct json_object *o, const char *name, const char *text)
{
	if (text && *text)
		json_object_object_add(o, name, json_object_new_string(text));
}

static void option_add(struct json_object *list, const char *group,
		       const struct weir_option *opt, const char *where)
{
	struct json_object *o = json_object_new_object();
	char name[256], range[OPTION_RANGE_TEXT];

	snprintf(name, sizeof(name), "%s.%s", group, opt->name);
	text_add(o, "name", name);
	text_add(o, "kind", "option");
	text_add(o, "type", option_type_name(opt));
	text_add(o, "default", opt->dflt);
	if (opt->type == WEIR_OPT_ENUM)
		text_add(o, "range", opt->words);
	else if (option_is_ranged(opt))
		text_add(o, "range", option_range(opt, range));
	text_add(o, "doc", opt->doc);
	text_add(o, "where", where);
	json_object_array_add(list, o);
}

static void options_find(struct json_object *list, const char *group,
			 const struct weir_option *table, uint32_t n, const char *wanted,
			 const char *where)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (name_matches(group, table[i].name, wanted))
			option_add(list, group, &table[i], where);
}

static void core_find(struct json_object *list, const char *wanted)
{
	const struct settings_table *t;

	for (t = settings_tables; t->group; t++)
		options_find(list, t->group, t->options, t->n, wanted, "the core");
	options_find(list, "async.NAME", line_options, line_n_options, wanted,
		     "each async chain");
	options_find(list, "stage", instance_options, instance_n_options, wanted,
		     "each stage");
}

static void plugin_find(struct json_object *list, const struct instance *in,
			const char *wanted)
{
	struct json_object *o;
	char where[128];

	snprintf(where, sizeof(where), "stage %s/%s", in->chain, in->name);
	options_find(list, in->def->name, in->def->options, in->def->n_options, wanted,
		     where);
	if (strcmp(in->def->name, wanted) != 0)
		return;
	o = json_object_new_object();
	text_add(o, "name", in->def->name);
	text_add(o, "kind", "plugin");
	text_add(o, "doc", in->def->summary);
	text_add(o, "where", where);
	json_object_array_add(list, o);
}

static void field_add(struct json_object *list, const struct weir_field *f)
{
	struct json_object *o = json_object_new_object();
	char where[128];

	text_add(o, "name", f->def.name);
	text_add(o, "kind", "field");
	text_add(o, "type", manual_kind_name(f->def.kind));
	text_add(o, "doc", f->def.doc);
	text_add(o, "sigma", f->def.sigma);
	text_add(o, "ecs", f->def.ecs);
	text_add(o, "ocsf", f->def.ocsf);
	snprintf(where, sizeof(where), "%s%s", f->producer ? "stage " : "the kernel",
		 f->producer ? f->producer : "");
	text_add(o, "where", where);
	json_object_array_add(list, o);
}

static void schema_find_in(struct json_object *list, const struct weir_schema *s,
			   const char *wanted)
{
	struct json_object *o;
	uint32_t i;

	for (i = 0; i < s->n_fields; i++)
		if (!strcmp(s->fields[i].def.name, wanted))
			field_add(list, &s->fields[i]);
	for (i = 0; i < s->n_types; i++) {
		if (!s->types[i].name || strcmp(s->types[i].name, wanted) != 0)
			continue;
		o = json_object_new_object();
		text_add(o, "name", wanted);
		text_add(o, "kind", "event");
		text_add(o, "doc", s->types[i].doc);
		json_object_array_add(list, o);
	}
}

struct json_object *explain(struct daemon *dm, const char *name)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	const struct plan *p = dm->config->plan;
	const struct line *line;
	size_t i, j;

	core_find(list, name);
	for (i = 0; i < chain_n_stages(p->chain); i++)
		plugin_find(list, chain_stage(p->chain, i).in, name);
	for (i = 0; i < p->n_asyncs; i++) {
		line = p->asyncs[i].line;
		for (j = 0; j < line->n_stages; j++)
			plugin_find(list, line->stages[j]->in, name);
	}
	schema_find_in(list, chain_schema(p->chain), name);
	json_object_object_add(o, "matches", list);
	return o;
}
