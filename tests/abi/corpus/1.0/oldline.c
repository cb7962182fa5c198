/* SPDX-License-Identifier: Apache-2.0 */
/* A serializer of ABI 1.0: {"event":"exec","fields":N}, N being those that are there. */
#include <stdlib.h>

#include <weir/plugin.h>

static int oldline_encode(void *inst, const struct weir_event *ev, struct weir_buf *out)
{
	const struct weir_setup *s = *(const struct weir_setup **)inst;
	struct weir_value v;
	unsigned present = 0;
	uint32_t i;
	int n;

	for (i = 0; i < s->schema->n_fields; i++) {
		v = weir_get(ev, s->schema->fields[i].handle);
		present += weir_present(&v);
	}
	if (out->cap - out->len < 128 && s->host->grow(out, 128))
		return -1;
	n = snprintf((char *)out->p + out->len, 128, "{\"event\":\"%s\",\"fields\":%u}\n",
		     s->schema->types[ev->type].name, present);
	out->len += (size_t)n;
	return 0;
}

static int oldline_open(const struct weir_setup *s, void **inst)
{
	*inst = malloc(sizeof(s));
	if (*inst)
		memcpy(*inst, &s, sizeof(s));
	return *inst ? 0 : -1;
}

WEIR_PLUGIN_DEFINE(oldline, WEIR_PLUGIN_SERIALIZER, "1.0", "Apache-2.0",
	.summary = "A serializer of 1.0.",
	.open = oldline_open, .close = free,
	.encode = oldline_encode);
