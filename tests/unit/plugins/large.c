/* SPDX-License-Identifier: Apache-2.0 */
/* A struct that says it is larger than it is. */
#include <weir/plugin.h>

__attribute__((section(WEIR_NOTE_SECTION), used, aligned(4)))
static const struct weir_note large_note = {
	5, sizeof(struct weir_note_desc), WEIR_NOTE_TYPE, WEIR_NOTE_NAME,
	{ WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_PLUGIN_ENRICHER, 0, "large",
	  "1.0", "Apache-2.0" },
};

extern const struct weir_plugin weir_plugin;
__attribute__((visibility("default")))
const struct weir_plugin weir_plugin = {
	.size = 64 * 1024, .abi_major = WEIR_ABI_MAJOR, .name = "large",
};
