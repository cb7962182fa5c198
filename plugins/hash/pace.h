/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes per second, over all threads. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pace {
	pthread_mutex_t lock;
	uint64_t rate;		/* 0: no limit */
	uint64_t paid_ns;	/* when all that was let through is paid for */
};

void pace_init(struct pace *p, uint64_t rate);
/*
 * Lets `bytes` through as soon as those before are paid for; sleeps at most
 * max_wait_ns. False: that would be too late, and nothing is charged.
 */
bool pace_take(struct pace *p, uint64_t bytes, uint64_t max_wait_ns);
void pace_fini(struct pace *p);

/* For pace_take, and for tests: ns to sleep at now_ns, or -1. */
int64_t pace_charge(struct pace *p, uint64_t bytes, uint64_t max_wait_ns, uint64_t now_ns);
