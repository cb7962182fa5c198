/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the ring of requests. What is in it only the core can change; how far
 * the child has come is its word, which must name the end of a message.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolate/private.h"
#include "util/macros.h"

static const struct msg_item *item_of(const struct msg *m)
{
	return m->kind == MSG_ITEM ? (const struct msg_item *)(m + 1) : NULL;
}

/* The child has taken one message more. */
static void step(struct isolate *iso)
{
	const struct msg *m = ring_at(&iso->ring, iso->tail);

	iso->acked += m->kind == MSG_ITEM;
	iso->tail += m->len;
}

bool down_update(struct isolate *iso)
{
	uint64_t tail;

	if (!iso->child)
		return true;
	tail = SHM_LOAD(&iso->child->up->tail);
	if (tail < iso->tail || tail > iso->head)
		return false;
	while (iso->tail < tail)
		step(iso);
	return iso->tail == tail;
}

struct msg *down_begin(struct isolate *iso, unsigned kind, uint64_t id, size_t payload)
{
	uint32_t len = msg_len(payload);
	struct msg *m;

	m = ring_begin(&iso->ring, &iso->head, iso->tail, len);
	if (m)
		*m = (struct msg){ .len = len, .kind = kind, .id = id };
	return m;
}

void down_publish(struct isolate *iso)
{
	SHM_STORE(&iso->down->head, iso->head);
}

void down_poke(struct isolate *iso)
{
	__atomic_fetch_add(&iso->down->wake, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &iso->down->wake, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void down_wake(struct isolate *iso)
{
	/* The new head before the load of armed; against the child's fence. */
	SHM_FENCE();
	if (!iso->child || !SHM_PEEK(&iso->child->up->armed))
		return;
	down_poke(iso);
}

bool down_is_empty(const struct isolate *iso)
{
	return iso->tail == iso->head;
}

void down_drop(struct isolate *iso, uint64_t until)
{
	const struct msg_item *it;

	while (iso->tail < until && iso->tail < iso->head) {
		it = item_of(ring_at(&iso->ring, iso->tail));
		if (it) {
			iso->lost[it->rclass][it->type]++;
			iso->n_lost++;
		}
		iso->tail += ring_at(&iso->ring, iso->tail)->len;
	}
}

/* The place behind the next item. */
static uint64_t item_end(const struct isolate *iso)
{
	uint64_t at = iso->tail;
	const struct msg *m;

	while (at < iso->head) {
		m = ring_at(&iso->ring, at);
		at += m->len;
		if (item_of(m))
			break;
	}
	return at;
}

bool down_rewind(struct isolate *iso, uint64_t in_hand)
{
	bool twice = iso->tail < iso->suspect;

	if (in_hand <= iso->tail || in_hand > iso->head)
		return false;
	if (twice)
		down_drop(iso, item_end(iso));
	else
		iso->suspect = in_hand;
	return twice;
}
