/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns configurations that are no longer in force. Calls of plugins that may
 * block, open and close, run on threads of their own, so that the control
 * thread never waits for one longer than it wants to.
 */
#include "retire.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/async.h"
#include "chain/instance.h"
#include "chain/plan.h"
#include "daemon_state.h"
#include "queue/epoch.h"
#include "source/source.h"
#include "util/log.h"
#include "util/macros.h"

/* ---- a thread that makes one call after the other -------------------------------------*/

struct opening {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct instance **instances;
	size_t n;
	size_t at;		/* the one it is at; under the lock */
	bool ended;		/* under the lock */
	int result;
	bool closes;		/* it closes them instead */
};

static int instance_turn(struct opening *o, struct instance *in)
{
	if (!o->closes)
		return instance_open(in);
	instance_close(in);
	return 0;
}

static void *opening_main(void *arg)
{
	struct opening *o = arg;
	size_t i;
	int r = 0;

	ledger_thread_init();
	for (i = 0; !r && i < o->n; i++) {
		r = instance_turn(o, o->instances[i]);
		pthread_mutex_lock(&o->lock);
		o->at += !r;
		pthread_mutex_unlock(&o->lock);
	}
	ledger_thread_fini();
	pthread_mutex_lock(&o->lock);
	o->result = r;
	o->ended = true;
	pthread_cond_signal(&o->cond);
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

static struct opening *opening_free(struct opening *o)
{
	if (o) {
		pthread_mutex_destroy(&o->lock);
		pthread_cond_destroy(&o->cond);
		free(o->instances);
		free(o);
	}
	return NULL;
}

/* Takes the array over. NULL: no memory or no thread. */
static struct opening *opening_new(struct instance **instances, size_t n, bool closes)
{
	struct opening *o = calloc(1, sizeof(*o));
	pthread_condattr_t attr;

	if (!o) {
		free(instances);
		return NULL;
	}
	o->instances = instances;
	o->n = n;
	o->closes = closes;
	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->cond, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&o->thread, NULL, opening_main, o))
		return opening_free(o);
	return o;
}

static bool opening_wait(struct opening *o, int64_t timeout_ns)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ns;
	const struct timespec ts = {
		.tv_sec = (time_t)(until / 1000000000u),
		.tv_nsec = (long)(until % 1000000000u),
	};
	bool ended;
	int r = 0;

	pthread_mutex_lock(&o->lock);
	while (!r && !o->ended)
		r = pthread_cond_timedwait(&o->cond, &o->lock, &ts);
	ended = o->ended;
	pthread_mutex_unlock(&o->lock);
	return ended;
}

static struct instance *opening_at(struct opening *o)
{
	struct instance *in;

	pthread_mutex_lock(&o->lock);
	in = o->at < o->n && !o->ended ? o->instances[o->at] : NULL;
	pthread_mutex_unlock(&o->lock);
	return in;
}

int opening_run(struct instance **instances, size_t n, int64_t timeout_ns,
		struct instance **failed, struct opening **out)
{
	struct opening *o;
	int r = 0;

	if (!n) {
		free(instances);
		return 0;
	}
	*failed = instances[0];
	o = opening_new(instances, n, false);
	if (!o)
		return -ENOMEM;
	if (!opening_wait(o, timeout_ns)) {
		*failed = opening_at(o);
		if (*failed) {
			*out = o;
			return -ETIMEDOUT;
		}
	}
	pthread_join(o->thread, NULL);
	r = o->result;
	if (r)
		*failed = o->instances[o->at];
	opening_free(o);
	return r;
}

/* ---- configurations on their way out -----------------------------------------------------*/

enum retired_state { IN_GRACE, IN_OPEN, IN_DRAIN, IN_CLOSE };

struct retired {
	struct epoch_entry entry;	/* first */
	struct retired *next;
	enum retired_state state;
	struct config *cf;
	struct opening *opening;	/* IN_OPEN, IN_CLOSE */
	struct instance **closing;	/* IN_CLOSE: to be freed behind it */
	size_t n_closing;
	struct async **asyncs;		/* that end with it */
	size_t n_asyncs;
	uint64_t deadline;
};

static void on_grace(struct epoch_entry *e)
{
	struct retired *r = (struct retired *)e;

	r->state = r->opening ? IN_OPEN : IN_DRAIN;
}

static bool is_in_force(const struct daemon *dm, const struct async *a)
{
	const struct plan *p = dm->config ? dm->config->plan : NULL;
	size_t i;

	for (i = 0; p && i < p->n_asyncs; i++)
		if (p->asyncs[i].async == a)
			return true;
	return false;
}

void retire_begin(struct daemon *dm, struct config *cf, struct opening *opening,
		  int64_t drain_ns)
{
	struct retired *r = calloc(1, sizeof(*r));
	const struct plan *p = cf->plan;
	size_t i;

	if (r)
		r->asyncs = calloc(p->n_asyncs + 1, sizeof(*r->asyncs));
	if (!r || !r->asyncs) {
		log_error("no memory to end what was replaced; it stays");
		free(r);
		return;
	}
	r->cf = cf;
	r->opening = opening;
	r->deadline = clock_ns(CLOCK_MONOTONIC) + (uint64_t)drain_ns;
	for (i = 0; i < p->n_asyncs; i++) {
		if (is_in_force(dm, p->asyncs[i].async))
			continue;
		async_retire(p->asyncs[i].async);
		r->asyncs[r->n_asyncs++] = p->asyncs[i].async;
	}
	r->next = dm->retired;
	dm->retired = r;
	epoch_retire(dm->epoch, &r->entry, on_grace);
}

static bool asyncs_ended(struct retired *r)
{
	bool late = clock_ns(CLOCK_MONOTONIC) > r->deadline, all = true;
	size_t i;

	for (i = 0; i < r->n_asyncs; i++) {
		if (async_ended(r->asyncs[i])) {
			async_release(r->asyncs[i]);
			continue;
		}
		all = false;
		if (late) {
			async_abandon(r->asyncs[i]);
			async_release(r->asyncs[i]);
		}
	}
	return all;
}

/* Nobody runs in it any more: the instances that nobody else has are closed. */
static void close_begin(struct daemon *dm, struct retired *r)
{
	size_t max = plan_n_stages(r->cf->plan);
	struct instance **list = calloc(max + 1, sizeof(*list));

	r->closing = calloc(max + 1, sizeof(*r->closing));
	if (!list || !r->closing) {
		free(list);
		free(r->closing);
		r->closing = NULL;
		return;
	}
	pthread_mutex_lock(&dm->lock);
	r->n_closing = plan_free(r->cf->plan, r->closing, max);
	r->cf->plan = NULL;
	pthread_mutex_unlock(&dm->lock);
	memcpy(list, r->closing, r->n_closing * sizeof(*list));
	r->opening = opening_new(list, r->n_closing, true);
	r->state = IN_CLOSE;
}

static void retired_free(struct daemon *dm, struct retired *r)
{
	struct retired **at;
	size_t i;

	/* Behind close(): no thread of a plugin kicks a queue any more. */
	for (i = 0; i < r->n_asyncs; i++)
		async_free(r->asyncs[i]);
	for (i = 0; i < r->n_closing; i++)
		instance_free(r->closing[i]);
	for (at = &dm->retired; *at != r; at = &(*at)->next)
		;
	*at = r->next;
	config_free(r->cf);
	free(r->closing);
	free(r->asyncs);
	free(r);
}

static bool opening_over(struct retired *r)
{
	if (r->opening && !opening_wait(r->opening, 0))
		return false;
	if (r->opening)
		pthread_join(r->opening->thread, NULL);
	r->opening = opening_free(r->opening);
	return true;
}

static void retired_progress(struct daemon *dm, struct retired *r)
{
	if (r->state == IN_OPEN && opening_over(r))
		r->state = IN_DRAIN;
	if (r->state == IN_DRAIN && asyncs_ended(r))
		close_begin(dm, r);
	if (r->state == IN_CLOSE && opening_over(r))
		retired_free(dm, r);
}

size_t retire_progress(struct daemon *dm)
{
	struct retired *r, *next;
	size_t n = 0;

	epoch_poll(dm->epoch);
	for (r = dm->retired; r; r = next) {
		next = r->next;
		retired_progress(dm, r);
	}
	for (r = dm->retired; r; r = r->next)
		n++;
	return n;
}

bool retire_wait(struct daemon *dm, int64_t timeout_ns)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ns;
	struct timespec pause = { .tv_nsec = 100000 };

	while (retire_progress(dm)) {
		if (clock_ns(CLOCK_MONOTONIC) > end)
			return false;
		/* A loop that waits for events is a reader that does not leave. */
		if (dm->collector)
			source_wake(dm->source);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 10000000)
			pause.tv_nsec += pause.tv_nsec / 2;
	}
	return true;
}

static void blocker_of(const struct retired *r, const struct daemon *dm, char *buf,
		       size_t size)
{
	struct instance *in = r->opening ? opening_at(r->opening) : NULL;
	const char *who;
	size_t i;

	if (in)
		snprintf(buf, size, "%s/%s: has not returned from %s", in->chain, in->name,
			 r->state == IN_CLOSE ? "close" : "open");
	for (i = 0; !*buf && i < r->n_asyncs; i++)
		if (!async_ended(r->asyncs[i]))
			async_blocker(r->asyncs[i], buf, size);
	who = *buf ? NULL : epoch_blocker(dm->epoch);
	if (who)
		snprintf(buf, size, "%s is still inside of it", who);
	if (!*buf)
		snprintf(buf, size, "its end is under way");
}

char *retire_blocker(const struct daemon *dm, char *buf, size_t size)
{
	const struct retired *r;

	*buf = '\0';
	for (r = dm->retired; r && !*buf; r = r->next)
		blocker_of(r, dm, buf, size);
	return buf;
}
