/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of the plugins tests/unit/plugins/toy*.c, loaded as those of a user
 * are. In a configuration @0 ... @9 stand for the addresses of toys[0] ...
 *
 * toychain_make and toychain_fini are for tests of one configuration; those of
 * several use the functions behind them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <weir/plugin.h>

#include "chain/chain.h"
#include "chain/instance.h"
#include "chain/plan.h"
#include "chain/services.h"
#include "plugins/toy.h"

struct async;
struct conf;
struct loader;

#define TOYS	10

/* A configuration with its plan; NULL: `errors` says why. */
struct toyplan {
	struct conf *conf;
	struct plan *plan;
};

struct toychain {
	struct services services;
	struct loader *loader;
	struct weir_host_id host;
	char errors[4096];	/* of the last plan; one a line, ended by a newline */
	const char *const *stuck;	/* async chains that are, for the next plan */
	size_t n_stuck;
	struct toyplan one;	/* of toychain_make */
	struct chain *chain;	/* its sync chain, or NULL */
	struct toy toys[TOYS];
};

/* What most texts begin with. */
#define SYNC(...) "sync = (\n" __VA_ARGS__ "\n);\n"

/*
 * Copies the plugins to a folder of our own, as the build's may be one that
 * others can write to. false: they are not there.
 */
bool toychain_setup(void);
void toychain_teardown(void);

/*
 * Builds and opens the plan of the texts weir.conf and, unless NULL,
 * conf.d/10.conf, and starts its threads. The toys are as the caller has set
 * them. 0 or negative, as plan_build.
 */
int toychain_make(struct toychain *t, const char *main, const char *dropin);
/* As far as it exists; the toys stay as they are. */
void toychain_fini(struct toychain *t);

/* ---- several plans -------------------------------------------------------------------*/

void toychain_begin(struct toychain *t);
/* `running` may be NULL. */
int toyplan_build(struct toychain *t, struct toyplan *p, const char *main,
		  const char *dropin, const struct toyplan *running);
/* As the daemon does: in order, and on a thread of their own. */
int toyplan_open(struct toychain *t, struct toyplan *p);
/* Those that are new. */
int toyplan_start(struct toyplan *p);
/*
 * Its instances are closed, unless `next` has them too; its async chains end,
 * unless `next` goes on with them. NULL: there is none.
 */
void toyplan_free(struct toyplan *p, const struct toyplan *next);
/* One that was never opened, or could not be. */
void toyplan_drop(struct toyplan *p);
/* No plan is left. */
void toychain_end(struct toychain *t);
/* Dies if there is none of that name. */
struct async *toyplan_async(const struct toyplan *p, const char *name);

/* ---- events and accounts of toychain_make --------------------------------------------*/

/* A record of that type whose number is n. As chain_run. */
int toychain_run(struct toychain *t, unsigned type, uint64_t n);
struct chain_stage_info toychain_stage(const struct toychain *t, const char *name);
struct instance_stats toychain_stats(const struct toychain *t, const char *name);
uint64_t toychain_lost(const struct toychain *t, unsigned class, unsigned type,
		       unsigned reason);
/* Of all classes and types. */
uint64_t toychain_lost_all(const struct toychain *t, unsigned reason);
/* The number of a record that toycode has encoded. */
uint64_t toychain_number(const struct weir_item *it);
