/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin as it must be; test_loader.c breaks copies of it byte by byte. */
#include <weir/plugin.h>

#include "mark.h"

static int good_process(void *inst, struct weir_event *ev)
{
	(void)inst;
	(void)ev;
	return 1;
}

WEIR_PLUGIN_DEFINE(good, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Does nothing.",
	.process = good_process);
