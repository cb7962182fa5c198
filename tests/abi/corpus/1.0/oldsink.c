/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink of ABI 1.0: takes three items a call and answers AGAIN, and drops, by a
 * policy of its own, each fifth.
 */
#include <stdlib.h>

#include <weir/plugin.h>

static const struct weir_counter oldsink_counters[] = {
	{ "bytes", "bytes", "Taken." },
};

struct oldsink {
	uint64_t *n_bytes, n_items;
};

static int oldsink_write(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	struct oldsink *x = inst;
	uint32_t i;

	for (i = 0; i < batch->n && i < 3; i++) {
		w->done++;
		if (++x->n_items % 5 == 0) {
			w->dropped++;
			w->dropped_class[batch->items[i].rclass]++;
		} else {
			*x->n_bytes += batch->items[i].len;
		}
	}
	return i < batch->n ? WEIR_WRITE_AGAIN : WEIR_WRITE_OK;
}

static int oldsink_open(const struct weir_setup *s, void **inst)
{
	struct oldsink *x = calloc(1, sizeof(*x));

	if (!x)
		return -1;
	x->n_bytes = s->counters;
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE(oldsink, WEIR_PLUGIN_SINK, "1.0", "Apache-2.0",
	.summary = "A sink of 1.0.",
	.counters = oldsink_counters, .n_counters = WEIR_N_OF(oldsink_counters),
	.open = oldsink_open, .close = free,
	.write = oldsink_write);
