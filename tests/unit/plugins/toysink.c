/* SPDX-License-Identifier: Apache-2.0 */
/* A sink: takes all unless the test says otherwise. */
#include "toy.h"

static int write_batch(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	struct toy *toy = inst;

	toy_count(&toy->n_calls);
	return toy->write ? toy->write(toy, batch, w) : WEIR_WRITE_OK;
}

WEIR_PLUGIN_DEFINE(toysink, WEIR_PLUGIN_SINK, "1.0", "Apache-2.0",
	TOY_COMMON, .write = write_batch);
