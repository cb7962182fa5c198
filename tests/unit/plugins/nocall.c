/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher that cannot process. */
#include <weir/plugin.h>

WEIR_PLUGIN_DEFINE(nocall, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Has no callbacks.");
