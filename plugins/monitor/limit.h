/* SPDX-License-Identifier: Apache-2.0 */
/* How many of each kind pass in a minute, and how many did not. No I/O, one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_WINDOW_NS	60000000000ull

struct limit {
	uint64_t begun_ns;	/* of the window; 0: none yet */
	uint32_t n;		/* passed in it */
	uint64_t n_cut;		/* since the last one that passed */
};

/* true: it passes, and *n_cut is how many before it did not. */
bool limit_take(struct limit *l, uint32_t max, uint64_t now_ns, uint64_t *n_cut);
/* The one that was let through was not told after all. */
void limit_give_back(struct limit *l, uint64_t n_cut);
