/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher in the kernel, by test runs of a program that no hook has. One thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "plugins/rules/ruleset.h"

struct matchtest;

/* What the kernel made of it. */
struct matchtest_cost {
	uint32_t n_insns;	/* looked at by the verifier */
	uint64_t load_ns;	/* of the program, and of filling its maps */
};

/*
 * Loads the image; `set` is not needed any more then. NULL: `why` says what failed, in one
 * line or, if the verifier refuses the program, in some.
 */
struct matchtest *matchtest_new(const struct ruleset *set, char *why, size_t why_size);
void matchtest_cost(const struct matchtest *m, struct matchtest_cost *out);
/*
 * As rulematch_run(). 0, or a negative errno; -E2BIG: the texts of the event are longer
 * than MATCHTEST_TEXT.
 */
int matchtest_run(struct matchtest *m, uint32_t type, const struct match_value *values);
/* The same, `repeat` times; *ns: of one. */
int matchtest_time(struct matchtest *m, uint32_t type, const struct match_value *values,
		   uint32_t repeat, uint32_t *ns);
/* Of the last run: what was found, and all else. */
const struct match_work *matchtest_work(const struct matchtest *m);
struct matchtest *matchtest_free(struct matchtest *m);
