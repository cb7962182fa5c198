/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what happens when a plugin of the sync chain never returns: its thread
 * is left to it, and another one goes on, with another chain, exactly behind
 * that call.
 *
 * A thread cannot be stopped from outside, but it can be known where it is: it
 * says so before each call, and looks at its fate after it. membarrier(2) puts
 * both in order without a fence on the event path.
 */
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "chain/private.h"
#include "util/log.h"

/* ---- the thread that was in the call ------------------------------------------------*/

void chain_wait(struct chain *c)
{
	const struct timespec pause_ = { .tv_nsec = 1000000 };

	while (atomic_load(&c->fate) == CHAIN_ASKED)
		nanosleep(&pause_, NULL);
	while (atomic_load(&c->fate) == CHAIN_LEFT)
		pause();
}

/* ---- the control thread ---------------------------------------------------------------*/

static bool barrier(void)
{
	static bool registered;

	if (!registered)
		registered = !syscall(SYS_membarrier,
				      MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	return registered &&
	       !syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

struct instance *chain_leave(struct chain *c, const struct ledger_mark *mark)
{
	struct stage *st = NULL;

	atomic_store(&c->fate, CHAIN_ASKED);
	/* From here on the thread does not come past the call that it is in. */
	if (barrier() && __atomic_load_n(&mark->who, __ATOMIC_ACQUIRE))
		st = __atomic_load_n(&c->at, __ATOMIC_RELAXED);
	if (st && st->def->kind == WEIR_PLUGIN_SERIALIZER) {
		log_error("%s: a serializer cannot be left: the sensor has to be restarted",
			  st->in->name);
		st = NULL;
	}
	atomic_store(&c->fate, st ? CHAIN_LEFT : CHAIN_RUNS);
	return st ? st->in : NULL;
}

/* ---- the thread that goes on ------------------------------------------------------------*/

static struct stage *stage_of(struct chain *c, const struct instance *in)
{
	size_t i;

	for (i = 0; i < c->n_stages; i++)
		if (c->stages[i]->in == in)
			return c->stages[i];
	return NULL;
}

/*
 * The page of a sink that is still at it stays its own; the others go on with
 * a copy. false: no memory.
 */
static bool page_copy(struct page *to, const struct page *from)
{
	uint8_t *p = malloc(from->buf.cap + 1);

	if (!p)
		return false;
	if (from->buf.len)
		memcpy(p, from->buf.p, from->buf.len);
	free(to->buf.p);
	*to = *from;
	to->buf.p = p;
	return true;
}

static void pending_take(struct stage *st, struct stage *old)
{
	struct weir_item *items = st->pending.items;
	uint32_t n = old->pending.n;

	st->pending.items = old->pending.items;
	old->pending.items = items;
	__atomic_store_n(&old->pending.n, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&st->pending.n, n, __ATOMIC_RELAXED);
}

static bool page_take(struct stage *st, struct stage *old, const struct stage *stuck)
{
	struct page page = st->page;

	if (stuck->encoder == old)
		return page_copy(&st->page, &old->page);
	st->page = old->page;
	old->page = page;
	return true;
}

/* Of the serializers what is encoded, of the sinks what they have to write. */
static void batches_take(struct chain *c, struct chain *left, const struct stage *stuck)
{
	struct stage *st, *old;
	size_t i;

	/* Serializers stand before their sinks. */
	for (i = 0; i < left->n_stages; i++) {
		old = left->stages[i];
		st = stage_of(c, old->in);
		if (!st) {
			/* The one that does not return: what it was to write is lost. */
			sink_give_up(old);
		} else if (old->def->kind == WEIR_PLUGIN_SERIALIZER) {
			if (!page_take(st, old, stuck))
				c->page_lost = st;
		} else if (c->page_lost && st->encoder == c->page_lost) {
			sink_give_up(old);
		} else {
			pending_take(st, old);
		}
	}
	c->page_lost = NULL;
}

uint64_t chain_go_on(struct chain *c, struct chain *left)
{
	struct frame *f = __atomic_load_n(&left->frame, __ATOMIC_ACQUIRE);
	unsigned n = c->n_added < left->n_added ? c->n_added : left->n_added;
	struct stage *stuck = left->at;

	batches_take(c, left, stuck);
	if (f) {
		memcpy(c->added, left->added, n * sizeof(*c->added));
		chain_run_rest(c, &f->ev, stuck);
	}
	return left->last_id;
}
