/* SPDX-License-Identifier: Apache-2.0 */
/* A serializer: the record's own bytes unless the test says otherwise. */
#include "toy.h"

static int encode(void *inst, const struct weir_event *ev, struct weir_buf *out)
{
	struct toy *toy = inst;

	toy_count(&toy->n_calls);
	if (toy->encode)
		return toy->encode(toy, ev, out);
	if (out->cap - out->len < ev->rec_size &&
	    toy->setup->host->grow(out, ev->rec_size))
		return -1;
	memcpy(out->p + out->len, ev->rec, ev->rec_size);
	out->len += ev->rec_size;
	return 0;
}

WEIR_PLUGIN_DEFINE(toycode, WEIR_PLUGIN_SERIALIZER, "1.0", "Apache-2.0",
	TOY_COMMON, .encode = encode);
