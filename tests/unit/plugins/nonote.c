/* SPDX-License-Identifier: Apache-2.0 */
/* The symbol without the note. */
#include <weir/plugin.h>

#include "mark.h"

extern const struct weir_plugin weir_plugin;
const struct weir_plugin weir_plugin = {
	.size = sizeof(struct weir_plugin),
	.abi_major = WEIR_ABI_MAJOR,
	.name = "nonote",
};
