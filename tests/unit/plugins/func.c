/* SPDX-License-Identifier: Apache-2.0 */
/* The symbol is a function. */
#include <weir/plugin.h>

__attribute__((section(WEIR_NOTE_SECTION), used, aligned(4)))
static const struct weir_note func_note = {
	5, sizeof(struct weir_note_desc), WEIR_NOTE_TYPE, WEIR_NOTE_NAME,
	{ WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_PLUGIN_ENRICHER, 0, "func",
	  "1.0", "Apache-2.0" },
};

__attribute__((visibility("default"))) void weir_plugin(void);
void weir_plugin(void)
{
}
