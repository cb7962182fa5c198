/* SPDX-License-Identifier: Apache-2.0 */
/* Two notes. */
#include <weir/plugin.h>

#include "mark.h"

__attribute__((section(WEIR_NOTE_SECTION), used, aligned(4)))
static const struct weir_note two_note = {
	5, sizeof(struct weir_note_desc), WEIR_NOTE_TYPE, WEIR_NOTE_NAME,
	{ WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_PLUGIN_ENRICHER, 0, "two",
	  "1.0", "Apache-2.0" },
};

static int two_process(void *inst, struct weir_event *ev)
{
	(void)inst;
	(void)ev;
	return 0;
}

WEIR_PLUGIN_DEFINE(two, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.process = two_process);
