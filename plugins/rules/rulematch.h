/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matcher on the host: the very code of the kernel over the arrays of a ruleset. One
 * thread for each struct rulematch.
 */
#pragma once

#include "ruleset.h"

struct rulematch;

/* NULL: no memory. */
struct rulematch *rulematch_new(const struct ruleset *set);
/*
 * `values` by field, n_fields of them; `at` of a value is a pointer to its text. What was
 * found stays until the next call; *n: how many. truth: MATCH_TRUE or MATCH_UNKNOWN.
 */
const struct match_found *rulematch_run(struct rulematch *m, uint32_t type,
					const struct match_value *values, uint32_t *n);
/* Of the last run: rules found beyond those; and whether there was too much at once. */
uint32_t rulematch_more(const struct rulematch *m);
bool rulematch_overflow(const struct rulematch *m);
/* Programs that were evaluated in the last run. */
uint32_t rulematch_tried(const struct rulematch *m);
struct rulematch *rulematch_free(struct rulematch *m);
