/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher that adds two fields, has a counter, and reads a few. */
#include "toy.h"

static const struct weir_want wants[] = {
	{ .name = "process.pid", .flags = WEIR_WANT_REQUIRED },
	{ .name = "toy.nobody" },
};

static const struct weir_field_def produces[] = {
	{ .name = "toy.mark", .kind = WEIR_KIND_U64, TOY_TEXTS },
	{ .name = "toy.text", .kind = WEIR_KIND_STR, TOY_TEXTS },
};

static const struct weir_counter counters[] = {
	{ "marks", "events", "Set by the test." },
};

WEIR_PLUGIN_DEFINE(toyrich, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	TOY_COMMON, .process = toy_process,
	.wants = wants, .n_wants = WEIR_N_OF(wants),
	.produces = produces, .n_produces = WEIR_N_OF(produces),
	.counters = counters, .n_counters = WEIR_N_OF(counters));
