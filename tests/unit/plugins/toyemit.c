/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher that makes events of its own, and masks; for any chain. */
#include "toy.h"

static const struct weir_field_def produces[] = {
	{ .name = "emit.n", .kind = WEIR_KIND_U64, TOY_TEXTS },
	{ .name = "emit.text", .kind = WEIR_KIND_STR, TOY_TEXTS },
};

static const struct weir_emit emits[] = {
	{ "toy_alarm", "A toy rings." },
	{ "toy_other", "A toy whistles." },
};

WEIR_PLUGIN_DEFINE_FLAGS(toyemit, WEIR_PLUGIN_ENRICHER, WEIR_PLUGIN_MASKS, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.produces = produces, .n_produces = WEIR_N_OF(produces),
	.emits = emits, .n_emits = WEIR_N_OF(emits),
	.state = 7, .adopt = toy_adopt);
