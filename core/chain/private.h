/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a chain, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "chain/arena.h"
#include "chain/chain.h"
#include "chain/stage.h"

struct chain {
	unsigned magic;
#define CHAIN_MAGIC	0xc4a1b0e2
	struct weir_host host;
	struct chain_conf conf;
	struct schema *schema;
	struct weir_schema view;
	struct stage **stages;
	size_t n_stages;
	struct stage **steps[WEIR_EV_MAX];	/* by type, ended by NULL */
	struct weir_value *added;	/* of the event in the chain */
	unsigned n_added;
	struct arena arena;
	uint32_t n_sinks;
	uint32_t n_closed;
	atomic_bool stop;	/* set by any thread or signal handler */
	struct chain_stats stats;
	struct chain_losses losses;
};

/* The event with what belongs to it; plugins see the first member. */
struct frame {
	struct weir_event ev;
	struct chain *chain;
};

/* The services that plugins call. */
extern const struct weir_host chain_host;

/* Writes what is pending for all sinks and empties the pages. */
int batch_flush(struct chain *c, bool wait);
/* 1: some page or pending list has no room for another event. */
bool batch_full(const struct chain *c);
