/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher for async chains that runs on several threads, and finishes later. */
#include "toy.h"

static const struct weir_want wants[] = {
	{ .name = "toy.mark" },
	{ .name = "slow.mark" },
};

static const struct weir_field_def produces[] = {
	{ .name = "late.n", .kind = WEIR_KIND_U64, TOY_TEXTS },
	{ .name = "late.text", .kind = WEIR_KIND_STR, TOY_TEXTS },
};

WEIR_PLUGIN_DEFINE_FLAGS(toylate, WEIR_PLUGIN_ENRICHER,
	WEIR_PLUGIN_PARALLEL | WEIR_PLUGIN_BLOCKS, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.wants = wants, .n_wants = WEIR_N_OF(wants),
	.produces = produces, .n_produces = WEIR_N_OF(produces),
	.state = 3, .adopt = toy_adopt);
