/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher for two event types that needs what toyrich adds. */
#include "toy.h"

static const struct weir_want wants[] = {
	{ .name = "toy.mark", .flags = WEIR_WANT_REQUIRED },
	{ .name = "toy.text" },
};

static const char *const types[] = { "exec", "fork" };

WEIR_PLUGIN_DEFINE(toyneed, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.wants = wants, .n_wants = WEIR_N_OF(wants),
	.types = types, .n_types = WEIR_N_OF(types));
