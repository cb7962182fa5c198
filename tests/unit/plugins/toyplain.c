/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher without fields of its own. */
#include "toy.h"

static const struct weir_want wants[] = {
	{ .name = "toy.mark" },
};

WEIR_PLUGIN_DEFINE(toyplain, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.wants = wants, .n_wants = WEIR_N_OF(wants));
