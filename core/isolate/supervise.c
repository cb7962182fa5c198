/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the thread of an isolated plugin: it starts the process, reads its
 * answers, looks whether it gets on, and begins again when it has died. The
 * process dies with this thread (PR_SET_PDEATHSIG is about the thread that made
 * it), so it is this one that makes it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "isolate/private.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/stat.h"

#define CLOSE_NS	(2 * NS_PER_S)
#define CPU_NS		(5 * NS_PER_S)
#define CALM_NS		(60 * NS_PER_S)
/* Down for longer, a sink's items are dropped and events fail at once. */
#define GIVE_UP_NS	(2 * NS_PER_S)
/* Between two looks at it: with something to do, and without. */
#define TURN_MS		100
#define IDLE_MS		500

uint64_t isolate_pause_min_ns = NS_PER_S / 10, isolate_pause_max_ns = 30 * NS_PER_S;
uint64_t isolate_stall_ns = 5 * NS_PER_S, isolate_open_ns = 30 * NS_PER_S;

static void state_set(struct isolate *iso, enum isolate_state state)
{
	pthread_mutex_lock(&iso->lock);
	iso->state = state;
	if (state == ISO_RUNNING) {
		iso->gives_up = false;
		tickets_send(iso);
	}
	pthread_cond_broadcast(&iso->cond);
	pthread_mutex_unlock(&iso->lock);
}

static bool is_closing(struct isolate *iso)
{
	bool closing;

	pthread_mutex_lock(&iso->lock);
	closing = iso->closing;
	pthread_mutex_unlock(&iso->lock);
	return closing;
}

/* ---- the watch ------------------------------------------------------------------*/

static bool uses_too_much(const struct isolate *iso, struct child *c, uint64_t now)
{
	uint64_t used, elapsed = now - c->cpu_at, limit = (uint64_t)iso->conf.limits.cpu;
	bool over;

	if (!limit || !c->cpu_known || elapsed < CPU_NS)
		return false;
	used = clock_ns(c->clock);
	/* Clocks do not agree to the last bit. */
	over = c->cpu_at && used - c->cpu_ns > elapsed / 100 * limit + elapsed / 50;
	c->cpu_ns = used;
	c->cpu_at = now;
	return over;
}

static bool is_stuck(struct child *c, uint64_t now, uint64_t tail, bool empty)
{
	uint64_t limit = isolate_stall_ns;
	uint32_t call = SHM_PEEK(&c->up->call);

	if (call != c->call || !c->call_ns) {
		c->call = call;
		c->call_ns = now;
	}
	if (empty || tail != c->tail || !c->tail_ns) {
		c->tail = tail;
		c->tail_ns = now;
	}
	return now - c->call_ns > limit && (call % 2 || now - c->tail_ns > limit);
}

/* Why it is to be ended; NULL: all is well. */
static const char *fault_find(struct isolate *iso, struct child *c)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), tail;
	bool good, empty;

	pthread_mutex_lock(&iso->lock);
	good = down_update(iso);
	tail = iso->tail;
	empty = down_is_empty(iso);
	c->idle = empty && !iso->n_tickets && c->ready;
	tickets_send(iso);
	if (iso->n_writers)
		pthread_cond_broadcast(&iso->cond);
	pthread_mutex_unlock(&iso->lock);
	if (!good)
		return "wrote nonsense into the shared memory";
	if (c->deadline_ns && now > c->deadline_ns)
		return c->ready ? "did not close in time" : "did not open in time";
	if (!c->ready || c->close_sent)
		return NULL;
	if (is_stuck(c, now, tail, empty))
		return "made no progress";
	return uses_too_much(iso, c, now) ? "used more CPU than it may" : NULL;
}

/* ---- one life ---------------------------------------------------------------------*/

static void drain(int fd)
{
	char buf[4096];
	unsigned i;

	/* A pipe holds no more; who goes on writing does not keep us here. */
	for (i = 0; i < 16 && read(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf); i++)
		;
}

/* Sleeps until something happens. true: the process has ended. */
static bool child_wait(struct isolate *iso, struct child *c, bool more)
{
	struct pollfd p[] = {
		{ .fd = c->pidfd, .events = POLLIN }, { .fd = c->wake_fd, .events = POLLIN },
		{ .fd = c->log_fd, .events = POLLIN }, { .fd = iso->bell, .events = POLLIN },
	};
	uint64_t n;

	SHM_STORE(&iso->down->armed, iso->down->armed + 1);
	/* Armed before the load of head; against the child's fence. */
	SHM_FENCE();
	more |= SHM_PEEK(&c->up->head) != c->up_tail;
	if (poll(p, ARRAY_LEN(p), more ? 0 : c->idle ? IDLE_MS : TURN_MS) < 0)
		p[0].revents = p[1].revents = p[2].revents = p[3].revents = 0;
	SHM_STORE(&iso->down->armed, iso->down->armed + 1);
	if (p[1].revents & POLLIN)
		drain(c->wake_fd);
	if (p[2].revents & POLLIN)
		log_take(iso, c);
	if (p[3].revents & POLLIN && read(iso->bell, &n, sizeof(n)) < 0)
		log_debug("%s: %s", iso->label, strerror(errno));
	return p[0].revents != 0;
}

/* Asks it to end, once there is room for the question. */
static void close_ask(struct isolate *iso, struct child *c)
{
	struct msg *m;

	if (!c->ready) {
		child_kill(c, "was not open yet");
		return;
	}
	pthread_mutex_lock(&iso->lock);
	m = down_begin(iso, MSG_CLOSE, 0, 0);
	if (m)
		down_publish(iso);
	down_wake(iso);
	pthread_mutex_unlock(&iso->lock);
	if (!c->deadline_ns)
		c->deadline_ns = clock_ns(CLOCK_MONOTONIC) + CLOSE_NS;
	c->close_sent = m != NULL;
}

static void on_ready(struct isolate *iso, struct child *c, bool again)
{
	char text[96];

	c->deadline_ns = 0;
	c->cpu_at = clock_ns(CLOCK_MONOTONIC);
	c->cpu_ns = c->cpu_known ? clock_ns(c->clock) : 0;
	state_set(iso, ISO_RUNNING);
	snprintf(text, sizeof(text), "runs as process %d", (int)c->pid);
	log_info("%s: %s", iso->label, text);
	if (again)
		iso->conf.calls->state(iso->setup->ctx, true, text);
}

/* Till it has ended. */
static void child_attend(struct isolate *iso, struct child *c, bool again)
{
	bool more = false, was_ready = false, ended;
	unsigned n_after = 0;
	const char *fault;

	c->deadline_ns = c->born_ns + isolate_open_ns;
	do {
		ended = child_wait(iso, c, more);
		if (!answers_take(iso, c, &more))
			child_kill(c, "wrote nonsense into the shared memory");
		if (c->ready && !was_ready)
			on_ready(iso, c, again);
		was_ready = c->ready;
		if (!c->close_sent && is_closing(iso))
			close_ask(iso, c);
		fault = fault_find(iso, c);
		if (fault && !ended)
			child_kill(c, fault);
		/* What it has left; somebody else may have that memory and go on. */
	} while (!ended || (more && n_after++ < SHM_UP_RING / 4096));
}

/* ---- between two lives ----------------------------------------------------------------*/

static void bury(struct isolate *iso, struct child *c)
{
	uint64_t in_hand = SHM_PEEK(&c->up->in_hand), started = SHM_PEEK(&c->up->started);
	bool skipped = false;
	uint32_t i;

	for (i = 0; i < iso->conf.def->n_counters && i < SHM_COUNTERS; i++)
		iso->counters_base[i] += SHM_PEEK(&c->up->counters[i]);
	pthread_mutex_lock(&iso->lock);
	down_update(iso);
	iso->child = NULL;
	if (iso->is_sink) {
		skipped = down_rewind(iso, in_hand);
	} else {
		iso->tail = iso->head;
		tickets_rewind(iso, in_hand, started);
	}
	iso->deaths += !c->close_sent;
	pthread_mutex_unlock(&iso->lock);
	if (skipped)
		log_warn("%s: passes over an item at which it has died twice", iso->label);
}

static void pause_take(struct isolate *iso)
{
	struct pollfd p = { .fd = iso->bell, .events = POLLIN };
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + iso->pause_ns, now;

	while (!is_closing(iso) && (now = clock_ns(CLOCK_MONOTONIC)) < until)
		poll(&p, 1, (int)((until - now) / 1000000 + 1));
	iso->pause_ns = MIN(iso->pause_ns * 2, isolate_pause_max_ns);
}

static void crash_tell(struct isolate *iso, const struct child *c, const char *how)
{
	char text[400];

	snprintf(text, sizeof(text), "process %d: %s; it starts again in %.1f s", (int)c->pid,
		 how, (double)iso->pause_ns / 1e9);
	log_error("%s: %s", iso->label, text);
	iso->conf.calls->state(iso->setup->ctx, false, text);
}

/* One process. false: there will be no other. */
static bool live(struct isolate *iso, bool again)
{
	struct child c;
	char how[320];
	int r;

	iso->down->up_tail = 0;
	iso->down->start = iso->tail;	/* nobody else moves it while there is no child */
	iso->down->careful = iso->suspect;
	r = spawn_child(iso, &c);
	pthread_mutex_lock(&iso->lock);
	iso->child = r ? NULL : &c;
	iso->state = ISO_STARTING;
	pthread_mutex_unlock(&iso->lock);
	if (!r)
		child_attend(iso, &c, again);
	log_take(iso, &c);
	if (c.up)
		bury(iso, &c);
	spawn_reap(iso, &c, how, sizeof(how));
	if (is_closing(iso))
		return false;
	if (!again && !c.ready) {
		log_error("%s: plugin %s could not start in a process of its own: %s",
			  iso->label, iso->conf.def->name, how);
		return false;
	}
	if (clock_ns(CLOCK_MONOTONIC) - c.born_ns > CALM_NS)
		iso->pause_ns = isolate_pause_min_ns;
	pthread_mutex_lock(&iso->lock);
	iso->gives_up = iso->pause_ns > GIVE_UP_NS;
	pthread_mutex_unlock(&iso->lock);
	state_set(iso, ISO_DOWN);
	crash_tell(iso, &c, how);
	tickets_fail(iso, iso->gives_up);
	return true;
}

void *supervise_main(void *arg)
{
	struct isolate *iso;
	bool again = false;

	CAST_OBJ_NOTNULL(iso, arg, ISOLATE_MAGIC);
	iso->pause_ns = isolate_pause_min_ns;
	while (live(iso, again)) {
		again = true;
		pause_take(iso);
		if (is_closing(iso))
			break;
	}
	tickets_fail(iso, true);
	state_set(iso, again || is_closing(iso) ? ISO_ENDED : ISO_FAILED);
	return NULL;
}
