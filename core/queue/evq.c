/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the slots, not the items. Relies on CK's ring for one producer and many
 * consumers: the consumers are the consumer, and the producer that shifts.
 * A kick is a flag that ends the wait as an item does.
 */
#include "queue/evq.h"

#include <stdatomic.h>

#include "queue/ring.h"
#include "queue/sleeper.h"
#include "queue/tsan.h"
#include "util/macros.h"

struct evq {
	unsigned magic;
#define EVQ_MAGIC	0x0e9b7c35
	unsigned room_min;	/* free slots that wake the producer */
	_Alignas(CK_MD_CACHELINE) struct ck_ring ring;
	/* The producer looks at this line after each batch, ... */
	_Alignas(CK_MD_CACHELINE) struct sleeper consumer;
	_Atomic bool kicked;
	/* ... the consumer at this one after each item. */
	_Alignas(CK_MD_CACHELINE) struct sleeper producer;
	_Alignas(CK_MD_CACHELINE) struct ck_ring_buffer slots[];
};

_Static_assert(EVQ_FOREVER == SLEEPER_FOREVER, "one forever");

struct evq *evq_new(unsigned at_least)
{
	unsigned n = ring_slots(at_least);
	size_t size = sizeof(struct evq) + n * sizeof(struct ck_ring_buffer);
	struct evq *q;

	if (!n)
		return NULL;
	q = aligned_alloc(CK_MD_CACHELINE, RING_LINES(size));
	if (!q)
		return NULL;
	*q = (struct evq){ .magic = EVQ_MAGIC, .room_min = MAX(n / 8, 1u) };
	ck_ring_init(&q->ring, n);
	return q;
}

bool evq_push_sp(struct evq *q, void *item)
{
	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	AN(item);
	TSAN_RELEASE(item);
	/*
	 * Our loads from the item before p_tail says that it is the
	 * consumer's; CK itself orders our stores.
	 */
	ck_pr_fence_release();
	return ck_ring_enqueue_spmc(&q->ring, q->slots, item);
}

static void *take(struct evq *q)
{
	void *item;

	if (!ck_ring_dequeue_spmc(&q->ring, q->slots, &item))
		return NULL;
	TSAN_ACQUIRE(item);
	return item;
}

void *evq_shift_sp(struct evq *q)
{
	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	return take(q);
}

void *evq_pop_sc(struct evq *q)
{
	void *item;

	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	item = take(q);
	/*
	 * The new c_head before the load of armed; against sleeper_arm() in
	 * evq_room_sp(). Free on x86, where c_head was moved by a locked
	 * instruction.
	 */
	ck_pr_fence_atomic_load();
	if (sleeper_is_armed(&q->producer) &&
	    evq_cap(q) - evq_len(q) >= q->room_min)
		sleeper_wake(&q->producer);
	return item;
}

static void wake_consumer(struct evq *q)
{
	/*
	 * The new p_tail, or kicked, before the load of armed; against
	 * sleeper_arm() in evq_wait_sc().
	 */
	ck_pr_fence_memory();
	if (sleeper_is_armed(&q->consumer))
		sleeper_wake(&q->consumer);
}

void evq_wake_sp(struct evq *q)
{
	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	wake_consumer(q);
}

void evq_kick(struct evq *q)
{
	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	/* What the caller wrote before kicked; against take_kick(). */
	atomic_store_explicit(&q->kicked, true, memory_order_release);
	wake_consumer(q);
}

static bool is_kicked(const struct evq *q)
{
	return atomic_load_explicit(&q->kicked, memory_order_relaxed);
}

static bool take_kick(struct evq *q)
{
	/* kicked before what the consumer reads next; against evq_kick(). */
	return is_kicked(q) && atomic_exchange_explicit(&q->kicked, false,
							memory_order_acquire);
}

bool evq_wait_sc(struct evq *q, uint64_t timeout_ns)
{
	bool in_time = timeout_ns > 0;
	uint64_t deadline_ns;

	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	if (take_kick(q) || !ring_is_empty(&q->ring) || !in_time)
		return !ring_is_empty(&q->ring);
	deadline_ns = sleeper_deadline(timeout_ns);
	do {
		sleeper_arm(&q->consumer);
		if (ring_is_empty(&q->ring) && !is_kicked(q))
			in_time = sleeper_sleep(&q->consumer, deadline_ns);
		sleeper_disarm(&q->consumer);
	} while (!take_kick(q) && ring_is_empty(&q->ring) && in_time);
	return !ring_is_empty(&q->ring);
}

void evq_nap_sc(struct evq *q, uint64_t timeout_ns)
{
	uint64_t deadline_ns = sleeper_deadline(timeout_ns);
	bool in_time = timeout_ns > 0;

	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	while (!take_kick(q) && in_time) {
		sleeper_arm(&q->consumer);
		if (!is_kicked(q))
			in_time = sleeper_sleep(&q->consumer, deadline_ns);
		sleeper_disarm(&q->consumer);
	}
}

static bool is_full(const struct evq *q)
{
	/* Exact for the producer, or else full a moment ago. */
	return ring_len(&q->ring) == q->ring.mask;
}

bool evq_room_sp(struct evq *q, uint64_t timeout_ns)
{
	bool in_time = timeout_ns > 0;
	uint64_t deadline_ns;

	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	if (!is_full(q) || !in_time)
		return !is_full(q);
	wake_consumer(q);
	deadline_ns = sleeper_deadline(timeout_ns);
	do {
		sleeper_arm(&q->producer);
		if (is_full(q))
			in_time = sleeper_sleep(&q->producer, deadline_ns);
		sleeper_disarm(&q->producer);
	} while (is_full(q) && in_time);
	return !is_full(q);
}

unsigned evq_len(const struct evq *q)
{
	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	return ring_len(&q->ring);
}

unsigned evq_cap(const struct evq *q)
{
	CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
	return q->ring.mask;
}

struct evq *evq_free(struct evq *q)
{
	if (q) {
		CHECK_OBJ_NOTNULL(q, EVQ_MAGIC);
		FREE_OBJ(q);
	}
	return NULL;
}
