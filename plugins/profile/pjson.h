/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as JSON that a person can review: a line for each version and node, in an order
 * that depends on nothing but what they are, so that two of them differ where the profiles
 * do. All that the file has is in it. README.md describes it.
 */
#pragma once

#include "pformat.h"

#define PJSON_WHY	512u

/* Malloc'ed text that ends with a NUL; NULL: no memory. */
char *pjson_write(const struct pprofile *p, uint32_t saved_s);
/*
 * 0; -EINVAL and in `why` what is wrong and where: a line, or a path such as
 * nodes[0].below[3].kind; -ENOMEM. The profile has no bound on its size.
 */
int pjson_read(const char *text, size_t len, uint64_t seed, struct pprofile **out,
	       uint32_t *saved_s, char why[PJSON_WHY]);

/* ---- what both ways have to agree upon ----------------------------------------------*/

#define PJSON_VERSION	1
#define PJSON_TIME	24u	/* bytes of a time as text */

/* "2026-01-31T12:00:00Z" */
char *pjson_time(uint32_t s, char out[PJSON_TIME]);
/* Patterns have a name of their own. */
const char *pjson_kind(unsigned kind);
