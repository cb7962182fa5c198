/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of async chains share: the collector's side of them, and a gate
 * at which toys wait. The test's own thread is the collector and the control
 * thread at once.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "toychain.h"

struct event;

/* An exec of process number `process` through the sync chain; its number is n. */
void toyasync_push(struct toychain *t, unsigned process, uint64_t n);
/* The number of the process, and of the record. */
unsigned toyasync_process(const struct weir_event *ev);
uint64_t toyasync_number(const struct weir_event *ev);
/*
 * What user space has made so far goes through the sync chain. Appends a
 * reference of each to `made` (NULL: none), up to max. How many there were.
 */
size_t toyasync_collect(struct toychain *t, struct event **made, size_t max);
/* The same till the async chains of toychain_make have nothing left to do. */
size_t toyasync_settle(struct toychain *t, struct event **made, size_t max);
/* One of them by name, at rest: in = done + filtered + dropped + queued + held. */
bool toyasync_adds_up(const struct async *a);

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool open;
	unsigned waiting;
};
#define GATE	{ PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 }

void gate_pass(struct gate *g);		/* waits till it is open */
void gate_open(struct gate *g);
void gate_close(struct gate *g);
/* Till so many wait at it. */
void gate_await(struct gate *g, unsigned n);

/* Looks again and again, for half a minute at most. Is it so? */
#define UNTIL(cond)							\
	({								\
		unsigned tries_ = 0;					\
		while (!(cond) && tries_++ < 60000)			\
			toyasync_nap();					\
		(cond);							\
	})
void toyasync_nap(void);
