/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of the next major, of which only the version can be known. */
#include <weir/plugin.h>

#undef WEIR_ABI_MAJOR
#undef WEIR_ABI_TARGET
#define WEIR_ABI_MAJOR	2
#define WEIR_ABI_TARGET	0

static int major2_process(void *inst, struct weir_event *ev)
{
	(void)inst;
	(void)ev;
	return WEIR_CONTINUE;
}

WEIR_PLUGIN_DEFINE(major2, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Of another major.",
	.process = major2_process);
