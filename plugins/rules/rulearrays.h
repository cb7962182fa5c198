/* SPDX-License-Identifier: Apache-2.0 */
/* The arrays of a set of rules in the form that the kernel's maps have. */
#pragma once

#include <weir/plugin.h>

#include "ruleset.h"

/* Those that lie in rows are copies; the others are the set's, which has to live on. */
struct rulearrays {
	struct weir_rules_array of[MATCH_ARRAY__MAX];
	void *rows[MATCH_ARRAY__MAX];
};

/* 0, or -ENOMEM; then there is nothing to be freed. */
int rulearrays_init(struct rulearrays *a, const struct ruleset *set);
void rulearrays_fini(struct rulearrays *a);
