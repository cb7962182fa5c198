/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of pointers from many threads to one. Nobody sleeps here; the
 * consumer looks in when it comes by. Nothing allocates after inbox_new.
 *
 * What a producer wrote before the push the consumer sees after the pop. Items
 * of one producer stay in order.
 */
#pragma once

#include <stdbool.h>

struct inbox;

/* Room for at_least items, up to 2^n - 1; NULL: no memory, or over 2^30. */
struct inbox *inbox_new(unsigned at_least);
/*
 * Any thread. false: full. The item is not NULL. A producer spins, then yields,
 * while another is between claiming a slot and filling it, which takes a few
 * instructions: so no signal handlers, and no threads of real-time priority.
 */
bool inbox_push(struct inbox *b, void *item);
/* The one consumer. NULL: empty. */
void *inbox_pop_sc(struct inbox *b);
/* Any thread; approximate while others are at work. */
unsigned inbox_len(const struct inbox *b);
/* NULL, always. Nobody uses it; items that are left are the caller's. */
struct inbox *inbox_free(struct inbox *b);
