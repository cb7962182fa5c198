/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of an async chain, with its queue. Inside of core/chain.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "chain/async.h"

struct evq;
struct inbox;
struct instance;
struct work;

#define WORKER_LANES	256u
/* Events that a worker may hold, most of them finished later. */
#define WORKER_HELD	256u

/* Events of the same processes: one at a time is worked on. */
struct lane {
	struct work *first, *last;	/* that wait */
	bool busy;
};

struct worker_stats {
	uint64_t done, filtered, dropped_end, amendments;
	uint64_t held;
};

struct worker {
	struct async *async;
	unsigned i;
	pthread_t thread;
	bool started;
	struct evq *queue;
	struct inbox *finished;		/* works whose done() was called */
	const struct line *line;	/* changes only while the thread pauses */
	struct lane lanes[WORKER_LANES];
	struct work *first_later, *last_later;	/* by deadline */
	struct work *spare;
	unsigned n_spare;
	uint64_t next_tick;
	uint64_t n_seen;
	struct worker_stats stats;
	/* For the report: what it is in, and since when. */
	struct instance *current;
	uint64_t since;
	uint8_t rec[WEIR_REC_MAX] __attribute__((aligned(8)));
};

struct async {
	unsigned magic;
#define ASYNC_MAGIC	0x63a0d8f7
	struct services *services;
	struct async_settings settings;
	bool dirty;			/* collector: something was pushed since the wake */
	bool stalled;			/* collector: waiting was in vain, the queue is still full */
	uint64_t in, dropped_newest, dropped_oldest, dropped_block, dropped_memory;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned n_paused, n_ended;	/* under the lock */
	atomic_bool pause, retire, abandon;
	atomic_bool hurry;		/* nobody waits for room any more */
	atomic_uint n_done;		/* calls of done() that are still at our queues */
	/* Control thread: */
	bool held;			/* pauses till another chain has ended */
	struct async *successor;	/* that is held for us */
	bool shares;			/* and has instances of ours */
	struct worker workers[];
};

/* The thread. */
void *worker_main(void *arg);
