/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the making of one instance: from settings to handles. Every mistake is
 * told with the place in the configuration.
 */
#include "chain/instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/isolation.h"
#include "chain/notice.h"
#include "chain/private.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "conf/unit.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "source/source.h"
#include "util/log.h"
#include "util/macros.h"

const char *const instance_reserved[] = {
	"plugin", "name", "before", "after", "events", "filter", "encoder", "budget",
	"required", ISOLATION_NAMES,
	/* of later versions; no plugin may take them */
	"deadline", "queue", "workers", "overflow", NULL
};
/* Those that mean something today. */
static const char *const stage_keys[] = {
	"plugin", "name", "before", "after", "events", "filter", "encoder", "budget",
	"required", ISOLATION_NAMES, NULL
};

enum { OPT_BUDGET, OPT_REQUIRED, OPT_ISOLATION };

/* What the core itself takes of a stage's settings. */
const struct weir_option instance_options[] = {
	[OPT_BUDGET] = { .name = "budget", .type = WEIR_OPT_TIME, .dflt = "0",
		.doc = "Mean time that a call may take; over it the stage is reported, then passed over for a while. 0: no limit." },
	[OPT_REQUIRED] = { .name = "required", .type = WEIR_OPT_BOOL, .dflt = "false",
		.doc = "The stage is never passed over, nor left out after crashes." },
	ISOLATION_OPTIONS,	/* from OPT_ISOLATION on */
};

const uint32_t instance_n_options = ARRAY_LEN(instance_options);

/* ---- settings -----------------------------------------------------------------*/

static void who_fill(struct instance *in)
{
	snprintf(in->who.build_id, sizeof(in->who.build_id), "%s",
		 in->plugin->note.build_id);
	snprintf(in->who.plugin, sizeof(in->who.plugin), "%s", in->def->name);
	snprintf(in->who.instance, sizeof(in->who.instance), "%s/%s", in->chain, in->name);
}

static bool is_own(const char *name)
{
	uint32_t i;

	for (i = 0; i < instance_n_options; i++)
		if (!strcmp(name, instance_options[i].name))
			return true;
	return false;
}

/* Only the core's own keys; the others are the plugin's table's to judge. */
static int own_options(struct instance *in, const struct conf_node *node, struct diag *d)
{
	const char **skip = calloc(conf_count(node) + 1, sizeof(*skip));
	const struct conf_node *key;
	struct options *o;
	size_t n = 0;
	int r;

	if (!skip)
		return -ENOMEM;
	CONF_EACH(key, node)
		if (!is_own(key->name))
			skip[n++] = key->name;
	r = options_read(node, in->name, instance_options, instance_n_options, skip, d,
			 &o);
	free(skip);
	if (r)
		return r;
	in->budget_ns = o->vals[OPT_BUDGET].v.i;
	in->required = o->vals[OPT_REQUIRED].v.i;
	r = isolation_read(in, &o->vals[OPT_ISOLATION], node, d);
	options_free(o);
	return r;
}

static bool ledger_ask(struct instance *in)
{
	const struct ledger *l = in->services->ledger;
	bool bad;

	if (!l)
		return false;
	pthread_mutex_lock(&in->services->ledger_lock);
	in->n_poison = ledger_poison(l, &in->who, in->poison, ARRAY_LEN(in->poison));
	bad = ledger_quarantined(l, &in->who, (int64_t)clock_ns(CLOCK_REALTIME), in->why,
				 sizeof(in->why));
	pthread_mutex_unlock(&in->services->ledger_lock);
	while (in->n_poison && in->poison[in->n_poison - 1].n < LEDGER_POISON)
		in->n_poison--;
	return bad;
}

/* Has this build crashed the daemon? Then it stays where it is, but is not called. */
static int quarantine(struct instance *in, const struct conf_node *node, struct diag *d)
{
	if (!ledger_ask(in))
		return 0;
	if (in->required)
		return diag_error(d, node->file, node->line,
				  "%s: plugin %s is in quarantine and the stage is required: it %s (weirctl release %s)",
				  in->name, in->def->name, in->why, in->def->name);
	diag_warn(d, node->file, node->line,
		  "%s: plugin %s is in quarantine and is left out: it %s (weirctl release %s)",
		  in->name, in->def->name, in->why, in->def->name);
	in->disabled = true;
	return 0;
}

static int instance_load(struct instance *in, const struct instance_conf *conf,
			 const struct conf_node *node, struct diag *d)
{
	const char *plugin = conf_get_string(node, "plugin");
	const char *name = conf_get_string(node, "name");
	struct loader_ask ask = {
		.name = plugin, .dirs = conf->dirs, .n_dirs = conf->n_dirs,
		.file = node->file, .line = node->line,
	};
	int r, r2;

	if (!plugin)
		return diag_error(d, node->file, node->line,
				  "a stage needs a plugin: plugin = \"NAME\"");
	in->name = dict_intern(conf->services->dict, name ? name : plugin);
	r = loader_open(conf->loader, &ask, d, &in->plugin);
	if (r < 0)
		return r;
	in->def = in->plugin->def;
	who_fill(in);
	r = own_options(in, node, d);
	r2 = options_read(node, in->name, in->def->options, in->def->n_options, stage_keys,
			  d, &in->options);
	if (r || r2)
		return r ? r : r2;
	budget_init(&in->budget, &(struct budget_conf){
		.limit_ns = in->budget_ns,
		.bypass = !in->required && in->def->kind == WEIR_PLUGIN_ENRICHER,
	});
	return quarantine(in, node, d);
}

/* Can the plugin do what its place asks of it? */
static int place_check(const struct instance *in, const struct conf_node *node,
		       struct diag *d)
{
	if (!in->is_async && in->def->flags & WEIR_PLUGIN_BLOCKS &&
	    in->def->kind == WEIR_PLUGIN_ENRICHER)
		return diag_error(d, node->file, node->line,
				  "%s: plugin %s may block: it goes into a chain of async, not into sync",
				  in->name, in->def->name);
	if (in->is_async && in->def->kind != WEIR_PLUGIN_ENRICHER)
		return diag_error(d, node->file, node->line,
				  "%s: plugin %s is a %s: async chains have enrichers only, what they find leaves through the sync chain",
				  in->name, in->def->name,
				  in->def->kind == WEIR_PLUGIN_SINK ? "sink" : "serializer");
	return 0;
}

static struct instance *instance_alloc(struct services *services, const char *chain,
				       bool is_async, const char *file, int line)
{
	struct instance *in;

	ALLOC_OBJ(in, INSTANCE_MAGIC);
	if (!in)
		return NULL;
	in->n_refs = 1;
	in->services = services;
	in->is_async = is_async;
	in->chain = dict_intern(services->dict, chain);
	in->file = dict_intern(services->dict, file);
	in->line = line;
	pthread_mutex_init(&in->lock, NULL);
	pthread_mutex_init(&in->tokens_lock, NULL);
	pthread_mutex_init(&in->calls_lock, NULL);
	pthread_cond_init(&in->calls_over, NULL);
	return in;
}

static int counters_make(struct instance *in)
{
	in->counters = calloc(in->def->n_counters + 1, sizeof(*in->counters));
	return in->counters ? 0 : -ENOMEM;
}

int instance_new(const struct instance_conf *conf, const struct conf_node *node,
		 struct diag *d, struct instance **out)
{
	struct instance *in = instance_alloc(conf->services, conf->chain, conf->is_async,
					     node->file, node->line);
	int r;

	if (!in)
		return -ENOMEM;
	r = instance_load(in, conf, node, d);
	if (!r)
		r = place_check(in, node, d);
	if (!r)
		r = isolation_apply(in, node, d);
	if (!r)
		r = counters_make(in);
	if (r) {
		instance_free(in);
		return r;
	}
	*out = in;
	return 0;
}

struct instance *instance_stand_in(const struct instance *stuck)
{
	struct instance *in = instance_alloc(stuck->services, stuck->chain, stuck->is_async,
					     stuck->file, stuck->line);

	if (!in)
		return NULL;
	in->name = stuck->name;
	in->plugin = plugin_ref(stuck->plugin);
	in->def = stuck->def;
	in->who = stuck->who;
	in->disabled = true;
	in->stuck = true;
	snprintf(in->why, sizeof(in->why), "it has not returned from a call");
	budget_init(&in->budget, &(struct budget_conf){ 0 });
	return counters_make(in) ? instance_free(in) : in;
}

/* ---- fields ---------------------------------------------------------------------*/

static int wants_bind(struct instance *in, const struct conf_node *node,
		      struct schema *schema, struct diag *d)
{
	size_t errors = d->n_errors;
	const struct weir_field *f;
	const struct weir_want *w;
	uint32_t i;

	in->wants = calloc(in->def->n_wants + 1, sizeof(*in->wants));
	if (!in->wants)
		return -ENOMEM;
	for (i = 0; i < in->def->n_wants; i++) {
		w = &in->def->wants[i];
		f = schema_find(schema, w->name);
		if (f)
			in->wants[i] = f->handle;
		else if (w->flags & WEIR_WANT_REQUIRED)
			diag_error(d, node->file, node->line,
				   "%s: needs field %s, which no stage before it produces",
				   in->name, w->name);
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

static int produces_add(struct instance *in, const struct conf_node *node,
			struct schema *schema, struct diag *d)
{
	const struct weir_field_def *def;
	const struct weir_field *other;
	size_t errors = d->n_errors;
	uint32_t i;
	int r;

	in->produces = calloc(in->def->n_produces + 1, sizeof(*in->produces));
	if (!in->produces)
		return -ENOMEM;
	for (i = 0; i < in->def->n_produces; i++) {
		def = &in->def->produces[i];
		r = schema_add(schema, def, in->name, &in->produces[i]);
		if (r == -EEXIST) {
			other = schema_find(schema, def->name);
			diag_error(d, node->file, node->line,
				   "%s: produces field %s, which %s%s produces already",
				   in->name, def->name, other->producer ? "stage " : "",
				   other->producer ? other->producer : "the kernel");
		} else if (r < 0) {
			diag_error(d, node->file, node->line, "%s: field %s: %s", in->name,
				   def->name, r == -ENOSPC ? "too many fields" :
					      r == -ENOMEM ? "no memory" :
							     "unknown value set");
		}
	}
	return d->n_errors == errors ? 0 : -EINVAL;
}

static int emits_bind(struct instance *in, struct schema *schema)
{
	uint32_t i, n = WEIR_HAS(in->def, n_emits) ? in->def->n_emits : 0;

	in->emits = calloc(n + 1, sizeof(*in->emits));
	for (i = 0; in->emits && i < n; i++)
		in->emits[i] = (uint16_t)schema_type(schema, in->def->emits[i].name);
	return in->emits ? 0 : -ENOMEM;
}

int instance_fields(const struct instance *in, struct schema *schema)
{
	struct weir_handle again;
	uint32_t i;
	int r = 0;

	for (i = 0; !r && i < in->def->n_produces; i++)
		r = schema_add(schema, &in->def->produces[i], in->name, &again);
	return r;
}

/* ---- what makes two the same --------------------------------------------------------*/

static uint64_t hash_add(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

static uint64_t hash_text(uint64_t h, const char *text)
{
	return hash_add(h, text, strlen(text) + 1);
}

static uint64_t place_hash(uint64_t h, const struct weir_schema *s)
{
	uint32_t i;

	for (i = 0; i < s->n_fields; i++) {
		h = hash_text(h, s->fields[i].def.name);
		h = hash_add(h, &s->fields[i].handle, sizeof(s->fields[i].handle));
	}
	for (i = WEIR_EV_PLUGIN; i < s->n_types; i++)
		if (s->types[i].name)
			h = hash_text(h, s->types[i].name);
	return h;
}

/* By value: 64K and 65536 are the same. */
static uint64_t settings_hash(uint64_t h, const struct instance *in)
{
	const struct weir_optval *v;
	uint32_t i, j;

	h = hash_add(h, &in->budget_ns, sizeof(in->budget_ns));
	h = hash_add(h, &in->required, sizeof(in->required));
	h = hash_add(h, &in->isolated, sizeof(in->isolated));
	if (in->isolated) {
		h = hash_add(h, &in->limits.uid, sizeof(in->limits.uid));
		h = hash_add(h, &in->limits.gid, sizeof(in->limits.gid));
		h = hash_add(h, &in->limits.memory, sizeof(in->limits.memory));
		h = hash_add(h, &in->limits.cpu, sizeof(in->limits.cpu));
	}
	/* One that stands in for another has none. */
	for (i = 0; in->options && i < in->def->n_options; i++) {
		v = &in->options->vals[i];
		if (in->def->options[i].type == WEIR_OPT_STR)
			h = hash_text(h, v->v.s ? v->v.s : "");
		else if (in->def->options[i].type != WEIR_OPT_STRLIST)
			h = hash_add(h, &v->v.i, sizeof(v->v.i));
		for (j = 0; in->def->options[i].type == WEIR_OPT_STRLIST && j < v->n; j++)
			h = hash_text(h, v->v.list[j]);
		h = hash_text(h, v->set ? "set" : "");
	}
	return h;
}

/*
 * A sink has nothing to do with fields: its connection outlives changes of
 * what stands before it.
 */
static void fingerprint_make(struct instance *in)
{
	uint64_t h = settings_hash(hash_text(0xcbf29ce484222325ull, in->name), in);
	uint32_t n = WEIR_HAS(in->def, n_emits) ? in->def->n_emits : 0;

	if (*in->plugin->note.build_id)
		h = hash_text(h, in->plugin->note.build_id);
	else
		h = hash_add(h, &in->plugin, sizeof(in->plugin));
	if (in->def->kind != WEIR_PLUGIN_SINK)
		h = place_hash(h, &in->schema);
	h = hash_add(h, in->wants, in->def->n_wants * sizeof(*in->wants));
	h = hash_add(h, in->produces, in->def->n_produces * sizeof(*in->produces));
	in->fingerprint = hash_add(h, in->emits, n * sizeof(*in->emits));
}

int instance_resolve(struct instance *in, const struct conf_node *node,
		     struct schema *schema, struct diag *d)
{
	int r, bad;

	bad = wants_bind(in, node, schema, d);
	/* A serializer prints what is there before it, not its own. */
	in->place = schema_copy(schema);
	if (!in->place)
		return -ENOMEM;
	in->schema = schema_view(in->place);
	r = produces_add(in, node, schema, d);
	bad = r ? r : bad;
	r = emits_bind(in, schema);
	if (bad || r)
		return r ? r : bad;
	in->n_added = schema_n_added(schema);
	fingerprint_make(in);
	return 0;
}

/* By files of its own. */
static bool has_changed(const struct instance *in)
{
	bool changed;

	if (!WEIR_HAS(in->def, changed) || !in->def->changed || !in->opened)
		return false;
	ledger_enter(&in->who, LEDGER_OPEN, NULL, 0);
	changed = in->def->changed(in->inst);
	ledger_leave();
	return changed;
}

bool instance_same(const struct instance *running, const struct instance *next)
{
	/* A reader that has gone comes back with a new instance only. */
	return running->fingerprint == next->fingerprint && running->opened &&
	       !__atomic_load_n(&running->closed, __ATOMIC_RELAXED) && running->disabled == next->disabled &&
	       running->n_poison == next->n_poison && !has_changed(running);
}

bool instance_adopts(const struct instance *next, const struct instance *running)
{
	const struct weir_plugin *a = next->def, *b = running->def;

	return !strcmp(a->name, b->name) && running->opened && WEIR_HAS(a, adopt) &&
	       WEIR_HAS(b, adopt) && a->adopt && b->adopt && a->state &&
	       a->state == b->state && !next->disabled;
}

/* ---- life ----------------------------------------------------------------------------*/

int instance_open(struct instance *in)
{
	int r = 0;

	in->setup = (struct weir_setup){
		.size = sizeof(in->setup), .host = &chain_host, .ctx = in,
		.instance = in->name, .options = in->options->vals,
		.wants = in->wants, .produces = in->produces,
		.schema = &in->schema, .counters = in->counters,
		.flags = in->services->live ? WEIR_SETUP_LIVE : 0,
	};
	if (in->disabled)
		return 0;
	ledger_enter(&in->who, LEDGER_OPEN, NULL, 0);
	if (in->isolated)
		r = isolation_open(in);
	else if (in->def->open)
		r = in->def->open(&in->setup, &in->inst);
	ledger_leave();
	if (r)
		return -EINVAL;
	in->opened = true;
	return 0;
}

int instance_adopt(struct instance *next, struct instance *running)
{
	int r;

	ledger_enter(&next->who, LEDGER_ADOPT, NULL, 0);
	r = next->def->adopt(next->inst, running->inst);
	ledger_leave();
	return r ? -EINVAL : 0;
}

struct instance *instance_ref(struct instance *in)
{
	CHECK_OBJ_NOTNULL(in, INSTANCE_MAGIC);
	in->n_refs++;
	return in;
}

bool instance_unref(struct instance *in)
{
	CHECK_OBJ_NOTNULL(in, INSTANCE_MAGIC);
	AN(in->n_refs);
	return !--in->n_refs;
}

/* No more begin, and those that are under way are told. */
static void command_drain(struct instance *in)
{
	pthread_mutex_lock(&in->calls_lock);
	in->closing = true;
	while (in->n_calls)
		pthread_cond_wait(&in->calls_over, &in->calls_lock);
	pthread_mutex_unlock(&in->calls_lock);
}

void instance_close(struct instance *in)
{
	command_drain(in);
	if (in->opened && in->def->close) {
		ledger_enter(&in->who, LEDGER_CLOSE, NULL, 0);
		in->def->close(in->inst);
		ledger_leave();
		source_unprobe(services_source(in->services), in, -1);
		source_rules_drop(services_source(in->services), in);
	}
	in->opened = false;
}

struct instance *instance_free(struct instance *in)
{
	if (!in)
		return NULL;
	instance_close(in);
	options_free(in->options);
	plugin_unref(in->plugin);
	free(in->own_def);
	free(in->wants);
	free(in->produces);
	free(in->emits);
	free(in->counters);
	schema_free(in->place);
	pthread_mutex_destroy(&in->lock);
	pthread_mutex_destroy(&in->tokens_lock);
	pthread_mutex_destroy(&in->calls_lock);
	pthread_cond_destroy(&in->calls_over);
	FREE_OBJ(in);
	return NULL;
}

/* ---- on the chain's thread -------------------------------------------------------*/

/* Not on the event path: a line when a sink begins to fail, and when it ends. */
static void sink_health(struct instance *in)
{
	bool failed = in->stats.failed > in->ticked.failed;
	bool wrote = in->stats.delivered > in->ticked.delivered;

	if (failed && !in->failing)
		log_error("%s: writing fails; what is lost is counted", in->name);
	else if (!failed && wrote && in->failing)
		log_info("%s: writing works again", in->name);
	in->failing = failed || (in->failing && !wrote);
	in->ticked = in->stats;
}

static void budget_tell(struct instance *in, unsigned state, const char *what)
{
	char reason[160], limit[UNIT_TEXT];
	struct budget_info info;

	budget_info(&in->budget, &info);
	snprintf(reason, sizeof(reason), "%s: mean %llu ns, 99 %% below %llu ns, budget %s",
		 what, (unsigned long long)info.mean_ns, (unsigned long long)info.p99_ns,
		 unit_time(in->budget_ns, limit));
	log_warn("%s/%s: %s", in->chain, in->name, reason);
	notice_stage(in, state, reason);
}

static void budget_check(struct instance *in, uint64_t now_ns)
{
	switch (budget_tick(&in->budget, (int64_t)now_ns)) {
	case BUDGET_OVER:
		budget_tell(in, WEIR_STAGE_OVER_BUDGET, "over its budget");
		break;
	case BUDGET_BYPASS:
		budget_tell(in, WEIR_STAGE_BYPASSED, "over its budget, passed over");
		break;
	case BUDGET_OK:
		budget_tell(in, WEIR_STAGE_RUNNING, "within its budget again");
		break;
	case BUDGET_PROBE:
	case BUDGET_SAME:
		break;
	}
}

void instance_tick(struct instance *in, uint64_t now_ns)
{
	if (in->disabled)
		return;
	if (in->def->tick) {
		ledger_enter(&in->who, LEDGER_TICK, NULL, 0);
		in->def->tick(in->inst, now_ns);
		ledger_leave();
	}
	budget_check(in, now_ns);
	if (in->def->kind == WEIR_PLUGIN_SINK)
		sink_health(in);
}
