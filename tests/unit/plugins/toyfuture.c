/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher for an event type that this version does not have. */
#include "toy.h"

static const char *const types[] = { "exec", "teleport" };

WEIR_PLUGIN_DEFINE(toyfuture, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.types = types, .n_types = WEIR_N_OF(types));
