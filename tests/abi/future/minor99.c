/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that needs what no version has yet: ABI 1.99. */
#define WEIR_ABI_TARGET	99
#include <weir/plugin.h>

static int minor99_process(void *inst, struct weir_event *ev)
{
	(void)inst;
	(void)ev;
	return WEIR_CONTINUE;
}

WEIR_PLUGIN_DEFINE(minor99, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Of a later minor.",
	.process = minor99_process);
