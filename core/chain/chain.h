/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sync chain of a configuration: an event goes through its stages in
 * order, on the collector's thread. Its shape never changes. What it counts is
 * in the services and the instances, which outlive it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

struct chain;
struct event;
struct ledger_mark;
struct instance;
struct schema;
struct stage;

/*
 * One record that the check has passed; wall_ns as in struct weir_event. 0, or
 * -EPIPE: all sinks have lost their reader.
 */
int chain_run(struct chain *c, const void *rec, size_t size, int64_t wall_ns);
/*
 * One that user space has made, whose id, seq and time are set: from its
 * start or behind the stage that made it; amendments from the first
 * serializer, and through stages that ask for them by name. As above.
 */
int chain_run_made(struct chain *c, const struct event *e);
/*
 * Hands what is encoded to the sinks, and wakes the async chains. At most one
 * try of each sink if `wait` is false; else until all is taken or chain_stop
 * is called. 0 or -EPIPE.
 */
int chain_flush(struct chain *c, bool wait);
/* About once a second. */
void chain_tick(struct chain *c, uint64_t now_ns);
/* Any thread: its async chains have nothing left to do. */
bool chain_async_idle(const struct chain *c);
/* Any thread, signal handlers too: waits in chain_flush end, the rest is dropped. */
void chain_stop(struct chain *c);
/* All fields at the end of the chain. */
const struct weir_schema *chain_schema(const struct chain *c);
const struct schema *chain_fields(const struct chain *c);
/* Items encoded and not yet taken by every sink. */
uint64_t chain_queued(const struct chain *c);

/* ---- a thread that does not return -----------------------------------------------------*/

/*
 * Control thread. The stage, an enricher or a sink, that the chain's thread has
 * not returned from; from now on that thread never touches anything of the
 * sensor again. NULL: it has returned, or is in something that cannot be left.
 * `mark` is the thread's.
 */
struct instance *chain_leave(struct chain *c, const struct ledger_mark *mark);
/*
 * On the thread that goes on, before all else: what was encoded and not
 * written, and the event in hand, behind the stage that has it, pass from the
 * chain that was left. The id of the event that it began last, which the source
 * may hand out once more; 0: none.
 */
uint64_t chain_go_on(struct chain *c, struct chain *left);

/* ---- reports, any thread as long as the chain is there ------------------------------*/

struct chain_stage_info {
	const struct stage *stage;
	const char *name;
	const char *plugin;
	const char *version;
	uint32_t kind;
	const struct instance *in;
	uint64_t queued;
};

size_t chain_n_stages(const struct chain *c);
struct chain_stage_info chain_stage(const struct chain *c, size_t i);
