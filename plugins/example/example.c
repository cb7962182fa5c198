/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `example`: marks the events of watched users and programs.
 * Small, of use, and meant to be copied; README.md goes through it.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/plugin.h>

enum { OPT_UIDS, OPT_PATHS, OPT_NOTE, OPT_MAX_PER_SECOND, OPT_VARIABLE };

static const struct weir_option example_options[] = {
	[OPT_UIDS] = { "uids", WEIR_OPT_STRLIST, 0, 0, 0, "", NULL, "Numbers of watched users." },
	[OPT_PATHS] = { "paths", WEIR_OPT_STRLIST, 0, 0, 0, "/tmp/,/dev/shm/,/var/tmp/", NULL,
		"Programs are watched whose path begins with one of these." },
	[OPT_NOTE] = { "note", WEIR_OPT_STR, 0, 0, 0, "watched", NULL, "What marked events carry." },
	[OPT_MAX_PER_SECOND] = { "max_per_second", WEIR_OPT_INT, 0, 0, 1000000, "0", NULL,
		"Events that are marked in about a second; 0: all." },
	[OPT_VARIABLE] = { "variable", WEIR_OPT_STR, 0, 0, 0, "", NULL,
		"Variable that watched programs and their children get, with the note as value." },
};

enum { IN_UID, IN_EXE_PATH };

static const struct weir_want example_wants[] = {
	[IN_UID] = { "process.uid", WEIR_WANT_REQUIRED, 0 },
	[IN_EXE_PATH] = { "process.exe.path", 0, 0 },
};

enum { OUT_WATCHED, OUT_NOTE, OUT_SET };

/* What the stage `variables` takes: its README has the contract. */
enum { COL_SCOPE, COL_NAME, COL_OP, COL_TYPE, COL_VALUE, COL_TTL, COL_FLAGS, COL__MAX };
#define INHERIT	1u

static const struct weir_column set_cols[COL__MAX] = {
	[COL_SCOPE] = { "scope", WEIR_KIND_STR, 0, NULL, "Whose." },
	[COL_NAME] = { "name", WEIR_KIND_STR, 0, NULL, "Its name." },
	[COL_OP] = { "op", WEIR_KIND_STR, 0, NULL, "What to do." },
	[COL_TYPE] = { "type", WEIR_KIND_STR, 0, NULL, "Its type." },
	[COL_VALUE] = { "value", WEIR_KIND_STR, 0, NULL, "Its value." },
	[COL_TTL] = { "ttl_ns", WEIR_KIND_U64, 0, NULL, "How long it stays; 0: for ever." },
	[COL_FLAGS] = { "flags", WEIR_KIND_U32, 0, NULL, "1: inherited, 2: private." },
};

static const struct weir_field_def example_produces[] = {
	[OUT_WATCHED] = { "example.watched", WEIR_KIND_BOOL, 0, NULL, "", "", "",
		"True: the user or the program is watched; else absent.", NULL, 0, 0 },
	[OUT_NOTE] = { "example.note", WEIR_KIND_STR, 0, NULL, "", "", "",
		"The option `note`, on watched events.", NULL, 0, 0 },
	[OUT_SET] = { "example.set_variables", WEIR_KIND_RECORDS, 0, NULL, "", "", "",
		"For the stage `variables`, which takes it.", set_cols, COL__MAX, 0 },
};

static const struct weir_counter example_counters[] = {
	{ "marked", "events", "Marked as watched." },
};

struct example {
	struct weir_handle in[WEIR_N_OF(example_wants)];
	struct weir_handle out[WEIR_N_OF(example_produces)];
	uint64_t *n_marked, max_per_second, n_this_second;
	uint32_t *uids;
	char **paths, *note, *variable;
	uint32_t n_uids, n_paths;
	struct weir_value row[COL__MAX];
	struct weir_list rows;	/* of that one */
};

static bool is_watched(const struct example *x, const struct weir_event *ev)
{
	struct weir_value uid = weir_get(ev, x->in[IN_UID]);
	struct weir_value path = weir_get(ev, x->in[IN_EXE_PATH]);
	uint32_t i;

	for (i = 0; weir_present(&uid) && i < x->n_uids; i++)
		if (uid.v.u == x->uids[i])
			return true;
	for (i = 0; weir_present(&path) && i < x->n_paths; i++)
		if (path.len >= strlen(x->paths[i]) &&
		    !memcmp(path.v.p, x->paths[i], strlen(x->paths[i])))
			return true;
	return false;
}

static struct weir_value text_value(const char *text)
{
	struct weir_value v = { .kind = WEIR_KIND_STR, .status = WEIR_PRESENT };

	v.len = (uint32_t)strlen(text);
	v.v.p = text;
	return v;
}

/* The same for all events, so it is made once. */
static void make_row(struct example *x)
{
	x->row[COL_SCOPE] = text_value("process");
	x->row[COL_NAME] = text_value(x->variable);
	x->row[COL_OP] = text_value("set");
	x->row[COL_TYPE] = text_value("string");
	x->row[COL_VALUE] = text_value(x->note);
	x->row[COL_FLAGS] = (struct weir_value){ .kind = WEIR_KIND_U32, .status = WEIR_PRESENT,
		.v.u = INHERIT };
	x->rows = (struct weir_list){ 1, COL__MAX, x->row };
}

static void set_variable(const struct example *x, struct weir_event *ev)
{
	struct weir_value v = { .status = WEIR_PRESENT, .v.list = &x->rows };

	if (*x->variable && ev->type == WEIR_EV_exec)
		weir_set(ev, x->out[OUT_SET], &v);
}

static int example_process(void *inst, struct weir_event *ev)
{
	struct example *x = inst;

	if (!is_watched(x, ev) ||
	    (x->max_per_second && x->n_this_second++ >= x->max_per_second))
		return WEIR_CONTINUE;
	weir_count(x->n_marked, 1);
	weir_set_u64(ev, x->out[OUT_WATCHED], 1);
	weir_set_str(ev, x->out[OUT_NOTE], x->note, (uint32_t)strlen(x->note));
	set_variable(x, ev);
	return WEIR_CONTINUE;
}

static void example_tick(void *inst, uint64_t now_ns)
{
	(void)now_ns;
	((struct example *)inst)->n_this_second = 0;
}

static void example_close(void *inst)
{
	struct example *x = inst;

	while (x->n_paths)
		free(x->paths[--x->n_paths]);
	free(x->paths);
	free(x->uids);
	free(x->note);
	free(x->variable);
	free(x);
}

/* Options are gone when open returns: what is needed later is copied. */
static int take_options(struct example *x, const struct weir_setup *s)
{
	const struct weir_optval *o = s->options;
	const char *word;
	char *end;

	x->max_per_second = (uint64_t)o[OPT_MAX_PER_SECOND].v.i;
	x->note = strdup(o[OPT_NOTE].v.s);
	x->variable = strdup(o[OPT_VARIABLE].v.s);
	x->uids = calloc(o[OPT_UIDS].n + 1, sizeof(*x->uids));
	x->paths = calloc(o[OPT_PATHS].n + 1, sizeof(*x->paths));
	if (!x->note || !x->variable || !x->uids || !x->paths)
		return -1;
	for (; x->n_uids < o[OPT_UIDS].n; x->n_uids++) {
		word = o[OPT_UIDS].v.list[x->n_uids];
		x->uids[x->n_uids] = (uint32_t)strtoul(word, &end, 10);
		if (end == word || *end)
			return -1;
	}
	for (; x->n_paths < o[OPT_PATHS].n; x->n_paths++) {
		x->paths[x->n_paths] = strdup(o[OPT_PATHS].v.list[x->n_paths]);
		if (!x->paths[x->n_paths])
			return -1;
	}
	return 0;
}

static int example_open(const struct weir_setup *s, void **inst)
{
	struct example *x = calloc(1, sizeof(*x));

	if (!x || take_options(x, s)) {
		weir_logf(s, WEIR_LOG_ERROR, "out of memory, or a uid that is no number");
		if (x)
			example_close(x);
		return -1;
	}
	x->n_marked = &s->counters[0];
	memcpy(x->in, s->wants, sizeof(x->in));
	memcpy(x->out, s->produces, sizeof(x->out));
	make_row(x);
	*inst = x;
	return 0;
}

WEIR_PLUGIN_DEFINE(example, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "Marks events of watched users and programs.",
	.options = example_options, .n_options = WEIR_N_OF(example_options),
	.wants = example_wants, .n_wants = WEIR_N_OF(example_wants),
	.produces = example_produces, .n_produces = WEIR_N_OF(example_produces),
	.counters = example_counters, .n_counters = WEIR_N_OF(example_counters),
	.open = example_open, .close = example_close,
	.process = example_process, .tick = example_tick);
