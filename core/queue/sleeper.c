/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns nothing; relies on futex(2) comparing the word and going to sleep in
 * one step. The fence is CK's, as are the loads that it orders.
 */
#include "queue/sleeper.h"

#include <ck_pr.h>
#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S	1000000000ull

uint64_t sleeper_deadline(uint64_t timeout_ns)
{
	struct timespec ts;
	uint64_t now;

	if (timeout_ns == SLEEPER_FOREVER)
		return SLEEPER_FOREVER;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	return timeout_ns < SLEEPER_FOREVER - now ? now + timeout_ns :
		SLEEPER_FOREVER;
}

void sleeper_arm(struct sleeper *s)
{
	atomic_store_explicit(&s->armed, 1, memory_order_relaxed);
	/*
	 * The store above before the loads of the condition that follow;
	 * against the waker's fence between condition and sleeper_is_armed().
	 */
	ck_pr_fence_memory();
}

bool sleeper_sleep(struct sleeper *s, uint64_t deadline_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(deadline_ns / NS_PER_S),
		.tv_nsec = (long)(deadline_ns % NS_PER_S),
	};
	long r;

	/* Unlike FUTEX_WAIT, this takes a point in time, of CLOCK_MONOTONIC. */
	r = syscall(SYS_futex, &s->armed, FUTEX_WAIT_BITSET_PRIVATE, 1,
		    deadline_ns == SLEEPER_FOREVER ? NULL : &ts, NULL,
		    FUTEX_BITSET_MATCH_ANY);
	return r == 0 || errno != ETIMEDOUT;
}

void sleeper_disarm(struct sleeper *s)
{
	atomic_store_explicit(&s->armed, 0, memory_order_relaxed);
}

void sleeper_wake(struct sleeper *s)
{
	int saved = errno;

	/*
	 * A sleeper that is not in the kernel yet finds 0 there and does not
	 * go to sleep. If another waker was faster, it makes the call.
	 */
	if (atomic_exchange_explicit(&s->armed, 0, memory_order_relaxed))
		syscall(SYS_futex, &s->armed, FUTEX_WAKE_PRIVATE, 1, NULL,
			NULL, 0);
	errno = saved;
}
