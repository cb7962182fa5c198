/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the numbers of what came, went and was lost. A loss is announced by a
 * record of our own, made here, which goes through the chain as any other.
 */
#include "collector.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/chain.h"
#include "source/capture.h"
#include "source/check.h"
#include "source/source.h"
#include "util/macros.h"

#define TICK_NS		1000000000ull
#define POLL_MS		200

_Static_assert(WEIR_LOST_MAX <= ARRAY_LEN(((struct collector_stats *)0)->lost),
	       "struct collector_stats is too small");

struct collector {
	unsigned magic;
#define COLLECTOR_MAGIC	0x3f7d92c4
	struct collector_conf conf;
	struct collector_stats stats;
	int64_t wall_ns;
	uint64_t last_tick;
	uint64_t last_time;	/* of the last record, ns since boot */
	atomic_bool stop;
	/* all losses there have been, and those that were announced */
	struct chain_losses now, told;
	struct source_losses source;
	uint64_t bad[WEIR_CLASS_MAX];
	uint64_t copy[WEIR_REC_MAX / 8];
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* ---- records -------------------------------------------------------------------*/

/* A damaged record's class is believed only as far as there is such a class. */
static void record_refuse(struct collector *c, const struct weir_base *b, size_t size)
{
	uint8_t class = WEIR_CLASS_USER;

	if (size >= sizeof(*b) && b->rclass < WEIR_CLASS_MAX)
		class = b->rclass;
	c->bad[class]++;
	c->stats.refused++;
}

/*
 * A capture has the snapshots of user space but not its `lost` events, which a
 * replay makes anew, and not at the same places: all of them share one count.
 */
static int renumbered_run(struct collector *c, const void *rec, size_t size)
{
	struct weir_base *b = memcpy(c->copy, rec, size);

	b->seq = (*c->conf.user_seq)++;
	b->id = c->conf.id_base + (b->seq << 2 | WEIR_CLASS_USER);
	return chain_run(c->conf.chain, b, size, c->wall_ns);
}

static int on_record(void *ctx, const void *rec, size_t size)
{
	const struct weir_base *b = rec;
	struct collector *c = ctx;

	c->stats.received++;
	if (c->conf.writer)
		capture_write_record(c->conf.writer, rec, size);
	if (check_record(rec, size) != CHECK_OK) {
		record_refuse(c, b, size);
		return 0;
	}
	c->last_time = b->time;
	if (c->conf.replayed)
		c->conf.id_base = b->id - (b->seq << 2 | b->rclass);
	if (c->conf.replayed && b->rclass == WEIR_CLASS_USER)
		return renumbered_run(c, rec, size);
	if (b->rclass == WEIR_CLASS_USER && b->seq >= *c->conf.user_seq)
		*c->conf.user_seq = b->seq + 1;
	return chain_run(c->conf.chain, rec, size, c->wall_ns);
}

/* ---- losses -----------------------------------------------------------------------*/

static void losses_sum(struct collector *c)
{
	unsigned class, type, reason;
	uint64_t filtered = 0;

	chain_losses(c->conf.chain, &c->now);
	source_losses(c->conf.source, &c->source);
	for (class = 0; class < WEIR_CLASS_MAX; class++) {
		c->now.n[class][0][WEIR_LOST_BAD_RECORD] += c->bad[class];
		for (type = 0; type < WEIR_EV_KERNEL_MAX; type++) {
			filtered += c->source.filtered[class][type];
			for (reason = 0; reason < WEIR_LOST_MAX; reason++)
				c->now.n[class][type][reason] +=
					c->source.n[class][type][reason];
		}
	}
	c->stats.kernel_filtered = filtered;
	memset(c->stats.lost, 0, sizeof(c->stats.lost));
	for (class = 0; class < WEIR_CLASS_MAX; class++)
		for (type = 0; type < WEIR_EV_MAX; type++)
			for (reason = 0; reason < WEIR_LOST_MAX; reason++)
				c->stats.lost[reason] += c->now.n[class][type][reason];
}

static int lost_emit(struct collector *c, unsigned class, unsigned type, unsigned reason)
{
	uint64_t seq = (*c->conf.user_seq)++;
	uint64_t total = c->now.n[class][type][reason];
	struct weir_lost ev = {
		.base = {
			.size = sizeof(ev), .type = WEIR_EV_lost,
			.rclass = WEIR_CLASS_USER, .seq = seq,
			.id = c->conf.id_base + (seq << 2 | WEIR_CLASS_USER),
			.time = c->conf.replayed ? c->last_time : clock_ns(CLOCK_BOOTTIME),
		},
		.lost_count = total - c->told.n[class][type][reason],
		.lost_total = total, .lost_type = type, .lost_class = class,
		.lost_reason = reason,
	};

	c->told.n[class][type][reason] = total;
	c->stats.made++;
	return chain_run(c->conf.chain, &ev, sizeof(ev), c->wall_ns);
}

static int losses_tell(struct collector *c)
{
	unsigned class, type, reason;
	int r = 0;

	losses_sum(c);
	if (c->conf.writer)
		capture_write_losses(c->conf.writer, &c->source);
	for (class = 0; class < WEIR_CLASS_MAX; class++)
		for (type = 0; type < WEIR_EV_MAX; type++)
			for (reason = 0; !r && reason < WEIR_LOST_MAX; reason++)
				if (c->now.n[class][type][reason] >
				    c->told.n[class][type][reason])
					r = lost_emit(c, class, type, reason);
	return r;
}

/* ---- the loop ------------------------------------------------------------------------*/

static int tick(struct collector *c)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int r;

	if (now - c->last_tick < TICK_NS)
		return 0;
	c->last_tick = now;
	r = losses_tell(c);
	chain_tick(c->conf.chain, now);
	if (c->conf.writer) {
		capture_write_clock(c->conf.writer, c->wall_ns);
		capture_flush(c->conf.writer);
	}
	return r;
}

static int finish(struct collector *c)
{
	int r = source_drain(c->conf.source, on_record, c), r2;

	r = r < 0 && r != -ESHUTDOWN ? r : 0;
	r2 = losses_tell(c);
	r = r ? r : r2;
	chain_tick(c->conf.chain, clock_ns(CLOCK_MONOTONIC));
	r2 = chain_flush(c->conf.chain, true);
	/* What the sinks dropped just now is in the summary, if not in the stream. */
	losses_sum(c);
	return r ? r : r2;
}

int collector_run(struct collector *c)
{
	int r = 0, r2;

	CHECK_OBJ_NOTNULL(c, COLLECTOR_MAGIC);
	c->last_tick = clock_ns(CLOCK_MONOTONIC);
	while (!atomic_load_explicit(&c->stop, memory_order_relaxed)) {
		c->wall_ns = source_wall_ns(c->conf.source);
		r = source_poll(c->conf.source, POLL_MS, on_record, c);
		if (r < 0)
			break;
		r = chain_flush(c->conf.chain, true);
		if (!r)
			r = tick(c);
		if (r)
			break;
	}
	r = r > 0 || r == -ESHUTDOWN ? 0 : r;
	if (r == -EPIPE) {
		/* Nobody is left to be told, but summary and capture are exact. */
		losses_sum(c);
		if (c->conf.writer)
			capture_write_losses(c->conf.writer, &c->source);
		return r;
	}
	r2 = finish(c);
	return r ? r : r2;
}

void collector_stop(struct collector *c)
{
	atomic_store_explicit(&c->stop, true, memory_order_relaxed);
	source_wake(c->conf.source);
}

struct collector_stats collector_stats(const struct collector *c)
{
	return c->stats;
}

struct collector *collector_new(const struct collector_conf *conf)
{
	struct collector *c;

	ALLOC_OBJ(c, COLLECTOR_MAGIC);
	if (c)
		c->conf = *conf;
	return c;
}

struct collector *collector_free(struct collector *c)
{
	if (c)
		FREE_OBJ(c);
	return NULL;
}
