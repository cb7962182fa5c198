/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An async chain: queues that the collector fills, a thread for each of them,
 * and the stages that a thread takes an event through. The events of one
 * process stay in order: its key tells the queue, and the next one begins when
 * the one before has ended, even if a stage finishes it later.
 *
 * Queues and threads outlive a reload as long as the settings of the chain
 * stay; the stages (struct line) are those of one configuration, and are
 * changed while the threads pause between two events.
 *
 * in = done + filtered + dropped + queued + held, at any moment at which
 * nothing moves.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

struct async;
struct chain;
struct event;
struct filter;
struct schema;
struct services;
struct stage;

enum async_overflow { ASYNC_DROP_NEWEST, ASYNC_DROP_OLDEST, ASYNC_BLOCK };

/* What makes two async chains the same. */
struct async_settings {
	const char *name;	/* interned */
	unsigned queue;		/* events, for each worker */
	unsigned workers;
	enum async_overflow overflow;
	int64_t block_ns;	/* at most this long for an event */
	int64_t deadline_ns;	/* for what a stage finishes later */
};

/*
 * The stages of an async chain, the same in all configurations that change
 * nothing about them.
 */
struct line {
	unsigned n_refs;	/* plans */
	struct stage **stages;
	size_t n_stages;
	struct schema *schema;	/* all fields at its end */
	struct weir_schema view;
	uint16_t *slots;	/* that the stages set, as indices into `added` */
	uint32_t n_slots;
	unsigned n_added;
	uint64_t types[WEIR_EV_MAX / 64];	/* events that some stage sees */
	struct filter *filter;
	char *filters;		/* canonical text of all filters */
};

struct async_stats {
	uint64_t in;
	uint64_t done;
	uint64_t filtered;	/* ended by a stage */
	uint64_t dropped_newest, dropped_oldest, dropped_block, dropped_memory;
	uint64_t dropped_end;	/* were queued when the chain was given up */
	uint64_t queued;
	uint64_t held;		/* in a stage, or waiting for another event of the process */
	uint64_t amendments;
};

/* ---- control thread ------------------------------------------------------------------*/

/* NULL: no memory. No thread runs yet. */
struct async *async_new(struct services *services, const struct async_settings *settings);
const struct async_settings *async_settings(const struct async *a);
/*
 * Starts the threads. 0 or a negative errno. The line is not owned. `after`,
 * unless NULL, is the chain that this one replaces: work begins only when that
 * has ended, so that the events of a process stay in order.
 */
int async_start(struct async *a, const struct line *line, struct async *after);
/*
 * The one that was to begin behind `a` begins. If they have an instance in
 * common, only once `a` has ended: it is called by one of them at a time.
 */
void async_release(struct async *a);
/*
 * Asks the threads to stop between two events and waits for them. false: not
 * all did in time, and those that did go on.
 */
bool async_pause(struct async *a, int64_t timeout_ns);
/* They go on, with these stages. */
void async_resume(struct async *a, const struct line *line);
/* The queues are worked off, then the threads end. Nothing is pushed any more. */
void async_retire(struct async *a);
/* Any thread, signal handlers too: the collector does not wait for room any more. */
void async_hurry(struct async *a);
/* What is queued is dropped, and counted. */
void async_abandon(struct async *a);
/* Have all threads ended? */
bool async_ended(const struct async *a);
/* Nothing is queued or held. */
bool async_idle(const struct async *a);
/* Whom it waits for, in words; "": nobody. Returns buf. */
char *async_blocker(const struct async *a, char *buf, size_t size);
struct async_stats async_stats(const struct async *a);
/* One that has ended or was never started; else it is left alone for ever. NULL. */
struct async *async_free(struct async *a);

/* ---- the collector's thread -------------------------------------------------------------*/

/* Takes the reference over. copy == NULL: there was no memory for one. */
void async_push(struct async *a, struct event *copy, const struct weir_base *base);
/* After a batch: threads that sleep and have something to do. */
void async_wake(struct async *a);
void async_wake_all(struct chain *c);
