/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a stage is here: a mapped plugin, its options read as the core reads
 * them, its names bound, and instances of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/instance.h"
#include "conf/diag.h"
#include "conf/options.h"
#include "conf/tree.h"
#include "plugintest.h"
#include "schema/schema.h"
#include "sofile.h"
#include "util/log.h"
#include "util/macros.h"

#define TEXT_MAX	8192

/* ---- options ------------------------------------------------------------------*/

/* The first group in the tree that is a stage of this plugin. */
static const struct conf_node *stage_find(const struct conf_node *node, const char *plugin)
{
	const struct conf_node *c, *found;
	const char *name;

	if (node->type == CONF_GROUP) {
		name = conf_get_string(node, "plugin");
		if (name && !strcmp(name, plugin))
			return node;
	}
	if (node->type != CONF_GROUP && node->type != CONF_LIST)
		return NULL;
	CONF_EACH(c, node) {
		found = stage_find(c, plugin);
		if (found)
			return found;
	}
	return NULL;
}

static const struct weir_option *option_named(const struct weir_plugin *def, const char *name,
					      size_t len)
{
	uint32_t i;

	for (i = 0; i < def->n_options; i++)
		if (strlen(def->options[i].name) == len &&
		    !strncmp(def->options[i].name, name, len))
			return &def->options[i];
	return NULL;
}

static void quoted_print(FILE *f, const char *s, size_t len)
{
	size_t i;

	fputc('"', f);
	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			fputc('\\', f);
		fputc(s[i], f);
	}
	fputc('"', f);
}

/* As it would stand in a file: lists by commas, texts in quotes. */
static void value_print(FILE *f, const struct weir_option *o, const char *value)
{
	size_t n;

	if (o && o->type == WEIR_OPT_STRLIST) {
		fputc('[', f);
		for (; *value; value += n + (value[n] == ',')) {
			n = strcspn(value, ",");
			quoted_print(f, value, n);
			if (value[n])
				fputc(',', f);
		}
		fputc(']', f);
	} else if (o && (o->type == WEIR_OPT_BOOL || o->type == WEIR_OPT_INT)) {
		fputs(value, f);
	} else {
		quoted_print(f, value, strlen(value));
	}
}

static int options_text(const struct pt_conf *conf, const struct weir_plugin *def, FILE *f)
{
	const char *eq;
	unsigned i;

	fprintf(f, "sync = ( { plugin = \"%s\";", def->name);
	for (i = 0; i < conf->n_options; i++) {
		eq = strchr(conf->options[i], '=');
		if (!eq) {
			log_error("--option %s: must be NAME=VALUE", conf->options[i]);
			return -1;
		}
		fprintf(f, " %.*s = ", (int)(eq - conf->options[i]), conf->options[i]);
		value_print(f, option_named(def, conf->options[i],
					    (size_t)(eq - conf->options[i])), eq + 1);
		fputc(';', f);
	}
	fputs(" } );\n", f);
	return 0;
}

static int conf_text(const struct pt_conf *conf, const struct weir_plugin *def, bool is_main,
		     char **out, size_t *len)
{
	FILE *f = open_memstream(out, len), *in;
	char buf[TEXT_MAX];
	size_t n;
	int r = 0;

	if (!f)
		return -1;
	if (!is_main) {
		fprintf(f, "sync = ( { plugin = \"%s\"; } );\n", def->name);
	} else if (conf->config) {
		in = fopen(conf->config, "re");
		if (!in)
			log_error("%s: %s", conf->config, strerror(errno));
		while (in && (n = fread(buf, 1, sizeof(buf), in)))
			fwrite(buf, 1, n, f);
		r = in ? fclose(in) : -1;
	} else {
		r = options_text(conf, def, f);
	}
	return fclose(f) ? -1 : r;
}

static int options_load(struct pt *pt, struct pt_stage *st, bool is_main)
{
	struct conf_bytes bytes = { "command line", NULL, 0 };
	const struct conf_node *node;
	struct diag d = { 0 };
	struct conf *c = NULL;
	char *text = NULL;
	size_t len = 0;
	int r;

	r = conf_text(&pt->conf, st->def, is_main, &text, &len);
	bytes.p = text;
	bytes.len = len;
	if (is_main && pt->conf.config)
		bytes.name = pt->conf.config;
	if (r == 0)
		r = conf_load_bytes(&bytes, 1, &d, &c);
	if (r == 0) {
		node = stage_find(c->root, st->def->name);
		if (!node)
			r = diag_error(&d, bytes.name, 0, "has no stage with plugin = \"%s\"",
				       st->def->name);
		else
			r = options_read(node, st->def->name, st->def->options,
					 st->def->n_options, instance_reserved, &d, &st->options);
	}
	diag_log(&d);
	diag_fini(&d);
	conf_free(c);
	free(text);
	return r < 0 ? -1 : 0;
}

/* ---- names --------------------------------------------------------------------*/

static int wants_bind(struct pt *pt, struct pt_stage *st)
{
	const struct weir_field *f;
	const struct weir_want *w;
	int bad = 0;
	uint32_t i;

	for (i = 0; i < st->def->n_wants; i++) {
		w = &st->def->wants[i];
		f = schema_find(pt->schema, w->name);
		if (f) {
			st->wants[i] = f->handle;
		} else if (w->flags & WEIR_WANT_REQUIRED) {
			log_error("%s: needs field %s: put the plugin that produces it before it (--before FILE.so)",
				  st->def->name, w->name);
			bad = -1;
		}
	}
	return bad;
}

static int produces_add(struct pt *pt, struct pt_stage *st)
{
	int r, bad = 0, id;
	uint32_t i;

	for (i = 0; i < st->def->n_produces; i++) {
		r = schema_add(pt->schema, &st->def->produces[i], st->def->name, &st->produces[i]);
		if (r == 0)
			continue;
		log_error("%s: field %s: %s", st->def->name, st->def->produces[i].name,
			  r == -EEXIST ? "is produced already" : r == -EINVAL ?
			  "unknown value set" : strerror(-r));
		bad = -1;
	}
	for (i = 0; WEIR_HAS(st->def, n_emits) && i < st->def->n_emits; i++) {
		id = schema_add_type(pt->schema, st->def->emits[i].name, st->def->emits[i].doc);
		if (id < 0) {
			log_error("%s: event %s: %s", st->def->name, st->def->emits[i].name,
				  id == -EEXIST ? "is there already" : strerror(-id));
			bad = -1;
		} else {
			st->emits[i] = (uint16_t)id;
		}
	}
	return bad;
}

static int interest_read(struct pt *pt, struct pt_stage *st)
{
	uint32_t i;
	int type;

	memset(st->sees, !st->def->types, sizeof(st->sees));
	for (i = 0; i < st->def->n_types; i++) {
		type = schema_type(pt->schema, st->def->types[i]);
		if (type < 0) {
			log_error("%s: event type %s does not exist", st->def->name,
				  st->def->types[i]);
			return -1;
		}
		st->sees[type] = true;
	}
	return 0;
}

int pt_stage_load(struct pt *pt, struct pt_stage *st, const char *path, bool is_main)
{
	const struct weir_plugin *def;
	char why[512] = "";

	if (sofile_map(path, &st->note, &st->def, why, sizeof(why)) < 0) {
		log_error("%s: %s", path, why);
		return -1;
	}
	def = st->def;
	st->wants = calloc(def->n_wants + 1, sizeof(*st->wants));
	st->produces = calloc(def->n_produces + 1, sizeof(*st->produces));
	st->counters = calloc(def->n_counters + 1, sizeof(*st->counters));
	st->emits = calloc((WEIR_HAS(def, n_emits) ? def->n_emits : 0) + 1, sizeof(*st->emits));
	if (!st->wants || !st->produces || !st->counters || !st->emits)
		return -1;
	if (options_load(pt, st, is_main) || interest_read(pt, st) || wants_bind(pt, st))
		return -1;
	/* A serializer prints what is there before it, not its own. */
	st->place = schema_copy(pt->schema);
	if (!st->place || produces_add(pt, st))
		return -1;
	st->schema = schema_view(def->kind == WEIR_PLUGIN_SERIALIZER ? st->place : pt->schema);
	return 0;
}

void pt_stage_fini(struct pt_stage *st)
{
	options_free(st->options);
	schema_free(st->place);
	free(st->wants);
	free(st->produces);
	free(st->counters);
	free(st->emits);
}

/* ---- instances ----------------------------------------------------------------*/

struct pt_inst *pt_inst_open(struct pt *pt, struct pt_stage *st)
{
	struct pt_inst *in;

	ALLOC_OBJ(in, PT_INST_MAGIC);
	if (!in)
		return NULL;
	in->pt = pt;
	in->stage = st;
	in->counters = calloc(st->def->n_counters + 1, sizeof(*in->counters));
	in->setup = (struct weir_setup){
		.size = sizeof(in->setup), .host = &pt_host, .ctx = in,
		.instance = st->def->name, .options = st->options->vals,
		.wants = st->wants, .produces = st->produces, .schema = &st->schema,
		.counters = in->counters,
	};
	if (!in->counters || (st->def->open && st->def->open(&in->setup, &in->inst))) {
		free(in->counters);
		FREE_OBJ(in);
	}
	return in;
}

void pt_inst_close(struct pt_inst *in)
{
	uint32_t i;

	if (!in)
		return;
	if (in->stage->def->close)
		in->stage->def->close(in->inst);
	pthread_mutex_lock(&in->pt->lock);
	for (i = 0; i < in->stage->def->n_counters && !in->pt->quiet; i++)
		in->stage->counters[i] += in->counters[i];
	pthread_mutex_unlock(&in->pt->lock);
	memset(in->counters, 0xdf, in->stage->def->n_counters * sizeof(*in->counters));
	free(in->counters);
	FREE_OBJ(in);
}

static bool can_adopt(const struct weir_plugin *def)
{
	return WEIR_HAS(def, adopt) && def->adopt && def->state;
}

/*
 * Every second time some later step of the reload fails first, and what was
 * moved goes back; that must succeed.
 */
static void adopt(struct pt *pt, const struct weir_plugin *def, struct pt_inst *next,
		  struct pt_inst *old)
{
	bool fails = atomic_fetch_add(&pt->n_reloads, 1) % 2;
	int r;

	if (!can_adopt(def))
		return;
	r = def->adopt(next->inst, old->inst);
	if (r == 0 && fails) {
		if (def->adopt(old->inst, next->inst))
			pt_problem(pt, true, "adopt() refuses to take its own state back");
		r = def->adopt(next->inst, old->inst);
	}
	if (r)
		pt_problem(pt, false, "adopt() refuses");
	else
		atomic_fetch_add(&pt->n_adopted, 1);
}

void pt_reload(struct pt *pt, struct pt_slot *slot)
{
	struct pt_inst *next = pt_inst_open(pt, &pt->stage), *old;
	uint64_t t;

	if (!next) {
		pt_problem(pt, true, "open() fails in a reload");
		return;
	}
	pthread_rwlock_wrlock(&slot->lock);
	old = slot->inst;
	t = pt_now_ns();
	adopt(pt, pt->stage.def, next, old);
	t = pt_now_ns() - t;
	slot->inst = next;
	pthread_rwlock_unlock(&slot->lock);
	if (t > 5000000)
		pt_problem(pt, false, "adopt() has taken more than a millisecond or two");
	pt_inst_close(old);
}
