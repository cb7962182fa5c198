/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance: a plugin opened with settings at a place of a chain, with the
 * account of what it did. It lives as long as a configuration has it: a reload
 * that changes nothing about it hands it on to the next one as it is.
 *
 * References are counted and all is made on the control thread; callbacks run
 * on the chain's thread. Numbers are written there and read by any thread.
 * Inside of core/chain.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/plugin.h>

#include "chain/budget.h"
#include "conf/options.h"
#include "isolate/isolate.h"
#include "plugin/ledger.h"
#include "plugin/loader.h"
#include "util/stat.h"

struct conf_node;
struct diag;
struct plan;
struct schema;
struct services;

struct instance_stats {
	uint64_t calls;
	uint64_t filtered;	/* enricher: events that it ended */
	uint64_t failed;	/* WEIR_FAIL, not encoded, not written */
	uint64_t bytes;		/* encoded or written */
	uint64_t delivered;	/* sink: items taken and not dropped */
	uint64_t dropped;	/* sink: by policy, error, or a closed reader */
	uint64_t later;		/* async: events that it took to finish later */
	uint64_t late;		/* async: of those, not done by the deadline */
	uint64_t emitted;
	uint64_t emit_dropped;	/* no memory, rate, hops, queue full */
	uint64_t skipped;	/* events that passed it over */
};

/* How the configuration in force came by it. */
enum instance_origin {
	INSTANCE_ADDED,
	INSTANCE_KEPT,
	INSTANCE_ADOPTED,
	INSTANCE_COLD,
};

struct instance {
	unsigned magic;
#define INSTANCE_MAGIC	0x1b5a7ce9
	unsigned n_refs;
	struct services *services;
	struct plugin *plugin;
	const struct weir_plugin *def;
	const char *chain;	/* interned, as is the name */
	const char *name;
	const char *file;	/* interned; where the configuration names it */
	int line;
	uint64_t fingerprint;	/* of build, settings and place */
	struct options *options;
	struct weir_handle *wants;
	struct weir_handle *produces;
	uint16_t *emits;	/* event ids */
	unsigned n_added;	/* slots there were when it was bound */
	struct schema *place;	/* what exists where it stands */
	struct weir_schema schema;
	struct weir_setup setup;	/* the plugin may keep a pointer to it */
	uint64_t *counters;
	void *inst;
	bool opened;
	bool stuck;		/* disabled, because it did not return */
	bool is_async;
	bool required;		/* never passed over, nor left out */
	bool closed;		/* sink: the reader is gone */
	bool failing;		/* sink: the log has been told so */
	char why[160];		/* of the quarantine */
	struct instance_stats ticked;
	/* What each call asks for is side by side. */
	bool disabled;		/* never called */
	size_t n_poison;	/* of the events below */
	struct instance_stats stats;
	struct budget budget;
	int64_t budget_ns;
	struct ledger_who who;
	struct ledger_poison poison[8];
	bool isolated;		/* the plugin runs in a process of its own */
	struct isolate_limits limits;	/* of that */
	struct weir_plugin *own_def;	/* then `def`: the proxy */
	pthread_mutex_t lock;	/* process, tick, unless WEIR_PLUGIN_PARALLEL */
	pthread_mutex_t tokens_lock;	/* inside of the other: process may emit */
	uint64_t tokens, tokens_at;
	unsigned n_overdue;	/* atomic; events whose done() is due since their deadline */
	pthread_mutex_t calls_lock;	/* of the three below */
	pthread_cond_t calls_over;
	unsigned n_calls;	/* of command() */
	bool closing;
};

/* What all instances of one chain are made with. */
struct instance_conf {
	struct services *services;
	struct loader *loader;
	const char *const *dirs;	/* where plugins are */
	size_t n_dirs;
	const char *chain;
	bool is_async;
	/* Nothing is loaded: the instances are those of this plan, but for one. */
	const struct plan *of;		/* NULL: load */
	const struct instance *left_out;
};

/* What the core itself takes of a stage's settings. */
extern const struct weir_option instance_options[];
extern const uint32_t instance_n_options;
/* Names of stage settings that are not the plugin's; ended by NULL. */
extern const char *const instance_reserved[];

/*
 * From a group of the configuration: plugin loaded, options read. 0 and one
 * reference; or negative with all reasons in `d`.
 */
int instance_new(const struct instance_conf *conf, const struct conf_node *node,
		 struct diag *d, struct instance **out);
/*
 * What takes the place of one that does not return: it does nothing, and keeps
 * nothing of the other's that could change. NULL: no memory.
 */
struct instance *instance_stand_in(const struct instance *stuck);
/* One that runs already adds its fields to another schema. 0 or negative. */
int instance_fields(const struct instance *in, struct schema *schema);
/*
 * Binds its fields to what the stages before it have left in `schema`, and
 * adds its own there. Once. 0 or negative, as above.
 */
int instance_resolve(struct instance *in, const struct conf_node *node,
		     struct schema *schema, struct diag *d);
/* Is the one running what the new one would be? */
bool instance_same(const struct instance *running, const struct instance *next);
/* Can the new one take over what the other remembers? */
bool instance_adopts(const struct instance *next, const struct instance *running);
/* Calls adopt. 0 or negative: nothing has changed. */
int instance_adopt(struct instance *next, struct instance *running);
/* Opens the plugin, which logs why it cannot. Any one thread. */
int instance_open(struct instance *in);

struct instance *instance_ref(struct instance *in);
/* One reference less. true: none is left, and instance_free is due. */
bool instance_unref(struct instance *in);
/* The plugin's close, behind the end of its commands; may block. Any one thread. */
void instance_close(struct instance *in);

/* ---- commands: any thread, of an instance that is in force --------------------------*/

/*
 * The instance stays, and is not closed, until instance_command() or _end. -ENOTSUP: it takes
 * none, and why; -EBUSY: too many are under way.
 */
int instance_command_begin(struct instance *in, char *why, size_t size);
/* What the plugin answers, in `out`, whose memory is for free(); ends what was begun. */
int instance_command(struct instance *in, const struct weir_command *cmd, struct weir_buf *out);
void instance_command_end(struct instance *in);
/* It is to be closed: commands are to return. */
bool instance_is_closing(struct instance *in);
/* Closes it, unless it is closed, and frees it. NULL, always. */
struct instance *instance_free(struct instance *in);
/* On the chain's thread, about once a second: budget, tick, health of a sink. */
void instance_tick(struct instance *in, uint64_t now_ns);

/* Counts what a sampled call took. */
static inline void instance_sample(struct instance *in, uint64_t ns)
{
	budget_sample(&in->budget, ns);
}
