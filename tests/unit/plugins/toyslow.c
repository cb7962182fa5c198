/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher that may block, one call at a time. */
#include "toy.h"

static const struct weir_field_def produces[] = {
	{ .name = "slow.mark", .kind = WEIR_KIND_U64, TOY_TEXTS },
};

WEIR_PLUGIN_DEFINE_FLAGS(toyslow, WEIR_PLUGIN_ENRICHER, WEIR_PLUGIN_BLOCKS,
	"1.0", "Apache-2.0", TOY_COMMON, .process = toy_process,
	.produces = produces, .n_produces = WEIR_N_OF(produces));
