/* SPDX-License-Identifier: Apache-2.0 */
/* Reads regular expressions as PCRE writes them, as far as they are regular. Pure. */
#pragma once

#include "ruledfa.h"
#include "rulenfa.h"

#define RULEREGEX_LEN	4096u	/* bytes */
#define RULEREGEX_DEPTH	64u	/* of groups */
#define RULEREGEX_TIMES	1000u	/* of a repetition */

/* An enum ruledfa_error; *node is the tree's root. */
int ruleregex_read(struct ruletree *t, const char *regex, size_t len, uint32_t flags,
		   uint32_t *node, struct ruledfa_why *why);
