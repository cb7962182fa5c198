/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CK's ring as evq and inbox use it: of pointers, with one fence put right.
 * Private to core/queue.
 *
 * When an item is taken out, its slot has to be read before c_head moves: a
 * producer may overwrite it from then on. libck 0.7.1 orders only stores there
 * (ck c7945fe), which is enough on x86 and not on arm64. So items are taken
 * out by the functions for many consumers alone, and these get another fence.
 */
#pragma once

#ifdef CK_RING_H
#error "queue/ring.h has to be first to include <ck_ring.h>"
#endif
#include <ck_pr.h>
#define ck_pr_fence_store_atomic ck_pr_fence_load_store
#include <ck_ring.h>
#undef ck_pr_fence_store_atomic

#include <stdbool.h>
#include <stddef.h>

#define RING_MAX	(1u << 30)
/* A size in whole cache lines, as aligned_alloc() wants it. */
#define RING_LINES(size)						\
	(((size) + CK_MD_CACHELINE - 1) & ~(size_t)(CK_MD_CACHELINE - 1))

/* Slots for at_least items (one slot is always free), 0: too many. */
static inline unsigned ring_slots(unsigned at_least)
{
	unsigned n = 4;

	if (at_least >= RING_MAX)
		return 0;
	while (n - 1 < at_least)
		n *= 2;
	return n;
}

/*
 * c_head first: it never passes p_tail, so if the later p_tail is equal, the
 * ring was empty then. ck_ring_size() would also call a ring empty on which
 * others were busy between its two loads.
 */
static inline bool ring_is_empty(const struct ck_ring *r)
{
	unsigned head = ck_pr_load_uint(&r->c_head);

	ck_pr_fence_load();
	return ck_pr_load_uint(&r->p_tail) == head;
}

/* Any thread; exact if no other is at work. */
static inline unsigned ring_len(const struct ck_ring *r)
{
	unsigned head = ck_pr_load_uint(&r->c_head);
	unsigned len;

	ck_pr_fence_load();
	len = ck_pr_load_uint(&r->p_tail) - head;
	return len < r->mask ? len : r->mask;
}
