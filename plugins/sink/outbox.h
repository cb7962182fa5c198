/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the event path and a sink's own thread: lines that were taken and are not
 * delivered yet. The event path copies whole lines in and never waits for a disk or a
 * peer, but where the policy says so for room, and then no longer than plugin.h allows.
 *
 * Functions marked E are for write and tick, L for open and close, T for the thread.
 * The one lock is held for the time of a copy, never while something is delivered.
 *
 * What the thread gives up, it says (outbox_lose): the next calls of outbox_put tell it to the
 * core, by class, as dropped, for the core counts as delivered what was taken.
 */
#pragma once

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

#define OUTBOX_WAIT_NS	100000000	/* what plugin.h allows a sink */
#define OUTBOX_FDS	64u		/* descriptors that outbox_wait() takes */
#define OUTBOX_NOTES	4u		/* messages kept for the next tick */

enum outbox_policy { OUTBOX_BLOCK, OUTBOX_DROP };

struct outbox_line {
	uint32_t len;
	uint16_t type;
	uint8_t rclass;
	uint8_t pad;
};

/* Lines, one behind the other. From `at` on they are to be delivered. */
struct outbox_lot {
	uint8_t *p;
	size_t len, cap;
	struct outbox_line *lines;
	uint32_t n, max;
	uint32_t at;
	size_t off;		/* where line `at` begins */
};

struct outbox_note {
	int level;
	char text[240];
};

struct outbox {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t room;
	size_t limit;			/* bytes of both lots together */
	enum outbox_policy policy;
	int wake_fd;
	struct outbox_lot drain;	/* the thread's */
	/* Behind the lock: */
	struct outbox_lot fill;
	bool asleep, stop, started;
	uint64_t until_ns;		/* when stopped: the thread ends then */
	uint64_t lost[WEIR_CLASS_MAX];
	struct outbox_note notes[OUTBOX_NOTES];
	uint32_t n_notes, n_unsaid;
	/* Written by E: */
	uint64_t n_dropped, n_waits;
};

uint64_t outbox_now(void);		/* ns, monotonic */

/* L: 0 or a negative errno. */
int outbox_init(struct outbox *ob, size_t limit, enum outbox_policy policy);
int outbox_start(struct outbox *ob, void *(*run)(void *arg), void *arg);
/*
 * L: lets the thread deliver what is there, for so long, and joins it. The lines that were
 * not delivered, and those that were lost and not told to the core, are logged.
 */
void outbox_stop(struct outbox *ob, uint64_t patience_ns, const struct weir_setup *setup);
void outbox_fini(struct outbox *ob);

/* E: a sink's whole write(). */
int outbox_put(struct outbox *ob, const struct weir_batch *batch, struct weir_write *w);
/* E: logs what the thread has said. */
void outbox_tell(struct outbox *ob, const struct weir_setup *setup);

/* T: what is to be delivered; NULL: nothing. The same lot until all of it is done. */
struct outbox_lot *outbox_take(struct outbox *ob);
/* T: n lines from the front of the lot are delivered, or given up. */
void outbox_done(struct outbox *ob, uint32_t n);
/*
 * T: sleeps until lines come (unless there are some already, which could not be delivered),
 * a descriptor is ready, or the time is over.
 */
void outbox_wait(struct outbox *ob, struct pollfd *fds, unsigned n, uint64_t ns);
/* T: told to stop, and all is delivered or the patience is at its end. */
bool outbox_over(struct outbox *ob);
/* T: told to stop; and the patience is at its end. */
bool outbox_stopping(struct outbox *ob);
bool outbox_late(struct outbox *ob);
/* T: n lines of that class will not be delivered. */
void outbox_lose(struct outbox *ob, unsigned rclass, uint64_t n);
/* T: for the log, at the next tick. */
__attribute__((format(printf, 3, 4)))
void outbox_say(struct outbox *ob, int level, const char *fmt, ...);

/* E: numbers that the thread counts, to where the core reads them. */
static inline void outbox_counters(uint64_t *to, const uint64_t *from, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		__atomic_store_n(&to[i], __atomic_load_n(&from[i], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

static inline bool outbox_lot_done(const struct outbox_lot *lot)
{
	return lot->at == lot->n;
}
