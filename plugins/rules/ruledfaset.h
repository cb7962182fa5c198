/* SPDX-License-Identifier: Apache-2.0 */
/* From states of which several hold at once to ruledfa.h's. Inside of ruledfa*.c. */
#pragma once

#include "ruledfa.h"
#include "rulenfa.h"

/* An enum ruledfa_error. */
int ruledfaset_make(const struct rulenfa *nfa, const struct ruledfa_limits *limits,
		    struct ruledfa *out);
/*
 * States that cannot be told apart become one, and bytes that lead to the same states
 * one class. False: no memory.
 */
bool ruledfamin_run(struct ruledfa *dfa);
