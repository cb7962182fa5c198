/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher that adds the arguments as they are where it stands. */
#include <weir/plugin.h>

static const struct weir_want wants[] = { { "process.args", WEIR_WANT_REQUIRED, 0 } };

static const struct weir_field_def produces[] = {
	{ "seenargs.args", WEIR_KIND_STRV, 0, NULL, "", "", "", "process.args, as it was here.",
	  NULL, 0, 0 },
};

struct seenargs {
	const struct weir_host *host;
	struct weir_handle in, out;
};

static struct seenargs one;

static int seenargs_open(const struct weir_setup *s, void **inst)
{
	one = (struct seenargs){ s->host, s->wants[0], s->produces[0] };
	*inst = &one;
	return 0;
}

static void seenargs_close(void *inst)
{
	(void)inst;
}

static int seenargs_process(void *inst, struct weir_event *ev)
{
	struct seenargs *x = inst;
	struct weir_value v = weir_get(ev, x->in);
	void *copy = weir_present(&v) ? x->host->alloc(ev, v.len) : NULL;

	if (copy) {
		memcpy(copy, v.v.p, v.len);
		v.v.p = copy;
		weir_set(ev, x->out, &v);
	}
	return WEIR_CONTINUE;
}

WEIR_PLUGIN_DEFINE(seenargs, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Shows what stages before another see.",
	.wants = wants, .n_wants = WEIR_N_OF(wants),
	.produces = produces, .n_produces = WEIR_N_OF(produces),
	.open = seenargs_open, .close = seenargs_close, .process = seenargs_process);
