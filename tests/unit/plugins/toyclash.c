/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher whose fields cannot be added. */
#include "toy.h"

static const struct weir_field_def produces[] = {
	{ .name = "toy.mark", .kind = WEIR_KIND_U64, TOY_TEXTS },
	{ .name = "process.pid", .kind = WEIR_KIND_U32, TOY_TEXTS },
	{ .name = "toy.odd", .kind = WEIR_KIND_ENUM, .values = "nobody", TOY_TEXTS },
};

WEIR_PLUGIN_DEFINE(toyclash, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.produces = produces, .n_produces = WEIR_N_OF(produces));
