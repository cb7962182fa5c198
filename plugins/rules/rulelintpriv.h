/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of rulelint*.c: what is wrong with a value, and which rules are there twice. */
#pragma once

#include "rulelint.h"

/* What could be better about a test, with advice; a constant, or NULL. */
const char *rulelintvalue_text(const struct sigma_test *t);
const char *rulelintvalue_regex(const struct sigma_test *t);
/* Warns of rules with the same title, log source and condition. */
void rulelintsame_run(const struct sigma_set *set, struct rulediags *diags);
