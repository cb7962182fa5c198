/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the thread: when a test is made, and what is told of it. What it is
 * allowed to expect is settled at the start, for the group `sensor` never
 * changes.
 */
#include "selftest.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/notice.h"
#include "jsonput.h"
#include "selftest_private.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/stat.h"

#define HELPER		WEIR_LIBEXECDIR "/weir-self-test"
#define HELPER_COMM	"weir-self-test"
/* The initial one has had this number for as long as there are any. */
#define PID_NS_INITIAL	0xEFFFFFFCu

struct selftest {
	struct selftest_conf conf;
	struct selftest_plan plan;
	struct selftest_run run;
	char helper[SELFTEST_PATH], folder[SELFTEST_PATH];
	char cannot[SELFTEST_WHY];	/* why there is none at all; "" */
	pthread_t thread;
	bool joined;			/* the control thread's */
	int begun, stop;		/* eventfds */
	pthread_mutex_t lock;		/* of the result */
	unsigned result;		/* enum weir_self_test_result; 0: none yet */
	unsigned tried;
	char missing[256];		/* names */
	char why[SELFTEST_WHY];		/* it could not be run */
};

/* ---- the result -----------------------------------------------------------------------*/

static unsigned count(uint64_t types)
{
	return (unsigned)__builtin_popcountll(types);
}

/* "exec, open" */
static void names_join(uint64_t types, char *buf, size_t size)
{
	size_t n = 0;
	unsigned type;

	*buf = 0;
	for (type = 1; type < WEIR_EV_KERNEL_MAX && n < size; type++)
		if (types >> type & 1)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
					      selftest_type(type));
}

static void texts_fill(struct notice_self_test *n, const struct selftest_plan *p,
		       uint64_t missing, const char *why)
{
	char text[SELFTEST_WHY + 32];
	unsigned type;

	if (*why)
		notice_texts_add(&n->skipped, why);
	for (type = 1; type < WEIR_EV_KERNEL_MAX; type++) {
		if (missing >> type & 1)
			notice_texts_add(&n->missing, selftest_type(type));
		if (!(p->skipped >> type & 1))
			continue;
		snprintf(text, sizeof(text), "%s: %s", selftest_type(type), p->why[type]);
		notice_texts_add(&n->skipped, text);
	}
}

static void result_log(const struct selftest *t, const struct selftest_plan *p)
{
	if (t->result == WEIR_SELF_TEST_FAILED)
		log_warn("self test: no event came of: %s", t->missing);
	else if (t->result == WEIR_SELF_TEST_NOT_RUN)
		log_warn("self test: not run: %s", *t->why ? t->why : "nothing could be tried");
	else
		log_info("self test: passed, %u types; %u not tried", t->tried,
			 count(p->skipped));
}

static void result_tell(struct selftest *t, const struct selftest_plan *p, uint64_t seen,
			const char *why, uint64_t duration_ns)
{
	uint64_t missing = *why ? 0 : p->tried & ~seen;
	struct notice_self_test *n = calloc(1, sizeof(*n));

	pthread_mutex_lock(&t->lock);
	t->tried = *why ? 0 : count(p->tried);
	t->result = missing ? WEIR_SELF_TEST_FAILED :
		    t->tried ? WEIR_SELF_TEST_PASSED : WEIR_SELF_TEST_NOT_RUN;
	names_join(missing, t->missing, sizeof(t->missing));
	snprintf(t->why, sizeof(t->why), "%s", why);
	pthread_mutex_unlock(&t->lock);
	result_log(t, p);
	if (!n)
		return;
	n->result = t->result;
	n->tried = t->tried;
	n->duration_ns = duration_ns;
	texts_fill(n, p, missing, why);
	notice_self_test(t->conf.services, n);
	free(n);
}

/* ---- the thread -------------------------------------------------------------------------*/

/* Until fd is ready or the time is over; -1: for ever. true: it is to end. */
static bool stopped_in(const struct selftest *t, int fd, int64_t ns)
{
	struct pollfd fds[] = {
		{ .fd = t->stop, .events = POLLIN }, { .fd = fd, .events = POLLIN },
	};
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)ns, now;
	int r, ms;

	do {
		now = clock_ns(CLOCK_MONOTONIC);
		ms = now >= end ? 0 : (int)MIN((end - now) / 1000000u + 1, 3600000ull);
		r = poll(fds, ARRAY_LEN(fds), ns < 0 ? -1 : ms);
	} while (r <= 0 && (ns < 0 || ms));
	return r > 0 && fds[0].revents;
}

static void test_once(struct selftest *t)
{
	uint64_t at = clock_ns(CLOCK_MONOTONIC), seen = 0;
	struct selftest_plan plan = t->plan;
	char why[SELFTEST_WHY] = "";

	if (*t->cannot)
		snprintf(why, sizeof(why), "%s", t->cannot);
	else if (plan.tried)
		selftest_run(&t->run, &plan, &seen, why);
	/* What was given up says nothing. */
	if (!stopped_in(t, -1, 0))
		result_tell(t, &plan, seen, why, clock_ns(CLOCK_MONOTONIC) - at);
}
static void *selftest_main(void *arg)
{
	struct selftest *t = arg;

	if (stopped_in(t, t->begun, -1))
		return NULL;
	do {
		test_once(t);
	} while (!stopped_in(t, -1, t->conf.interval_ns));
	return NULL;
}

/* ---- life -----------------------------------------------------------------------------------*/

/* Ours if it can be made, else beside it. */
static void folder_choose(struct selftest *t)
{
	const char *base = WEIR_RUNDIR "/self-test-";
	struct stat st;

	if (mkdir(WEIR_RUNDIR, 0755) && (errno != EEXIST || stat(WEIR_RUNDIR, &st) ||
					 !S_ISDIR(st.st_mode) || access(WEIR_RUNDIR, W_OK)))
		base = "/run/weir-self-test-";
	snprintf(t->folder, sizeof(t->folder), "%s", base);
}

static void helper_choose(struct selftest *t)
{
	const char *path = secure_getenv("WEIR_SELF_TEST");
	char *real = realpath(path && *path == '/' ? path : HELPER, NULL);

	/* As the kernel tells it, for exclude.exes. */
	snprintf(t->helper, sizeof(t->helper), "%s", real && strlen(real) < sizeof(t->helper) ?
		 real : HELPER);
	free(real);
}

/* The line "0::/path" of the unified hierarchy. */
static void cgroup_read(char *buf, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[4096];

	*buf = 0;
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "0::", 3)) {
			line[strcspn(line, "\n")] = 0;
			snprintf(buf, size, "%s", line + 3);
		}
	if (f)
		fclose(f);
}

static void plan_make(struct selftest *t)
{
	char cgroup[4096];
	const struct selftest_who who = {
		.uid = getuid(), .comm = HELPER_COMM, .exe = t->helper, .folder = t->folder,
		.cgroup = cgroup,
	};
	struct stat ns;

	cgroup_read(cgroup, sizeof(cgroup));
	selftest_plan(t->conf.bpf, t->conf.source->ops->hooks(t->conf.source), &who, &t->plan);
	t->conf.bpf = NULL;
	if (stat("/proc/self/ns/pid", &ns) || ns.st_ino != PID_NS_INITIAL)
		snprintf(t->cannot, sizeof(t->cannot),
			 "the sensor is not in the initial pid namespace");
}

static struct selftest *selftest_fini(struct selftest *t)
{
	if (t->begun >= 0)
		close(t->begun);
	if (t->stop >= 0)
		close(t->stop);
	pthread_mutex_destroy(&t->lock);
	free(t);
	return NULL;
}

struct selftest *selftest_new(const struct selftest_conf *conf)
{
	struct selftest *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->conf = *conf;
	t->begun = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&t->lock, NULL);
	folder_choose(t);
	helper_choose(t);
	plan_make(t);
	t->run = (struct selftest_run){
		.source = conf->source, .collector = conf->collector, .helper = t->helper,
		.folder = t->folder, .stop = t->stop,
	};
	if (t->begun >= 0 && t->stop >= 0 &&
	    !pthread_create(&t->thread, NULL, selftest_main, t))
		return t;
	log_warn("self test: no thread or descriptor for it");
	return selftest_fini(t);
}

static void tell(int fd)
{
	static const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		log_error("eventfd: %s", strerror(errno));
}

void selftest_begin(struct selftest *t)
{
	tell(t->begun);
}

void selftest_report(struct selftest *t, struct json_object *status)
{
	static const char *const results[] = { "", "passed", "failed", "not_run" };
	struct json_object *o;

	pthread_mutex_lock(&t->lock);
	if (t->result) {
		o = put_object(status, "self_test");
		put_text(o, "result", results[t->result]);
		put_n(o, "tried", t->tried);
	}
	pthread_mutex_unlock(&t->lock);
}

char *selftest_warning(struct selftest *t, char *buf, size_t size)
{
	*buf = 0;
	pthread_mutex_lock(&t->lock);
	if (t->result == WEIR_SELF_TEST_FAILED)
		snprintf(buf, size, "self test: no event came of: %s", t->missing);
	else if (t->result == WEIR_SELF_TEST_NOT_RUN && *t->why)
		snprintf(buf, size, "self test: not run: %s", t->why);
	pthread_mutex_unlock(&t->lock);
	return buf;
}

void selftest_cancel(struct selftest *t)
{
	if (t)
		tell(t->stop);
}

void selftest_stop(struct selftest *t)
{
	if (!t || t->joined)
		return;
	selftest_cancel(t);
	pthread_join(t->thread, NULL);
	t->joined = true;
}

struct selftest *selftest_free(struct selftest *t)
{
	selftest_stop(t);
	return t ? selftest_fini(t) : NULL;
}
