/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns a sync chain while it runs: the way of one event through the stages,
 * with their accounts, and on to the async chains.
 */
#include "chain/chain.h"

#include <errno.h>
#include <string.h>

#include "chain/async.h"
#include "chain/event.h"
#include "chain/filter.h"
#include "chain/private.h"
#include "chain/tap.h"
#include "queue/pool.h"
#include "util/macros.h"

#define SAMPLE_EVERY	64u

/* ---- steps --------------------------------------------------------------------*/

static bool enricher_step(struct chain *c, struct stage *st, struct weir_event *ev)
{
	struct instance_stats *stats = &st->in->stats;
	int r;

	if (stage_skips(st, ev)) {
		stage_skip(st, ev);
		return true;
	}
	stat_add(&stats->calls, 1);
	ledger_enter(&st->in->who, LEDGER_PROCESS, ev->rec, ev->rec_size);
	r = st->process(st->inst, ev);
	chain_called(c);
	if (r == WEIR_CONTINUE)
		return true;
	stat_add(r == WEIR_DROP ? &stats->filtered : &stats->failed, 1);
	return r != WEIR_DROP;
}

static void encode_step(struct chain *c, struct stage *st, const struct weir_event *ev)
{
	struct instance_stats *stats = &st->in->stats;
	struct weir_buf *buf = &st->page.buf;
	int r;

	st->page.start = buf->len;
	if (stage_skips(st, ev)) {
		stat_add(&stats->skipped, 1);
		services_lose(st->in->services, (const struct weir_base *)ev->rec,
			      WEIR_LOST_ENCODE);
		return;
	}
	stat_add(&stats->calls, 1);
	ledger_enter(&st->in->who, LEDGER_ENCODE, ev->rec, ev->rec_size);
	r = st->def->encode(st->inst, ev, buf);
	chain_called(c);
	/* Nothing appended is nothing written, whatever it answers. */
	if (!r && buf->len > st->page.start) {
		stat_add(&stats->bytes, buf->len - st->page.start);
		return;
	}
	buf->len = st->page.start;
	stat_add(&stats->failed, 1);
	services_lose(st->in->services, (const struct weir_base *)ev->rec,
		      WEIR_LOST_ENCODE);
}

static void sink_step(struct stage *st, const struct weir_event *ev)
{
	const struct page *page = &st->encoder->page;
	struct weir_item *it;

	if (page->buf.len == page->start)
		return;
	it = &st->pending.items[st->pending.n];
	__atomic_store_n(&st->pending.n, st->pending.n + 1, __ATOMIC_RELAXED);
	it->p = (const uint8_t *)(uintptr_t)page->start;
	it->len = (uint32_t)(page->buf.len - page->start);
	it->type = ev->type;
	it->rclass = ((const struct weir_base *)ev->rec)->rclass;
}

/* false: the event ends here. */
static bool stage_step(struct chain *c, struct stage *st, struct weir_event *ev)
{
	chain_calls(c, st);
	if (unlikely(st->filter) && !filter_match(st->filter, ev))
		return true;
	switch (st->kind) {
	case WEIR_PLUGIN_ENRICHER:
		return enricher_step(c, st, ev);
	case WEIR_PLUGIN_SERIALIZER:
		encode_step(c, st, ev);
		return true;
	default:
		sink_step(st, ev);
		return true;
	}
}

static bool stage_step_timed(struct chain *c, struct stage *st, struct weir_event *ev)
{
	uint64_t t = clock_ns(CLOCK_MONOTONIC);
	bool on = stage_step(c, st, ev);

	instance_sample(st->in, clock_ns(CLOCK_MONOTONIC) - t);
	return on;
}

/* A serializer that a filtered event did not reach has nothing of it. */
static void pages_begin(struct chain *c)
{
	size_t i;

	for (i = 0; i < c->n_stages; i++)
		c->stages[i]->page.start = c->stages[i]->page.buf.len;
}

/* ---- async chains -----------------------------------------------------------------*/

/* Copied once, and only if somebody wants it. */
static void event_subscribe(struct chain *c, const struct weir_event *ev)
{
	const struct event_parts parts = {
		.rec = ev->rec, .rec_size = ev->rec_size, .added = ev->added,
		.n_added = c->n_added, .wall_ns = ev->wall_ns,
	};
	const struct subscription *s, *last = NULL;
	struct event *copy = NULL;

	/* Each push takes a reference; the last one takes the first of all. */
	for (s = c->subs[ev->type]; s->async; s++) {
		if (s->filter && !filter_match(s->filter, ev))
			continue;
		if (!last)
			copy = event_new(c->services->pool, &parts);
		else if (copy)
			event_ref(copy);
		if (last)
			async_push(last->async, copy, (const struct weir_base *)ev->rec);
		last = s;
	}
	if (last)
		async_push(last->async, copy, (const struct weir_base *)ev->rec);
}

/* ---- events -------------------------------------------------------------------------*/

static void *sync_alloc(struct frame *f, size_t n);

static const struct frame_ops sync_ops = { .alloc = sync_alloc, .masks = true };

struct sync_frame {
	struct frame frame;	/* first */
	struct chain *chain;
};

static void *sync_alloc(struct frame *f, size_t n)
{
	struct chain *c = ((struct sync_frame *)f)->chain;
	void *p = arena_alloc(&c->arena, n);

	if (!p)
		stat_add(&c->services->stats.arena_full, 1);
	return p;
}

static int event_run(struct chain *c, struct sync_frame *f, struct stage **step)
{
	struct chain_stats *stats = &c->services->stats;
	bool timed = c->n_seen++ % SAMPLE_EVERY == 0, on = true;
	struct stage *st;
	struct weir_event *ev = &f->frame.ev;
	struct tap *tap;

	pages_begin(c);
	__atomic_store_n(&c->frame, &f->frame, __ATOMIC_RELAXED);
	for (; on && (st = *step); step++)
		on = unlikely(timed || budget_samples_all(&st->in->budget)) ?
		     stage_step_timed(c, st, ev) : stage_step(c, st, ev);
	stat_add(on ? &stats->passed : &stats->filtered, 1);
	if (on && c->subs[ev->type])
		event_subscribe(c, ev);
	/* Published by the control thread, retired by epoch. */
	tap = __atomic_load_n(&c->services->tap, __ATOMIC_ACQUIRE);
	if (on && unlikely(tap))
		tap_event(tap, c, ev);
	arena_reset(&c->arena);
	__atomic_store_n(&c->frame, NULL, __ATOMIC_RELAXED);
	return batch_full(c) ? batch_flush(c, true) : 0;
}

static void frame_init(struct chain *c, struct sync_frame *f, const void *rec, size_t size,
		       int64_t wall_ns)
{
	const struct weir_base *base = rec;

	c->last_id = base->id;
	f->frame.ops = &sync_ops;
	f->frame.masked = false;
	f->chain = c;
	f->frame.ev = (struct weir_event){
		.rec = rec, .rec_size = (uint32_t)size, .type = base->type,
		.wall_ns = wall_ns, .offs = c->view.types[base->type].offs,
		.n_wire = (uint16_t)c->view.n_wire, .added = c->added,
	};
}

int chain_run(struct chain *c, const void *rec, size_t size, int64_t wall_ns)
{
	struct sync_frame f;

	stat_add(&c->services->stats.in, 1);
	frame_init(c, &f, rec, size, wall_ns);
	memset(c->added, 0, c->n_added * sizeof(*c->added));
	return event_run(c, &f, c->steps[f.frame.ev.type]);
}

/* Behind the stage that made it, if that is (still) in this chain. */
static struct stage **step_behind(struct chain *c, unsigned type, const char *by)
{
	struct stage **step = c->steps[type];
	size_t i, j;

	for (i = 0; i < c->n_stages && c->stages[i]->in->name != by; i++)
		;
	if (i == c->n_stages)
		return step;
	for (j = 0; j <= i; j++)
		if (*step == c->stages[j])
			step++;
	return step;
}

int chain_run_made(struct chain *c, const struct event *e)
{
	unsigned n = MIN(e->n_added, c->n_added);
	struct stage **step = c->steps[e->type];
	struct sync_frame f;

	stat_add(&c->services->stats.in, 1);
	frame_init(c, &f, e->rec, e->rec_size, e->wall_ns);
	memcpy(c->added, e->added, n * sizeof(*c->added));
	memset(c->added + n, 0, (c->n_added - n) * sizeof(*c->added));
	if (e->by && !e->at_start)
		step = step_behind(c, e->type, e->by);
	return event_run(c, &f, step);
}

void chain_run_rest(struct chain *c, const struct weir_event *ev,
		    const struct stage *behind)
{
	struct stage **step = step_behind(c, ev->type, behind->in->name);
	struct sync_frame f;
	struct stage skipped = *behind;

	frame_init(c, &f, ev->rec, ev->rec_size, ev->wall_ns);
	if (behind->def->kind == WEIR_PLUGIN_ENRICHER)
		stage_skip(&skipped, &f.frame.ev);
	event_run(c, &f, step);
}

int chain_flush(struct chain *c, bool wait)
{
	int r = batch_flush(c, wait);
	struct tap *tap = __atomic_load_n(&c->services->tap, __ATOMIC_ACQUIRE);

	async_wake_all(c);
	if (tap)
		tap_wake(tap);
	return r;
}

void chain_tick(struct chain *c, uint64_t now_ns)
{
	size_t i;

	for (i = 0; i < c->n_stages; i++) {
		chain_calls(c, c->stages[i]);
		instance_tick(c->stages[i]->in, now_ns);
		chain_called(c);
	}
	pool_trim_sp(c->services->pool);
}

bool chain_async_idle(const struct chain *c)
{
	size_t i;

	for (i = 0; i < c->n_asyncs; i++)
		if (!async_idle(c->asyncs[i]))
			return false;
	return true;
}

void chain_stop(struct chain *c)
{
	size_t i;

	for (i = 0; i < c->n_asyncs; i++)
		async_hurry(c->asyncs[i]);
	atomic_store_explicit(&c->stop, true, memory_order_relaxed);
}

/* ---- reports --------------------------------------------------------------------------*/

size_t chain_n_stages(const struct chain *c)
{
	return c->n_stages;
}

struct chain_stage_info chain_stage(const struct chain *c, size_t i)
{
	const struct stage *st = c->stages[i];

	return (struct chain_stage_info){
		.name = st->in->name, .plugin = st->def->name,
		.version = st->def->version, .kind = st->def->kind,
		.stage = st, .in = st->in,
		.queued = __atomic_load_n(&st->pending.n, __ATOMIC_RELAXED),
	};
}

uint64_t chain_queued(const struct chain *c)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < c->n_stages; i++)
		n += c->stages[i]->pending.n;
	return n;
}

const struct weir_schema *chain_schema(const struct chain *c)
{
	return &c->view;
}

const struct schema *chain_fields(const struct chain *c)
{
	return c->schema;
}
