/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the queues of an async chain and the life of its threads; worker.c is
 * what they do. The collector pushes, the control thread does all the rest.
 */
#include "chain/async.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/event.h"
#include "chain/line.h"
#include "chain/private.h"
#include "chain/worker.h"
#include "queue/evq.h"
#include "queue/inbox.h"
#include "util/macros.h"

/* ---- life --------------------------------------------------------------------------*/

struct async *async_new(struct services *services, const struct async_settings *settings)
{
	struct async *a = calloc(1, sizeof(*a) + settings->workers * sizeof(a->workers[0]));
	struct worker *w;
	unsigned i;
	bool bad = false;

	if (!a)
		return NULL;
	a->magic = ASYNC_MAGIC;
	a->services = services;
	a->settings = *settings;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->cond, &attr);
	pthread_condattr_destroy(&attr);
	for (i = 0; i < settings->workers; i++) {
		w = &a->workers[i];
		w->async = a;
		w->i = i;
		w->queue = evq_new(settings->queue);
		w->finished = inbox_new(WORKER_HELD + 1);
		bad |= !w->queue || !w->finished;
	}
	return bad ? async_free(a) : a;
}

const struct async_settings *async_settings(const struct async *a)
{
	return &a->settings;
}

int async_start(struct async *a, const struct line *line, struct async *after)
{
	unsigned i;
	int r = 0;

	if (after) {
		after->successor = a;
		after->shares = lines_share(line, after->workers[0].line);
		a->held = true;
		atomic_store(&a->pause, true);
	}

	for (i = 0; !r && i < a->settings.workers; i++) {
		a->workers[i].line = line;
		r = pthread_create(&a->workers[i].thread, NULL, worker_main, &a->workers[i]);
		a->workers[i].started = !r;
	}
	return -r;
}

static void kick_all(struct async *a)
{
	unsigned i;

	for (i = 0; i < a->settings.workers; i++)
		evq_kick(a->workers[i].queue);
}

static unsigned n_started(const struct async *a)
{
	unsigned i, n = 0;

	for (i = 0; i < a->settings.workers; i++)
		n += a->workers[i].started;
	return n;
}

bool async_pause(struct async *a, int64_t timeout_ns)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ns;
	struct timespec ts = {
		.tv_sec = (time_t)(until / 1000000000u),
		.tv_nsec = (long)(until % 1000000000u),
	};
	int r = 0;

	atomic_store(&a->pause, true);
	kick_all(a);
	pthread_mutex_lock(&a->lock);
	while (!r && a->n_paused + a->n_ended < n_started(a))
		r = pthread_cond_timedwait(&a->cond, &a->lock, &ts);
	if (r && !a->held) {
		atomic_store(&a->pause, false);
		pthread_cond_broadcast(&a->cond);
	}
	pthread_mutex_unlock(&a->lock);
	return !r;
}

void async_resume(struct async *a, const struct line *line)
{
	unsigned i;

	pthread_mutex_lock(&a->lock);
	for (i = 0; i < a->settings.workers; i++)
		a->workers[i].line = line;
	if (!a->held) {
		atomic_store(&a->pause, false);
		pthread_cond_broadcast(&a->cond);
	}
	pthread_mutex_unlock(&a->lock);
}

void async_release(struct async *a)
{
	struct async *s = a->successor;

	if (!s || (a->shares && !async_ended(a)))
		return;
	a->successor = NULL;
	s->held = false;
	async_resume(s, s->workers[0].line);
}

void async_retire(struct async *a)
{
	atomic_store(&a->retire, true);
	kick_all(a);
}

void async_hurry(struct async *a)
{
	atomic_store(&a->hurry, true);
}

void async_abandon(struct async *a)
{
	atomic_store(&a->abandon, true);
	async_retire(a);
}

bool async_ended(const struct async *a)
{
	struct async *m = (struct async *)(uintptr_t)a;
	bool ended;

	pthread_mutex_lock(&m->lock);
	ended = m->n_ended == n_started(a) && !atomic_load(&m->n_done);
	pthread_mutex_unlock(&m->lock);
	return ended;
}

bool async_idle(const struct async *a)
{
	struct async_stats s = async_stats(a);

	return s.in == s.done + s.filtered + s.dropped_newest + s.dropped_oldest +
		       s.dropped_block + s.dropped_memory + s.dropped_end;
}

char *async_blocker(const struct async *a, char *buf, size_t size)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), since;
	const struct instance *in;
	unsigned i;

	*buf = '\0';
	for (i = 0; i < a->settings.workers; i++) {
		in = __atomic_load_n(&a->workers[i].current, __ATOMIC_ACQUIRE);
		since = stat_get(&a->workers[i].since);
		if (in && since && now > since)
			snprintf(buf, size, "stage %s has been in process for %.1f s",
				 in->name, (double)(now - since) / 1e9);
		else if (!*buf && stat_get(&a->workers[i].stats.held))
			snprintf(buf, size, "%llu events are not done yet",
				 (unsigned long long)stat_get(&a->workers[i].stats.held));
	}
	return buf;
}

struct async_stats async_stats(const struct async *a)
{
	struct async_stats s = {
		.in = stat_get(&a->in),
		.dropped_newest = stat_get(&a->dropped_newest),
		.dropped_oldest = stat_get(&a->dropped_oldest),
		.dropped_block = stat_get(&a->dropped_block),
		.dropped_memory = stat_get(&a->dropped_memory),
	};
	const struct worker *w;

	for (w = a->workers; w < a->workers + a->settings.workers; w++) {
		s.done += stat_get(&w->stats.done);
		s.filtered += stat_get(&w->stats.filtered);
		s.dropped_end += stat_get(&w->stats.dropped_end);
		s.amendments += stat_get(&w->stats.amendments);
		s.held += stat_get(&w->stats.held);
		s.queued += evq_len(w->queue);
	}
	return s;
}

static void queue_drop(struct worker *w)
{
	struct event *e;

	while (w->queue && (e = evq_pop_sc(w->queue))) {
		stat_add(&w->stats.dropped_end, 1);
		services_lose(w->async->services, event_base(e), WEIR_LOST_ASYNC);
		event_unref(e);
	}
}

struct async *async_free(struct async *a)
{
	struct worker *w;

	if (!a || !async_ended(a))
		return NULL;
	for (w = a->workers; w < a->workers + a->settings.workers; w++) {
		if (w->started)
			pthread_join(w->thread, NULL);
		queue_drop(w);
		evq_free(w->queue);
		inbox_free(w->finished);
	}
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->cond);
	FREE_OBJ(a);
	return NULL;
}

/* ---- the collector's thread -----------------------------------------------------------*/

static void push_lose(struct async *a, const struct weir_base *b, uint64_t *count)
{
	stat_add(count, 1);
	services_lose(a->services, b, WEIR_LOST_ASYNC);
}

/* The queue is full. false: the event was dropped instead. */
static bool room_make(struct async *a, struct evq *q)
{
	struct event *oldest;

	switch (a->settings.overflow) {
	case ASYNC_DROP_OLDEST:
		oldest = evq_shift_sp(q);
		if (oldest) {
			push_lose(a, event_base(oldest), &a->dropped_oldest);
			event_unref(oldest);
		}
		return true;
	case ASYNC_BLOCK:
		/* Once in vain is enough: else a chain that is stuck slows all. */
		if (!a->stalled && !atomic_load(&a->hurry) && evq_room_sp(q, (uint64_t)a->settings.block_ns))
			return true;
		a->stalled = true;
		return false;
	default:
		return false;
	}
}

void async_push(struct async *a, struct event *copy, const struct weir_base *base)
{
	uint64_t hash = (base->key >> 22 ^ base->key) * 0x9e3779b97f4a7c15ull;
	struct evq *q = a->workers[(hash >> 32) % a->settings.workers].queue;

	stat_add(&a->in, 1);
	if (!copy) {
		push_lose(a, base, &a->dropped_memory);
		return;
	}
	if (evq_push_sp(q, copy)) {
		a->stalled = false;
	} else if (!room_make(a, q) || !evq_push_sp(q, copy)) {
		push_lose(a, base, a->settings.overflow == ASYNC_BLOCK ?
			  &a->dropped_block : &a->dropped_newest);
		event_unref(copy);
	}
	a->dirty = true;
}

void async_wake(struct async *a)
{
	unsigned i;

	if (!a->dirty)
		return;
	a->dirty = false;
	for (i = 0; i < a->settings.workers; i++)
		evq_wake_sp(a->workers[i].queue);
}

void async_wake_all(struct chain *c)
{
	size_t i;

	for (i = 0; i < c->n_asyncs; i++)
		async_wake(c->asyncs[i]);
}
