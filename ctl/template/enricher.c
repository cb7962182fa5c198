/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `@NAME@`: marks the events of programs below a folder, and counts
 * them. The count outlives a reload.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/plugin.h>

/* Each table's enum names its rows: what comes back has the same order. */
enum { OPT_PREFIX };

static const struct weir_option @NAME@_options[] = {
	[OPT_PREFIX] = { "prefix", WEIR_OPT_STR, 0, 0, 0, "/tmp/", NULL,
		"Programs are marked whose path begins with this." },
};

enum { IN_EXE_PATH };

static const struct weir_want @NAME@_wants[] = {
	[IN_EXE_PATH] = { "process.exe.path", WEIR_WANT_REQUIRED, 0 },
};

enum { OUT_MARKED, OUT_NUMBER };

static const struct weir_field_def @NAME@_produces[] = {
	[OUT_MARKED] = { "@NAME@.marked", WEIR_KIND_BOOL, 0, NULL, "", "", "",
		"True: the program lies below the folder; else absent.", NULL, 0, 0 },
	[OUT_NUMBER] = { "@NAME@.number", WEIR_KIND_U64, 0, NULL, "", "", "",
		"The how many-th marked event this is.", NULL, 0, 0 },
};

enum { N_MARKED };

static const struct weir_counter @NAME@_counters[] = {
	[N_MARKED] = { "marked", "events", "Events of programs below the folder." },
};

/* One instance. No globals: several may run, and two generations in a reload. */
struct @NAME@ {
	struct weir_handle in[WEIR_N_OF(@NAME@_wants)];
	struct weir_handle out[WEIR_N_OF(@NAME@_produces)];
	uint64_t *counters;
	char *prefix;
	size_t prefix_len;
	uint64_t n_marked;	/* what a reload hands over */
};

/* The layout of what adopt moves. Give it another number when that changes. */
#define @NAME@_STATE	1

static int @NAME@_process(void *inst, struct weir_event *ev)
{
	struct @NAME@ *x = inst;
	struct weir_value path = weir_get(ev, x->in[IN_EXE_PATH]);

	/* A text has no NUL at its end, and may be absent or cut. */
	if (!weir_present(&path) || path.len < x->prefix_len ||
	    memcmp(path.v.p, x->prefix, x->prefix_len) != 0)
		return WEIR_CONTINUE;
	x->n_marked++;
	weir_count(&x->counters[N_MARKED], 1);
	weir_set_u64(ev, x->out[OUT_MARKED], 1);
	weir_set_u64(ev, x->out[OUT_NUMBER], x->n_marked);
	return WEIR_CONTINUE;
}

/* Between two events of a reload. */
static int @NAME@_adopt(void *inst, void *other)
{
	struct @NAME@ *x = inst, *old = other;

	x->n_marked = old->n_marked;
	old->n_marked = 0;
	return 0;
}

static void @NAME@_close(void *inst)
{
	struct @NAME@ *x = inst;

	free(x->prefix);
	free(x);
}

static int @NAME@_open(const struct weir_setup *s, void **inst)
{
	struct @NAME@ *x = calloc(1, sizeof(*x));

	/* The options are gone when open returns. */
	if (x)
		x->prefix = strdup(s->options[OPT_PREFIX].v.s);
	if (!x || !x->prefix) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
		free(x);
		return -1;
	}
	x->prefix_len = strlen(x->prefix);
	x->counters = s->counters;
	memcpy(x->in, s->wants, sizeof(x->in));
	memcpy(x->out, s->produces, sizeof(x->out));
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE(@NAME@, WEIR_PLUGIN_ENRICHER, "0.1.0", "Apache-2.0",
	.summary = "Marks the events of programs below a folder.",
	.options = @NAME@_options,
	.wants = @NAME@_wants,
	.produces = @NAME@_produces,
	.counters = @NAME@_counters,
	.n_options = WEIR_N_OF(@NAME@_options),
	.n_wants = WEIR_N_OF(@NAME@_wants),
	.n_produces = WEIR_N_OF(@NAME@_produces),
	.n_counters = WEIR_N_OF(@NAME@_counters),
	.open = @NAME@_open,
	.close = @NAME@_close,
	.process = @NAME@_process,
	.state = @NAME@_STATE,
	.adopt = @NAME@_adopt);
