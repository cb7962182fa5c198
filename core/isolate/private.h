/* SPDX-License-Identifier: Apache-2.0 */
/* The core's side of an isolated plugin, for the files of this folder. */
#pragma once

#include <pthread.h>

#include "isolate/isolate.h"
#include "isolate/pack.h"
#include "isolate/shm.h"

#include "util/macros.h"

#define TICKETS_MAX	4096u
#define NS_PER_S	1000000000ull

/* An event that a stage finishes later. */
struct ticket {
	struct weir_event *ev;	/* NULL: free */
	uint64_t id;		/* of its last message; 0: it was not sent */
	unsigned n_sent;
	unsigned n_hand;	/* the process died over it */
	unsigned n_begun;	/* the process died after it had begun with it */
	struct ticket *next, *prev;
};

struct tickets {
	struct ticket *first, *last;
};

enum isolate_state { ISO_STARTING, ISO_RUNNING, ISO_DOWN, ISO_FAILED, ISO_ENDED };

/* One life of the process. Lives and dies on the thread. */
struct child {
	pid_t pid;
	int pidfd, wake_fd, log_fd, up_fd;
	struct shm_up *up;	/* under the lock for others */
	uint64_t up_tail;	/* of answers */
	uint64_t born_ns, deadline_ns;
	const char *kill_reason;
	char refused[256];
	bool ready, close_sent;
	bool idle;		/* has nothing to do */
	/* the watch */
	uint32_t call;
	uint64_t call_ns, tail, tail_ns, cpu_ns, cpu_at;
	bool cpu_known;
	clockid_t clock;
	/* its log */
	char line[512];
	size_t line_len;
	unsigned n_lines;
	uint64_t lines_at;
};

struct isolate {
	unsigned magic;
#define ISOLATE_MAGIC	0x4e6c0b3d
	struct isolate_conf conf;
	const struct weir_setup *setup;
	const struct weir_field_def **want_defs;	/* NULL: one of the record */
	char label[128];
	bool is_sink;
	pthread_t thread;
	int bell;			/* wakes the thread */
	int down_fd;
	struct shm_down *down;
	size_t down_size;
	uint8_t *answer;		/* the thread's copy of a message */
	uint64_t pause_ns;		/* the thread's: before the next start */

	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t cond;		/* state, room */
	enum isolate_state state;
	bool closing;
	bool gives_up;			/* down for long: a sink's items are dropped */
	bool closed;			/* sink: the reader is gone */
	struct ring ring;
	uint64_t head, tail;
	struct child *child;		/* NULL: there is none */
	unsigned n_writers;		/* wait for room */
	struct pack scratch;
	struct ticket *tickets;
	struct tickets free, waiting, sent;
	unsigned n_tickets;
	uint64_t next_id;
	/* sink: */
	uint64_t suspect;		/* items before this place were in hand at a crash */
	uint64_t acked, disowned;	/* items; of those, dropped by the sink */
	uint64_t n_lost, n_failed;
	uint64_t (*lost)[WEIR_EV_MAX];	/* by class, not told yet */
	uint64_t *counters_base;	/* of the processes before */
	uint64_t deaths;
};

static inline struct isolate *isolate_of(void *inst)
{
	struct isolate *iso;

	CAST_OBJ_NOTNULL(iso, inst, ISOLATE_MAGIC);
	return iso;
}

/* ---- proxy.c: the callbacks ------------------------------------------------------*/

int proxy_process(void *inst, struct weir_event *ev);
int proxy_write(void *inst, const struct weir_batch *batch, struct weir_write *w);
void proxy_tick(void *inst, uint64_t now_ns);
/* The chain's thread, or in close: tells what was taken and is lost. */
void proxy_account(struct isolate *iso);

/* ---- ring.c: requests; under the lock -----------------------------------------*/

/* What the child has taken. false: it tells nonsense. */
bool down_update(struct isolate *iso);
/* Room for a message with that payload, to be filled before down_publish. */
struct msg *down_begin(struct isolate *iso, unsigned kind, uint64_t id, size_t payload);
void down_publish(struct isolate *iso);
/* The child is to look, if it sleeps. */
void down_wake(struct isolate *iso);
/* The same, whatever it does. No lock. */
void down_poke(struct isolate *iso);
bool down_is_empty(const struct isolate *iso);
/* Items of a sink in the ring, up to that place, are lost. */
void down_drop(struct isolate *iso, uint64_t until);
/*
 * The process has died; behind the items in hand was that place (0: none were).
 * true: the first of them was there twice, and is lost.
 */
bool down_rewind(struct isolate *iso, uint64_t in_hand);

/* ---- tickets.c: under the lock, but for those that say so ------------------------*/

int tickets_init(struct isolate *iso);
bool ticket_new(struct isolate *iso, struct weir_event *ev);
/* Those that wait, as far as there is room. */
void tickets_send(struct isolate *iso);
/* The one that was sent under that id. */
struct ticket *ticket_find(struct isolate *iso, uint32_t n, uint64_t id);
/* It is free for another. */
void ticket_free(struct isolate *iso, struct ticket *t);
/* The process has died: the ones it was at are to be tried again, or fail. */
void tickets_rewind(struct isolate *iso, uint64_t in_hand, uint64_t started);
/* The thread, without the lock: those that have been tried enough; or all. */
void tickets_fail(struct isolate *iso, bool all);
/* Marks what the plugin would have set. No lock. */
void ticket_mark(const struct isolate *iso, struct weir_event *ev, unsigned status);

/* ---- spawn.c ------------------------------------------------------------------------*/

/* Memory, one file of which the child can only read. 0 or a negative errno. */
int spawn_down(struct isolate *iso, const struct pack *setup);
/* A process; `c` is filled. 0 or a negative errno. */
int spawn_child(struct isolate *iso, struct child *c);
/* Ends it, waits for it, and gives all back. How it died, in words. */
void spawn_reap(struct isolate *iso, struct child *c, char *how, size_t size);
void child_kill(struct child *c, const char *reason);

/* ---- setup.c --------------------------------------------------------------------------*/

void setup_pack(const struct isolate *iso, struct pack *b);

/* ---- answers.c: the thread, without the lock ---------------------------------------------*/

/* Takes what the child has written. false: nonsense; more: not all was taken. */
bool answers_take(struct isolate *iso, struct child *c, bool *more);
void log_take(struct isolate *iso, struct child *c);

/* ---- supervise.c ------------------------------------------------------------------------*/

void *supervise_main(void *arg);
