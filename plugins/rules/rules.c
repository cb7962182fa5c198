/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `rules`: Sigma rules, decided in the kernel where it can, and their words on
 * the events that match. This file only translates: rulegen.c says what matches, and
 * ruletell.c how it is told.
 *
 * A generation is brought to the kernel in open() and put in force with the first callback,
 * when the configuration is. Events that were judged by the one before come after it.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/plugin.h>

#include "rulegen.h"
#include "ruleshadow.h"
#include "rulesuppress.h"
#include "ruletell.h"

enum { OPT_PATHS, OPT_MAP, OPT_PLACEHOLDERS, OPT_ON_ERROR, OPT_NEVER,
	OPT_SHADOW };

static const struct weir_option rules_options[] = {
	[OPT_PATHS] = { "paths", WEIR_OPT_STRLIST, 0, 0, 0, "/etc/weir/rules", NULL,
		"Files of rules, and folders of which all *.yml and *.yaml are taken. One that is named must be there." },
	[OPT_MAP] = { "map", WEIR_OPT_STR, 0, 0, 0, "", NULL,
		"A file with more log sources and names of fields." },
	[OPT_PLACEHOLDERS] = { "placeholders", WEIR_OPT_STR, 0, 0, 0, "", NULL,
		"Folder with a file NAME.txt for each placeholder %NAME%, a value a line." },
	[OPT_ON_ERROR] = { "on_error", WEIR_OPT_ENUM, 0, 0, 0, "skip", "skip|refuse",
		"What a rule with an error does: it is left out, or all are refused." },
	[OPT_NEVER] = { "never", WEIR_OPT_STRLIST, 0, 0, 0,
		"/usr/sbin/weird,/usr/bin/weirctl,/usr/bin/dpkg,/usr/bin/dpkg-deb,/usr/bin/rpm,"
		"/usr/lib/systemd/systemd,/usr/lib/dpkg/", NULL,
		"Executables that are never blocked or killed, and folders of such, with / at the end; process 1 is not either." },
	[OPT_SHADOW] = { "shadow", WEIR_OPT_STRLIST, 0, 0, 0, "/etc/weir/rules.shadow", NULL,
		"As paths: rules that run beside them and do nothing; what would be different is told." },
};

enum { N_MATCHES, N_EVENTS, N_UNCERTAIN, N_BLOCKED, N_KILLED, N_EXCLUDED, N_IN_KERNEL, N_RUNS,
	N_DIFFERS, N_SUPPRESSED };

static const struct weir_counter rules_counters[] = {
	[N_MATCHES] = { "matches", "rules", "That matched an event." },
	[N_EVENTS] = { "events", "events", "That some rule matched." },
	[N_UNCERTAIN] = { "uncertain", "rules", "That may match: a text was cut." },
	[N_BLOCKED] = { "blocked", "events", "Whose operation was refused." },
	[N_KILLED] = { "killed", "events", "Whose process was killed." },
	[N_EXCLUDED] = { "excluded", "events", "Left out by a rule, in user space." },
	[N_IN_KERNEL] = { "in_kernel", "events", "That the kernel had judged." },
	[N_RUNS] = { "in_user_space", "events", "That it had not, or could not for all rules." },
	[N_DIFFERS] = { "shadow_differs", "events", "For which the rules of shadow would make a difference." },
	[N_SUPPRESSED] = { "suppressed", "rules", "That matched what a stable profile knows, and are not told." },
};

static const struct weir_want rules_wants[] = {
	{ "time", WEIR_WANT_REQUIRED, 0 }, { "profile.known", 0, 0 }, { "profile.state", 0, 0 },
};

static const struct weir_emit rules_emits[] = {
	{ "ruleset", "Rules were loaded." },
};

struct rules {
	const struct weir_setup *setup;
	uint64_t *counters;
	struct weir_handle time;
	struct ruletell tell;
	struct rulesuppress suppress;
	struct rulegen *now, *before;
	struct rulecorr *corr;
	struct ruleshadow *shadow;
	struct rulegen_result result;
	bool in_force;
	struct list { char **at; uint32_t n; } paths, shadow_paths;	/* as the options had them */
	char *map_file, *placeholder_dir;
};

/* ---- events --------------------------------------------------------------------------*/

/* From here on this configuration is in force. */
static void begin(struct rules *x)
{
	const struct weir_setup *s = x->setup;

	x->in_force = true;
	if (x->now->number && s->host->rules_use(s->ctx, x->now->number))
		weir_logf(s, WEIR_LOG_ERROR, "the kernel has other rules by now");
	ruletell_loaded(&x->tell, x->now);
	ruleshadow_loaded(x->shadow, &x->tell);
}

/* What the kernel says of an event of this host. NULL: nothing; *judged: nothing matched. */
static const struct match_told *told_of(const struct rules *x, const struct weir_event *ev,
					bool *judged, uint32_t *n_words)
{
	const struct weir_base *b = (const struct weir_base *)ev->rec;
	struct weir_value v;

	*judged = false;
	*n_words = 0;
	if (!(x->setup->flags & WEIR_SETUP_LIVE) || ev->type >= WEIR_EV_KERNEL_MAX)
		return NULL;
	*judged = b->flags & WEIR_REC_JUDGED;
	v = weir_str_value(ev, &b->found, WEIR_KIND_BYTES);
	if (!*judged || v.len < sizeof(struct match_told))
		return NULL;
	*n_words = (uint32_t)((v.len - sizeof(struct match_told)) / sizeof(uint32_t));
	return v.v.p;
}

static void count(struct rules *x)
{
	const struct rulegen_result *r = &x->result;
	uint32_t i;

	weir_count(&x->counters[N_EVENTS], 1);
	weir_count(&x->counters[N_MATCHES], r->n);
	weir_count(&x->counters[N_BLOCKED], !!(r->told & MATCH_TOLD_BLOCKED));
	weir_count(&x->counters[N_KILLED], !!(r->told & MATCH_TOLD_KILLED));
	for (i = 0; i < r->n; i++)
		weir_count(&x->counters[N_UNCERTAIN], r->matches[i].truth != MATCH_TRUE);
}

/* What the rules in force say of it, to x->result; the generation that says so. */
static struct rulegen *judge(struct rules *x, const struct weir_event *ev)
{
	static const struct match_told nothing;
	struct rulegen *g = x->now;
	const struct match_told *told;
	uint32_t n_words;
	bool judged;

	told = told_of(x, ev, &judged, &n_words);
	if (told && told->generation != (uint32_t)g->number) {
		if (x->before && told->generation == (uint32_t)x->before->number)
			g = x->before;
		else
			judged = false;
	}
	weir_count(&x->counters[N_IN_KERNEL], judged);
	x->result.n = x->result.told = 0;
	x->result.excluded = x->result.more = false;
	if (judged && !told && (ev->type >= 128 ||
	    !(g->user.types[ev->type / 64] >> ev->type % 64 & 1)))
		return g;
	weir_count(&x->counters[N_RUNS], 1);
	rulegen_run(g, ev, !judged ? NULL : told ? told : &nothing, judged ? n_words : 0, &x->result);
	return g;
}

static void suppress(struct rules *x, struct weir_event *ev)
{
	const struct sigma_rule *gone[RULETELL_HELD];
	uint32_t n;

	if (!rulesuppress_in_profile(&x->suppress, ev))
		return;
	n = rulesuppress_run(&x->result, gone, RULETELL_HELD);
	weir_count(&x->counters[N_SUPPRESSED], n);
	if (n)
		ruletell_suppressed(&x->tell, ev, gone, n < RULETELL_HELD ? n : RULETELL_HELD);
}

static int rules_process(void *inst, struct weir_event *ev)
{
	struct rules *x = inst;
	uint64_t time_ns = weir_get_u64(ev, x->time, 0);
	struct rulegen *g;
	uint32_t n = 0;

	if (!x->in_force)
		begin(x);
	g = judge(x, ev);
	if (x->result.n)
		suppress(x, ev);
	ruletell_begin(&x->tell, ev, g, &x->result);
	if (g == x->now) {
		ruletell_correlate(&x->tell, x->corr, time_ns);
		n = ruleshadow_event(x->shadow, &x->tell,
				     rulesuppress_in_profile(&x->suppress, ev), time_ns);
	}
	weir_count(&x->counters[N_DIFFERS], n > 0);
	if (!x->result.n && !x->result.told)
		return WEIR_CONTINUE;
	if (x->result.excluded) {
		weir_count(&x->counters[N_EXCLUDED], 1);
		return WEIR_DROP;
	}
	count(x);
	ruletell_end(&x->tell);
	return WEIR_CONTINUE;
}

static void rules_tick(void *inst, uint64_t now_ns)
{
	struct rules *x = inst;

	(void)now_ns;
	if (!x->in_force)
		begin(x);
}

/* ---- life ------------------------------------------------------------------------------*/

/* Events that the one before has judged are still to come. */
static int rules_adopt(void *inst, void *other)
{
	struct rules *to = inst, *from = other;

	rulegen_unref(to->before);
	to->before = rulegen_ref(from->now);
	return 0;
}

static int rules_changed(void *inst)
{
	const struct rules *x = inst;

	return ruleload_changed(&x->now->load, (const char *const *)x->paths.at, x->paths.n) ||
	       ruleshadow_changed(x->shadow, (const char *const *)x->shadow_paths.at,
				  x->shadow_paths.n);
}

static void list_free(struct list *l)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
}

static void rules_close(void *inst)
{
	struct rules *x = inst;

	ruleshadow_free(x->shadow);
	rulecorr_free(x->corr);
	rulegen_unref(x->now);
	rulegen_unref(x->before);
	list_free(&x->paths);
	list_free(&x->shadow_paths);
	free(x->map_file);
	free(x->placeholder_dir);
	free(x);
}

static bool list_keep(struct list *l, const struct weir_optval *o)
{
	uint32_t i;

	l->at = calloc(o->n + 1, sizeof(*l->at));
	for (i = 0; l->at && i < o->n; i++) {
		l->at[i] = strdup(o->v.list[i]);
		if (!l->at[i])
			return false;
		l->n++;
	}
	return l->at != NULL;
}

/* Options are gone when open() returns. */
static bool options_keep(struct rules *x, const struct weir_optval *o)
{
	x->map_file = strdup(o[OPT_MAP].v.s);
	x->placeholder_dir = strdup(o[OPT_PLACEHOLDERS].v.s);
	return list_keep(&x->paths, &o[OPT_PATHS]) && list_keep(&x->shadow_paths, &o[OPT_SHADOW]) &&
	       x->map_file && x->placeholder_dir;
}

static bool start(struct rules *x, const struct weir_setup *s)
{
	const struct weir_optval *o = s->options;
	struct rulegen_conf conf = { .setup = s,
		.paths = (const char *const *)x->paths.at, .n_paths = x->paths.n,
		.never = o[OPT_NEVER].v.list, .n_never = o[OPT_NEVER].n,
		.map_file = *x->map_file ? x->map_file : NULL,
		.placeholder_dir = *x->placeholder_dir ? x->placeholder_dir : NULL,
		.strict = o[OPT_ON_ERROR].v.i == 1, .may_miss = !o[OPT_PATHS].set };

	x->now = rulegen_new(&conf);
	x->corr = x->now ? ruletell_corr_new(&x->tell, x->now) : NULL;
	if (!x->corr)
		return false;
	if (!x->suppress.known.slot && rulesuppress_wanted(x->now))
		weir_logf(s, WEIR_LOG_WARNING, "rules with `unless_in_profile` are always told: "
			  "the stage does not stand behind profile");
	conf.paths = (const char *const *)x->shadow_paths.at;
	conf.n_paths = x->shadow_paths.n;
	conf.strict = false;
	conf.may_miss = !o[OPT_SHADOW].set;
	conf.shadow = true;
	x->shadow = ruleshadow_new(&conf);
	return x->shadow != NULL;
}

static int rules_open(const struct weir_setup *s, void **inst)
{
	struct rules *x = calloc(1, sizeof(*x));

	if (!x || !options_keep(x, s->options)) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
		if (x)
			rules_close(x);
		return -1;
	}
	x->setup = s;
	x->counters = s->counters;
	x->time = s->wants[0];
	x->suppress = (struct rulesuppress){ s->wants[1], s->wants[2] };
	ruletell_init(&x->tell, s);
	if (!start(x, s)) {
		rules_close(x);
		return -1;
	}
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE(rules, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Matches Sigma rules, in the kernel where it can, and blocks or kills.",
	.options = rules_options, .n_options = WEIR_N_OF(rules_options),
	.wants = rules_wants, .n_wants = WEIR_N_OF(rules_wants),
	.produces = ruletell_produces, .n_produces = RULETELL__MAX,
	.counters = rules_counters, .n_counters = WEIR_N_OF(rules_counters),
	.emits = rules_emits, .n_emits = WEIR_N_OF(rules_emits),
	.open = rules_open, .close = rules_close, .process = rules_process, .tick = rules_tick,
	.state = 1, .adopt = rules_adopt, .changed = rules_changed);
