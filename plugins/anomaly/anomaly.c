/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `anomaly`: makes an event of what a stable profile does not know, as often
 * as the limit allows; one of what the limit has cut; and one of what is new in a version
 * of a workload. It adds nothing to the events that it looks at. This file ties together:
 * alimit.c counts, adrift.c gathers, areason.c says why, afields.c reads and sets.
 */
#include <stdlib.h>
#include <time.h>

#include "afields.h"

enum { OPT_TYPES, OPT_LIMIT, OPT_REPEAT, OPT_DRIFT, OPT_PATHS };

#define DAY_NS	86400000000000

static const struct weir_option anomaly_options[] = {
	[OPT_TYPES] = { "types", WEIR_OPT_STRLIST, 0, 0, 0,
		"exec,dns,connect,module,credentials,file", NULL,
		"Types of events that can be anomalies, as profile.type." },
	[OPT_LIMIT] = { "limit", WEIR_OPT_INT, 0, 1, 1000000, "10", NULL,
		"Of each type in each version of a workload, so many a minute; then comes a summary." },
	[OPT_REPEAT] = { "repeat", WEIR_OPT_TIME, 0, 0, 365 * DAY_NS, "1h", NULL,
		"The same thing of the same program is told once in so long." },
	[OPT_DRIFT] = { "drift", WEIR_OPT_TIME, 0, 0, DAY_NS, "15m", NULL,
		"For how long what is new in a version is gathered, before it is told." },
	[OPT_PATHS] = { "paths", WEIR_OPT_STRLIST, 0, 0, 0,
		"/bin/,/sbin/,/lib/,/lib64/,/usr/bin/,/usr/sbin/,/usr/lib/,/usr/local/,/opt/,/etc/cron,"
		"/etc/systemd/,/etc/init.d/,/etc/profile,/etc/ld.so,/var/spool/cron/", NULL,
		"Writing a file whose path begins so is an anomaly, as is that of one that can be executed; "
		"other files are none." },
};

enum { EMIT_ANOMALY, EMIT_SUMMARY, EMIT_DRIFT };

static const struct weir_emit anomaly_emits[] = {
	[EMIT_ANOMALY] = { "anomaly",
		"A workload did what its stable profile does not know; ref.id is the event that shows it." },
	[EMIT_SUMMARY] = { "anomaly_summary",
		"Anomalies of a minute that were not told, for there were too many." },
	[EMIT_DRIFT] = { "profile_drift",
		"What is new in a version of a workload, while another one is stable." },
};

enum { N_TOLD, N_REPEATED, N_CUT, N_OTHERS, N_DRIFTED, N_SUMMARIES, N_DRIFTS, N_NOT_SENT };

static const struct weir_counter anomaly_counters[] = {
	[N_TOLD] = { "told", "anomalies", "Told." },
	[N_REPEATED] = { "repeated", "anomalies", "That were told before." },
	[N_CUT] = { "cut", "anomalies", "Above the limit." },
	[N_OTHERS] = { "others", "events",
		"That are not known, but of no type, or no file, that is asked for." },
	[N_DRIFTED] = { "drifted", "events", "New in a version." },
	[N_SUMMARIES] = { "summaries", "events", "Made." },
	[N_DRIFTS] = { "drifts", "events", "Made." },
	[N_NOT_SENT] = { "not_sent", "events", "For which the core had no room." },
};

struct anomaly {
	void *ctx;
	uint64_t *counters;
	struct afields fields;
	struct alimit *limit;
	struct adrift drift;
	struct afacts facts;		/* of the event */
	char **types, **paths;		/* ended by NULL */
	uint32_t n_paths;
	bool live;
};

/* ---- telling ---------------------------------------------------------------------*/

static void count(struct anomaly *x, unsigned what)
{
	weir_count(&x->counters[what], 1);
}

/* False: there was no room. */
static bool send(struct anomaly *x, struct weir_event *ev, unsigned what)
{
	bool sent = ev && !x->fields.host->send(x->ctx, ev);

	count(x, sent ? what : N_NOT_SENT);
	return sent;
}

static void tell(struct anomaly *x, const struct weir_event *ev)
{
	struct weir_event *to = x->fields.host->emit(x->ctx, EMIT_ANOMALY, ev);

	if (to)
		afields_anomaly(&x->fields, to, ev, &x->facts);
	if (!send(x, to, N_TOLD))
		alimit_give_back(x->limit, &x->facts);
}

/* What has waited until its time. */
static void tell_due(struct anomaly *x, uint64_t now_ns)
{
	struct alimit_window *w = alimit_over(x->limit, now_ns);
	struct adrift_report *r = adrift_due(&x->drift, now_ns);
	struct weir_event *to;

	if (w) {
		to = x->fields.host->emit(x->ctx, EMIT_SUMMARY, NULL);
		if (to)
			afields_summary(&x->fields, to, w);
		send(x, to, N_SUMMARIES);
		alimit_end(x->limit, w);
	}
	if (r) {
		to = x->fields.host->emit(x->ctx, EMIT_DRIFT, NULL);
		if (to)
			afields_drift(&x->fields, to, r);
		send(x, to, N_DRIFTS);
		adrift_end(&x->drift, r);
	}
}

/* ---- events ----------------------------------------------------------------------*/

static bool is_asked_for(const struct anomaly *x, const struct weir_event *ev)
{
	char *const *type = x->types;

	while (*type && strcmp(*type, x->facts.type))
		type++;
	if (!*type)
		return false;
	return strcmp(x->facts.type, "file") ||
	       afields_is_code(&x->fields, ev, x->facts.item, (const char *const *)x->paths,
			       x->n_paths);
}

static void judge(struct anomaly *x, const struct weir_event *ev)
{
	if (!is_asked_for(x, ev))
		count(x, N_OTHERS);
	else if (alimit_is_repeated(x->limit, &x->facts))
		count(x, N_REPEATED);
	else if (!alimit_take(x->limit, &x->facts))
		count(x, N_CUT);
	else
		tell(x, ev);
}

/* Stable of itself, or frozen by a person. */
static bool is_stable(const struct anomaly *x, const struct weir_event *ev)
{
	struct weir_value v = weir_get(ev, x->fields.in[AIN_STATE]);

	return weir_present(&v) && v.len == 6 &&
	       (!memcmp(v.v.p, "stable", 6) || !memcmp(v.v.p, "frozen", 6));
}

static int anomaly_process(void *inst, struct weir_event *ev)
{
	struct anomaly *x = inst;
	struct weir_value known = weir_get(ev, x->fields.in[AIN_KNOWN]);
	bool drift = weir_get_u64(ev, x->fields.in[AIN_DRIFT], 0);

	tell_due(x, weir_get_u64(ev, x->fields.in[AIN_TIME], 0));
	if (!weir_present(&known) || known.v.u || (!drift && !is_stable(x, ev)))
		return WEIR_CONTINUE;
	afields_read(&x->fields, ev, &x->facts);
	if (!drift)
		judge(x, ev);
	else if (is_asked_for(x, ev) && adrift_note(&x->drift, &x->facts))
		count(x, N_DRIFTED);
	return WEIR_CONTINUE;
}

/* When the stream is quiet; events have the boot clock. */
static void anomaly_tick(void *inst, uint64_t now_ns)
{
	struct anomaly *x = inst;
	struct timespec t;

	(void)now_ns;
	if (!x->live)
		return;
	clock_gettime(CLOCK_BOOTTIME, &t);
	tell_due(x, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

/* ---- life ------------------------------------------------------------------------*/

static int anomaly_adopt(void *inst, void *other)
{
	struct anomaly *to = inst, *from = other;
	struct alimit *limit = to->limit;
	struct adrift drift = to->drift;
	uint32_t max = limit->max;
	uint64_t repeat_ns = limit->repeat_ns, after_ns = drift.after_ns;

	to->limit = from->limit;
	to->drift = from->drift;
	from->limit = limit;
	from->drift = drift;
	/* Settings stay with their instance. */
	limit->max = to->limit->max;
	limit->repeat_ns = to->limit->repeat_ns;
	from->drift.after_ns = to->drift.after_ns;
	to->limit->max = max;
	to->limit->repeat_ns = repeat_ns;
	to->drift.after_ns = after_ns;
	return 0;
}

static void words_free(char **words)
{
	uint32_t i;

	for (i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

static void anomaly_close(void *inst)
{
	struct anomaly *x = inst;

	alimit_free(x->limit);
	adrift_fini(&x->drift);
	words_free(x->types);
	words_free(x->paths);
	free(x);
}

/* NULL: no memory. */
static char **words_copy(const struct weir_optval *o)
{
	char **words = calloc((size_t)o->n + 1, sizeof(*words));
	uint32_t i;

	for (i = 0; words && i < o->n; i++) {
		words[i] = strdup(o->v.list[i]);
		if (!words[i]) {
			words_free(words);
			return NULL;
		}
	}
	return words;
}

static const char *const type_names[] = { "exec", "file", "dns", "connect", "bind", "signal",
	"module", "credentials", "mount", "syscall", "capability" };

static int check_types(const struct weir_setup *s)
{
	const struct weir_optval *o = &s->options[OPT_TYPES];
	uint32_t i, k;

	for (i = 0; i < o->n; i++) {
		for (k = 0; k < WEIR_N_OF(type_names) && strcmp(type_names[k], o->v.list[i]); k++)
			;
		if (k < WEIR_N_OF(type_names))
			continue;
		weir_logf(s, WEIR_LOG_ERROR, "types: there is no %s", o->v.list[i]);
		return -1;
	}
	return 0;
}

static int anomaly_open(const struct weir_setup *s, void **inst)
{
	const struct weir_optval *o = s->options;
	struct anomaly *x;

	if (check_types(s))
		return -1;
	x = calloc(1, sizeof(*x));
	if (x) {
		x->limit = alimit_new((uint32_t)o[OPT_LIMIT].v.i, (uint64_t)o[OPT_REPEAT].v.i);
		x->types = words_copy(&o[OPT_TYPES]);
		x->paths = words_copy(&o[OPT_PATHS]);
	}
	if (!x || !x->limit || !x->types || !x->paths) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
		if (x)
			anomaly_close(x);
		return -1;
	}
	x->n_paths = o[OPT_PATHS].n;
	x->drift.after_ns = (uint64_t)o[OPT_DRIFT].v.i;
	x->live = WEIR_HAS(s, flags) && s->flags & WEIR_SETUP_LIVE;
	x->ctx = s->ctx;
	x->counters = s->counters;
	x->fields.host = s->host;
	memcpy(x->fields.in, s->wants, sizeof(x->fields.in));
	memcpy(x->fields.out, s->produces, sizeof(x->fields.out));
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE(anomaly, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Tells what a workload did for the first time, and why that is worth a look.",
	.options = anomaly_options, .n_options = WEIR_N_OF(anomaly_options),
	.wants = afields_wants, .n_wants = WEIR_N_OF(afields_wants),
	.produces = afields_produces, .n_produces = WEIR_N_OF(afields_produces),
	.counters = anomaly_counters, .n_counters = WEIR_N_OF(anomaly_counters),
	.open = anomaly_open, .close = anomaly_close, .process = anomaly_process,
	.tick = anomaly_tick,
	.emits = anomaly_emits, .n_emits = WEIR_N_OF(anomaly_emits),
	.state = 1, .adopt = anomaly_adopt);
