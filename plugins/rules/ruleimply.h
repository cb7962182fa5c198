/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one test of an event says of another. Both answers may be false where more thought
 * would say true; where they say true, it is so for all events. Pure.
 */
#pragma once

#include <stdbool.h>

#include "sigma.h"

/* Where a is true, b is. */
bool ruleimply_yes(const struct sigma_test *a, const struct sigma_test *b);
/* Where a is true, b is not. */
bool ruleimply_no(const struct sigma_test *a, const struct sigma_test *b);
