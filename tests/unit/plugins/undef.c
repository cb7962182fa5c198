/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a function that nobody has. */
#include <weir/plugin.h>

#include "mark.h"

int weir_test_nobody_has_this(void *inst, struct weir_event *ev);

WEIR_PLUGIN_DEFINE(undef, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.process = weir_test_nobody_has_this);
