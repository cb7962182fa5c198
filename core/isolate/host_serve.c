/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the loop that takes requests, the writing of answers, and a sink's
 * calls. A place in the ring is given back when the plugin is done with what
 * lies there: for items that is the receipt.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "isolate/host.h"
#include "util/macros.h"

#define BATCH_MAX	256u

static void futex_wait(const uint32_t *word, uint32_t seen, int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	syscall(SYS_futex, word, FUTEX_WAIT, seen, &ts, NULL, 0);
}

/* ---- answers -----------------------------------------------------------------------*/

/* Under the lock: the core, if it sleeps and nobody has done so. */
static void core_wake(struct host *h)
{
	uint32_t armed;

	/* What was published before the load of armed; against child_wait(). */
	SHM_FENCE();
	armed = SHM_PEEK(&h->down->armed);
	if (armed % 2 == 0 || armed == h->poked)
		return;
	h->poked = armed;
	if (write(SHM_FD_WAKE, "", 1) < 0 && errno != EAGAIN)
		_exit(3);	/* nobody is there any more */
}

/* Under the lock. */
static struct msg *room_wait(struct host *h, uint32_t len)
{
	uint64_t head = h->head;
	struct msg *m;
	uint32_t seen;

	for (;;) {
		seen = SHM_LOAD(&h->down->wake);
		SHM_STORE(&h->up->room_wanted, 1);
		SHM_FENCE();
		m = ring_begin(&h->answers, &head, SHM_LOAD(&h->down->up_tail), len);
		if (m)
			break;
		core_wake(h);
		futex_wait(&h->down->wake, seen, 100000000);
	}
	SHM_STORE(&h->up->room_wanted, 0);
	h->head = head;
	return m;
}

void answer(struct host *h, unsigned kind, uint64_t id, const void *p, size_t len)
{
	uint32_t all = msg_len(len);
	struct msg *m;

	pthread_mutex_lock(&h->lock);
	m = ring_begin(&h->answers, &h->head, SHM_LOAD(&h->down->up_tail), all);
	if (!m)
		m = room_wait(h, all);
	*m = (struct msg){ .len = all, .kind = kind, .id = id };
	if (len)
		memcpy(m + 1, p, len);
	SHM_STORE(&h->up->head, h->head);
	core_wake(h);
	pthread_mutex_unlock(&h->lock);
}

/* ---- requests ---------------------------------------------------------------------*/

static void advance(struct host *h, uint64_t to)
{
	uint64_t left = SHM_LOAD(&h->down->head) - to;

	h->tail = to;
	SHM_STORE(&h->up->tail, to);
	SHM_FENCE();
	if (!SHM_PEEK(&h->down->room_wanted) || left > SHM_DOWN_RING / 2)
		return;
	pthread_mutex_lock(&h->lock);
	core_wake(h);
	pthread_mutex_unlock(&h->lock);
}

/* Until there is something, or a second has passed. */
static void requests_wait(struct host *h)
{
	uint32_t seen = SHM_LOAD(&h->down->wake);

	SHM_STORE(&h->up->armed, 1);
	/* Armed before the load of head; against down_wake(). */
	SHM_FENCE();
	if (SHM_LOAD(&h->down->head) == h->tail)
		futex_wait(&h->down->wake, seen, 1000000000);
	SHM_STORE(&h->up->armed, 0);
}

static void call_begin(struct host *h, uint64_t in_hand)
{
	SHM_STORE(&h->up->in_hand, in_hand);
	SHM_STORE(&h->up->call, h->up->call + 1);
}

static void call_end(struct host *h)
{
	SHM_STORE(&h->up->call, h->up->call + 1);
	SHM_STORE(&h->up->in_hand, 0);
}

static void tick_call(struct host *h, uint64_t now_ns)
{
	call_begin(h, 0);
	if (h->def->tick)
		h->def->tick(h->inst, now_ns);
	call_end(h);
}

/* ---- items ---------------------------------------------------------------------------*/

/* The items from h->tail on, and the places behind each. */
static uint32_t items_collect(struct host *h, struct weir_item *items, uint64_t *ends)
{
	uint64_t at = h->tail, head = SHM_LOAD(&h->down->head);
	uint32_t n = 0, max = at < h->down->careful ? 1 : BATCH_MAX;
	const struct msg_item *i;
	const struct msg *m;

	while (n < max && at < head) {
		m = ring_at(&h->ring, at);
		if (m->kind != MSG_ITEM && m->kind != MSG_PAD)
			break;
		at += m->len;
		if (m->kind == MSG_PAD)
			continue;
		i = (const struct msg_item *)(m + 1);
		items[n] = (struct weir_item){
			.p = (const uint8_t *)(i + 1), .len = i->len, .type = i->type,
			.rclass = i->rclass,
		};
		ends[n++] = at;
	}
	return n;
}

static void classes_add(struct msg_wrote *wrote, const struct weir_item *items, uint32_t n)
{
	while (n--)
		wrote->dropped[items[n].rclass % WEIR_CLASS_MAX]++;
}

/* What a sink's answer means for the items. How many of them are gone. */
static uint32_t result_take(struct host *h, int r, const struct weir_batch *b,
			    const struct weir_write *w, struct msg_wrote *wrote)
{
	uint32_t i, done = r == WEIR_WRITE_OK ? b->n : MIN(w->done, b->n), left;

	left = MIN(w->dropped, done);
	for (i = 0; i < WEIR_CLASS_MAX; i++) {
		wrote->dropped[i] = MIN(w->dropped_class[i], left);
		left -= wrote->dropped[i];
	}
	classes_add(wrote, b->items + done - left, left);
	wrote->result = (uint32_t)r;
	if (r == WEIR_WRITE_OK || r == WEIR_WRITE_AGAIN)
		return done;
	h->closed |= r == WEIR_WRITE_CLOSED;
	wrote->failed = r != WEIR_WRITE_CLOSED;
	classes_add(wrote, b->items + done, b->n - done);
	return b->n;
}

static void items_call(struct host *h)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct weir_item items[BATCH_MAX];
	uint64_t ends[BATCH_MAX];
	struct weir_batch b = { .size = sizeof(b), .items = items };
	struct weir_write w = { .size = sizeof(w) };
	struct msg_wrote wrote = { 0 };
	int r = WEIR_WRITE_CLOSED;
	uint32_t done;

	b.n = items_collect(h, items, ends);
	if (!h->closed) {
		call_begin(h, ends[b.n - 1]);
		r = h->def->write(h->inst, &b, &w);
		call_end(h);
	}
	done = result_take(h, r, &b, &w, &wrote);
	if (done)
		advance(h, ends[done - 1]);
	if (wrote.failed || wrote.result == WEIR_WRITE_CLOSED || wrote.dropped[0] ||
	    wrote.dropped[1] || wrote.dropped[2])
		answer(h, MSG_WROTE, 0, &wrote, sizeof(wrote));
	if (!done)
		nanosleep(&pause, NULL);
}

/* ---- the loop ----------------------------------------------------------------------------*/

void serve(struct host *h)
{
	const struct msg *m;

	for (;;) {
		if (SHM_LOAD(&h->down->head) == h->tail) {
			requests_wait(h);
			continue;
		}
		m = ring_at(&h->ring, h->tail);
		switch (m->kind) {
		case MSG_EVENT:
			event_call(h, m);
			advance(h, h->tail + m->len);
			break;
		case MSG_ITEM:
			items_call(h);
			break;
		case MSG_TICK:
			advance(h, h->tail + m->len);
			tick_call(h, m->id);
			break;
		case MSG_CLOSE:
			return;
		default:
			advance(h, h->tail + m->len);
		}
	}
}
