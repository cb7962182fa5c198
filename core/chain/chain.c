/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns a chain while it runs: the way of one event through the stages, with
 * their accounts, and the services that plugins call.
 */
#include "chain/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/diag.h"
#include "schema/schema.h"
#include "util/log.h"
#include "util/macros.h"

#define PAGE_MAX	(16u * 1024 * 1024)
#define SAMPLE_EVERY	64u

/* ---- services --------------------------------------------------------------*/

static void host_log(void *ctx, int level, const char *text)
{
	struct stage *st;

	CAST_OBJ_NOTNULL(st, ctx, STAGE_MAGIC);
	log_msg(level, "%s: %s", st->name, text);
}

static void *host_alloc(struct weir_event *ev, size_t n)
{
	struct chain *c = ((struct frame *)ev)->chain;
	void *p = arena_alloc(&c->arena, n);

	if (!p)
		c->stats.arena_full++;
	return p;
}

static int host_grow(struct weir_buf *buf, size_t need)
{
	size_t cap = buf->cap ? buf->cap : 64 * 1024;
	uint8_t *p;

	while (cap - buf->len < need && cap < PAGE_MAX)
		cap *= 2;
	if (cap - buf->len < need)
		return -1;
	p = realloc(buf->p, cap);
	if (!p)
		return -1;
	buf->p = p;
	buf->cap = cap;
	return 0;
}

static const struct weir_host_id *host_id(void *ctx)
{
	struct stage *st;

	CAST_OBJ_NOTNULL(st, ctx, STAGE_MAGIC);
	return st->chain->conf.host;
}

const struct weir_host chain_host = {
	.size = sizeof(struct weir_host),
	.abi_major = WEIR_ABI_MAJOR,
	.abi_minor = WEIR_ABI_MINOR,
	.log = host_log,
	.alloc = host_alloc,
	.grow = host_grow,
	.host_id = host_id,
};

/* ---- an event ----------------------------------------------------------------*/

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void stage_encode(struct stage *st, const struct weir_event *ev,
			 const struct weir_base *base)
{
	struct weir_buf *buf = &st->page.buf;

	st->page.start = buf->len;
	/* Nothing appended is nothing written, whatever it answers. */
	if (st->def->encode(st->inst, ev, buf) == 0 && buf->len > st->page.start) {
		st->stats.bytes += buf->len - st->page.start;
		return;
	}
	buf->len = st->page.start;
	st->stats.failed++;
	st->chain->losses.n[base->rclass][ev->type][WEIR_LOST_ENCODE]++;
}

static void stage_queue(struct stage *st, const struct weir_event *ev,
			const struct weir_base *base)
{
	const struct page *page = &st->encoder->page;
	struct weir_item *it;

	if (page->buf.len == page->start)
		return;
	it = &st->pending.items[st->pending.n++];
	it->p = (const uint8_t *)(uintptr_t)page->start;
	it->len = (uint32_t)(page->buf.len - page->start);
	it->type = ev->type;
	it->rclass = base->rclass;
}

/* false: the event ends here. */
static bool stage_step(struct stage *st, struct weir_event *ev,
		       const struct weir_base *base)
{
	int r;

	switch (st->def->kind) {
	case WEIR_PLUGIN_ENRICHER:
		st->stats.calls++;
		r = st->def->process(st->inst, ev);
		if (r == WEIR_DROP) {
			st->stats.filtered++;
			return false;
		}
		st->stats.failed += r != WEIR_CONTINUE;
		return true;
	case WEIR_PLUGIN_SERIALIZER:
		st->stats.calls++;
		stage_encode(st, ev, base);
		return true;
	default:
		stage_queue(st, ev, base);
		return true;
	}
}

static bool stage_step_timed(struct stage *st, struct weir_event *ev,
			     const struct weir_base *base)
{
	uint64_t t = clock_ns();
	bool on = stage_step(st, ev, base);

	st->stats.sampled++;
	st->stats.sampled_ns += clock_ns() - t;
	return on;
}

/* A serializer that a filtered event did not reach has nothing of it. */
static void pages_begin(struct chain *c)
{
	size_t i;

	for (i = 0; i < c->n_stages; i++)
		c->stages[i]->page.start = c->stages[i]->page.buf.len;
}

int chain_run(struct chain *c, const void *rec, size_t size, int64_t wall_ns)
{
	const struct weir_base *base = rec;
	struct frame f = {
		.ev = {
			.rec = rec, .rec_size = (uint32_t)size,
			.type = base->type, .wall_ns = wall_ns,
			.offs = c->view.types[base->type].offs,
			.n_wire = (uint16_t)c->view.n_wire, .added = c->added,
		},
		.chain = c,
	};
	bool timed = c->stats.in++ % SAMPLE_EVERY == 0, on = true;
	struct stage **step;
	int r = 0;

	memset(c->added, 0, c->n_added * sizeof(*c->added));
	pages_begin(c);
	for (step = c->steps[base->type]; on && *step; step++)
		on = timed ? stage_step_timed(*step, &f.ev, base) :
			     stage_step(*step, &f.ev, base);
	if (on)
		c->stats.passed++;
	else
		c->stats.filtered++;
	arena_reset(&c->arena);
	if (batch_full(c))
		r = batch_flush(c, true);
	return r;
}

int chain_flush(struct chain *c, bool wait)
{
	return batch_flush(c, wait);
}

/* Not on the event path: a line when a sink begins to fail, and when it ends. */
static void sink_health(struct stage *st)
{
	bool failed = st->stats.failed > st->ticked.failed;
	bool wrote = st->stats.delivered > st->ticked.delivered;

	if (failed && !st->failing)
		log_error("%s: writing fails; what is lost is counted", st->name);
	else if (!failed && wrote && st->failing)
		log_info("%s: writing works again", st->name);
	st->failing = failed || (st->failing && !wrote);
	st->ticked = st->stats;
}

void chain_tick(struct chain *c, uint64_t now_ns)
{
	struct stage *st;
	size_t i;

	for (i = 0; i < c->n_stages; i++) {
		st = c->stages[i];
		if (st->def->tick)
			st->def->tick(st->inst, now_ns);
		if (st->def->kind == WEIR_PLUGIN_SINK)
			sink_health(st);
	}
}

void chain_stop(struct chain *c)
{
	atomic_store_explicit(&c->stop, true, memory_order_relaxed);
}

/* ---- accounts ------------------------------------------------------------------*/

void chain_losses(const struct chain *c, struct chain_losses *out)
{
	*out = c->losses;
}

struct chain_stats chain_stats(const struct chain *c)
{
	return c->stats;
}

size_t chain_n_stages(const struct chain *c)
{
	return c->n_stages;
}

struct chain_stage_info chain_stage(const struct chain *c, size_t i)
{
	const struct stage *st = c->stages[i];

	return (struct chain_stage_info){
		.name = st->name, .plugin = st->def->name,
		.version = st->def->version, .kind = st->def->kind,
		.calls = st->stats.calls, .filtered = st->stats.filtered,
		.failed = st->stats.failed, .bytes = st->stats.bytes,
		.delivered = st->stats.delivered, .dropped = st->stats.dropped,
		.queued = st->pending.n, .sampled = st->stats.sampled,
		.sampled_ns = st->stats.sampled_ns,
		.n_counters = st->def->n_counters,
		.counters = st->def->counters, .values = st->counters,
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
