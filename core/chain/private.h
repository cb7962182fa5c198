/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of chains, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "chain/arena.h"
#include "chain/chain.h"
#include "chain/services.h"
#include "chain/stage.h"
#include "queue/tsan.h"
#include "util/macros.h"

struct async;
struct event;
struct filter;
struct frame;

/* An async chain that wants events of a type. */
struct subscription {
	struct async *async;
	const struct filter *filter;	/* NULL: all */
};

struct chain {
	unsigned magic;
#define CHAIN_MAGIC	0xc4a1b0e2
	struct services *services;
	const char *main_file;	/* stages of other files are drop-ins */
	struct schema *schema;
	struct weir_schema view;
	struct stage **stages;
	size_t n_stages;
	struct stage **steps[WEIR_EV_MAX];	/* by type, ended by NULL */
	struct subscription *subs[WEIR_EV_MAX];	/* the same, by async */
	struct async **asyncs;	/* all that subscribed */
	size_t n_asyncs;
	struct weir_value *added;	/* of the event in the chain */
	unsigned n_added;
	struct arena arena;
	uint32_t n_sinks;
	uint64_t n_seen;	/* events, for sampling */
	atomic_bool stop;	/* set by any thread or signal handler */
	/* Where its thread is; read when that does not return. */
	struct frame *frame;	/* the event in hand */
	struct stage *at;	/* the stage it is in */
	uint64_t last_id;	/* of the last event that began */
	struct stage *page_lost;	/* in a take-over: a serializer without its page */
	atomic_int fate;	/* enum chain_fate */
};

/* Of the thread that runs a chain. */
enum chain_fate {
	CHAIN_RUNS,
	CHAIN_ASKED,		/* it waits behind the call it is in, if it returns */
	CHAIN_LEFT,		/* another thread has gone on with another chain */
};

/* Before a call that may not return: who goes on instead sees all that was done. */
static inline void chain_calls(struct chain *c, struct stage *st)
{
	__atomic_store_n(&c->at, st, __ATOMIC_RELAXED);
	TSAN_RELEASE(c);
}

/* Behind a call of a plugin: waits to know its fate. */
void chain_wait(struct chain *c);

static inline void chain_called(struct chain *c)
{
	ledger_leave();
	stat_add(&c->services->stats.calls, 1);
	if (unlikely(atomic_load_explicit(&c->fate, memory_order_relaxed) != CHAIN_RUNS))
		chain_wait(c);
}

/* ---- the event with what belongs to it ------------------------------------------*/

struct frame_ops {
	void *(*alloc)(struct frame *f, size_t n);
	bool masks;		/* its values may be changed */
	/* NULL: it cannot */
	struct weir_event *(*later)(struct frame *f);
	void (*done)(struct frame *f, int verdict);
};

/* Plugins see the first member. */
struct frame {
	struct weir_event ev;
	const struct frame_ops *ops;
	bool masked;		/* the record is a copy of our own */
};

/* The services that plugins call. */
extern const struct weir_host chain_host;

/* The event from behind the stage of that name on; its values are in c->added. */
void chain_run_rest(struct chain *c, const struct weir_event *ev,
		    const struct stage *behind);

/* ---- batches ------------------------------------------------------------------------*/

/* Writes what is pending for all sinks and empties the pages. */
int batch_flush(struct chain *c, bool wait);
/* What it was to write is lost, and counted. */
void sink_give_up(struct stage *st);
/* 1: some page or pending list has no room for another event. */
bool batch_full(const struct chain *c);
