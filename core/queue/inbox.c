/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the slots, not the items. Relies on CK's ring for many producers. */
#include "queue/inbox.h"

#include <sched.h>

#include "queue/ring.h"
#include "queue/tsan.h"
#include "util/macros.h"

#define N_SPINS	100

struct inbox {
	unsigned magic;
#define INBOX_MAGIC	0x1b0c84d2
	_Alignas(CK_MD_CACHELINE) struct ck_ring ring;
	struct ck_ring_buffer slots[];
};

struct inbox *inbox_new(unsigned at_least)
{
	unsigned n = ring_slots(at_least);
	size_t size = sizeof(struct inbox) + n * sizeof(struct ck_ring_buffer);
	struct inbox *b;

	if (!n)
		return NULL;
	b = aligned_alloc(CK_MD_CACHELINE, RING_LINES(size));
	if (!b)
		return NULL;
	*b = (struct inbox){ .magic = INBOX_MAGIC };
	ck_ring_init(&b->ring, n);
	return b;
}

/*
 * Slots are filled in the order in which they were claimed. CK spins for that;
 * with more producers than CPUs each item would then cost a time slice, as the
 * one whose turn it is waits for those who wait for it.
 */
static void wait_for_turn(const struct ck_ring *r, unsigned ticket)
{
	unsigned n;

	for (n = 0; ck_pr_load_uint(&r->p_tail) != ticket; n++) {
		if (n < N_SPINS)
			ck_pr_stall();
		else
			sched_yield();
	}
}

bool inbox_push(struct inbox *b, void *item)
{
	unsigned ticket;
	void **slot;

	CHECK_OBJ_NOTNULL(b, INBOX_MAGIC);
	AN(item);
	TSAN_RELEASE(item);
	/* As in evq_push_sp(): our loads from the item before p_tail. */
	ck_pr_fence_release();
	slot = ck_ring_enqueue_reserve_mpmc(&b->ring, b->slots, &ticket);
	if (!slot)
		return false;
	ck_pr_store_ptr(slot, item);
	wait_for_turn(&b->ring, ticket);
	/* With a fence for the slot before p_tail. */
	ck_ring_enqueue_commit_mpmc(&b->ring, ticket);
	return true;
}

void *inbox_pop_sc(struct inbox *b)
{
	void *item;

	CHECK_OBJ_NOTNULL(b, INBOX_MAGIC);
	/* Not ..._mpsc: see ring.h. */
	if (!ck_ring_dequeue_mpmc(&b->ring, b->slots, &item))
		return NULL;
	TSAN_ACQUIRE(item);
	return item;
}

unsigned inbox_len(const struct inbox *b)
{
	CHECK_OBJ_NOTNULL(b, INBOX_MAGIC);
	return ring_len(&b->ring);
}

struct inbox *inbox_free(struct inbox *b)
{
	if (b) {
		CHECK_OBJ_NOTNULL(b, INBOX_MAGIC);
		FREE_OBJ(b);
	}
	return NULL;
}
