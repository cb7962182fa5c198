/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all configurations of one process share: the numbers of fields, the way
 * back to the sync chain, the accounts that must not begin anew at a reload.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/plugin.h>

struct dict;
struct event;
struct inbox;
struct ledger;
struct pool;
struct source;
struct tap;

/* Events of a class and type that user space lost, by reason. Any thread adds. */
struct chain_losses {
	uint64_t n[WEIR_CLASS_MAX][WEIR_EV_MAX][WEIR_LOST_MAX];
};

/*
 * in = filtered + passed; and for each sink behind which no enricher stands
 * passed = not seen + delivered + dropped + queued, where not seen are those
 * that its own or its serializer's filter left out or that were not encoded.
 * The collector's thread counts.
 */
struct chain_stats {
	uint64_t in;		/* events that began the sync chain */
	uint64_t filtered;	/* ended by an enricher */
	uint64_t passed;	/* reached the end of the chain */
	uint64_t arena_full;
	uint64_t calls;		/* of plugins that have returned */
	uint64_t pause_ns;	/* longest time between two events because of a reload */
};

struct services {
	struct dict *dict;
	const struct weir_host_id *host;
	struct pool *pool;	/* copies for async chains; the collector takes */
	struct inbox *inbox;	/* of struct event, to the collector */
	struct ledger *ledger;	/* NULL: none; asked and changed under its lock */
	pthread_mutex_t ledger_lock;
	struct tap *tap;	/* NULL: nobody looks on; published */
	bool live;		/* the source is the running kernel */
	struct source *source;	/* for probes; NULL: not yet, or no more */
	/*
	 * What weir_host.stats tells; any thread; 0, or -1: not now. NULL: not yet;
	 * published when all that it reads is there.
	 */
	int (*report)(void *arg, weir_stat_f *fn, void *fn_arg);
	void *report_arg;
	/* Any thread: the collector looks into the inbox soon. NULL: not yet. */
	void (*wake)(void *arg);
	void *wake_arg;
	struct chain_stats stats;
	struct chain_losses losses;
};

/* Any thread. */
static inline struct source *services_source(const struct services *s)
{
	return __atomic_load_n(&s->source, __ATOMIC_ACQUIRE);
}

/* 0, or -ENOMEM. */
int services_init(struct services *s, const struct weir_host_id *host);
/* Events left in the inbox are freed. */
void services_fini(struct services *s);
/* Any thread: to the collector, or counted as lost, and false. Takes `e`. */
bool services_post(struct services *s, struct event *e);
/* Any thread. */
static inline void services_wake(struct services *s)
{
	void (*wake)(void *arg) = __atomic_load_n(&s->wake, __ATOMIC_ACQUIRE);

	if (wake)
		wake(s->wake_arg);
}
void services_lose(struct services *s, const struct weir_base *b, unsigned reason);
