/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread beside the event path, for a stage of the sync chain that answers
 * later. What misses the stage's cache is a job. An event that lacks something
 * is a request: its amendment, and the jobs that it waits for. A job runs once,
 * however many events wait for it, and comes back for the cache.
 *
 *	rq = weir_request_new(h);		NULL: as many wait as may
 *	job = calloc(1, sizeof(*job));		a struct that begins with struct weir_job
 *	weir_job_init(&job->job);
 *	weir_request_add(rq, &job->job, OUT_NAME);
 *	weir_helper_submit(h, rq, host->amend(ctx, ev));
 *	...
 *	while ((done = weir_helper_done(h)))	at the begin of each callback
 *		... into the cache; weir_job_put(h, done);
 *
 * Functions marked E are for process, tick and adopt, L for open and close, H
 * are called on the thread. The one lock is held for moments, never while a
 * job runs. This header becomes part of the plugin: it is no part of the ABI.
 */
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <weir/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_REQUEST_PARTS	16u
#define WEIR_HELPER_SLEEP_NS	3600000000000u	/* without idle work; a request wakes it */

struct weir_job {
	struct weir_job *next;		/* of those that are done */
	uint64_t due_ns;		/* not before; monotonic */
	uint32_t refs;
	uint32_t tries;
	bool done;
};

struct weir_request {
	struct weir_request *next;
	struct weir_event *am;		/* NULL: nobody waits */
	uint32_t n;
	struct {
		struct weir_job *job;
		uint32_t what;
	} parts[WEIR_REQUEST_PARTS];
};

struct weir_helper_ops {
	/* H: does it. 0: done; else: once more, after so many ns. */
	uint64_t (*run)(void *arg, struct weir_job *job);
	/*
	 * H, or L for jobs that are not done: sets fields of the amendment. NULL: no
	 * request has one.
	 */
	void (*answer)(void *arg, struct weir_event *am, const struct weir_job *job, uint32_t what);
	void (*free)(struct weir_job *job);
	/* H: every idle_ns; NULL: nothing to do. */
	void (*idle)(void *arg);
};

struct weir_helper {
	const struct weir_helper_ops *ops;
	void *arg;
	const struct weir_setup *setup;
	uint64_t idle_ns;
	uint32_t max_requests;
	/* Behind the lock: */
	pthread_mutex_t lock;
	pthread_cond_t news;
	pthread_t thread;
	struct weir_request *first, *last;
	struct weir_job *done, *done_last;
	uint32_t n_requests;
	bool stop;
};

static inline uint64_t weir_helper_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- jobs ------------------------------------------------------------------*/

/* E: a new job. It is the caller's until weir_job_put(). */
static inline void weir_job_init(struct weir_job *job)
{
	memset(job, 0, sizeof(*job));
	job->refs = 1;
}

static inline void weir_job_unref(struct weir_helper *h, struct weir_job *job)
{
	if (!--job->refs)
		h->ops->free(job);
}

/* E */
static inline void weir_job_put(struct weir_helper *h, struct weir_job *job)
{
	pthread_mutex_lock(&h->lock);
	weir_job_unref(h, job);
	pthread_mutex_unlock(&h->lock);
}

/* E: one that is done, in their order; NULL: none. Costs next to nothing then. */
static inline struct weir_job *weir_helper_done(struct weir_helper *h)
{
	struct weir_job *job;

	if (!__atomic_load_n(&h->done, __ATOMIC_RELAXED))
		return NULL;
	pthread_mutex_lock(&h->lock);
	job = h->done;
	__atomic_store_n(&h->done, job->next, __ATOMIC_RELAXED);
	if (!h->done)
		h->done_last = NULL;
	pthread_mutex_unlock(&h->lock);
	return job;
}

/* H, under the lock. */
static inline void weir_helper_finish(struct weir_helper *h, struct weir_job *job)
{
	job->done = true;
	job->next = NULL;
	if (h->done_last)
		h->done_last->next = job;
	else
		__atomic_store_n(&h->done, job, __ATOMIC_RELAXED);
	h->done_last = job;
}

/* ---- requests --------------------------------------------------------------*/

/* E: NULL: as many wait as may. To be submitted, or freed with free(). */
static inline struct weir_request *weir_request_new(struct weir_helper *h)
{
	uint32_t n = __atomic_load_n(&h->n_requests, __ATOMIC_RELAXED);

	if (n >= h->max_requests)
		return NULL;
	return (struct weir_request *)calloc(1, sizeof(struct weir_request));
}

/* E: the event waits for `job`; `what` comes back with the answer. False: full. */
static inline bool weir_request_add(struct weir_request *rq, struct weir_job *job, uint32_t what)
{
	if (rq->n == WEIR_REQUEST_PARTS)
		return false;
	rq->parts[rq->n].job = job;
	rq->parts[rq->n++].what = what;
	return true;
}

/* E: `am` may be NULL. Both are gone. */
static inline void weir_helper_submit(struct weir_helper *h, struct weir_request *rq,
				      struct weir_event *am)
{
	uint32_t i;

	rq->am = am;
	pthread_mutex_lock(&h->lock);
	for (i = 0; i < rq->n; i++)
		rq->parts[i].job->refs++;
	if (h->last)
		h->last->next = rq;
	else
		h->first = rq;
	h->last = rq;
	__atomic_store_n(&h->n_requests, h->n_requests + 1, __ATOMIC_RELAXED);
	pthread_cond_signal(&h->news);
	pthread_mutex_unlock(&h->lock);
}

static inline void weir_helper_unlink(struct weir_helper *h, struct weir_request *rq)
{
	struct weir_request **at = &h->first, *before = NULL;

	while (*at != rq) {
		before = *at;
		at = &before->next;
	}
	*at = rq->next;
	if (h->last == rq)
		h->last = before;
	__atomic_store_n(&h->n_requests, h->n_requests - 1, __ATOMIC_RELAXED);
}

/* Under the lock, which is left for the answer. */
static inline void weir_helper_answer(struct weir_helper *h, struct weir_request *rq)
{
	uint32_t i;

	weir_helper_unlink(h, rq);
	pthread_mutex_unlock(&h->lock);
	for (i = 0; rq->am && i < rq->n; i++)
		h->ops->answer(h->arg, rq->am, rq->parts[i].job, rq->parts[i].what);
	if (rq->am)
		h->setup->host->send(h->setup->ctx, rq->am);
	pthread_mutex_lock(&h->lock);
	for (i = 0; i < rq->n; i++)
		weir_job_unref(h, rq->parts[i].job);
	free(rq);
}

/* ---- the thread ------------------------------------------------------------*/

/* The first job that has to be done for it; NULL: none. */
static inline struct weir_job *weir_request_todo(const struct weir_request *rq)
{
	uint32_t i;

	for (i = 0; i < rq->n; i++)
		if (!rq->parts[i].job->done)
			return rq->parts[i].job;
	return NULL;
}

/* Under the lock, which is left meanwhile. */
static inline void weir_helper_run(struct weir_helper *h, struct weir_job *job)
{
	uint64_t again;

	pthread_mutex_unlock(&h->lock);
	again = h->ops->run(h->arg, job);
	pthread_mutex_lock(&h->lock);
	job->tries++;
	job->due_ns = weir_helper_now() + again;
	if (!again)
		weir_helper_finish(h, job);
}

/* One step, or false and when there is something to do. */
static inline bool weir_helper_step(struct weir_helper *h, uint64_t *until)
{
	uint64_t now = weir_helper_now();
	struct weir_request *rq;
	struct weir_job *job;

	for (rq = h->first; rq; rq = rq->next) {
		job = weir_request_todo(rq);
		if (!job) {
			weir_helper_answer(h, rq);
			return true;
		}
		if (job->due_ns <= now) {
			weir_helper_run(h, job);
			return true;
		}
		if (job->due_ns < *until)
			*until = job->due_ns;
	}
	return false;
}

static inline void weir_helper_wait(struct weir_helper *h, uint64_t until)
{
	struct timespec t;

	t.tv_sec = (time_t)(until / 1000000000u);
	t.tv_nsec = (long)(until % 1000000000u);
	pthread_cond_timedwait(&h->news, &h->lock, &t);
}

static inline void *weir_helper_main(void *arg)
{
	struct weir_helper *h = (struct weir_helper *)arg;
	uint64_t next = weir_helper_now() + h->idle_ns, until;

	pthread_mutex_lock(&h->lock);
	while (!h->stop) {
		if (h->ops->idle && weir_helper_now() >= next) {
			pthread_mutex_unlock(&h->lock);
			h->ops->idle(h->arg);
			pthread_mutex_lock(&h->lock);
			next = weir_helper_now() + h->idle_ns;
			continue;
		}
		until = h->ops->idle ? next : weir_helper_now() + WEIR_HELPER_SLEEP_NS;
		if (!weir_helper_step(h, &until))
			weir_helper_wait(h, until);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* L: 0, or -1. `setup` and `ops` stay; `arg` is for the ops; idle_ns for the op idle. */
static inline int weir_helper_start(struct weir_helper *h, const struct weir_setup *setup,
				    const struct weir_helper_ops *ops, void *arg,
				    uint32_t max_requests, uint64_t idle_ns)
{
	pthread_condattr_t a;
	sigset_t all, old;
	int r;

	memset(h, 0, sizeof(*h));
	h->ops = ops;
	h->arg = arg;
	h->setup = setup;
	h->max_requests = max_requests;
	h->idle_ns = idle_ns;
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&h->news, &a);
	pthread_condattr_destroy(&a);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&h->thread, NULL, weir_helper_main, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!r)
		return 0;
	h->ops = NULL;
	pthread_cond_destroy(&h->news);
	pthread_mutex_destroy(&h->lock);
	return -1;
}

/*
 * L: ends the thread, after the job that it is at. Requests that are left are
 * answered with what there is. Jobs that the caller keeps are to be put before
 * weir_helper_fini(). Nothing happens if the thread was never started.
 */
static inline void weir_helper_stop(struct weir_helper *h)
{
	if (!h->ops)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_signal(&h->news);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	pthread_mutex_lock(&h->lock);
	while (h->first)
		weir_helper_answer(h, h->first);
	pthread_mutex_unlock(&h->lock);
}

static inline void weir_helper_fini(struct weir_helper *h)
{
	if (!h->ops)
		return;
	pthread_cond_destroy(&h->news);
	pthread_mutex_destroy(&h->lock);
	h->ops = NULL;
}

#ifdef __cplusplus
}
#endif
