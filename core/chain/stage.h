/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stage of a chain: an instance of a plugin with its settings, what it
 * reads and writes, and the account of what it did. Inside of core/chain.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <weir/plugin.h>

#include "conf/options.h"
#include "plugin/loader.h"

struct chain;
struct conf_node;
struct diag;
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
};

struct stage_stats {
	uint64_t calls;
	uint64_t filtered;	/* enricher: events that it ended */
	uint64_t failed;	/* WEIR_FAIL, not encoded, not written */
	uint64_t bytes;		/* encoded or written */
	uint64_t delivered;	/* sink: items taken and not dropped */
	uint64_t dropped;	/* sink: by policy, error, or a closed reader */
	uint64_t sampled;	/* calls whose time was taken */
	uint64_t sampled_ns;
};

struct stage {
	unsigned magic;
#define STAGE_MAGIC	0x57a6e113
	struct chain *chain;
	struct plugin *plugin;
	const struct weir_plugin *def;
	char *name;
	const struct conf_node *node;	/* until it is resolved */
	const char *file;		/* of the configuration */
	int line;
	uint64_t types[WEIR_EV_MAX / 64];	/* events it sees */
	struct options *options;
	struct weir_handle *wants;
	struct weir_handle *produces;
	struct weir_schema schema;
	struct weir_setup setup;	/* the plugin may keep a pointer to it */
	uint64_t *counters;
	void *inst;
	bool opened;
	struct stage *encoder;		/* sink: whose page it writes */
	struct page page;		/* serializer */
	struct pending pending;		/* sink */
	bool closed;			/* sink: the reader is gone */
	bool failing;			/* sink: the log has been told so */
	struct stage_stats stats;
	struct stage_stats ticked;	/* sink: as of the last tick */
};

#define STAGE_BATCH_ITEMS	1024u
#define STAGE_PAGE_BYTES	(256u * 1024)

/*
 * From a group of the configuration: plugin loaded, options read. 0, or
 * negative with all reasons in `d`.
 */
int stage_new(struct chain *c, const struct conf_node *node, struct diag *d,
	      struct stage **out);
/*
 * Binds its fields to what the stages before it have left in `schema`, and
 * adds its own there. Once, in the order of the chain. 0 or negative, as above.
 */
int stage_resolve(struct stage *st, struct schema *schema, struct diag *d);
/* Opens the instance; the plugin logs why it cannot. */
int stage_open(struct stage *st);
/* Closes it and frees all; NULL, always. */
struct stage *stage_free(struct stage *st);

static inline bool stage_sees(const struct stage *st, unsigned type)
{
	return st->types[type / 64] >> (type % 64) & 1;
}
