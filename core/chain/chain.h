/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sync chain: an event goes through its stages in order, on the thread of
 * the caller. A chain is built whole or not at all, and its shape never
 * changes afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

struct chain;
struct conf_node;
struct diag;
struct loader;

struct chain_conf {
	const struct conf_node *stages;	/* the list `sync` */
	const char *const *dirs;	/* where plugins are */
	size_t n_dirs;
	struct loader *loader;
	const struct weir_host_id *host;	/* must outlive the chain */
};

/* Events of a class and type that user space lost, by reason. */
struct chain_losses {
	uint64_t n[WEIR_CLASS_MAX][WEIR_EV_MAX][WEIR_LOST_MAX];
};

/*
 * in = filtered + passed; and for each sink behind which no enricher stands
 * passed = not seen + delivered + dropped + queued, where not seen are those
 * that its own or its serializer's filter left out or that were not encoded.
 */
struct chain_stats {
	uint64_t in;		/* records given to chain_run */
	uint64_t filtered;	/* ended by an enricher */
	uint64_t passed;	/* reached the end of the chain */
	uint64_t arena_full;
};

struct chain_stage_info {
	const char *name;
	const char *plugin;
	const char *version;
	uint32_t kind;
	uint64_t calls, filtered, failed, bytes, delivered, dropped, queued;
	uint64_t sampled, sampled_ns;
	uint32_t n_counters;
	const struct weir_counter *counters;
	const uint64_t *values;
};

/* Names of stage settings that are not the plugin's; ended by NULL. */
extern const char *const chain_reserved[];

/*
 * Everything is checked and all that is wrong is in `d`; instances are not
 * opened yet. 0 or a negative errno.
 */
int chain_build(const struct chain_conf *conf, struct diag *d, struct chain **out);
/* Opens the instances in order; at the first failure those that were are closed. */
int chain_open(struct chain *c, struct diag *d);
/* All fields at the end of the chain. */
const struct weir_schema *chain_schema(const struct chain *c);

/*
 * One record that the check has passed; wall_ns as in struct weir_event. 0, or
 * -EPIPE: all sinks have lost their reader.
 */
int chain_run(struct chain *c, const void *rec, size_t size, int64_t wall_ns);
/*
 * Hands what is encoded to the sinks. At most one try of each if `wait` is
 * false; else until all is taken or chain_stop is called. 0 or -EPIPE.
 */
int chain_flush(struct chain *c, bool wait);
/* About once a second. */
void chain_tick(struct chain *c, uint64_t now_ns);
/* Any thread, signal handlers too: waits in chain_flush end, the rest is dropped. */
void chain_stop(struct chain *c);

void chain_losses(const struct chain *c, struct chain_losses *out);
struct chain_stats chain_stats(const struct chain *c);
size_t chain_n_stages(const struct chain *c);
struct chain_stage_info chain_stage(const struct chain *c, size_t i);
/* Items encoded and not yet taken by every sink. */
uint64_t chain_queued(const struct chain *c);

/* Flushes nothing; NULL, always. */
struct chain *chain_free(struct chain *c);
