/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher that asks for amendments and for events of toyemit by name. */
#include "toy.h"

static const struct weir_want wants[] = {
	{ .name = "late.n" },
	{ .name = "late.text" },
	{ .name = "slow.mark" },
	{ .name = "emit.n" },
	{ .name = "emit.text" },
};

static const char *const types[] = { "amendment", "toy_alarm" };

WEIR_PLUGIN_DEFINE(toyamend, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.wants = wants, .n_wants = WEIR_N_OF(wants),
	.types = types, .n_types = WEIR_N_OF(types));
