/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the helper's process while it runs. The kernel excludes what we start,
 * so the helper waits until we have had it observed. When it has ended, all
 * that it did is in the rings or counted as lost: what has not come once the
 * rings are read up to there does not come.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector.h"
#include "schema/values.h"
#include "selftest_private.h"
#include "util/macros.h"
#include "util/stat.h"

/* The helper gives up before that by itself. */
#define RUN_NS		60000000000ull
#define TURN_NS		200000000ll
#define SAID_MAX	16384u
#define ENTRIES_MAX	64u

/* A run under way. */
struct run {
	const struct selftest_run *conf;
	struct selftest_plan *plan;
	char folder[SELFTEST_PATH];
	pid_t pid;		/* 0: none, or reaped */
	int pidfd, go, said_fd;
	uint64_t deadline;
	char said[SAID_MAX];
	size_t n_said;
	struct collector_types before, after;
	char *why;
};

static int refuse(struct run *r, const char *what, int error)
{
	snprintf(r->why, SELFTEST_WHY, "%s%s%s", what, error ? ": " : "",
		 error ? strerror(error) : "");
	return -1;
}

static int ms_left(const struct run *r)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	return now >= r->deadline ? 0 : (int)((r->deadline - now) / 1000000u) + 1;
}

/* ---- the folder -----------------------------------------------------------------------*/

static int folder_make(struct run *r)
{
	snprintf(r->folder, sizeof(r->folder), "%sXXXXXX", r->conf->folder);
	if (mkdtemp(r->folder))
		return 0;
	refuse(r, r->conf->folder, errno);
	r->folder[0] = 0;
	return -1;
}

/* The helper leaves nothing, unless it was ended halfway. */
static void folder_remove(const struct run *r)
{
	struct dirent *e;
	unsigned n;
	DIR *d;

	if (!r->folder[0])
		return;
	d = opendir(r->folder);
	for (n = 0; d && n < ENTRIES_MAX && (e = readdir(d)); n++)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
		    unlinkat(dirfd(d), e->d_name, 0) && errno == EISDIR)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	if (d)
		closedir(d);
	rmdir(r->folder);
}

/* ---- the helper ------------------------------------------------------------------------*/

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Only what sanitizers read. */
static char **environment(char **buf, size_t n)
{
	static const char *const names[] = { "ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS=" };
	size_t i, used = 0;
	char **e;

	for (e = environ; e && *e; e++)
		for (i = 0; i < ARRAY_LEN(names) && used + 1 < n; i++)
			if (!strncmp(*e, names[i], strlen(names[i])))
				buf[used++] = *e;
	buf[used] = NULL;
	return buf;
}

static void arguments(const struct run *r, const char **argv)
{
	unsigned type, n = 0;

	argv[n++] = "weir-self-test";
	argv[n++] = "wait";
	argv[n++] = r->folder;
	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++)
		if (r->plan->tried >> type & 1)
			argv[n++] = selftest_type(type);
	argv[n] = NULL;
}

static int process_make(struct run *r, int in, int out)
{
	const char *argv[WEIR_EV_KERNEL_MAX + 4];
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	char *env[8];
	int e;

	arguments(r, argv);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	e = posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
	e = e ? e : posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	e = e ? e : posix_spawn(&r->pid, r->conf->helper, &fa, &attr, (char *const *)argv,
				environment(env, ARRAY_LEN(env)));
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	if (e) {
		r->pid = 0;
		return refuse(r, r->conf->helper, e);
	}
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	return r->pidfd < 0 ? refuse(r, "pidfd_open", errno) : 0;
}

static int helper_start(struct run *r)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, e;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		e = refuse(r, "pipe", errno);
	else
		e = process_make(r, in[0], out[1]);
	fd_close(&in[0]);
	fd_close(&out[1]);
	r->go = in[1];
	r->said_fd = out[0];
	return e;
}

/* From here on its events are those of any process. */
static int helper_release(struct run *r)
{
	int e;

	collector_watch(r->conf->collector, (uint32_t)r->pid);
	e = r->conf->source->ops->observe(r->conf->source, (uint32_t)r->pid);
	if (e)
		return refuse(r, "the helper cannot be observed", -e);
	e = write(r->go, "g", 1) == 1 ? 0 : refuse(r, "the helper has ended", errno);
	fd_close(&r->go);
	return e;
}

/* What it says, until it says no more. */
static int helper_listen(struct run *r)
{
	struct pollfd fds[] = {
		{ .fd = r->said_fd, .events = POLLIN }, { .fd = r->conf->stop, .events = POLLIN },
	};
	ssize_t n = 1;
	int e;

	while (n) {
		e = poll(fds, ARRAY_LEN(fds), ms_left(r));
		if (e < 0 && errno == EINTR)
			continue;
		if (e <= 0 || fds[1].revents)
			return refuse(r, e ? "the sensor is ending" :
				      "the helper does not come to an end", 0);
		n = read(r->said_fd, r->said + r->n_said, sizeof(r->said) - 1 - r->n_said);
		if (n < 0)
			return refuse(r, "read", errno);
		r->n_said += (size_t)n;
	}
	return 0;
}

static int helper_await(struct run *r)
{
	struct pollfd fds[] = {
		{ .fd = r->pidfd, .events = POLLIN }, { .fd = r->conf->stop, .events = POLLIN },
	};
	int e;

	do {
		e = poll(fds, ARRAY_LEN(fds), ms_left(r));
	} while (e < 0 && errno == EINTR);
	if (e > 0 && fds[0].revents)
		return 0;
	return refuse(r, e ? "the sensor is ending" : "the helper does not come to an end", 0);
}

/* Its pid is nobody else's until then. */
static void helper_reap(struct run *r)
{
	siginfo_t si;
	int e;

	collector_unwatch(r->conf->collector);
	if (!r->pid)
		return;
	kill(r->pid, SIGKILL);
	do {
		e = waitid(P_PID, (id_t)r->pid, &si, WEXITED);
	} while (e < 0 && errno == EINTR);
	r->pid = 0;
}

static uint64_t lines_read(struct run *r)
{
	uint64_t done = 0;
	char *line, *save;

	r->said[r->n_said] = 0;
	for (line = strtok_r(r->said, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		selftest_line(r->plan, line, &done);
	return done;
}

/* ---- what comes of it ---------------------------------------------------------------------*/

static bool is_stopped(const struct run *r)
{
	struct pollfd fd = { .fd = r->conf->stop, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

static bool rings_passed(const struct run *r, const struct source_ring *at)
{
	struct source_ring now[WEIR_CLASS_KERNEL_MAX];
	unsigned i;

	r->conf->source->ops->rings(r->conf->source, now);
	for (i = 0; i < WEIR_CLASS_KERNEL_MAX; i++)
		if (now[i].consumed < at[i].produced)
			return false;
	return true;
}

/* Until all came, or all that is in the rings now has been read. */
static int events_await(struct run *r, uint64_t done)
{
	struct source_ring at[WEIR_CLASS_KERNEL_MAX];

	r->conf->source->ops->rings(r->conf->source, at);
	while (done & ~collector_watched(r->conf->collector) && !rings_passed(r, at)) {
		if (is_stopped(r))
			return refuse(r, "the sensor is ending", 0);
		if (!ms_left(r))
			return refuse(r, "the rings are not read", 0);
		collector_watch_wait(r->conf->collector, TURN_NS);
	}
	return 0;
}

/* The first sum that begins from now on is the second that is ready. */
static void losses_await(struct run *r)
{
	uint64_t n;

	collector_types(r->conf->collector, &r->after);
	n = r->after.n_sums;
	while (r->after.n_sums < n + 2 && ms_left(r) && !is_stopped(r)) {
		collector_watch_wait(r->conf->collector, TURN_NS);
		collector_types(r->conf->collector, &r->after);
	}
}

/* An event that is known to be lost is no blind hook. */
static void lost_skip(struct run *r, uint64_t missing)
{
	const struct weir_value_name *reason;
	char why[SELFTEST_WHY];
	unsigned type;

	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++)
		for (reason = values_find("lost_reason"); reason->name; reason++) {
			if (!(missing >> type & 1) || reason->number >= WEIR_LOST_KERNEL_MAX ||
			    r->after.lost[reason->number][type] <=
			    r->before.lost[reason->number][type])
				continue;
			snprintf(why, sizeof(why), "lost: %s", reason->name);
			selftest_skip(r->plan, type, why);
		}
}

/* Of what it said nothing it did nothing. */
static void undone_skip(struct run *r, uint64_t done)
{
	unsigned type;

	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++)
		if (r->plan->tried >> type & ~(done >> type) & 1)
			selftest_skip(r->plan, type, "the helper did not get so far");
}

static int run_through(struct run *r, uint64_t *seen)
{
	uint64_t done, missing;

	if (folder_make(r) || helper_start(r) || helper_release(r) || helper_listen(r) ||
	    helper_await(r))
		return -1;
	done = lines_read(r);
	undone_skip(r, done);
	if (events_await(r, done))
		return -1;
	*seen = collector_watched(r->conf->collector);
	missing = done & ~*seen;
	if (missing) {
		losses_await(r);
		lost_skip(r, missing);
		*seen = collector_watched(r->conf->collector);
	}
	return 0;
}

int selftest_run(const struct selftest_run *conf, struct selftest_plan *plan, uint64_t *seen,
		 char why[SELFTEST_WHY])
{
	struct run *r = calloc(1, sizeof(*r));
	int e;

	if (!r) {
		snprintf(why, SELFTEST_WHY, "no memory");
		return -1;
	}
	r->conf = conf;
	r->plan = plan;
	r->why = why;
	r->pidfd = r->go = r->said_fd = -1;
	r->deadline = clock_ns(CLOCK_MONOTONIC) + RUN_NS;
	collector_types(conf->collector, &r->before);
	e = run_through(r, seen);
	helper_reap(r);
	fd_close(&r->go);
	fd_close(&r->said_fd);
	fd_close(&r->pidfd);
	folder_remove(r);
	free(r);
	return e;
}
