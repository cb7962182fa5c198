/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An enricher with one fault at a time, by its option: what weir-plugin-test
 * has to find. tests/sdk/plugintest.sh asks for each of them.
 */
#include <stdlib.h>
#include <unistd.h>

#include <weir/plugin.h>

enum fault { NONE, LEAK, DESCRIPTOR, RECORD, FOREIGN, VERDICT, STATUS, TEXT, LOG, NO_LATER,
	     LATER_CONTINUE, NEVER_DONE, NEVER_SENT, EMIT_NUMBER, ADOPT, EVENT_LEAK };

static const struct weir_option faulty_options[] = {
	{ "fault", WEIR_OPT_ENUM, 0, 0, 0, "none",
	  "none|leak|descriptor|record|foreign|verdict|status|text|log|no_later|"
	  "later_continue|never_done|never_sent|emit_number|adopt|event_leak", "The fault." },
};

static const struct weir_field_def faulty_produces[] = {
	{ "faulty.text", WEIR_KIND_STR, 0, NULL, "", "", "", "A text.", NULL, 0, 0 },
};

static const struct weir_emit faulty_emits[] = { { "faulty_found", "Something was found." } };

struct faulty {
	const struct weir_setup *setup;
	enum fault fault;
	void *memory;
};

static void set(struct faulty *x, struct weir_event *ev, uint8_t status, uint32_t len)
{
	struct weir_value v;

	memset(&v, 0, sizeof(v));
	v.status = status;
	v.len = len;
	weir_set(ev, x->setup->produces[0], &v);
}

/* Finds the first value that is not its own, if there is one. */
static void set_foreign(struct faulty *x, struct weir_event *ev)
{
	uint16_t own = (uint16_t)(x->setup->produces[0].slot - ev->n_wire);

	ev->added[own ? 0 : 1].status = WEIR_ERROR;
}

static void emit(struct faulty *x, struct weir_event *ev, uint32_t n, int send)
{
	const struct weir_setup *s = x->setup;
	struct weir_event *e = s->host->emit(s->ctx, n, ev);

	if (!e)
		return;
	weir_set_str(e, s->produces[0], "found", 5);
	if (send)
		s->host->send(s->ctx, e);
}

static int later(struct faulty *x, struct weir_event *ev)
{
	struct weir_event *copy = x->setup->host->later(ev);

	if (!copy)
		return WEIR_CONTINUE;
	if (x->fault != NEVER_DONE) {
		weir_set_str(copy, x->setup->produces[0], "later", 5);
		x->setup->host->done(copy, WEIR_CONTINUE);
	}
	return x->fault == LATER_CONTINUE ? WEIR_CONTINUE : WEIR_LATER;
}

static int faulty_process(void *inst, struct weir_event *ev)
{
	struct faulty *x = inst;

	switch (x->fault) {
	case RECORD:
		*(uint8_t *)(uintptr_t)(ev->rec + 8) ^= 1;
		break;
	case FOREIGN:
		set_foreign(x, ev);
		break;
	case VERDICT:
		return 9;
	case STATUS:
		set(x, ev, 77, 0);
		break;
	case TEXT:
		set(x, ev, WEIR_PRESENT, 5);
		break;
	case LOG:
		weir_logf(x->setup, WEIR_LOG_INFO, "hello");
		break;
	case NO_LATER:
		return WEIR_LATER;
	case LATER_CONTINUE:
	case NEVER_DONE:
		return later(x, ev);
	case EVENT_LEAK:
		x->memory = malloc(64);
		break;
	default:
		emit(x, ev, x->fault == EMIT_NUMBER, x->fault != NEVER_SENT);
		return x->fault == NONE ? later(x, ev) : WEIR_CONTINUE;
	}
	return WEIR_CONTINUE;
}

static void faulty_close(void *inst)
{
	struct faulty *x = inst;

	if (x->fault != LEAK && x->fault != EVENT_LEAK)
		free(x->memory);
	free(x);
}

static int faulty_open(const struct weir_setup *s, void **inst)
{
	struct faulty *x = calloc(1, sizeof(*x));

	if (!x)
		return -1;
	x->setup = s;
	x->fault = (enum fault)s->options[0].v.i;
	x->memory = malloc(100);
	if (x->fault == DESCRIPTOR && dup(2) < 0)
		weir_logf(s, WEIR_LOG_WARNING, "no descriptor");
	*inst = x;
	return 0;
}

static int faulty_adopt(void *inst, void *other)
{
	(void)other;
	return ((struct faulty *)inst)->fault == ADOPT ? -1 : 0;
}

WEIR_PLUGIN_DEFINE(faulty, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Does what a plugin must not.",
	.options = faulty_options, .n_options = WEIR_N_OF(faulty_options),
	.produces = faulty_produces, .n_produces = WEIR_N_OF(faulty_produces),
	.open = faulty_open, .close = faulty_close, .process = faulty_process,
	.emits = faulty_emits, .n_emits = WEIR_N_OF(faulty_emits),
	.state = 1, .adopt = faulty_adopt);
