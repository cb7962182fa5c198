/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from the serializers' pages to the sinks. A page collects the
 * encoded events of one batch; each sink has a list of those it is to write.
 * A page is emptied when every sink has taken, or by its policy dropped, all.
 */
#include <errno.h>

#include "chain/private.h"
#include "util/macros.h"

static uint16_t lost_type(const struct weir_item *it)
{
	return it->type < WEIR_EV_MAX ? it->type : 0;
}

static void lose(const struct stage *st, unsigned rclass, unsigned type, uint64_t n)
{
	struct chain_losses *l = &st->in->services->losses;

	stat_add_shared(&l->n[rclass][type][WEIR_LOST_SINK], n);
}

/* Items that will never be written. */
static void items_lose(struct stage *st, uint32_t from, uint32_t to)
{
	uint32_t i;

	for (i = from; i < to; i++)
		lose(st, st->pending.items[i].rclass, lost_type(&st->pending.items[i]), 1);
	stat_add(&st->in->stats.dropped, to - from);
}

/*
 * What a sink has taken, and of it dropped by its policy: it tells the class
 * only. Its sums are not believed: each item dropped is one loss, no more and
 * no less.
 */
static void taken_count(struct stage *st, uint32_t from, const struct weir_write *w)
{
	uint32_t i, n, dropped = MIN(w->dropped, w->done), left = dropped;
	struct instance_stats *stats = &st->in->stats;
	uint64_t bytes = 0;

	for (i = from; i < from + w->done; i++)
		bytes += st->pending.items[i].len;
	stat_add(&stats->bytes, bytes);
	stat_add(&stats->delivered, w->done - dropped);
	stat_add(&stats->dropped, dropped);
	for (i = 0; i < WEIR_CLASS_MAX; i++) {
		n = MIN(w->dropped_class[i], left);
		lose(st, i, 0, n);
		left -= n;
	}
	/* Those without a class: that of the last ones taken. */
	for (i = from + w->done; left; left--)
		lose(st, st->pending.items[--i].rclass, 0, 1);
}

/* One call of write. Items taken; those that are left stay pending. */
static uint32_t sink_write(struct chain *c, struct stage *st, uint32_t from)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch batch = {
		.size = sizeof(batch),
		.n = st->pending.n - from,
		.items = st->pending.items + from,
	};
	int r;

	chain_calls(c, st);
	ledger_enter(&st->in->who, LEDGER_WRITE, NULL, 0);
	r = st->def->write(st->inst, &batch, &w);
	chain_called(c);
	stat_add(&st->in->stats.calls, 1);
	w.done = MIN(w.done, batch.n);
	if (r == WEIR_WRITE_OK)
		w.done = batch.n;
	taken_count(st, from, &w);
	from += w.done;
	if (r == WEIR_WRITE_CLOSED)
		__atomic_store_n(&st->in->closed, true, __ATOMIC_RELAXED);
	if (r == WEIR_WRITE_OK || r == WEIR_WRITE_AGAIN)
		return from;
	/* An error, or an answer that is none. */
	stat_add(&st->in->stats.failed, r != WEIR_WRITE_CLOSED);
	items_lose(st, from, st->pending.n);
	return st->pending.n;
}

/* Orders nothing: whoever sees it late tries once more. */
static bool chain_stopped(const struct chain *c)
{
	return atomic_load_explicit(&c->stop, memory_order_relaxed);
}

static void sink_flush(struct chain *c, struct stage *st, bool wait)
{
	uint32_t done = 0, before;

	do {
		before = done;
		if (st->in->closed || st->in->disabled) {
			items_lose(st, done, st->pending.n);
			done = st->pending.n;
		} else if (done < st->pending.n) {
			/* For who goes on if the call never returns. */
			st->pending.done = done;
			done = sink_write(c, st, done);
		}
		/* Told to stop: the last try has been made, whatever it moved. */
		if (chain_stopped(c) && done < st->pending.n) {
			items_lose(st, done, st->pending.n);
			done = st->pending.n;
		}
	} while (done < st->pending.n && (wait || done > before));
	st->pending.done = 0;
	if (done) {
		__atomic_store_n(&st->pending.n, st->pending.n - done, __ATOMIC_RELAXED);
		memmove(st->pending.items, st->pending.items + done,
			st->pending.n * sizeof(*st->pending.items));
	}
}

void sink_give_up(struct stage *st)
{
	items_lose(st, st->pending.done, st->pending.n);
	__atomic_store_n(&st->pending.n, 0, __ATOMIC_RELAXED);
}

/* Offsets become pointers now that the page does not move any more. */
static void items_fix(struct stage *st)
{
	const uint8_t *base = st->encoder->page.buf.p;
	uint32_t i;

	for (i = 0; i < st->pending.n; i++)
		st->pending.items[i].p = base + (uintptr_t)st->pending.items[i].p;
}

static void items_unfix(struct stage *st)
{
	const uint8_t *base = st->encoder->page.buf.p;
	uint32_t i;

	for (i = 0; i < st->pending.n; i++)
		st->pending.items[i].p =
			(const uint8_t *)(uintptr_t)(st->pending.items[i].p - base);
}

int batch_flush(struct chain *c, bool wait)
{
	uint32_t n_closed = 0;
	struct stage *st;
	bool left = false;
	size_t i;

	for (i = 0; i < c->n_stages; i++) {
		st = c->stages[i];
		if (st->def->kind != WEIR_PLUGIN_SINK || !st->pending.n)
			continue;
		items_fix(st);
		sink_flush(c, st, wait);
		items_unfix(st);
		left |= st->pending.n > 0;
	}
	for (i = 0; !left && i < c->n_stages; i++)
		c->stages[i]->page.buf.len = 0;
	for (i = 0; i < c->n_stages; i++)
		n_closed += c->stages[i]->in->closed;
	return c->n_sinks && n_closed == c->n_sinks ? -EPIPE : 0;
}

bool batch_full(const struct chain *c)
{
	const struct stage *st;
	size_t i;

	for (i = 0; i < c->n_stages; i++) {
		st = c->stages[i];
		if (st->page.buf.len >= STAGE_PAGE_BYTES ||
		    st->pending.n == STAGE_BATCH_ITEMS)
			return true;
	}
	return false;
}
