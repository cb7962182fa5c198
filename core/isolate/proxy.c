/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what stands for a plugin's callbacks: events become tickets, items and
 * ticks become messages. Callbacks run on the chain's threads and never wait
 * but for room in a sink's ring, as a sink may.
 */
#include <string.h>

#include "isolate/private.h"
#include "util/macros.h"
#include "util/stat.h"

#define WRITE_NS	(NS_PER_S / 10)

/* ---- enrichers --------------------------------------------------------------------*/

static bool accepts(const struct isolate *iso)
{
	return !iso->closing && (iso->state == ISO_RUNNING || !iso->gives_up) &&
	       iso->state < ISO_FAILED && iso->free.first;
}

int proxy_process(void *inst, struct weir_event *ev)
{
	struct isolate *iso = isolate_of(inst);
	struct weir_event *later = NULL;

	pthread_mutex_lock(&iso->lock);
	if (accepts(iso))
		later = iso->setup->host->later(ev);
	if (later) {
		MUST(ticket_new(iso, later));
		tickets_send(iso);
	}
	pthread_mutex_unlock(&iso->lock);
	if (later)
		return WEIR_LATER;
	ticket_mark(iso, ev, WEIR_SKIPPED);
	return WEIR_FAIL;
}

/* ---- sinks ----------------------------------------------------------------------------*/

void proxy_account(struct isolate *iso)
{
	unsigned c, t;
	uint64_t n;

	for (c = 0; iso->n_lost && c < WEIR_CLASS_MAX; c++) {
		for (t = 0; t < WEIR_EV_MAX; t++) {
			n = iso->lost[c][t];
			iso->lost[c][t] = 0;
			if (n)
				iso->conf.calls->lost(iso->setup->ctx, c, t, n);
		}
	}
	iso->n_lost = 0;
	if (iso->n_failed)
		iso->conf.calls->failed(iso->setup->ctx, iso->n_failed);
	iso->n_failed = 0;
}

static bool item_put(struct isolate *iso, const struct weir_item *it)
{
	struct msg_item i = {
		.len = it->len, .rclass = it->rclass,
		.type = it->type < WEIR_EV_MAX ? it->type : 0,
	};
	struct msg *m = down_begin(iso, MSG_ITEM, 0, sizeof(i) + it->len);

	if (!m)
		return false;
	memcpy(m + 1, &i, sizeof(i));
	memcpy((uint8_t *)(m + 1) + sizeof(i), it->p, it->len);
	return true;
}

static void drop(struct weir_write *w, const struct weir_item *it)
{
	w->done++;
	w->dropped++;
	w->dropped_class[it->rclass]++;
}

/* Waits for room. false: there was none in time. */
static bool room_wait(struct isolate *iso, uint64_t until)
{
	const struct timespec ts = {
		.tv_sec = (time_t)(until / NS_PER_S), .tv_nsec = (long)(until % NS_PER_S),
	};
	int r;

	down_publish(iso);
	SHM_STORE(&iso->down->room_wanted, 1);
	down_wake(iso);
	iso->n_writers++;
	r = pthread_cond_timedwait(&iso->cond, &iso->lock, &ts);
	iso->n_writers--;
	SHM_STORE(&iso->down->room_wanted, iso->n_writers > 0);
	return !r;
}

static bool is_hopeless(const struct isolate *iso)
{
	return iso->state >= ISO_FAILED || (iso->gives_up && iso->state != ISO_RUNNING);
}

/* Items into the ring, from the front. */
static void items_put(struct isolate *iso, const struct weir_batch *b, struct weir_write *w)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + WRITE_NS;
	const struct weir_item *it;

	while (w->done < b->n && !iso->closed) {
		it = &b->items[w->done];
		if (it->len > SHM_DOWN_MAX - sizeof(struct msg) - sizeof(struct msg_item))
			drop(w, it);
		else if (item_put(iso, it) || (down_update(iso) && item_put(iso, it)))
			w->done++;
		else if (is_hopeless(iso))
			drop(w, it);
		else if (!room_wait(iso, until))
			return;
	}
}

int proxy_write(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	struct isolate *iso = isolate_of(inst);
	int r;

	pthread_mutex_lock(&iso->lock);
	items_put(iso, batch, w);
	down_publish(iso);
	down_wake(iso);
	proxy_account(iso);
	r = iso->closed ? WEIR_WRITE_CLOSED :
	    w->done < batch->n ? WEIR_WRITE_AGAIN : WEIR_WRITE_OK;
	pthread_mutex_unlock(&iso->lock);
	return r;
}

void proxy_tick(void *inst, uint64_t now_ns)
{
	struct isolate *iso = isolate_of(inst);

	pthread_mutex_lock(&iso->lock);
	if (iso->conf.def->tick && iso->state == ISO_RUNNING &&
	    down_begin(iso, MSG_TICK, now_ns, 0)) {
		down_publish(iso);
		down_wake(iso);
	}
	proxy_account(iso);
	pthread_mutex_unlock(&iso->lock);
}
