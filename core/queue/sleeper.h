/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread that sleeps until others have made a condition true. No wake-up
 * is lost if both keep to this order:
 *
 *	sleeper				waker
 *	sleeper_arm			make the condition true
 *	look at the condition		full fence
 *	sleeper_sleep if it is false	sleeper_wake if sleeper_is_armed
 *	sleeper_disarm
 *
 * Either the waker sees the arm, or the sleeper the condition. A sleeper may
 * be woken for nothing, so it has to look again. Private to core/queue.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct sleeper {
	_Atomic uint32_t armed;		/* the futex */
};

#define SLEEPER_FOREVER	UINT64_MAX

/* From a time to wait to CLOCK_MONOTONIC; SLEEPER_FOREVER stays. */
uint64_t sleeper_deadline(uint64_t timeout_ns);
void sleeper_arm(struct sleeper *s);
/* false: the deadline has passed. */
bool sleeper_sleep(struct sleeper *s, uint64_t deadline_ns);
void sleeper_disarm(struct sleeper *s);
/* One system call. Signal handlers too. */
void sleeper_wake(struct sleeper *s);

static inline bool sleeper_is_armed(const struct sleeper *s)
{
	return atomic_load_explicit(&s->armed, memory_order_relaxed);
}
