/* SPDX-License-Identifier: Apache-2.0 */
/* The note without the symbol. */
#include <weir/plugin.h>

__attribute__((section(WEIR_NOTE_SECTION), used, aligned(4)))
static const struct weir_note nosym_note = {
	5, sizeof(struct weir_note_desc), WEIR_NOTE_TYPE, WEIR_NOTE_NAME,
	{ WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_PLUGIN_ENRICHER, 0, "nosym",
	  "1.0", "Apache-2.0" },
};
