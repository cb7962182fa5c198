/* SPDX-License-Identifier: Apache-2.0 */
/* What has become of the hooks of each event type, in words. No state. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "source/hooks.h"
#include "source/source.h"

struct hookstate {
	const struct kernel_facts *facts;
	const bool *attached;	/* by index of hooks[] */
	uint64_t wanted;	/* types, a bit each */
};

void hookstate_of(const struct hookstate *in, unsigned type, struct source_hook *out);
