/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the self test tries, what it does not and why, and what becomes of a
 * helper that does not do its part. That events come is for the live tests.
 */
#include <errno.h>
#include <glob.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/event.h"
#include "chain/notice.h"
#include "queue/inbox.h"
#include "schema/values.h"
#include "selftest_private.h"
#include "source/check.h"
#include "source/source_bpf.h"
#include "toyloop.h"

#define T(name) (1ull << WEIR_EV_##name)
#define ALL (T(exec) | T(open) | T(mkdir) | T(connect) | T(mmap_exec))
#define FILES (T(open) | T(mkdir) | T(mmap_exec))

/* ---- the plan --------------------------------------------------------------------------*/

static const char *const w[] = { "/usr/lib", "/run/weir", "weir-self", "web", "/a/b/", "/x" };
static const int64_t uids[] = { 3, 7 };

#define LIST(i) 1, &w[i]
static const struct {
	const char *what;
	size_t n_exes; const char *const *exes;
	size_t n_paths; const char *const *paths;
	size_t n_comms; const char *const *comms;
	size_t n_cgroups; const char *const *cgroups;
	size_t n_uids;
	uint64_t skipped;
	const char *why;
} plans[] = {
	{ "all is tried", 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, "" },
	{ "its program is excluded", LIST(0), 0, NULL, 0, NULL, 0, NULL, 0, ALL,
	  "its program is excluded" },
	{ "another program is", LIST(5), 0, NULL, 0, NULL, 0, NULL, 0, 0, "" },
	{ "its folder is", 0, NULL, LIST(1), 0, NULL, 0, NULL, 0, FILES, "its files are excluded" },
	{ "its program's path is", 0, NULL, LIST(0), 0, NULL, 0, NULL, 0, FILES,
	  "its files are excluded" },
	{ "its name is", 0, NULL, 0, NULL, LIST(2), 0, NULL, 0, ALL, "its name is excluded" },
	{ "another name is", 0, NULL, 0, NULL, LIST(3), 0, NULL, 0, 0, "" },
	{ "its cgroup is", 0, NULL, 0, NULL, 0, NULL, LIST(4), 0, ALL, "its cgroup is excluded" },
	{ "another cgroup is", 0, NULL, 0, NULL, 0, NULL, LIST(5), 0, 0, "" },
	{ "its user is", 0, NULL, 0, NULL, 0, NULL, 0, NULL, 2, ALL, "its user is excluded" },
	{ "another user is", 0, NULL, 0, NULL, 0, NULL, 0, NULL, 1, 0, "" },
};

static const struct selftest_who who = {
	.uid = 7, .comm = "weir-self-test", .exe = "/usr/libexec/weir/weir-self-test",
	.folder = "/run/weir/self-test-", .cgroup = "/a/b",
};

static void test_plans(void)
{
	static struct source_hook hooks[WEIR_EV_KERNEL_MAX];
	struct selftest_plan p;
	size_t i;

	for (i = 0; i < ARRAY_LEN(plans); i++) {
		const struct source_bpf_conf sc = {
			.types = ALL,
			.skip_exes = plans[i].exes, .n_skip_exes = plans[i].n_exes,
			.skip_paths = plans[i].paths, .n_skip_paths = plans[i].n_paths,
			.skip_comms = plans[i].comms, .n_skip_comms = plans[i].n_comms,
			.skip_cgroups = plans[i].cgroups, .n_skip_cgroups = plans[i].n_cgroups,
			.skip_uids = uids, .n_skip_uids = plans[i].n_uids,
		};

		selftest_plan(&sc, hooks, &who, &p);
		ok(p.skipped == plans[i].skipped, "%s: what is skipped", plans[i].what);
		ok(p.tried == (ALL & ~p.skipped), "%s: the rest is tried", plans[i].what);
		is_str(p.why[WEIR_EV_open], plans[i].why, "%s: why", plans[i].what);
	}
}

static void test_hooks(void)
{
	static struct source_hook hooks[WEIR_EV_KERNEL_MAX];
	const struct source_bpf_conf sc = { .types = ALL | 1ull << 63 };
	struct selftest_plan p;

	hooks[WEIR_EV_open] = (struct source_hook){ SOURCE_HOOK_UNAVAILABLE, "not there" };
	hooks[WEIR_EV_mkdir] = (struct source_hook){ SOURCE_HOOK_DEGRADED, "half" };
	selftest_plan(&sc, hooks, &who, &p);
	ok(p.skipped == T(open), "a type that the kernel does not tell is skipped");
	is_str(p.why[WEIR_EV_open], "not there", "with the reason");
	ok(p.tried == (ALL & ~T(open)), "one that says less is tried; one that there is not is not");
}

static void test_lines(void)
{
	static const char *const lines[] = {
		"exec\tok", "open\topen: No space left on device", "connect\tok", "mkdir", "", "\t",
		"nosuch\tok", "fork\tok", "exec ok",
	};
	struct selftest_plan p = { .tried = ALL };
	uint64_t done = 0;
	char line[128];
	size_t i;

	for (i = 0; i < ARRAY_LEN(lines); i++) {
		snprintf(line, sizeof(line), "%s", lines[i]);
		selftest_line(&p, line, &done);
	}
	ok(done == (T(exec) | T(connect)), "what was done");
	ok(p.skipped == T(open) && p.tried == (ALL & ~T(open)), "what could not be");
	is_str(p.why[WEIR_EV_open], "open: No space left on device", "and why");
}

/* ---- the run -----------------------------------------------------------------------------*/

static int observe_result;
static uint32_t observed;

static int toy_observe(struct source *s, uint32_t pid)
{
	(void)s;
	observed = pid;
	return observe_result;
}

static void toy_rings(const struct source *s, struct source_ring out[WEIR_CLASS_KERNEL_MAX])
{
	(void)s;
	memset(out, 0, WEIR_CLASS_KERNEL_MAX * sizeof(*out));
}

static const struct source_ops toy_ops = {
	.name = "toy", .wake = deaf_wake, .observe = toy_observe, .rings = toy_rings,
};

static size_t n_like(const char *begin)
{
	char pattern[128];
	glob_t g = { 0 };
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s*", begin);
	glob(pattern, 0, NULL, &g);
	n = g.gl_pathc;
	globfree(&g);
	return n;
}

static void one_run(const char *helper, bool stop, const char *want, const char *what)
{
	static const struct step none[] = { { END, 0, 0 } };
	struct source source = { .ops = &toy_ops };
	struct selftest_plan plan = { .tried = T(exec) | T(mkdir) };
	char folder[64], why[SELFTEST_WHY] = "";
	struct selftest_run run = {
		.source = &source, .helper = helper, .folder = folder,
		.stop = eventfd(stop, EFD_CLOEXEC),
	};
	uint64_t came = 0;

	snprintf(folder, sizeof(folder), "/tmp/weir-selftest-%d-", (int)getpid());
	make(none, NULL, false, NULL);
	run.collector = col;
	is_int(selftest_run(&run, &plan, &came, why), -1, "%s: it is not run", what);
	ok(strstr(why, want) != NULL, "%s: why: %s", what, why);
	is_int((long long)n_like(folder), 0, "%s: no folder is left", what);
	is_int(waitpid(-1, NULL, WNOHANG), -1, "%s: no process is left", what);
	collector_run(col);
	finish(what, true);
	close(run.stop);
}

/* One that waits, as ours does, and then says nothing. */
static void helper_write(char *path)
{
	static const char text[] = "#!/bin/sh\nread go\nread more\n";
	int fd = mkstemp(path);

	MUST(fd >= 0 && write(fd, text, sizeof(text) - 1) > 0 && !fchmod(fd, 0700));
	close(fd);
}

static void test_runs(void)
{
	char helper[] = "/tmp/weir-helper-XXXXXX";

	helper_write(helper);
	observe_result = 0;
	one_run("/nonexistent", false, "/nonexistent: No such file", "no helper");
	one_run(helper, true, "the sensor is ending", "it is to stop");
	observe_result = -EPERM;
	one_run(helper, false, "cannot be observed: Operation not permitted", "it is not observed");
	ok(observed > 1, "its pid was asked for");
	unlink(helper);
}

/* ---- the event ----------------------------------------------------------------------------*/

static void test_notice(void)
{
	static struct notice_self_test n = {
		.result = WEIR_SELF_TEST_FAILED, .tried = 4, .duration_ns = 9,
	};
	static const struct step none[] = { { END, 0, 0 } };
	const struct weir_self_test *st;
	char large[4096];
	struct event *e;

	make(none, NULL, false, NULL);
	notice_texts_add(&n.missing, "exec");
	notice_texts_add(&n.missing, "open");
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = 0;
	notice_texts_add(&n.skipped, large);
	notice_texts_add(&n.skipped, large);
	notice_texts_add(&n.skipped, "no room");
	notice_self_test(&t.services, &n);
	e = inbox_pop_sc(t.services.inbox);
	MUST(e);
	is_int(check_record(e->rec, e->rec_size), CHECK_OK, "the record is in order");
	st = (const struct weir_self_test *)(const void *)e->rec;
	is_int(st->self_test_missing.len, 10, "two texts, each with its end");
	is_str((const char *)e->rec + st->self_test_missing.off, "exec", "the first");
	is_str((const char *)e->rec + st->self_test_missing.off + 5, "open", "the second");
	is_int(st->self_test_skipped.len, 8192, "what there is no room for is left out");
	is_int(st->base.outcome, WEIR_OUTCOME_FAILURE, "outcome");
	event_unref(e);
	collector_run(col);
	finish("notice", true);
}

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

int main(void)
{
	umask(022);
	/* As the daemon does: a reader that goes is an answer. */
	signal(SIGPIPE, SIG_IGN);
	log_set_sink(silent);
	if (!ok(toychain_setup(), "the plugins are there"))
		return done_testing();
	MUST(values_find("event"));
	test_plans();
	test_hooks();
	test_lines();
	test_runs();
	test_notice();
	toychain_teardown();
	return done_testing();
}
