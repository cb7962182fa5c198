/* SPDX-License-Identifier: Apache-2.0 */
/* What a person changes in a profile that is his alone meanwhile. No bound on the time. */
#pragma once

#include "pnews.h"
#include "pprofile.h"

/* Nodes by what they are in words, as of pitem_path_text(); NULL: all. Each returns how many. */

/* From now on known, and never thrown out for room. Of a folder, what is in it. */
uint32_t pedit_approve(struct pprofile *p, const char *item);
/* They go, with all below them. `item` is not NULL. */
uint32_t pedit_forget(struct pprofile *p, const char *item);
/*
 * What was not known is known and approved, as are the programs by which it was done,
 * and of a program as whom and for what it was begun. False: no room.
 */
bool pedit_add(struct pprofile *p, const struct pnews_item *x, uint32_t now_s);
