/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that were looked at and hold no secret. Most events repeat what the ones
 * before have told: arguments of the same process, of its parent, the same
 * environment. They are compared byte by byte, so that what is remembered can
 * never hide what is new; the newer one takes the place of an older one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct scrubseen;

/* `max` texts of up to 240 bytes; 0: none are remembered. NULL: no memory. */
struct scrubseen *scrubseen_new(uint32_t max);
/*
 * `how`: what the result depends on beside the text. False: it has to be looked at;
 * *slot is then where scrubseen_add() may put it.
 */
bool scrubseen_has(const struct scrubseen *s, const void *p, uint32_t len, uint32_t how,
		   uint32_t *slot);
void scrubseen_add(struct scrubseen *s, const void *p, uint32_t len, uint32_t how, uint32_t slot);
struct scrubseen *scrubseen_free(struct scrubseen *s);
