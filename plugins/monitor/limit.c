/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window of a minute that begins with the first of a kind. Time is that of
 * the events, which come a little out of order: what is older than the window
 * counts in it.
 */
#include "limit.h"

bool limit_take(struct limit *l, uint32_t max, uint64_t now_ns, uint64_t *n_cut)
{
	if (!l->begun_ns || (now_ns > l->begun_ns && now_ns - l->begun_ns >= LIMIT_WINDOW_NS)) {
		l->begun_ns = now_ns;
		l->n = 0;
	}
	if (l->n >= max) {
		l->n_cut++;
		return false;
	}
	l->n++;
	*n_cut = l->n_cut;
	l->n_cut = 0;
	return true;
}

void limit_give_back(struct limit *l, uint64_t n_cut)
{
	l->n_cut += n_cut + 1;
}
