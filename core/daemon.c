/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that sees every part: it makes them from the configuration,
 * ties them together, and takes them apart in the reverse order.
 */
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "chain/chain.h"
#include "collector.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "plugin/loader.h"
#include "schema/jsonschema.h"
#include "schema/manual.h"
#include "schema/values.h"
#include "settings.h"
#include "source/capture.h"
#include "source/source.h"
#include "source/source_bpf.h"
#include "util/hostid.h"
#include "util/log.h"
#include "util/macros.h"

/* How long a sink that is held up may take at the end, seconds. */
#define STOP_PATIENCE	5

struct daemon {
	struct conf *conf;
	struct settings *settings;
	struct loader *loader;
	struct chain *chain;
	struct source *source;
	struct capture_writer *writer;
	struct collector *collector;
	struct hostid host;
	uint64_t id_base;
	uint64_t user_seq;
};

/* ---- configuration ------------------------------------------------------------*/

static int chain_make(struct daemon *dm, const struct weir_host_id *host, struct diag *d)
{
	struct chain_conf cc = {
		.stages = dm->settings->sync,
		.dirs = dm->settings->plugin_dirs,
		.n_dirs = dm->settings->n_plugin_dirs,
		.host = host,
	};

	dm->loader = loader_new(chain_reserved);
	if (!dm->loader)
		return -ENOMEM;
	cc.loader = dm->loader;
	return chain_build(&cc, d, &dm->chain);
}

/* Everything that can be known to be wrong without starting anything. */
static int daemon_load(struct daemon *dm, const struct daemon_conf *conf)
{
	struct diag d = { 0 };
	int r;

	hostid_read(&dm->host);
	r = conf_load(conf->config, &d, &dm->conf);
	if (!r)
		r = settings_read(dm->conf, &d, &dm->settings);
	if (!r) {
		log_set_level(conf->verbose ? WEIR_LOG_DEBUG : dm->settings->log_level);
		r = chain_make(dm, &dm->host.id, &d);
	}
	diag_log(&d);
	if (r && !d.n_errors)
		log_error("%s: %s", conf->config, strerror(-r));
	diag_fini(&d);
	return r;
}

static void daemon_fini(struct daemon *dm)
{
	collector_free(dm->collector);
	chain_free(dm->chain);
	source_free(dm->source);
	loader_free(dm->loader);
	settings_free(dm->settings);
	conf_free(dm->conf);
}

int daemon_check(const struct daemon_conf *conf)
{
	struct daemon dm = { 0 };
	int r = daemon_load(&dm, conf);

	if (!r)
		log_info("%s: the configuration is in order", conf->config);
	daemon_fini(&dm);
	return r ? DAEMON_CONFIG : DAEMON_OK;
}

static int schema_print(const struct daemon_conf *conf,
			int (*print)(FILE *, const struct weir_schema *))
{
	enum daemon_status status = DAEMON_OK;
	struct daemon dm = { 0 };

	if (daemon_load(&dm, conf)) {
		status = DAEMON_CONFIG;
	} else if (print(stdout, chain_schema(dm.chain)) || fflush(stdout)) {
		log_error("standard output: %s", strerror(errno));
		status = DAEMON_FAILED;
	}
	daemon_fini(&dm);
	return status;
}

int daemon_schema(const struct daemon_conf *conf)
{
	return schema_print(conf, jsonschema_print);
}

int daemon_fields(const struct daemon_conf *conf)
{
	return schema_print(conf, manual_print);
}

/* ---- start ----------------------------------------------------------------------*/

/*
 * Ids grow by four with each event of a class, from a base that grows by 2^34
 * with each second of wall time: a later start never meets an earlier one's.
 */
static uint64_t id_base_now(void)
{
	return ((uint64_t)time(NULL) - 1700000000ull) << 34;
}

static int source_make(struct daemon *dm, const struct daemon_conf *conf)
{
	struct source_replay_conf replay = {
		.path = conf->replay, .realtime = conf->realtime,
	};

	dm->id_base = id_base_now();
	if (conf->replay)
		return source_replay_new(&dm->source, &replay);
	dm->settings->bpf.id_base = dm->id_base;
	dm->settings->bpf.user_seq = &dm->user_seq;
	return source_bpf_new(&dm->source, &dm->settings->bpf);
}

static int writer_make(struct daemon *dm, const struct daemon_conf *conf)
{
	struct capture_info info = {
		.host = *source_host_id(dm->source),
		.wall_ns = source_wall_ns(dm->source),
	};
	struct utsname un;

	if (!conf->record)
		return 0;
	uname(&un);
	info.kernel = un.release;
	return capture_writer_new(&dm->writer, conf->record, &info);
}

static int writer_close(struct daemon *dm)
{
	return dm->writer ? capture_writer_close(dm->writer) : 0;
}

/* The chain's plugins print the source's host: of a capture, another one. */
static void host_take(struct daemon *dm)
{
	const struct weir_host_id *id = source_host_id(dm->source);

	snprintf(dm->host.machine, sizeof(dm->host.machine), "%s", id->id);
	snprintf(dm->host.name, sizeof(dm->host.name), "%s", id->name);
	snprintf(dm->host.boot, sizeof(dm->host.boot), "%s", id->boot);
}

static int daemon_start(struct daemon *dm, const struct daemon_conf *conf)
{
	struct collector_conf cc = {
		.replayed = conf->replay != NULL, .user_seq = &dm->user_seq,
	};
	struct diag d = { 0 };
	int r;

	r = source_make(dm, conf);
	if (r)
		return r;
	host_take(dm);
	r = chain_open(dm->chain, &d);
	diag_log(&d);
	diag_fini(&d);
	if (!r)
		r = writer_make(dm, conf);
	if (r)
		return r;
	cc.source = dm->source;
	cc.chain = dm->chain;
	cc.writer = dm->writer;
	cc.id_base = dm->id_base;
	dm->collector = collector_new(&cc);
	return dm->collector ? 0 : -ENOMEM;
}

/* ---- signals ---------------------------------------------------------------------*/

static struct daemon *running;

static void on_stop(int sig)
{
	static volatile sig_atomic_t times;

	(void)sig;
	/* Once: end in order. Twice, or after a while: whatever is held up. */
	if (times++)
		chain_stop(running->chain);
	else
		alarm(STOP_PATIENCE);
	collector_stop(running->collector);
}

static void on_alarm(int sig)
{
	(void)sig;
	chain_stop(running->chain);
}

static void signals_set(struct daemon *dm)
{
	struct sigaction sa = { .sa_handler = on_stop };

	running = dm;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = on_alarm;
	sigaction(SIGALRM, &sa, NULL);
}

/* Before anything is opened: a reader that goes is an answer of write(2). */
static void signals_ignore(void)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static void signals_unset(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	alarm(0);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGALRM, &sa, NULL);
	running = NULL;
}

/* ---- the end -----------------------------------------------------------------------*/

static void stages_log(const struct daemon *dm)
{
	struct chain_stage_info st;
	size_t i, j;

	for (i = 0; i < chain_n_stages(dm->chain); i++) {
		st = chain_stage(dm->chain, i);
		log_debug("stage %s: %llu calls, %llu ns each (of %llu sampled), %llu failed, %llu filtered, %llu bytes, %llu delivered, %llu dropped, %llu queued",
			  st.name, (unsigned long long)st.calls,
			  (unsigned long long)(st.sampled ? st.sampled_ns / st.sampled : 0),
			  (unsigned long long)st.sampled, (unsigned long long)st.failed,
			  (unsigned long long)st.filtered, (unsigned long long)st.bytes,
			  (unsigned long long)st.delivered, (unsigned long long)st.dropped,
			  (unsigned long long)st.queued);
		for (j = 0; j < st.n_counters; j++)
			log_debug("stage %s: %s %llu %s", st.name, st.counters[j].name,
				  (unsigned long long)st.values[j], st.counters[j].unit);
	}
}

/* One line: what came, what went, what is missing and why. */
static void summary_log(const struct daemon *dm)
{
	const struct weir_value_name *reason = values_find("lost_reason");
	struct collector_stats cs = collector_stats(dm->collector);
	struct chain_stats st = chain_stats(dm->chain);
	uint64_t lost = 0;
	char text[512] = "";
	size_t n = 0;

	for (; reason->name; reason++) {
		if (!cs.lost[reason->number] || n >= sizeof(text))
			continue;
		lost += cs.lost[reason->number];
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %llu",
				      n ? ", " : ": ", reason->name,
				      (unsigned long long)cs.lost[reason->number]);
	}
	stages_log(dm);
	log_info("%llu events received, %llu made, %llu refused, %llu filtered, %llu passed; %llu filtered in the kernel; %llu lost%s",
		 (unsigned long long)cs.received, (unsigned long long)cs.made,
		 (unsigned long long)cs.refused, (unsigned long long)st.filtered,
		 (unsigned long long)st.passed, (unsigned long long)cs.kernel_filtered,
		 (unsigned long long)lost, text);
}

/* 0, or -EIO: events are missing at a sink because it could not write. */
static int sinks_judge(const struct daemon *dm)
{
	struct chain_stage_info st;
	int r = 0;
	size_t i;

	for (i = 0; i < chain_n_stages(dm->chain); i++) {
		st = chain_stage(dm->chain, i);
		if (st.kind != WEIR_PLUGIN_SINK || !st.failed)
			continue;
		log_error("%s: %llu writes failed, %llu events were not delivered",
			  st.name, (unsigned long long)st.failed,
			  (unsigned long long)st.dropped);
		r = -EIO;
	}
	return r;
}

int daemon_run(const struct daemon_conf *conf)
{
	struct daemon dm = { 0 };
	int r, r2, r3;

	signals_ignore();
	r = daemon_load(&dm, conf);
	if (r) {
		daemon_fini(&dm);
		return DAEMON_CONFIG;
	}
	r = daemon_start(&dm, conf);
	if (r) {
		writer_close(&dm);
		daemon_fini(&dm);
		return r == -EPERM ? DAEMON_REFUSED : DAEMON_FAILED;
	}
	signals_set(&dm);
	log_info("running: %s", conf->replay ? conf->replay : "live");
	r = collector_run(dm.collector);
	r3 = sinks_judge(&dm);
	summary_log(&dm);
	r2 = writer_close(&dm);
	signals_unset();
	daemon_fini(&dm);
	/* The reader's leaving is an end like another. */
	return (r && r != -EPIPE) || r2 || r3 ? DAEMON_FAILED : DAEMON_OK;
}
