/* SPDX-License-Identifier: Apache-2.0 */
/* What is different between two states of a file of accounts, in words. */
#pragma once

#include <stdint.h>

#include "accttab.h"

#define ACCTDIFF_LINES	64u	/* the last says how many more there are */
#define ACCTDIFF_LINE	256u	/* longer ones are cut */

struct acctdiff {
	const struct acct *was, *is;	/* one may be NULL */
	uint32_t n;
	uint32_t used;
	uint32_t n_more;
	uint32_t at[ACCTDIFF_LINES];	/* where the lines begin */
	char text[ACCTDIFF_LINES * ACCTDIFF_LINE];
};

typedef void acctdiff_f(void *ctx, const struct acctdiff *d);

/* Calls fn for each account that differs, by name. Tables may be NULL: empty. */
void acctdiff_run(enum acct_file file, const struct accttab *was, const struct accttab *is,
		  struct acctdiff *scratch, acctdiff_f *fn, void *ctx);
