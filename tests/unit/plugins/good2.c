/* SPDX-License-Identifier: Apache-2.0 */
/* The next version of good.c. */
#include <weir/plugin.h>

#include "mark.h"

static int good_process(void *inst, struct weir_event *ev)
{
	(void)inst;
	(void)ev;
	return 2;
}

WEIR_PLUGIN_DEFINE(good, WEIR_PLUGIN_ENRICHER, "2.0", "Apache-2.0",
	.summary = "Does nothing, in another way.",
	.process = good_process);
