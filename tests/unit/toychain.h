/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of the plugins tests/unit/plugins/toy*.c, loaded as those of a user
 * are. In a configuration @0 ... @9 stand for the addresses of toys[0] ...
 */
#pragma once

#include <stddef.h>

#include <weir/plugin.h>

#include "plugins/toy.h"

struct chain;
struct conf;
struct loader;

#define TOYS	10

struct toychain {
	struct chain *chain;	/* NULL: `errors` says why */
	struct conf *conf;
	struct loader *loader;
	char errors[4096];	/* one a line, ended by a newline */
	struct weir_host_id host;
	struct toy toys[TOYS];
};

/*
 * Copies the plugins to a folder of our own, as the build's may be one that
 * others can write to. false: they are not there.
 */
bool toychain_setup(void);
void toychain_teardown(void);

/*
 * Builds and opens the chain of the texts weir.conf and, unless NULL,
 * conf.d/10.conf. The toys are as the caller has set them. 0 or as
 * chain_build.
 */
int toychain_make(struct toychain *t, const char *main, const char *dropin);
/* As far as it exists; the toys stay as they are. */
void toychain_fini(struct toychain *t);
