/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a thread of an async chain does: it takes an event through the
 * stages of the line, waits for those that a stage finishes later, and makes
 * the amendment.
 *
 * A work is an event on its way. While a stage has it (LATER) its values
 * belong to the plugin; if the plugin is too late (TIMED_OUT) the way goes on
 * with a new work made of what was known before, and the old one is freed by
 * done().
 */
#include "chain/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/event.h"
#include "chain/filter.h"
#include "chain/private.h"
#include "queue/evq.h"
#include "queue/inbox.h"
#include "util/macros.h"

#define TICK_NS		1000000000ull
#define SAMPLE_EVERY	16u
#define WORK_BYTES	(64u * 1024)
#define SPARES_MAX	64u
/* Events of one instance that it has not finished by their deadline, nor since. */
#define OVERDUE_MAX	256u
/* How long an amendment waits for the collector. */
#define POST_TRIES	1000u

enum work_state { WORK_OURS, WORK_LATER, WORK_DONE, WORK_TIMED_OUT };

struct work {
	struct frame frame;	/* first */
	struct worker *worker;
	struct event *event;
	struct event *root;	/* as it came from the sync chain */
	struct instance *in;	/* that it is in, or that keeps it */
	struct lane *lane;
	size_t i;		/* stage it is in */
	uint64_t deadline;
	struct arena arena;
	unsigned n_added;
	struct weir_value *added;
	struct event *safe;	/* the event as it was when it became LATER */
	atomic_int state;
	int verdict;
	bool may_later;
	struct work *next, *prev;
};

/* ---- works ---------------------------------------------------------------------------*/

static void *work_alloc(struct frame *f, size_t n)
{
	return arena_alloc(&((struct work *)f)->arena, n);
}

static struct weir_event *work_later(struct frame *f)
{
	struct work *wk = (struct work *)f;
	const struct event_parts parts = {
		.rec = f->ev.rec, .rec_size = f->ev.rec_size, .added = wk->added,
		.n_added = wk->n_added, .wall_ns = f->ev.wall_ns,
	};

	if (!wk->may_later || atomic_load(&wk->state) != WORK_OURS ||
	    __atomic_load_n(&wk->in->n_overdue, __ATOMIC_RELAXED) >= OVERDUE_MAX)
		return NULL;
	wk->safe = event_new(NULL, &parts);
	if (!wk->safe)
		return NULL;
	atomic_store(&wk->state, WORK_LATER);
	return &f->ev;
}

static struct work *work_free(struct work *wk);

static void work_done(struct frame *f, int verdict)
{
	struct work *wk = (struct work *)f;
	struct worker *w = wk->worker;
	struct async *a;
	int state;

	wk->verdict = verdict;
	state = atomic_exchange(&wk->state, WORK_DONE);
	if (state == WORK_TIMED_OUT) {
		__atomic_fetch_sub(&wk->in->n_overdue, 1, __ATOMIC_RELAXED);
		work_free(wk);
	} else if (state == WORK_LATER) {
		/* Once it is pushed the thread may end: the queue must not go yet. */
		a = w->async;
		atomic_fetch_add(&a->n_done, 1);
		/* All that are held fit in. */
		MUST(inbox_push(w->finished, wk));
		evq_kick(w->queue);
		atomic_fetch_sub(&a->n_done, 1);
	}
}

static const struct frame_ops work_ops = {
	.alloc = work_alloc, .later = work_later, .done = work_done,
};

static struct work *work_free(struct work *wk)
{
	if (!wk)
		return NULL;
	if (wk->event)
		event_unref(wk->event);
	if (wk->root)
		event_unref(wk->root);
	if (wk->safe)
		event_unref(wk->safe);
	arena_fini(&wk->arena);
	free(wk->added);
	free(wk);
	return NULL;
}

static struct work *work_make(unsigned n_added)
{
	struct work *wk = calloc(1, sizeof(*wk));

	if (!wk)
		return NULL;
	wk->n_added = n_added;
	wk->added = calloc(n_added + 1, sizeof(*wk->added));
	if (!wk->added || arena_init(&wk->arena, WORK_BYTES))
		return work_free(wk);
	wk->frame.ops = &work_ops;
	return wk;
}

/* NULL: no memory. Takes e over. */
static struct work *work_new(struct worker *w, struct event *e)
{
	struct work *wk = w->spare;
	unsigned n;

	if (wk) {
		w->spare = wk->next;
		w->n_spare--;
	}
	if (wk && wk->n_added != w->line->n_added)
		wk = work_free(wk);
	if (!wk)
		wk = work_make(w->line->n_added);
	if (!wk)
		return NULL;
	n = MIN(e->n_added, wk->n_added);
	memcpy(wk->added, e->added, n * sizeof(*wk->added));
	memset(wk->added + n, 0, (wk->n_added - n) * sizeof(*wk->added));
	wk->worker = w;
	wk->event = e;
	wk->root = event_ref(e);
	wk->i = 0;
	wk->next = wk->prev = NULL;
	atomic_store_explicit(&wk->state, WORK_OURS, memory_order_relaxed);
	wk->frame.ev = (struct weir_event){
		.rec = e->rec, .rec_size = e->rec_size, .type = e->type,
		.wall_ns = e->wall_ns, .offs = w->line->view.types[e->type].offs,
		.n_wire = (uint16_t)w->line->view.n_wire, .added = wk->added,
	};
	return wk;
}

static void work_end(struct worker *w, struct work *wk)
{
	wk->event = event_unref(wk->event);
	wk->root = event_unref(wk->root);
	arena_reset(&wk->arena);
	if (w->n_spare >= SPARES_MAX) {
		work_free(wk);
		return;
	}
	wk->next = w->spare;
	w->spare = wk;
	w->n_spare++;
}

/* ---- amendments -------------------------------------------------------------------------*/

/* Events that our stages have made come by with what they have set already. */
static bool is_new(const struct work *wk, uint16_t slot)
{
	const struct weir_value *v = &wk->added[slot];

	return v->status != WEIR_ABSENT && (slot >= wk->root->n_added ||
		memcmp(v, &wk->root->added[slot], sizeof(*v)) != 0);
}

static bool found_out(const struct worker *w, const struct work *wk)
{
	uint32_t i;

	for (i = 0; i < w->line->n_slots; i++)
		if (is_new(wk, w->line->slots[i]))
			return true;
	return false;
}

/*
 * The collector takes what we post, unless it is held up by a sink or waits
 * for room in our own queue: then we wait a little, and give up in the end.
 */
static void amendment_post(struct worker *w, struct event *e)
{
	struct services *s = w->async->services;
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned i;

	for (i = 0; i < POST_TRIES && !atomic_load(&w->async->abandon); i++) {
		if (inbox_push(s->inbox, e)) {
			services_wake(s);
			stat_add(&w->stats.amendments, 1);
			return;
		}
		services_wake(s);
		nanosleep(&pause, NULL);
	}
	services_lose(s, event_base(e), WEIR_LOST_QUEUE);
	event_unref(e);
}

static void amend(struct worker *w, struct work *wk)
{
	const struct line *line = w->line;
	struct event_parts parts = {
		.rec = w->rec, .added = wk->added, .n_added = wk->n_added,
		.only = line->slots, .n_only = line->n_slots,
		.wall_ns = wk->frame.ev.wall_ns,
	};
	struct event *e;

	parts.rec_size = event_about(w->rec, WEIR_EV_amendment, wk->event->rec,
				     w->async->settings.name, false);
	((struct weir_base *)w->rec)->time = clock_ns(CLOCK_BOOTTIME);
	e = event_new(NULL, &parts);
	if (e)
		amendment_post(w, e);
	else
		services_lose(w->async->services, (struct weir_base *)w->rec,
			      WEIR_LOST_QUEUE);
}

/* ---- stages -----------------------------------------------------------------------------*/

static bool must_lock(const struct worker *w, const struct stage *st)
{
	return w->async->settings.workers > 1 &&
	       !(st->def->flags & WEIR_PLUGIN_PARALLEL);
}

/* Only the first worker decides about budgets. */
static bool async_skips(struct worker *w, struct stage *st, struct weir_event *ev)
{
	if (w->i == 0 || st->in->disabled || st->in->n_poison)
		return stage_skips(st, ev);
	return stat_get(&st->in->budget.state) >= BUDGET_IS_BYPASSED;
}

static int stage_call(struct worker *w, struct stage *st, struct work *wk)
{
	bool timed = w->i == 0 && (w->n_seen % SAMPLE_EVERY == 0 ||
				   budget_samples_all(&st->in->budget));
	bool lock = must_lock(w, st);
	uint64_t t = 0;
	int r;

	if (lock)
		pthread_mutex_lock(&st->in->lock);
	t = clock_ns(CLOCK_MONOTONIC);
	wk->in = st->in;
	stat_add_shared(&st->in->stats.calls, 1);
	__atomic_store_n(&w->since, t, __ATOMIC_RELAXED);
	__atomic_store_n(&w->current, st->in, __ATOMIC_RELEASE);
	ledger_enter(&st->in->who, LEDGER_PROCESS, wk->event->rec, wk->event->rec_size);
	r = st->def->process(st->inst, &wk->frame.ev);
	ledger_leave();
	__atomic_store_n(&w->current, NULL, __ATOMIC_RELEASE);
	if (timed)
		instance_sample(st->in, clock_ns(CLOCK_MONOTONIC) - t);
	if (lock)
		pthread_mutex_unlock(&st->in->lock);
	return r;
}

static void later_add(struct worker *w, struct work *wk)
{
	wk->deadline = clock_ns(CLOCK_MONOTONIC) +
		       (uint64_t)w->async->settings.deadline_ns;
	wk->next = NULL;
	wk->prev = w->last_later;
	if (w->last_later)
		w->last_later->next = wk;
	else
		w->first_later = wk;
	w->last_later = wk;
}

static void later_remove(struct worker *w, struct work *wk)
{
	*(wk->prev ? &wk->prev->next : &w->first_later) = wk->next;
	*(wk->next ? &wk->next->prev : &w->last_later) = wk->prev;
	wk->next = wk->prev = NULL;
}

/* false: the event ends here. */
static bool verdict_take(struct stage *st, int r)
{
	if (r == WEIR_DROP)
		stat_add_shared(&st->in->stats.filtered, 1);
	else if (r != WEIR_CONTINUE)
		stat_add_shared(&st->in->stats.failed, 1);
	return r != WEIR_DROP;
}

static bool stage_wants(const struct stage *st, const struct weir_event *ev)
{
	return stage_sees(st, ev->type) && (!st->filter || filter_match(st->filter, ev));
}

static void work_finish(struct worker *w, struct work *wk, bool through)
{
	if (through && found_out(w, wk))
		amend(w, wk);
	stat_add(through ? &w->stats.done : &w->stats.filtered, 1);
	stat_add(&w->stats.held, (uint64_t)-1);
	wk->lane->busy = false;
	work_end(w, wk);
}

/* From stage wk->i on, until it ends or a stage keeps it for later. */
static void work_run(struct worker *w, struct work *wk)
{
	struct stage *st;
	bool on = true;
	int r;

	for (; on && wk->i < w->line->n_stages; wk->i++) {
		st = w->line->stages[wk->i];
		if (!stage_wants(st, &wk->frame.ev))
			continue;
		if (async_skips(w, st, &wk->frame.ev)) {
			stage_skip(st, &wk->frame.ev);
			continue;
		}
		wk->may_later = true;
		r = stage_call(w, st, wk);
		if (atomic_load(&wk->state) != WORK_OURS) {
			stat_add_shared(&st->in->stats.later, 1);
			later_add(w, wk);
			return;
		}
		wk->may_later = false;
		on = verdict_take(st, r == WEIR_LATER ? WEIR_FAIL : r);
	}
	work_finish(w, wk, on);
}

/* ---- lanes -------------------------------------------------------------------------------*/

static struct lane *lane_of(struct worker *w, const struct event *e)
{
	uint64_t key = event_base(e)->key;

	return &w->lanes[((key >> 22 ^ key) * 0x9e3779b97f4a7c15ull >> 40) % WORKER_LANES];
}

static void lane_next(struct worker *w, struct lane *lane)
{
	struct work *wk;

	while (!lane->busy && (wk = lane->first)) {
		lane->first = wk->next;
		if (!lane->first)
			lane->last = NULL;
		wk->next = NULL;
		lane->busy = true;
		work_run(w, wk);
	}
}

static void event_begin(struct worker *w, struct event *e)
{
	struct work *wk;

	w->n_seen++;
	wk = work_new(w, e);
	if (!wk) {
		stat_add(&w->stats.dropped_end, 1);
		services_lose(w->async->services, event_base(e), WEIR_LOST_ASYNC);
		event_unref(e);
		return;
	}
	stat_add(&w->stats.held, 1);
	wk->lane = lane_of(w, e);
	if (wk->lane->last)
		wk->lane->last->next = wk;
	else
		wk->lane->first = wk;
	wk->lane->last = wk;
	lane_next(w, wk->lane);
}

/* ---- what is finished later ---------------------------------------------------------------*/

static void finished_take(struct worker *w)
{
	struct work *wk;
	struct lane *lane;

	while ((wk = inbox_pop_sc(w->finished))) {
		later_remove(w, wk);
		lane = wk->lane;
		atomic_store(&wk->state, WORK_OURS);
		wk->may_later = false;
		wk->safe = event_unref(wk->safe);
		if (verdict_take(w->line->stages[wk->i], wk->verdict)) {
			wk->i++;
			work_run(w, wk);
		} else {
			work_finish(w, wk, false);
		}
		lane_next(w, lane);
	}
}

/* The plugin keeps the old work; all that it was to set is marked so. */
static void time_out(struct worker *w, struct work *old)
{
	static const struct weir_value timeout = { .status = WEIR_TIMEOUT };
	struct stage *st = w->line->stages[old->i];
	struct lane *lane = old->lane;
	struct event *safe = old->safe, *root = event_ref(old->root);
	int later = WORK_LATER;
	size_t i = old->i + 1;
	struct work *wk;
	uint32_t k;

	later_remove(w, old);
	old->safe = NULL;
	__atomic_fetch_add(&st->in->n_overdue, 1, __ATOMIC_RELAXED);
	if (!atomic_compare_exchange_strong(&old->state, &later, WORK_TIMED_OUT)) {
		/* done() was faster: it is in `finished`, or will be at once. */
		__atomic_fetch_sub(&st->in->n_overdue, 1, __ATOMIC_RELAXED);
		old->safe = safe;
		event_unref(root);
		later_add(w, old);
		finished_take(w);
		return;
	}
	/* From here on the old one may be gone at any moment. */
	stat_add_shared(&st->in->stats.late, 1);
	wk = work_new(w, safe);
	if (!wk) {
		services_lose(w->async->services, event_base(root), WEIR_LOST_ASYNC);
		event_unref(safe);
		event_unref(root);
		stat_add(&w->stats.dropped_end, 1);
		stat_add(&w->stats.held, (uint64_t)-1);
		lane->busy = false;
		lane_next(w, lane);
		return;
	}
	event_unref(wk->root);
	wk->root = root;
	wk->lane = lane;
	wk->i = i;
	for (k = 0; k < st->def->n_produces; k++)
		weir_set(&wk->frame.ev, st->in->produces[k], &timeout);
	work_run(w, wk);
	lane_next(w, lane);
}

static void timeouts_take(struct worker *w)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct work *wk;

	while ((wk = w->first_later) && wk->deadline <= now) {
		time_out(w, wk);
	}
}

/* ---- the thread ---------------------------------------------------------------------------*/

static void tick(struct worker *w)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct stage *st;
	size_t i;

	/* Of one that is held till its predecessor has ended the instances may be that one's still. */
	if (w->i != 0 || now < w->next_tick || atomic_load(&w->async->pause))
		return;
	w->next_tick = now + TICK_NS;
	for (i = 0; i < w->line->n_stages; i++) {
		st = w->line->stages[i];
		if (must_lock(w, st))
			pthread_mutex_lock(&st->in->lock);
		instance_tick(st->in, now);
		if (must_lock(w, st))
			pthread_mutex_unlock(&st->in->lock);
	}
}

static void pause_here(struct worker *w)
{
	struct async *a = w->async;
	struct work *wk;

	pthread_mutex_lock(&a->lock);
	a->n_paused++;
	pthread_cond_broadcast(&a->cond);
	while (atomic_load(&a->pause))
		pthread_cond_wait(&a->cond, &a->lock);
	a->n_paused--;
	pthread_mutex_unlock(&a->lock);
	/* The next configuration may have another number of fields. */
	while ((wk = w->spare)) {
		w->spare = wk->next;
		work_free(wk);
	}
	w->n_spare = 0;
}

static uint64_t wait_time(const struct worker *w)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), until = now + TICK_NS;

	if (w->first_later && w->first_later->deadline < until)
		until = MAX(now, w->first_later->deadline);
	return until - now;
}

static void drop_queue(struct worker *w)
{
	struct event *e;

	while ((e = evq_pop_sc(w->queue))) {
		stat_add(&w->stats.dropped_end, 1);
		services_lose(w->async->services, event_base(e), WEIR_LOST_ASYNC);
		event_unref(e);
	}
}

/* false: the thread ends. */
static bool turn(struct worker *w)
{
	struct async *a = w->async;
	struct event *e = NULL;

	finished_take(w);
	if (w->first_later)
		timeouts_take(w);
	if (atomic_load(&a->abandon))
		drop_queue(w);
	if (atomic_load(&a->pause)) {
		if (!w->stats.held)
			pause_here(w);
		else
			evq_nap_sc(w->queue, wait_time(w));
		return true;
	}
	if (w->stats.held < WORKER_HELD)
		e = evq_pop_sc(w->queue);
	if (e) {
		event_begin(w, e);
	} else if (atomic_load(&a->retire) && !w->stats.held && !evq_len(w->queue)) {
		return false;
	} else if (w->stats.held >= WORKER_HELD) {
		evq_nap_sc(w->queue, wait_time(w));
	} else {
		evq_wait_sc(w->queue, wait_time(w));
	}
	return true;
}

void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct async *a = w->async;
	struct work *wk;

	ledger_thread_init();
	do {
		tick(w);
	} while (turn(w));
	while ((wk = w->spare)) {
		w->spare = wk->next;
		work_free(wk);
	}
	ledger_thread_fini();
	pthread_mutex_lock(&a->lock);
	a->n_ended++;
	pthread_cond_broadcast(&a->cond);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}
