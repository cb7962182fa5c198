/* SPDX-License-Identifier: Apache-2.0 */
/* Note and struct name it differently. */
#include <weir/plugin.h>

__attribute__((section(WEIR_NOTE_SECTION), used, aligned(4)))
static const struct weir_note lie_note = {
	5, sizeof(struct weir_note_desc), WEIR_NOTE_TYPE, WEIR_NOTE_NAME,
	{ WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_PLUGIN_ENRICHER, 0, "lie",
	  "1.0", "Apache-2.0" },
};

extern const struct weir_plugin weir_plugin;
__attribute__((visibility("default")))
const struct weir_plugin weir_plugin = {
	.size = sizeof(struct weir_plugin), .abi_major = WEIR_ABI_MAJOR,
	.abi_minor = WEIR_ABI_MINOR, .kind = WEIR_PLUGIN_ENRICHER,
	.name = "truth", .version = "1.0", .licence = "Apache-2.0",
};
