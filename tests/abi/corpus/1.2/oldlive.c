/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher of ABI 1.2, with what that brought: flags of the setup, changed(). */
#include <stdlib.h>

#include <weir/plugin.h>

static const struct weir_field_def oldlive_produces[] = {
	{ "oldlive.live", WEIR_KIND_BOOL, 0, NULL, "", "", "", "Whether events are of now.", NULL, 0, 0 },
};

static int oldlive_process(void *inst, struct weir_event *ev)
{
	const struct weir_setup *s = *(const struct weir_setup **)inst;

	weir_set_u64(ev, s->produces[0], s->flags & WEIR_SETUP_LIVE);
	return WEIR_CONTINUE;
}

static int oldlive_changed(void *inst)
{
	(void)inst;
	return 0;
}

static int oldlive_open(const struct weir_setup *s, void **inst)
{
	const struct weir_setup **x = malloc(sizeof(*x));

	if (!x || !WEIR_HAS(s, flags) || !WEIR_HAS(s->host, rules_use)) {
		free(x);
		return -1;
	}
	*x = s;
	*inst = x;
	return 0;
}

static void oldlive_close(void *inst)
{
	free(inst);
}

WEIR_PLUGIN_DEFINE(oldlive, WEIR_PLUGIN_ENRICHER, "1.2", "Apache-2.0",
	.summary = "Of ABI 1.2.",
	.produces = oldlive_produces, .n_produces = WEIR_N_OF(oldlive_produces),
	.open = oldlive_open, .close = oldlive_close, .process = oldlive_process,
	.changed = oldlive_changed);
