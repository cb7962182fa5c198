/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir-plugin-test: runs one plugin over a capture, without the sensor and
 * without root, and says what it did and what it did wrong. Owns the command
 * line; plugintest.h has the other parts.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugintest.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "util/hostid.h"
#include "util/log.h"
#include "util/macros.h"

#define CYCLES_ENV	"WEIR_PLUGIN_TEST_CYCLES"

static const char usage_text[] =
	"usage: weir-plugin-test [OPTION...] FILE.so CAPTURE.cap\n"
	"Runs a plugin over the records of a capture and reports on standard error.\n"
	"  --config FILE       its stage is taken from there (as for conf.d)\n"
	"  --option NAME=VALUE an option of it; lists by commas; several times\n"
	"  --before FILE.so    an enricher that runs before it; several times\n"
	"  --repeat N          the capture, N times (1)\n"
	"  --threads N         on N threads, with an instance each, or one for all if it\n"
	"                      is WEIR_PLUGIN_PARALLEL (1)\n"
	"  --reload N          after each N events a new instance takes over\n"
	"  --fail-alloc N|RATE services that give memory (alloc, grow, later, emit, send) fail each\n"
	"                      Nth time, or with that chance (0.01)\n"
	"  --late MS           deadline of later(); 0: always too late\n"
	"  --sync              as in the sync chain: later() gives nothing\n"
	"  --cycles N          of open, some events and close, to find leaks (50; 0: none)\n"
	"  --print             added values and emitted events, or what was encoded\n"
	"  --json              each encoded event must be one JSON object\n"
	"Exit status: 0 in order; 1 not; 2 usage.\n";

enum { OPT_CONFIG = 256, OPT_OPTION, OPT_BEFORE, OPT_REPEAT, OPT_THREADS, OPT_RELOAD, OPT_FAIL,
       OPT_LATE, OPT_SYNC, OPT_CYCLES, OPT_PRINT, OPT_JSON };

static const struct option options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "option", required_argument, NULL, OPT_OPTION },
	{ "before", required_argument, NULL, OPT_BEFORE },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "reload", required_argument, NULL, OPT_RELOAD },
	{ "fail-alloc", required_argument, NULL, OPT_FAIL },
	{ "late", required_argument, NULL, OPT_LATE },
	{ "sync", no_argument, NULL, OPT_SYNC },
	{ "cycles", required_argument, NULL, OPT_CYCLES },
	{ "print", no_argument, NULL, OPT_PRINT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int usage(int status)
{
	fputs(usage_text, status ? stderr : stdout);
	return status;
}

static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out >= least && *out <= most;
}

static bool fail_parse(struct pt_conf *c, const char *text)
{
	char *end;

	if (number(text, 1, UINT32_MAX, &c->fail_every))
		return true;
	c->fail_every = 0;
	c->fail_rate = strtod(text, &end);
	return end != text && !*end && c->fail_rate > 0 && c->fail_rate < 1;
}

static bool number_parse(struct pt_conf *c, int opt)
{
	unsigned long n;

	switch (opt) {
	case OPT_REPEAT:
		return number(optarg, 1, 1000000, &c->repeat);
	case OPT_RELOAD:
		return number(optarg, 1, UINT32_MAX, &c->reload);
	case OPT_CYCLES:
		return number(optarg, 0, 100000, &c->cycles);
	case OPT_THREADS:
		if (!number(optarg, 1, PT_THREADS_MAX, &n))
			return false;
		c->threads = (unsigned)n;
		return true;
	default:
		if (!number(optarg, 0, 60000, &n))
			return false;
		c->late_ms = (long)n;
		return true;
	}
}

static bool option_parse(struct pt_conf *c, int opt)
{
	switch (opt) {
	case OPT_CONFIG:
		c->config = optarg;
		return true;
	case OPT_OPTION:
		if (c->n_options == PT_OPTIONS_MAX)
			return false;
		c->options[c->n_options++] = optarg;
		return true;
	case OPT_BEFORE:
		if (c->n_before == PT_BEFORE_MAX)
			return false;
		c->before[c->n_before++] = optarg;
		return true;
	case OPT_FAIL:
		return fail_parse(c, optarg);
	case OPT_SYNC:
		return c->sync = true;
	case OPT_PRINT:
		return c->print = true;
	case OPT_JSON:
		return c->json = true;
	case OPT_REPEAT:
	case OPT_THREADS:
	case OPT_RELOAD:
	case OPT_CYCLES:
	case OPT_LATE:
		return number_parse(c, opt);
	default:
		return false;
	}
}

/* -1: go on. */
static int line_parse(int argc, char **argv, struct pt_conf *c)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return usage(0);
		if (!option_parse(c, opt))
			return usage(2);
	}
	if (argc - optind != 2 || (c->config && c->n_options))
		return usage(2);
	c->plugin = argv[optind];
	c->capture = argv[optind + 1];
	return -1;
}

/* ---- all of it ----------------------------------------------------------------*/

static int before_load(struct pt *pt)
{
	unsigned i;

	for (i = 0; i < pt->conf.n_before; i++) {
		if (pt_stage_load(pt, &pt->before[i], pt->conf.before[i], false))
			return -1;
		if (pt->before[i].def->kind != WEIR_PLUGIN_ENRICHER) {
			log_error("%s: is no enricher", pt->conf.before[i]);
			return -1;
		}
	}
	return 0;
}

/* Later stages have added fields that the views of earlier ones lack: harmless. */
static int before_open(struct pt *pt)
{
	unsigned i;

	pt->n_added = schema_n_added(pt->schema);
	for (i = 0; i < pt->conf.n_before; i++) {
		pt->before_insts[i] = pt_inst_open(pt, &pt->before[i]);
		if (!pt->before_insts[i])
			return -1;
	}
	return 0;
}

static void lock_init(struct pt *pt)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&pt->lock, NULL);
	pthread_mutex_init(&pt->print_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pt->done, &attr);
	pthread_condattr_destroy(&attr);
}

static int load(struct pt *pt)
{
	pt->dict = dict_new();
	pt->schema = pt->dict ? schema_new(pt->dict) : NULL;
	if (!pt->schema)
		return -1;
	if (pt_capture_load(pt) || before_load(pt) ||
	    pt_stage_load(pt, &pt->stage, pt->conf.plugin, true) || before_open(pt))
		return -1;
	return 0;
}

static int run(struct pt *pt)
{
	if (pt_feed(pt, pt->conf.threads, pt->conf.repeat, SIZE_MAX)) {
		log_error("%s: open() has refused", pt->stage.def->name);
		return -1;
	}
	pt_report(pt);
	return 0;
}

/*
 * Cycles run in a process of their own, without glibc's caches for threads:
 * with these, what is free counts as used until they are full.
 */
static int cycles_run(char **argv)
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setenv(CYCLES_ENV, "1", 1);
		setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
		execv("/proc/self/exe", argv);
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		log_error("no process for cycles: %s", strerror(errno));
	else if (WIFSIGNALED(status))
		log_error("cycles of open and close: %s", strsignal(WTERMSIG(status)));
	return status != 0;
}

static int problems_tell(struct pt *pt)
{
	int status = 0;
	unsigned i;

	for (i = 0; i < pt->n_problems; i++) {
		fprintf(stderr, "%s %s", pt->problems[i].is_error ? "error:    " : "warning:  ",
			pt->problems[i].text);
		if (pt->problems[i].n > 1)
			fprintf(stderr, " (%lu times)", pt->problems[i].n);
		fputc('\n', stderr);
		status |= pt->problems[i].is_error;
		free(pt->problems[i].text);
	}
	return status;
}

static void pt_fini(struct pt *pt)
{
	unsigned i;

	for (i = 0; i < pt->conf.n_before; i++) {
		pt_inst_close(pt->before_insts[i]);
		pt_stage_fini(&pt->before[i]);
	}
	pt_stage_fini(&pt->stage);
	pt_capture_free(pt);
	free(pt->samples);
	schema_free(pt->schema);
	dict_free(pt->dict);
}

int main(int argc, char **argv)
{
	static struct pt pt;
	struct hostid id;
	int status;

	pt.conf = (struct pt_conf){ .repeat = 1, .threads = 1, .cycles = 50, .late_ms = -1 };
	status = line_parse(argc, argv, &pt.conf);
	if (status >= 0)
		return status;
	/* As in the sensor. */
	signal(SIGPIPE, SIG_IGN);
	lock_init(&pt);
	hostid_read(&id);
	pt.host_id = id.id;
	status = load(&pt) ? 1 : 0;
	if (!status && getenv(CYCLES_ENV))
		pt_cycles(&pt);
	else if (!status && run(&pt))
		status = 1;
	else if (!status && pt.conf.cycles)
		status = cycles_run(argv);
	status |= problems_tell(&pt);
	pt_fini(&pt);
	return fflush(stdout) ? 1 : status;
}
