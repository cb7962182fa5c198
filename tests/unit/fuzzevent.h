/* SPDX-License-Identifier: Apache-2.0 */
/* Random events for the rules of a struct fuzz. */
#pragma once

#include <stdint.h>

#include "fuzzrule.h"
#include "ruleset.h"

/* A value for each field of the set; the same memory each time. One thread. */
const struct match_value *fuzz_event(struct fuzz *f, const struct ruleset *set);
/* Of our types, of names of Sigma, or of none that rules are for. */
uint32_t fuzz_type(struct fuzz *f);
