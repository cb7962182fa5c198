/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's own groups of the configuration (sensor, plugins, log), checked
 * and typed. Control thread.
 */
#pragma once

#include <stdio.h>

#include "source/source_bpf.h"

struct conf;
struct conf_node;
struct diag;

struct settings {
	struct source_bpf_conf bpf;	/* but for id_base and user_seq */
	int log_level;
	const char *const *plugin_dirs;
	size_t n_plugin_dirs;
	const struct conf_node *sync;	/* the list of stages; NULL: none */
};

/*
 * Points into `c`'s memory and its own. Collects all that is wrong in `d`; 0
 * or a negative errno. $WEIR_PLUGIN_PATH (folders with `:` between) replaces
 * plugins.path.
 */
int settings_read(const struct conf *c, struct diag *d, struct settings **out);
/* NULL, always. */
struct settings *settings_free(struct settings *s);

/* The options of all groups, for --help and the manual. */
void settings_describe(FILE *f);
