/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher of ABI 1.1, with what that brought: emits, emit, send, adopt. */
#include <stdlib.h>

#include <weir/plugin.h>

static const struct weir_field_def oldtell_produces[] = {
	{ "oldtell.count", WEIR_KIND_U64, 0, NULL, "", "", "", "Events so far.", NULL, 0, 0 },
};

static const struct weir_emit oldtell_emits[] = {
	{ "oldtell_exec", "A program was executed." },
};

struct oldtell {
	const struct weir_setup *setup;
	uint64_t n;
};

static int oldtell_process(void *inst, struct weir_event *ev)
{
	struct oldtell *x = inst;
	struct weir_event *e;

	weir_set_u64(ev, x->setup->produces[0], ++x->n);
	if (ev->type != WEIR_EV_exec)
		return WEIR_CONTINUE;
	e = x->setup->host->emit(x->setup->ctx, 0, ev);
	if (e) {
		weir_set_u64(e, x->setup->produces[0], x->n);
		x->setup->host->send(x->setup->ctx, e);
	}
	return WEIR_CONTINUE;
}

static int oldtell_adopt(void *inst, void *other)
{
	struct oldtell *x = inst, *old = other;
	uint64_t n = x->n;

	x->n = old->n;
	old->n = n;
	return 0;
}

static int oldtell_open(const struct weir_setup *s, void **inst)
{
	struct oldtell *x = calloc(1, sizeof(*x));

	if (!x || !WEIR_HAS(s->host, send)) {
		free(x);
		return -1;
	}
	x->setup = s;
	*inst = x;
	return 0;
}

static void oldtell_close(void *inst)
{
	free(inst);
}

WEIR_PLUGIN_DEFINE(oldtell, WEIR_PLUGIN_ENRICHER, "1.1", "Apache-2.0",
	.summary = "Of ABI 1.1.",
	.produces = oldtell_produces, .n_produces = WEIR_N_OF(oldtell_produces),
	.emits = oldtell_emits, .n_emits = WEIR_N_OF(oldtell_emits),
	.state = 1, .adopt = oldtell_adopt,
	.open = oldtell_open, .close = oldtell_close, .process = oldtell_process);
