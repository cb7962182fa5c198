/* SPDX-License-Identifier: Apache-2.0 */
/* An enricher of ABI 1.0, with all that an enricher had then. */
#include <stdlib.h>

#include <weir/plugin.h>

static const struct weir_option oldmark_options[] = {
	{ "flag", WEIR_OPT_BOOL, 0, 0, 0, "true", NULL, "A truth." },
	{ "number", WEIR_OPT_INT, 0, -5, 5, "-3", NULL, "A number." },
	{ "size", WEIR_OPT_SIZE, 0, 0, 0, "4K", NULL, "A size." },
	{ "time", WEIR_OPT_TIME, 0, 0, 0, "250ms", NULL, "A time." },
	{ "text", WEIR_OPT_STR, 0, 0, 0, "old", NULL, "A text." },
	{ "word", WEIR_OPT_ENUM, 0, 0, 0, "two", "one|two", "A word." },
	{ "list", WEIR_OPT_STRLIST, 0, 0, 0, "a,b", NULL, "A list." },
};

static const struct weir_want oldmark_wants[] = {
	{ "process.exe.path", WEIR_WANT_REQUIRED, 0 },
	{ "process.pid", WEIR_WANT_REQUIRED, 0 },
	{ "no.such.field", 0, 0 },
};

static const struct weir_column oldmark_cols[] = {
	{ "n", WEIR_KIND_U64, 0, NULL, "A number." },
	{ "s", WEIR_KIND_STR, 0, NULL, "A text." },
};

static const struct weir_field_def oldmark_produces[] = {
	{ "oldmark.text", WEIR_KIND_STR, 0, NULL, "", "", "", "The option and the pid.", NULL, 0, 0 },
	{ "oldmark.ok", WEIR_KIND_BOOL, 0, NULL, "", "", "", "All options were as expected.", NULL, 0, 0 },
	{ "oldmark.rows", WEIR_KIND_RECORDS, 0, NULL, "", "", "", "One row.", oldmark_cols, 2, 0 },
	{ "oldmark.outcome", WEIR_KIND_ENUM, 0, "outcome", "", "", "", "A value of a set.", NULL, 0, 0 },
};

static const struct weir_counter oldmark_counters[] = {
	{ "seen", "events", "Events." },
	{ "ticks", "calls", "Ticks." },
};

struct oldmark {
	const struct weir_setup *setup;
	char text[32];
	int ok;
};

static int rows_set(struct oldmark *x, struct weir_event *ev)
{
	struct weir_list *list = x->setup->host->alloc(ev, sizeof(*list));
	struct weir_value *v = x->setup->host->alloc(ev, 2 * sizeof(*v)), rows;

	if (!list || !v)
		return -1;
	memset(v, 0, 2 * sizeof(*v));
	v[0].kind = WEIR_KIND_U64;
	v[0].status = v[1].status = WEIR_PRESENT;
	v[0].v.u = 7;
	v[1].kind = WEIR_KIND_STR;
	v[1].v.p = "seven";
	v[1].len = 5;
	*list = (struct weir_list){ 1, 2, v };
	memset(&rows, 0, sizeof(rows));
	rows.status = WEIR_PRESENT;
	rows.v.list = list;
	return weir_set(ev, x->setup->produces[2], &rows);
}

static int oldmark_process(void *inst, struct weir_event *ev)
{
	struct oldmark *x = inst;
	struct weir_value path = weir_get(ev, x->setup->wants[0]);
	struct weir_value none = weir_get(ev, x->setup->wants[2]);
	uint64_t pid = weir_get_u64(ev, x->setup->wants[1], 0);
	char *text = x->setup->host->alloc(ev, 64);

	x->setup->counters[0]++;
	if (!weir_present(&path) || weir_present(&none) || !text)
		return WEIR_FAIL;
	snprintf(text, 64, "%s %llu", x->text, (unsigned long long)pid);
	weir_set_str(ev, x->setup->produces[0], text, (uint32_t)strlen(text));
	weir_set_u64(ev, x->setup->produces[1], (uint64_t)x->ok);
	weir_set_u64(ev, x->setup->produces[3], WEIR_OUTCOME_BLOCKED);
	return rows_set(x, ev) ? WEIR_FAIL : WEIR_CONTINUE;
}

static void oldmark_tick(void *inst, uint64_t now_ns)
{
	(void)now_ns;
	((struct oldmark *)inst)->setup->counters[1]++;
}

static int oldmark_open(const struct weir_setup *s, void **inst)
{
	const struct weir_optval *o = s->options;
	struct oldmark *x = calloc(1, sizeof(*x));

	if (!x)
		return -1;
	x->setup = s;
	x->ok = o[0].v.i == 1 && o[1].v.i == -3 && o[2].v.i == 4096 && o[3].v.i == 250000000 &&
		o[5].v.i == 1 && o[6].n == 2 && !strcmp(o[6].v.list[1], "b") &&
		s->host->abi_major == 1 && strlen(s->host->host_id(s->ctx)->boot) < 40 &&
		s->schema->n_fields > 50 && s->schema->types[WEIR_EV_exec].name;
	snprintf(x->text, sizeof(x->text), "%s", o[4].v.s);
	*inst = x;
	return 0;
}

static void oldmark_close(void *inst)
{
	free(inst);
}

WEIR_PLUGIN_DEFINE(oldmark, WEIR_PLUGIN_ENRICHER, "1.0", "Apache-2.0",
	.summary = "An enricher of 1.0.",
	.options = oldmark_options, .n_options = WEIR_N_OF(oldmark_options),
	.wants = oldmark_wants, .n_wants = WEIR_N_OF(oldmark_wants),
	.produces = oldmark_produces, .n_produces = WEIR_N_OF(oldmark_produces),
	.counters = oldmark_counters, .n_counters = WEIR_N_OF(oldmark_counters),
	.open = oldmark_open, .close = oldmark_close,
	.process = oldmark_process, .tick = oldmark_tick);
