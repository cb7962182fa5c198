/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher that wants what toyemit and toylate have, and a type of the kernel. */
#include "toy.h"

static const struct weir_field_def produces[] = {
	{ .name = "late.text", .kind = WEIR_KIND_STR, TOY_TEXTS },
};

static const struct weir_emit emits[] = {
	{ "toy_alarm", "Another toy rings." },
	{ "exec", "As if it were the kernel." },
	{ "toy_rival", "Its own." },
};

WEIR_PLUGIN_DEFINE(toyrival, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.produces = produces, .n_produces = WEIR_N_OF(produces),
	.emits = emits, .n_emits = WEIR_N_OF(emits));
