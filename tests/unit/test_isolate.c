/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Isolated plugins as a chain has them: the process, its death in all ways, and
 * that nothing else notices.
 */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "chain/async.h"
#include "chain/event.h"
#include "chain/stage.h"
#include "isolate/isolate.h"
#include "queue/inbox.h"
#include "schema/schema.h"
#include "toyasync.h"
#include "toychain.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/stat.h"

#define EVENTS	200u

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool limits_memory = false;
#else
static const bool limits_memory = true;
#endif

static struct toychain t;
static struct event *made[4096];
static size_t n_made;
static char last_error[600];
static unsigned n_errors;

static void on_log(int level, const char *text)
{
	if (getenv("ISO_LOG"))
		fprintf(stderr, "%d %s\n", level, text);
	if (level == WEIR_LOG_ERROR) {
		snprintf(last_error, sizeof(last_error), "%.599s", text);
		n_errors++;
	}
}

/* ---- a chain with one isolated enricher ------------------------------------------*/

#define CHAIN(options)							\
	SYNC("{ plugin = \"toycode\"; ctl = @0; }, { plugin = \"toysink\"; ctl = @1; }") \
	"async = { a = { deadline = \"5m\"; stages = ( { plugin = \"iso_mark\"; isolation = \"process\"; " options " } ); };\n" \
	"b = { stages = ( { plugin = \"toyplain\"; ctl = @2; } ); }; };\n"

static int make(const char *text)
{
	int r;

	memset(t.toys, 0, sizeof(t.toys));
	n_errors = 0;
	last_error[0] = 0;
	r = toychain_make(&t, text, NULL);
	if (r && t.errors[0])
		tap_diag("%s", t.errors);
	return r;
}

static struct instance *instance(void)
{
	return t.one.plan->asyncs[0].line->stages[0]->in;
}

static void made_free(void)
{
	while (n_made)
		event_unref(made[--n_made]);
}

static void end(void)
{
	siginfo_t si;

	made_free();
	toychain_fini(&t);
	errno = 0;
	ok(waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD,
	   "no process is left");
}

static void push(unsigned n)
{
	unsigned i;

	made_free();
	for (i = 1; i <= n; i++)
		toyasync_push(&t, i % 16 + 1, i);
	n_made = toyasync_settle(&t, made, ARRAY_LEN(made));
	n_made = MIN(n_made, ARRAY_LEN(made));
}

static const struct weir_value *value(const struct event *e, const char *name)
{
	const struct weir_field *f = schema_find(chain_fields(t.chain), name);
	static const struct weir_value none;
	unsigned i = f ? f->handle.slot - chain_schema(t.chain)->n_wire : UINT32_MAX;

	return i < e->n_added ? &e->added[i] : &none;
}

static bool is_text(const struct weir_value *v, const char *text)
{
	return v->status == WEIR_PRESENT && v->len == strlen(text) &&
	       !memcmp(v->v.p, text, v->len);
}

/* Amendments whose values are as they should be. */
static unsigned n_good(void)
{
	const struct weir_value *v;
	const struct weir_list *l;
	unsigned i, n = 0;

	for (i = 0; i < n_made; i++) {
		v = value(made[i], "iso.list");
		l = v->status == WEIR_PRESENT ? v->v.list : NULL;
		n += value(made[i], "iso.number")->status == WEIR_PRESENT && l && l->n == 2 &&
		     is_text(&l->values[0], "a") && is_text(&l->values[1], "bc");
	}
	return n;
}

static unsigned n_text(const char *text)
{
	unsigned i, n = 0;

	for (i = 0; i < n_made; i++)
		n += is_text(value(made[i], "iso.text"), text);
	return n;
}

static unsigned n_status(unsigned status)
{
	unsigned i, n = 0;

	for (i = 0; i < n_made; i++)
		n += made[i]->type == WEIR_EV_amendment &&
		     value(made[i], "iso.number")->status == status;
	return n;
}

static char *status_line(pid_t pid, const char *key, char *buf, size_t size)
{
	char path[64], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	*buf = 0;
	while (f && fgets(buf, (int)size, f) && strncmp(buf, key, strlen(key)))
		*buf = 0;
	if (f)
		fclose(f);
	for (p = buf; *p; p++)
		if (*p == '\t' || *p == '\n')
			*p = ' ';
	return buf;
}

static void test_jail(pid_t pid)
{
	static const char *const want[][2] = {
		{ "Uid:", "Uid: 65534 65534 65534 65534 " },
		{ "Groups:", "Groups:   " },
		{ "NoNewPrivs:", "NoNewPrivs: 1 " },
		{ "Seccomp:", "Seccomp: 2 " },
		{ "CapEff:", "CapEff: 0000000000000000 " },
		{ "CapBnd:", "CapBnd: 0000000000000000 " },
	};
	char buf[256];
	size_t i;

	if (geteuid() != 0) {
		tap_skip("the process's status", "not root");
		return;
	}
	for (i = 0; i < ARRAY_LEN(want); i++)
		is_str(status_line(pid, want[i][0], buf, sizeof(buf)), want[i][1],
		       "%s of the process", want[i][0]);
}

static void test_works(void)
{
	pid_t pid;

	is_int(make(CHAIN("")), 0, "a chain with an isolated enricher");
	pid = isolate_pid(instance()->inst);
	ok(pid > 0 && pid != getpid(), "has a process");
	test_jail(pid);
	push(EVENTS);
	is_int((long long)n_made, EVENTS, "each event is amended");
	is_int(n_good(), EVENTS, "with its values");
	is_int((long long)value(made[0], "iso.pid")->v.u, pid, "by that process");
	ok(UNTIL(stat_get(&instance()->counters[0]) == EVENTS), "it counts");
	is_int((long long)stat_get(&instance()->stats.failed), 0, "nothing failed");
	is_int(toy_get(&t.toys[2].n_calls), EVENTS, "another chain sees them too");
	end();
}

/* `text`: what the event says in the end; NULL: it fails. */
static void test_one(const char *options, const char *about, const char *text,
		     unsigned deaths)
{
	is_int(make(options), 0, "%s", about);
	push(EVENTS);
	is_int(n_good(), EVENTS - !text, "%s: the others are amended", about);
	if (text)
		is_int(n_text(text), 1, "%s: %s", about, text);
	else
		is_int(n_status(WEIR_ERROR), 1, "%s: the one has failed", about);
	is_int((long long)stat_get(&instance()->stats.failed), !text, "%s: failures", about);
	/* What a process says of itself may be wrong: then it takes one more. */
	ok(isolate_deaths(instance()->inst) >= deaths &&
	   isolate_deaths(instance()->inst) <= deaths * 2, "%s: deaths", about);
	is_int(toy_get(&t.toys[2].n_calls), EVENTS, "%s: another chain goes on", about);
	if (deaths)
		tap_diag("%s", last_error);
	end();
}

static void test_emit(void)
{
	unsigned i, n = 0;

	make(CHAIN("what = \"emit\"; at = 3;"));
	push(EVENTS);
	is_int((long long)n_made, EVENTS + 2, "an event of its own, which is amended too");
	for (i = 0; i < n_made; i++)
		if (made[i]->type >= WEIR_EV_PLUGIN &&
		    is_text(value(made[i], "iso.text"), "emitted") &&
		    ((struct weir_amendment *)made[i]->rec)->ref_type == WEIR_EV_exec)
			n++;
	is_int(n, 1, "with its values and its cause");
	is_int((long long)instance()->stats.emitted, 1, "is counted");
	end();
}

static void test_open(void)
{
	ok(make(CHAIN("what = \"openfail\";")) < 0, "an open that fails");
	tap_diag("%s", last_error);
	end();
	ok(make(CHAIN("what = \"opensegv\";")) < 0, "an open that crashes");
	tap_diag("%s", last_error);
	end();
	isolate_open_ns = 300000000;
	ok(make(CHAIN("what = \"openhang\";")) < 0, "an open that hangs");
	tap_diag("%s", last_error);
	isolate_open_ns = 30000000000;
	end();
}

static unsigned n_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

static void test_many_deaths(void)
{
	unsigned before;

	isolate_pause_min_ns = isolate_pause_max_ns = 1000;
	make(CHAIN("what = \"segv\";"));
	push(2);
	MUST(UNTIL(isolate_pid(instance()->inst)));
	before = n_fds();
	push(100);
	MUST(UNTIL(isolate_pid(instance()->inst)));
	is_int((long long)isolate_deaths(instance()->inst), 204, "204 deaths");
	is_int(n_status(WEIR_ERROR), 100, "each event has failed");
	is_int(n_fds(), before, "no descriptor more");
	end();
	isolate_pause_min_ns = 1000000;
	isolate_pause_max_ns = 20000000;
}

/* What a process may forge without harm it may; nothing else happens. */
static void test_hostile(void)
{
	isolate_pause_min_ns = isolate_pause_max_ns = 1000;
	make(CHAIN("what = \"hostile\";"));
	push(EVENTS);
	ok(isolate_deaths(instance()->inst) > 0, "forged answers end the process");
	/* It may emit, so there may be more. */
	ok(toy_get(&t.toys[2].n_calls) >= EVENTS, "another chain goes on");
	tap_diag("%llu deaths, %u amendments, %u failed", (unsigned long long)isolate_deaths(instance()->inst), (unsigned)n_made, n_status(WEIR_ERROR));
	end();
	isolate_pause_min_ns = 1000000;
	isolate_pause_max_ns = 20000000;
}

/* ---- reload -----------------------------------------------------------------------*/

static struct instance *first_of(const struct toyplan *p)
{
	return p->plan->asyncs[0].line->stages[0]->in;
}

/* As the daemon does at a reload. */
static void take_over(struct toyplan *next)
{
	const struct plan_async *pa;

	for (pa = next->plan->asyncs; pa < next->plan->asyncs + next->plan->n_asyncs; pa++) {
		if (!pa->taken)
			continue;
		MUST(async_pause(pa->async, 30000000000));
		async_resume(pa->async, pa->line);
	}
	is_int(toyplan_start(next), 0, "and start");
	toyplan_free(&t.one, next);
	t.one = *next;
	t.chain = next->plan->chain;
}

static void test_reload(void)
{
	struct toyplan kept, other;
	pid_t pid;

	make(CHAIN(""));
	pid = isolate_pid(instance()->inst);
	is_int(toyplan_build(&t, &kept, CHAIN("isolation_memory = \"262144K\";"), NULL, &t.one), 0, "the same settings");
	is_int(toyplan_open(&t, &kept), 0, "are opened");
	is_int(isolate_pid(first_of(&kept)->inst), pid, "keep the process");
	take_over(&kept);
	is_int(toyplan_build(&t, &other, CHAIN("isolation_cpu = 50;"), NULL, &t.one), 0, "other settings");
	is_int(toyplan_open(&t, &other), 0, "are opened");
	ok(isolate_pid(first_of(&other)->inst) != pid, "have a process of their own");
	take_over(&other);
	ok(kill(pid, 0) < 0 && errno == ESRCH, "the old one is gone");
	push(10);
	is_int(n_good(), 10, "the new one works");
	is_int(toyplan_build(&t, &other, SYNC("{ plugin = \"toycode\"; ctl = @0; }, { plugin = \"toysink\"; ctl = @1; }"), NULL, &t.one), 0, "without it");
	made_free();
	is_int(toyplan_open(&t, &other), 0, "is opened");
	take_over(&other);
	end();
}

static void test_settings(void)
{
	ok(make(SYNC("{ plugin = \"toyplain\"; ctl = @0; isolation = \"process\"; }")) < 0, "no enricher of the sync chain");
	end();
	ok(make(SYNC("{ plugin = \"toycode\"; ctl = @0; isolation = \"process\"; }, { plugin = \"toysink\"; ctl = @0; }")) < 0, "no serializer");
	end();
	ok(make(CHAIN("isolation_user = \"no-such-user\";")) < 0, "no user that there is not");
	end();
	ok(make(CHAIN("isolation_memory = \"1K\";")) < 0, "no memory that is none");
	end();
}

/* ---- sinks ------------------------------------------------------------------------------*/

static char dir[64];

static void sink_text(char *buf, size_t size, const char *options)
{
	snprintf(buf, size, SYNC("{ plugin = \"toycode\"; ctl = @0; }, { plugin = \"iso_sink\"; isolation = \"process\"; file = \"%s/out\"; %s }"), dir, options);
}

/* How often each number is in the file. */
static unsigned lines_read(unsigned *times, unsigned max)
{
	unsigned long n, lines = 0;
	char path[128], line[64];
	FILE *f;

	memset(times, 0, max * sizeof(*times));
	snprintf(path, sizeof(path), "%s/out", dir);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		n = strtoul(line, NULL, 10);
		lines++;
		if (n < max)
			times[n]++;
	}
	if (f)
		fclose(f);
	return (unsigned)lines;
}

/* Of the numbers from 1 on, those that are not in the file. */
static unsigned n_missing(unsigned *times, unsigned max, unsigned *lines)
{
	unsigned i, n = 0;

	*lines = lines_read(times, max);
	for (i = 1; i < max; i++)
		n += !times[i];
	return n;
}

static void files_remove(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/out", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/out.mark", dir);
	unlink(path);
}

static void test_sink(const char *options, const char *about, unsigned lost, unsigned deaths)
{
	unsigned times[EVENTS * 10 + 1], n = EVENTS * 10, i, lines;
	struct instance_stats s;
	struct instance *in;
	char text[1024];

	files_remove();
	sink_text(text, sizeof(text), options);
	is_int(make(text), 0, "%s", about);
	in = (struct instance *)(uintptr_t)toychain_stage(&t, "iso_sink").in;
	for (i = 1; i <= n; i++) {
		toychain_run(&t, WEIR_EV_exec, i);
		if (i % 50 == 0 && i < n)
			chain_flush(t.chain, true);
	}
	chain_flush(t.chain, true);
	ok(UNTIL(isolate_deaths(in->inst) >= deaths && n_missing(times, n + 1, &lines) <= lost), "%s: all is written", about);
	toyasync_nap();
	instance_tick(in, clock_ns(CLOCK_MONOTONIC));
	s = in->stats;
	is_int(n_missing(times, n + 1, &lines), lost, "%s: missing", about);
	is_int((long long)isolate_deaths(in->inst), deaths, "%s: deaths", about);
	ok(UNTIL((instance_tick(in, clock_ns(CLOCK_MONOTONIC)), in->stats.dropped == lost)), "%s: dropped", about);
	s = in->stats;
	is_int((long long)(s.delivered + s.dropped), n, "%s: it adds up", about);
	is_int((long long)toychain_lost_all(&t, WEIR_LOST_SINK), lost, "%s: losses", about);
	tap_diag("%u lines for %u items", lines, n);
	end();
}

static void test_sink_closed(void)
{
	struct instance *in;
	char text[1024];
	unsigned i;
	int r = 0;

	files_remove();
	sink_text(text, sizeof(text), "what = \"closes\"; at = 5;");
	make(text);
	in = (struct instance *)(uintptr_t)toychain_stage(&t, "iso_sink").in;
	for (i = 1; i <= 10; i++)
		toychain_run(&t, WEIR_EV_exec, i);
	ok(UNTIL((toychain_run(&t, WEIR_EV_exec, 11), r = chain_flush(t.chain, true)) == -EPIPE), "a reader that has gone");
	instance_tick(in, clock_ns(CLOCK_MONOTONIC));
	is_int((long long)in->stats.delivered, 4, "four were taken");
	end();
}

/* ---- what it costs -------------------------------------------------------------------*/

/* One at a time, till its amendment is there. */
static double delay(void)
{
	uint64_t from, sum = 0;
	unsigned i;

	for (i = 0; i < 1000; i++) {
		from = clock_ns(CLOCK_MONOTONIC);
		toyasync_push(&t, 1, i);
		chain_flush(t.chain, true);
		while (!inbox_len(t.services.inbox))
			;
		sum += clock_ns(CLOCK_MONOTONIC) - from;
		toyasync_collect(&t, NULL, 0);
	}
	return (double)sum / 1000;
}

static double cost(const char *text, unsigned n)
{
	uint64_t from;
	unsigned i;

	make(text);
	push(100);
	tap_diag("alone, %.0f ns to its amendment", delay());
	from = clock_ns(CLOCK_MONOTONIC);
	for (i = 1; i <= n; i++) {
		toyasync_push(&t, i % 64 + 1, i);
		if (i % 64 == 0)
			toyasync_collect(&t, NULL, 0);
	}
	toyasync_settle(&t, NULL, 0);
	from = clock_ns(CLOCK_MONOTONIC) - from;
	end();
	return (double)from / n;
}

static void test_cost(void)
{
	double in, out;

	in = cost(SYNC("{ plugin = \"toycode\"; ctl = @0; }, { plugin = \"toysink\"; ctl = @1; }") "async = { a = { queue = 65536; stages = ( { plugin = \"iso_mark\"; } ); }; };", 20000);
	out = cost(SYNC("{ plugin = \"toycode\"; ctl = @0; }, { plugin = \"toysink\"; ctl = @1; }") "async = { a = { queue = 65536; stages = ( { plugin = \"iso_mark\"; isolation = \"process\"; } ); }; };", 20000);
	tap_diag("an event: %.0f ns in the sensor, %.0f ns in a process", in, out);
}

/* A sanitizer's report of each takes longer than all the rest. */
static void deaths_hasten(const char *name)
{
	const char *options = getenv(name);
	char text[1024];

	snprintf(text, sizeof(text), "%s:handle_segv=0", options ? options : "");
	setenv(name, text, 1);
}

int main(int argc, char **argv)
{
	const char *build = getenv("WEIR_BUILD");
	char host[4096];

	(void)argv;
	snprintf(host, sizeof(host), "%s/weir-plugin-host", build ? build : getcwd((char[4000]){ 0 }, 4000));
	setenv("WEIR_PLUGIN_HOST", host, 0);
	deaths_hasten("ASAN_OPTIONS");
	deaths_hasten("TSAN_OPTIONS");
	log_set_sink(on_log);
	snprintf(dir, sizeof(dir), "/tmp/weir-isolate-XXXXXX");
	MUST(toychain_setup() && mkdtemp(dir) && chmod(dir, 0777) == 0);
	isolate_pause_min_ns = 1000000;
	isolate_pause_max_ns = 20000000;
	test_works();
	test_one(CHAIN("what = \"segv\"; at = 50;"), "segfault", NULL, 2);
	test_one(CHAIN("what = \"later\"; at = 50;"), "later", "later", 0);
	test_one(CHAIN("what = \"fork\"; at = 50;"), "fork", "EPERM", 0);
	test_one(CHAIN("what = \"socket\"; at = 50;"), "socket", "EAFNOSUPPORT", 0);
	test_one(CHAIN("what = \"exec\"; at = 50;"), "exec", "EPERM", 0);
	test_one(CHAIN("what = \"kill\"; at = 50;"), "signal", "EPERM", 0);
	if (limits_memory)
		test_one(CHAIN("what = \"leak\"; at = 50; isolation_memory = \"128M\";"), "leak", "refused", 0);
	else
		tap_skip("leak", "sanitizers need all memory");
	/* Less than the default, but more than a busy machine keeps it waiting. */
	isolate_stall_ns = 2000000000;
	test_one(CHAIN("what = \"loop\"; at = 50;"), "endless loop", NULL, 2);
	test_one(CHAIN("what = \"scribble\"; at = 50;"), "scribble", NULL, 2);
	isolate_stall_ns = 5000000000;
	test_emit();
	test_open();
	test_many_deaths();
	test_hostile();
	test_reload();
	test_settings();
	test_sink("", "sink", 0, 0);
	test_sink("what = \"once\"; at = 777;", "sink crashes once", 0, 1);
	test_sink("what = \"always\"; at = 777;", "sink crashes at an item", 1, 2);
	test_sink("what = \"drops\"; at = 777;", "sink drops", 1, 0);
	test_sink_closed();
	files_remove();
	rmdir(dir);
	if (argc > 1)
		test_cost();
	toychain_teardown();
	return done_testing();
}
