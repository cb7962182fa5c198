/* SPDX-License-Identifier: Apache-2.0 */
/* Built with today's headers for cores of 1.0: nothing younger is in it. */
#define WEIR_ABI_TARGET	0
#include <weir/plugin.h>

static int target0_process(void *inst, struct weir_event *ev)
{
	(void)inst;
	(void)ev;
	return WEIR_CONTINUE;
}

WEIR_PLUGIN_DEFINE(target0, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "For older cores.",
	.process = target0_process);
