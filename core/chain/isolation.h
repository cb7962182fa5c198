/* SPDX-License-Identifier: Apache-2.0 */
/* What a stage's settings say of a process of its own. Inside of core/chain. */
#pragma once

#include <stdint.h>

#include <weir/plugin.h>

struct conf_node;
struct diag;
struct instance;
struct options;

/* Rows of instance_options. */
#define ISOLATION_OPTIONS						\
	{ .name = "isolation", .type = WEIR_OPT_ENUM, .words = "none|process", .dflt = "none", \
	  .doc = "process: the plugin runs in a process of its own, without rights. For enrichers of async chains, and for sinks." }, \
	{ .name = "isolation_user", .type = WEIR_OPT_STR, .dflt = "nobody",	\
	  .doc = "User of that process, by name or number." },			\
	{ .name = "isolation_memory", .type = WEIR_OPT_SIZE, .dflt = "256M",	\
	  .min = 16 << 20, .max = INT64_MAX,					\
	  .doc = "Address space of that process." },				\
	{ .name = "isolation_cpu", .type = WEIR_OPT_INT, .dflt = "100", .min = 0,	\
	  .max = 100000, .doc = "Percent of one CPU that it may use over five seconds; 0: no limit." }
#define ISOLATION_NAMES "isolation", "isolation_user", "isolation_memory", "isolation_cpu"

/* `vals` is that of the first of those rows. 0 or negative, and why in `d`. */
int isolation_read(struct instance *in, const struct weir_optval *vals,
		   const struct conf_node *node, struct diag *d);
/* Puts the proxy in the plugin's place, if the settings say so. */
int isolation_apply(struct instance *in, const struct conf_node *node, struct diag *d);
/* As the plugin's open. */
int isolation_open(struct instance *in);
