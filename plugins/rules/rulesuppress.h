/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that are not told of what a stable profile knows: `unless_in_profile`. It is decided on
 * what the stage `profile` says of the event, so that has to stand before. The chain's thread.
 */
#pragma once

#include "rulegen.h"

struct rulesuppress {
	struct weir_handle known, state;
};

/* Whether a profile that judges (stable, frozen) knows what the event does. */
bool rulesuppress_in_profile(const struct rulesuppress *s, const struct weir_event *ev);
/* They leave the result. How many; the first `max` of them in *out. */
uint32_t rulesuppress_run(struct rulegen_result *r, const struct sigma_rule **out, uint32_t max);
/* Whether some rule asks for it. */
bool rulesuppress_wanted(const struct rulegen *g);
