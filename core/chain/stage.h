/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of an instance in one configuration: which events it sees, and
 * for the sync chain, what of it waits to be written. Inside of core/chain.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <weir/plugin.h>

#include "chain/instance.h"
#include "util/macros.h"

struct conf_node;
struct diag;
struct filter;
struct schema;

/* Where a serializer writes: the events of one batch, one behind the other. */
struct page {
	struct weir_buf buf;
	size_t start;		/* of the event being processed; == buf.len: not encoded */
};

/* What a sink is to write at the next flush; p is an offset until then. */
struct pending {
	struct weir_item *items;
	uint32_t n;
	uint32_t done;		/* of these, in the flush under way */
};

struct stage {
	unsigned magic;
#define STAGE_MAGIC	0x57a6e113
	unsigned kind;			/* of the plugin, as is process */
	struct instance *in;
	void *inst;
	int (*process)(void *inst, struct weir_event *ev);
	struct filter *filter;
	const struct weir_plugin *def;	/* of the instance */
	bool taken;			/* the instance is that of another plan as it is */
	const struct conf_node *node;	/* valid as long as the plan */
	uint64_t types[WEIR_EV_MAX / 64];	/* events it sees */
	uint64_t named[WEIR_EV_MAX / 64];	/* of those, asked for by name */
	struct stage *encoder;		/* sink: whose page it writes */
	struct page page;		/* serializer */
	struct pending pending;		/* sink */
};

#define STAGE_BATCH_ITEMS	1024u
#define STAGE_PAGE_BYTES	(256u * 1024)

/* Loads the plugin. 0, or negative with all reasons in `d`. */
int stage_new(const struct instance_conf *conf, const struct conf_node *node,
	      struct diag *d, struct stage **out);
/*
 * Binds its fields to what the stages before it have left in `schema`, adds
 * its own, and reads which events it sees. `running`, unless NULL, is the one
 * of that name in the configuration in force: if nothing has changed, it is
 * taken instead of a new one. 0 or negative, as above.
 */
int stage_resolve(struct stage *st, struct schema *schema, struct instance *running,
		  struct diag *d);
/* Gives its instance back; one that nobody has any more is freed. NULL, always. */
struct stage *stage_free(struct stage *st);

/* Takes note of what the instance is, once it is open. */
void stage_ready(struct stage *st);
/* What the stage would have set for this event, it has not. */
void stage_skip(struct stage *st, struct weir_event *ev);
/* Is it to pass over this event? Budget, quarantine, an event that crashes it. */
bool stage_skips_now(struct stage *st, const struct weir_event *ev);

/* Mostly there is no reason to. */
static inline bool stage_skips(struct stage *st, const struct weir_event *ev)
{
	const struct instance *in = st->in;

	return unlikely(in->disabled || in->n_poison || budget_may_skip(&in->budget)) &&
	       stage_skips_now(st, ev);
}

static inline bool stage_sees(const struct stage *st, unsigned type)
{
	return st->types[type / 64] >> (type % 64) & 1;
}
