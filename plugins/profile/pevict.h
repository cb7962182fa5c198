/* SPDX-License-Identifier: Apache-2.0 */
/* Room in a tree that is as large as it may be: the rarest nodes go. */
#pragma once

#include "ptree.h"

#define PEVICT_SAMPLE	32u		/* nodes of which the rarest goes */
#define PEVICT_HALF_S	86400u		/* a count weighs half when a node was not seen for so long */

/* pin: a node that stays. False: none of those looked at may go. */
bool pevict_one(struct ptree *t, uint32_t pin, uint32_t now_s);
/* As those of ptree.h, with room made for them. */
uint32_t pevict_add(struct ptree *t, uint32_t parent, const struct pkey *key, uint32_t now_s);
bool pevict_see(struct ptree *t, uint32_t ref, const struct psight *s);
bool pevict_join(struct ptree *t, uint32_t ref, const struct pseen *x, uint32_t now_s);
