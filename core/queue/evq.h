/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of pointers from one thread to another. The suffix says who
 * calls: _sp the one producer, _sc the one consumer; without: any thread. The
 * producer may also take out the oldest item. Nothing here allocates or blocks,
 * but for evq_wait_sc and evq_room_sp.
 *
 * What the producer wrote before the push the consumer sees after the pop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct evq;

#define EVQ_FOREVER	UINT64_MAX

/* Room for at_least items, up to 2^n - 1; NULL: no memory, or over 2^30. */
struct evq *evq_new(unsigned at_least);

/* false: full. The item is not NULL. Wakes nobody: see evq_wake_sp. */
bool evq_push_sp(struct evq *q, void *item);
/* Once after a batch of pushes: a system call only if the consumer sleeps. */
void evq_wake_sp(struct evq *q);
/* Takes out the oldest; NULL: empty. */
void *evq_shift_sp(struct evq *q);
/*
 * Sleeps while the queue is full, at most timeout_ns. true: there is room. The
 * consumer wakes the producer when an eighth is free, so that they do not take
 * turns with every item. Wakes the consumer first, as evq_wake_sp does.
 */
bool evq_room_sp(struct evq *q, uint64_t timeout_ns);

/* The oldest; NULL: empty. */
void *evq_pop_sc(struct evq *q);
/*
 * Sleeps while the queue is empty, at most timeout_ns. true: there is an item,
 * which the producer may still take. false: kicked, or time is over.
 */
bool evq_wait_sc(struct evq *q, uint64_t timeout_ns);

/* Sleeps till it is kicked or timeout_ns are over, items or not. */
void evq_nap_sc(struct evq *q, uint64_t timeout_ns);

/*
 * Ends one wait of the consumer, items or not: the one under way, else the
 * next. Several kicks before that are one. What the caller wrote before, the
 * consumer sees after the wait. Signal handlers too.
 */
void evq_kick(struct evq *q);
/* Approximate while others are at work, and never over evq_cap. */
unsigned evq_len(const struct evq *q);
unsigned evq_cap(const struct evq *q);

/*
 * NULL, always. Both threads are done with it, and nobody kicks any more.
 * Items that are left are the caller's business.
 */
struct evq *evq_free(struct evq *q);
