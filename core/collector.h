/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop between source and chain: every record is checked, recorded where
 * asked, run through the chain, and every loss announced. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct capture_writer;
struct chain;
struct collector;
struct source;

struct collector_conf {
	struct source *source;
	struct chain *chain;
	struct capture_writer *writer;	/* NULL: nothing is recorded */
	bool replayed;			/* the source is a capture file */
	uint64_t id_base;
	uint64_t *user_seq;		/* next number of class `user` */
};

/*
 * received + made = refused + in; in = filtered + passed (struct chain_stats);
 * lost counts by reason what is missing from the stream, from the kernel on.
 * Exact once collector_run has returned, while it runs at most a second old.
 */
struct collector_stats {
	uint64_t received;
	uint64_t refused;
	uint64_t made;		/* records of our own (lost) */
	uint64_t lost[16];	/* by enum weir_lost_reason */
	uint64_t kernel_filtered;
};

/* NULL: no memory. Nothing is owned. */
struct collector *collector_new(const struct collector_conf *conf);
/*
 * Until the source ends, collector_stop is called or all sinks have lost
 * their reader; then drains and flushes. 0, -EPIPE, or the source's error.
 */
int collector_run(struct collector *c);
/* Signal handlers and any thread. */
void collector_stop(struct collector *c);
struct collector_stats collector_stats(const struct collector *c);
/* NULL, always. */
struct collector *collector_free(struct collector *c);
