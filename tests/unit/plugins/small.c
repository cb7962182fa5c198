/* SPDX-License-Identifier: Apache-2.0 */
/* A struct of fewer bytes than version 1.0 had. */
#include <weir/plugin.h>

__attribute__((section(WEIR_NOTE_SECTION), used, aligned(4)))
static const struct weir_note small_note = {
	5, sizeof(struct weir_note_desc), WEIR_NOTE_TYPE, WEIR_NOTE_NAME,
	{ WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_PLUGIN_ENRICHER, 0, "small",
	  "1.0", "Apache-2.0" },
};

extern const uint32_t weir_plugin[16];
__attribute__((visibility("default"), aligned(16)))
const uint32_t weir_plugin[16] = { sizeof(weir_plugin), WEIR_ABI_MAJOR };
