/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which selections of a rule hold for an event that it matches, and which of their values.
 * What it takes to know that is made when a rule matches for the first time. The chain's
 * thread.
 */
#pragma once

#include <weir/plugin.h>

#include "rulemap.h"
#include "sigma.h"

#define RULEWHY_WORDS	16u	/* of each kind, for one match */

/* Valid until the next call, its words as long as the rules. */
struct rulewhy_words {
	uint32_t n;
	bool more;
	const char *word[RULEWHY_WORDS];
};

struct rulewhy_found {
	struct rulewhy_words selections;
	struct rulewhy_words values;	/* `field|modifiers: value`, as they are written */
};

struct rulewhy;

/* NULL: no memory. All have to stay. */
struct rulewhy *rulewhy_new(const struct sigma_set *set, const struct rulemap *map,
			    const struct weir_schema *schema);
/* NULL: no memory for a rule that matches for the first time. */
const struct rulewhy_found *rulewhy_event(struct rulewhy *y, uint32_t rule,
					  const struct weir_event *ev);
struct rulewhy *rulewhy_free(struct rulewhy *y);
