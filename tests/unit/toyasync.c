/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the test's side of async chains. */
#include "toyasync.h"

#include <time.h>

#include "chain/async.h"
#include "chain/event.h"
#include "chain/worker.h"
#include "mkrec.h"
#include "queue/inbox.h"
#include "util/macros.h"

void toyasync_nap(void)
{
	const struct timespec nap = { .tv_nsec = 500000 };

	nanosleep(&nap, NULL);
}

void toyasync_push(struct toychain *t, unsigned process, uint64_t n)
{
	static struct mkrec rec;

	mkrec_sample(&rec, WEIR_EV_exec, process);
	mkrec_number(&rec, n);
	MUST(chain_run(t->chain, rec.rec, rec.len, 42) == 0);
}

unsigned toyasync_process(const struct weir_event *ev)
{
	return ((const struct weir_base *)ev->rec)->pid - mkrec_pid(1) + 1;
}

uint64_t toyasync_number(const struct weir_event *ev)
{
	return ((const struct weir_base *)ev->rec)->seq;
}

size_t toyasync_collect(struct toychain *t, struct event **made, size_t max)
{
	static uint64_t seq;
	struct weir_base *b;
	struct event *e;
	size_t n = 0;

	while ((e = inbox_pop_sc(t->services.inbox))) {
		b = (struct weir_base *)e->rec;
		b->seq = ++seq;
		b->id = (1ull << 60) + (seq << 2 | WEIR_CLASS_USER);
		MUST(chain_run_made(t->chain, e) == 0);
		if (made && n < max)
			made[n] = event_ref(e);
		n++;
		event_unref(e);
	}
	MUST(chain_flush(t->chain, true) == 0);
	return n;
}

/* What its threads have written, the test sees from here on. */
static void meet(struct async *a)
{
	MUST(async_pause(a, INT64_C(30000000000)));
	async_resume(a, a->workers[0].line);
}

size_t toyasync_settle(struct toychain *t, struct event **made, size_t max)
{
	bool idle;
	size_t n = 0, i;

	do {
		n += toyasync_collect(t, made && n < max ? made + n : NULL, n < max ? max - n : 0);
		idle = chain_async_idle(t->chain);
		if (!idle)
			toyasync_nap();
	} while (!idle || inbox_len(t->services.inbox));
	for (i = 0; i < t->one.plan->n_asyncs; i++) {
		MUST(toyasync_adds_up(t->one.plan->asyncs[i].async));
		meet(t->one.plan->asyncs[i].async);
	}
	return n;
}

bool toyasync_adds_up(const struct async *a)
{
	struct async_stats s = async_stats(a);

	return s.in == s.done + s.filtered + s.dropped_newest + s.dropped_oldest +
		       s.dropped_block + s.dropped_memory + s.dropped_end + s.queued + s.held;
}

void gate_pass(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->waiting++;
	pthread_cond_broadcast(&g->cond);
	while (!g->open)
		pthread_cond_wait(&g->cond, &g->lock);
	g->waiting--;
	pthread_mutex_unlock(&g->lock);
}

static void gate_set(struct gate *g, bool open)
{
	pthread_mutex_lock(&g->lock);
	g->open = open;
	pthread_cond_broadcast(&g->cond);
	pthread_mutex_unlock(&g->lock);
}

void gate_open(struct gate *g)
{
	gate_set(g, true);
}

void gate_close(struct gate *g)
{
	gate_set(g, false);
}

void gate_await(struct gate *g, unsigned n)
{
	pthread_mutex_lock(&g->lock);
	while (g->waiting < n)
		pthread_cond_wait(&g->cond, &g->lock);
	pthread_mutex_unlock(&g->lock);
}
