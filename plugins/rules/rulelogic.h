/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a condition can be true, or false, at all. Pure. */
#pragma once

#include <stdbool.h>

#include "sigma.h"

/* It is true for no event; false also where that would take long to find out. */
bool rulelogic_never(const struct sigma_expr *e);
/* It is true for each event. */
bool rulelogic_always(const struct sigma_expr *e);
