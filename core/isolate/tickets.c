/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the events of an isolated enricher that are not done. Only the thread
 * ends one, so it may look at an event without the lock as long as it has not.
 */
#include <errno.h>
#include <stdlib.h>

#include "isolate/private.h"
#include "util/macros.h"

/* An event that was begun so often, or was lost in queues so often, fails. */
#define TRIES		2u
#define SENDS_MAX	64u

static void append(struct tickets *l, struct ticket *t)
{
	t->next = NULL;
	t->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = t;
	l->last = t;
}

static void detach(struct tickets *l, struct ticket *t)
{
	*(t->prev ? &t->prev->next : &l->first) = t->next;
	*(t->next ? &t->next->prev : &l->last) = t->prev;
	t->next = t->prev = NULL;
}

int tickets_init(struct isolate *iso)
{
	unsigned i;

	iso->tickets = calloc(TICKETS_MAX, sizeof(*iso->tickets));
	for (i = 0; iso->tickets && i < TICKETS_MAX; i++)
		append(&iso->free, &iso->tickets[i]);
	return iso->tickets ? 0 : -ENOMEM;
}

bool ticket_new(struct isolate *iso, struct weir_event *ev)
{
	struct ticket *t = iso->free.first;

	if (!t)
		return false;
	detach(&iso->free, t);
	*t = (struct ticket){ .ev = ev };
	append(&iso->waiting, t);
	iso->n_tickets++;
	return true;
}

void ticket_free(struct isolate *iso, struct ticket *t)
{
	detach(t->id ? &iso->sent : &iso->waiting, t);
	t->ev = NULL;
	t->id = 0;
	append(&iso->free, t);
	iso->n_tickets--;
}

struct ticket *ticket_find(struct isolate *iso, uint32_t n, uint64_t id)
{
	return id && n < TICKETS_MAX && iso->tickets[n].id == id ? &iso->tickets[n] : NULL;
}

/* ---- to the child ---------------------------------------------------------------*/

static void event_pack(struct isolate *iso, const struct ticket *t)
{
	const struct weir_event *ev = t->ev;
	struct pack *b = &iso->scratch;
	struct msg_event e = {
		.wall_ns = ev->wall_ns, .ticket = (uint32_t)(t - iso->tickets),
		.rec_size = ev->rec_size, .type = ev->type,
	};
	const struct weir_value *v;
	struct weir_handle h;
	uint32_t i;

	b->len = sizeof(e) + ALIGN8((size_t)ev->rec_size);
	b->full = false;
	for (i = 0; i < iso->conf.def->n_wants; i++) {
		h = iso->setup->wants[i];
		if (!iso->want_defs[i])
			continue;
		v = &ev->added[h.slot - ev->n_wire];
		if (v->kind != iso->want_defs[i]->kind)
			continue;
		pack_value(b, h.slot, iso->want_defs[i], v);
		e.n_values += !b->full;
	}
	memcpy(b->p, &e, sizeof(e));
	memcpy(b->p + sizeof(e), ev->rec, ev->rec_size);
}

static bool ticket_send(struct isolate *iso, struct ticket *t)
{
	struct msg *m;

	event_pack(iso, t);
	m = down_begin(iso, MSG_EVENT, iso->next_id, iso->scratch.len);
	if (!m)
		return false;
	memcpy(m + 1, iso->scratch.p, iso->scratch.len);
	detach(&iso->waiting, t);
	t->id = iso->next_id++;
	t->n_sent++;
	append(&iso->sent, t);
	return true;
}

void tickets_send(struct isolate *iso)
{
	uint64_t head = iso->head;

	if (iso->state != ISO_RUNNING)
		return;
	while (iso->waiting.first && ticket_send(iso, iso->waiting.first))
		;
	SHM_STORE(&iso->down->room_wanted, iso->waiting.first != NULL);
	if (iso->head == head)
		return;
	down_publish(iso);
	down_wake(iso);
}

/* ---- when it dies ---------------------------------------------------------------------*/

void tickets_rewind(struct isolate *iso, uint64_t in_hand, uint64_t started)
{
	struct tickets later = iso->waiting;
	struct ticket *t = iso->sent.first;

	/* Its word is no good: it answers in order, so it was at the oldest. */
	if (started >= iso->next_id || in_hand > started)
		in_hand = started = t ? t->id : 0;
	iso->waiting = (struct tickets){ 0 };
	while ((t = iso->sent.first)) {
		detach(&iso->sent, t);
		t->n_hand += t->id == in_hand;
		t->n_begun += t->id <= started;
		t->id = 0;
		append(&iso->waiting, t);
	}
	while ((t = later.first)) {
		detach(&later, t);
		append(&iso->waiting, t);
	}
}

void ticket_mark(const struct isolate *iso, struct weir_event *ev, unsigned status)
{
	struct weir_value v = { .status = (uint8_t)status };
	uint32_t i;

	for (i = 0; i < iso->conf.def->n_produces; i++)
		weir_set(ev, iso->setup->produces[i], &v);
}

static bool is_tried(const struct ticket *t)
{
	return t->n_hand >= TRIES || t->n_begun >= TRIES || t->n_sent >= SENDS_MAX;
}

/* NULL: there is none. */
static struct weir_event *next_failed(struct isolate *iso, bool all)
{
	struct weir_event *ev = NULL;
	struct ticket *t;

	pthread_mutex_lock(&iso->lock);
	for (t = iso->waiting.first; t && !all && !is_tried(t); t = t->next)
		;
	if (t) {
		ev = t->ev;
		ticket_free(iso, t);
	}
	pthread_mutex_unlock(&iso->lock);
	return ev;
}

void tickets_fail(struct isolate *iso, bool all)
{
	struct weir_event *ev;

	while ((ev = next_failed(iso, all))) {
		ticket_mark(iso, ev, WEIR_ERROR);
		iso->setup->host->done(ev, WEIR_FAIL);
	}
}
