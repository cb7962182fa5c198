/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the enricher `variables`, through its callbacks. */
#include "../example/fake.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

enum { NAME, SCOPE, OP, TYPE, VALUE, TTL, FLAGS, N_COLS };

static const struct weir_column set_cols[N_COLS] = {
	{ "name", WEIR_KIND_STR, 0, NULL, "" }, { "scope", WEIR_KIND_STR, 0, NULL, "" },
	{ "op", WEIR_KIND_STR, 0, NULL, "" }, { "type", WEIR_KIND_STR, 0, NULL, "" },
	{ "value", WEIR_KIND_STR, 0, NULL, "" }, { "ttl_ns", WEIR_KIND_U64, 0, NULL, "" },
	{ "flags", WEIR_KIND_U32, 0, NULL, "" },
};

static const struct weir_column ancestor_cols[] = {
	{ "pid", WEIR_KIND_U32, 0, NULL, "" }, { "key", WEIR_KIND_KEY, 0, NULL, "" },
};

static const struct weir_field_def before[] = {
	{ .name = "toy.set_variables", .kind = WEIR_KIND_RECORDS, .cols = set_cols, .n_cols = N_COLS },
	{ .name = "rule.set_variables", .kind = WEIR_KIND_RECORDS, .cols = set_cols, .n_cols = N_COLS },
	{ .name = "container.id", .kind = WEIR_KIND_STR },
	{ .name = "process.ancestors", .kind = WEIR_KIND_RECORDS, .cols = ancestor_cols, .n_cols = 2 },
	{ .name = NULL }
};

static struct weir_value rows[8 * N_COLS];
static struct weir_list row_list;

static struct weir_value text_value(const char *text)
{
	return (struct weir_value){ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT,
		.len = (uint32_t)strlen(text), .v.p = text };
}

static void put_list(struct fake *f, const char *name, const struct weir_list *list)
{
	uint16_t slot = fake_slot(f, name);

	f->store.added[slot - f->n_wire] = (struct weir_value){ .kind = WEIR_KIND_RECORDS,
		.status = WEIR_PRESENT, .v.list = list };
}

/* One more row: "scope name op type value", a dot for an absent one. */
static void row(struct fake *f, const char *text, uint64_t ttl, uint32_t flags)
{
	static const uint8_t at[] = { SCOPE, NAME, OP, TYPE, VALUE };
	static char copies[8][128];
	struct weir_value *r = rows + row_list.n * N_COLS;
	char *word, *rest = NULL, *copy = copies[row_list.n];
	unsigned i = 0;

	memset(r, 0, N_COLS * sizeof(*r));
	snprintf(copy, 128, "%s", text);
	for (word = strtok_r(copy, " ", &rest); word && i < 5; word = strtok_r(NULL, " ", &rest), i++)
		if (strcmp(word, "."))
			r[at[i]] = text_value(word);
	r[TTL] = (struct weir_value){ .kind = WEIR_KIND_U64, .status = WEIR_PRESENT, .v.u = ttl };
	r[FLAGS] = (struct weir_value){ .kind = WEIR_KIND_U32, .status = WEIR_PRESENT, .v.u = flags };
	row_list = (struct weir_list){ row_list.n + 1, N_COLS, rows };
	put_list(f, "toy.set_variables", &row_list);
}

static void begin(struct fake *f, uint16_t type, uint64_t time, uint64_t key)
{
	row_list.n = 0;
	fake_begin(f, type);
	fake_u64(f, "time", time);
	if (!key)
		return;
	fake_u64(f, "process.key", key);
	fake_u64(f, "process.uid", 1000);
}

static const char *shown(struct fake *f, const char *field)
{
	static char text[1024];
	struct weir_value v = fake_get(f, field);
	const struct weir_value *c;
	size_t at = 0;
	uint32_t i, j, col;

	if (v.status == WEIR_ABSENT)
		return NULL;
	text[0] = 0;
	for (i = 0; i < v.v.list->n; i++) {
		c = v.v.list->values + (size_t)i * v.v.list->n_cols;
		col = weir_present(&c[2]) ? 2 : 3;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s:%.*s=", i ? " " : "",
				       (int)c[0].len, (const char *)c[0].v.p, (int)c[1].len,
				       (const char *)c[1].v.p);
		for (j = 0; j < c[col].len; j++)
			text[at++] = ((const char *)c[col].v.p)[j] ? ((const char *)c[col].v.p)[j] : '|';
		text[at] = 0;
	}
	return text;
}

static struct fake *open_variables(const char *options)
{
	struct fake *f = fake_open(&weir_plugin, options, before);

	if (!f->inst)
		fake_fail("open", f->log);
	return f;
}

static void test_scopes(void)
{
	struct fake *f = open_variables("");

	begin(f, WEIR_EV_exec, 100, 7);
	fake_str(f, "container.id", "c1");
	row(f, "process a set string x", 0, 0);
	row(f, "user a set int 5", 0, 0);
	row(f, "global g append string[] p", 0, 0);
	row(f, "container c set bool true", 0, 0);
	row(f, "process hidden set string y", 0, 2);
	is_int(fake_process(f), WEIR_CONTINUE, "goes on");
	is_str(shown(f, "variables.process"), "a:string=x", "of the process; not what is private");
	is_str(shown(f, "variables.user"), "a:int=5", "of the user");
	is_str(shown(f, "variables.global"), "g:string[]=p|", "of all");
	is_str(shown(f, "variables.container"), "c:bool=true", "of the container");
	is_int(fake_get(f, "toy.set_variables").status, WEIR_ABSENT, "the rows are taken");
	begin(f, WEIR_EV_open, 110, 8);
	fake_process(f);
	is_str(shown(f, "variables.process"), NULL, "another process has none");
	is_str(shown(f, "variables.container"), NULL, "nor a container");
	is_str(shown(f, "variables.user"), "a:int=5", "its user has");
	is_str(shown(f, "variables.global"), "g:string[]=p|", "all have");
	begin(f, WEIR_EV_lost, 120, 0);
	row(f, "process a set string x", 0, 0);
	row(f, "user a set string x", 0, 0);
	row(f, "container a set string x", 0, 0);
	row(f, "global g append string q", 0, 0);
	fake_process(f);
	is_int((int)fake_count(f, "no_owner"), 3, "an event of nobody");
	is_str(shown(f, "variables.global"), "g:string[]=p|q|", "can set what is global");
	is_str(shown(f, "variables.user"), NULL, "and has no user");
	fake_close(f);
}

static void test_both_fields(void)
{
	struct fake *f = open_variables("");

	begin(f, WEIR_EV_exec, 100, 7);
	row(f, "process a append int 2", 0, 0);
	put_list(f, "rule.set_variables", &row_list);
	fake_process(f);
	is_str(shown(f, "variables.process"), "a:int=4", "each such field is taken");
	fake_close(f);
}

static void test_processes(void)
{
	struct weir_value ancestors[4] = { { .v.u = 1 }, { .v.u = 99 }, { .v.u = 2 }, { .v.u = 7 } };
	struct weir_list list = { 2, 2, ancestors };
	struct fake *f = open_variables("keep_dead=10");

	begin(f, WEIR_EV_exec, 1000000000, 7);
	row(f, "process a set string x", 0, 1);
	row(f, "process b set string y", 5000000000, 0);
	fake_process(f);
	begin(f, WEIR_EV_fork, 1000000001, 7);
	fake_u64(f, "child.key", 8);
	row(f, "process c set string z", 0, 1);
	fake_process(f);
	begin(f, WEIR_EV_exec, 1000000002, 8);
	fake_process(f);
	is_str(shown(f, "variables.process"), "a:string=x c:string=z", "a child, after its exec");
	begin(f, WEIR_EV_open, 6000000000, 7);
	fake_process(f);
	is_str(shown(f, "variables.process"), "a:string=x c:string=z", "a time is over");
	is_int((int)fake_count(f, "expired"), 1, "counted");
	begin(f, WEIR_EV_exit, 6000000001, 8);
	fake_process(f);
	is_str(shown(f, "variables.process"), "a:string=x c:string=z", "its end still has them");
	begin(f, WEIR_EV_amendment, 7000000000, 8);
	fake_process(f);
	is_str(shown(f, "variables.process"), "a:string=x c:string=z", "and what comes late");
	begin(f, WEIR_EV_open, 16000000001, 8);
	fake_process(f);
	is_str(shown(f, "variables.process"), NULL, "but not for ever");
	begin(f, WEIR_EV_snapshot, 17000000000, 20);
	fake_u64(f, "process.parent.key", 7);
	fake_u64(f, "process.start", 2000000000);
	fake_process(f);
	is_str(shown(f, "variables.process"), "a:string=x c:string=z", "found by a snapshot");
	begin(f, WEIR_EV_snapshot, 17000000000, 21);
	fake_u64(f, "process.parent.key", 98);
	fake_u64(f, "process.start", 1000000000);
	put_list(f, "process.ancestors", &list);
	fake_process(f);
	is_str(shown(f, "variables.process"), "a:string=x", "from an ancestor, what it had by then");
	begin(f, WEIR_EV_snapshot, 17000000000, 22);
	fake_u64(f, "process.parent.key", 98);
	fake_process(f);
	is_str(shown(f, "variables.process"), NULL, "nobody is known");
	fake_close(f);
}

static void test_malformed(void)
{
	static const char *const bad[] = {
		". a set string x", "process . set string x", "process a . string x",
		"nowhere a set string x", "process a put string x", "process a set text x",
		"process a set . x", "process a set int .", "process a set int x",
		"process a+b set string x", "processs a set string x",
	};
	struct weir_list narrow = { 1, 3, rows };
	struct fake *f = open_variables("");
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(f, WEIR_EV_exec, 100, 7);
		row(f, bad[i], 0, 0);
		is_int(fake_process(f), WEIR_CONTINUE, "%s", bad[i]);
		is_int((int)fake_count(f, "malformed"), (int)i + 1, "is refused and counted");
		is_str(shown(f, "variables.process"), NULL, "and sets nothing");
	}
	begin(f, WEIR_EV_exec, 100, 7);
	row(f, "process a set string x", 0, 0);
	put_list(f, "toy.set_variables", &narrow);
	fake_process(f);
	is_int((int)fake_count(f, "malformed"), (int)i + 1, "rows with too few columns");
	fake_close(f);
}

/* The words of the fake have no blanks, so that open() gets its options from us. */
static void test_define(void)
{
	static const char *const texts[] = {
		"site string berlin mitte", "nets ip[] 10.0.0.1,::1", "n  int  5",
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "define: \"\": a name has up to 63" }, { "a b", "\"b\" is no type" },
		{ "a", "\"\" is no type" }, { "a int x", "\"x\" is no int" },
		{ "a+b int 5", "a name has" }, { "a ip 10.0.0", "\"10.0.0\" is no ip" },
		{ "a int", "\"\" is no int" },
		{ "a string 01234567890123456789012345678901234567890123456789012345678901234", "fit" },
		{ "a int[] 1,2,3,4", "does not fit" },
	};
	const char *words[2];
	struct weir_optval opts[32];
	struct fake *f = open_variables("");
	struct weir_setup setup;
	void *inst;
	size_t i;

	memset(opts, 0, sizeof(opts));
	for (i = 0; i < f->plugin->n_options; i++)
		opts[i].v.i = f->plugin->options[i].min ? f->plugin->options[i].min : 1;
	opts[7].v.i = 3;	/* max_items */
	f->setup.options = opts;
	setup = f->setup;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		words[0] = bad[i].text;
		opts[0] = (struct weir_optval){ .set = 1, .n = 1, .v.list = words };
		is_int(f->plugin->open(&setup, &inst), -1, "'%s' is refused", bad[i].text);
		ok(strstr(f->log, bad[i].why), "%s", f->log);
	}
	words[0] = "a int 5";
	words[1] = "a int 6";
	opts[0] = (struct weir_optval){ .set = 1, .n = 2, .v.list = words };
	is_int(f->plugin->open(&setup, &inst), -1, "twice is refused");
	ok(strstr(f->log, "a is defined already"), "%s", f->log);
	opts[0] = (struct weir_optval){ .set = 1, .n = 3, .v.list = texts };
	f->plugin->close(f->inst);
	is_int(f->plugin->open(&setup, &f->inst), 0, "constants");
	begin(f, WEIR_EV_exec, 100, 7);
	row(f, "global site set string x", 0, 0);
	row(f, "global other set string y", 0, 0);
	row(f, "process site set string z", 0, 0);
	fake_process(f);
	is_str(shown(f, "variables.global"),
	       "site:string=berlin mitte nets:ip[]=10.0.0.1|::1| n:int=5 other:string=y",
	       "constants come first, and stay");
	is_int((int)fake_count(f, "constant"), 1, "counted");
	is_str(shown(f, "variables.process"), "site:string=z", "a process may have one of the name");
	fake_close(f);
}

static void test_setters(void)
{
	static const struct weir_column few[] = { { "scope", WEIR_KIND_STR, 0, NULL, "" } };
	struct weir_field_def fields[20];
	static char names[20][32];
	struct fake *f;
	unsigned i;

	memset(fields, 0, sizeof(fields));
	fields[0] = (struct weir_field_def){ .name = "x.set_variables", .kind = WEIR_KIND_STR };
	f = fake_open(&weir_plugin, "", fields);
	ok(!f->inst && strstr(f->log, "x.set_variables has no rows"), "%s", f->log);
	fake_close(f);
	fields[0] = (struct weir_field_def){ .name = "x.set_variables", .kind = WEIR_KIND_RECORDS,
		.cols = few, .n_cols = 1 };
	f = fake_open(&weir_plugin, "", fields);
	ok(!f->inst && strstr(f->log, "has no column name that is a STR"), "%s", f->log);
	fake_close(f);
	for (i = 0; i < 17; i++) {
		snprintf(names[i], sizeof(names[i]), "x%u.set_variables", i);
		fields[i] = (struct weir_field_def){ .name = names[i], .kind = WEIR_KIND_RECORDS,
			.cols = set_cols, .n_cols = N_COLS };
	}
	f = fake_open(&weir_plugin, "", fields);
	ok(!f->inst && strstr(f->log, "is one such field too many"), "%s", f->log);
	fake_close(f);
}

static void test_cut(void)
{
	struct fake *f = open_variables("max_value=64 max_items=2");
	char text[120] = "process a set string ";

	begin(f, WEIR_EV_exec, 100, 7);
	memset(text + strlen(text), 'x', 80);
	row(f, text, 0, 0);
	row(f, "process l set int[] 1,2,3", 0, 0);
	fake_process(f);
	is_int(fake_get(f, "variables.process").status, WEIR_TRUNCATED, "a value that does not fit is marked");
	is_int((int)fake_get(f, "variables.process").v.list->values[2].len, 64, "and cut");
	ok(strstr(shown(f, "variables.process"), "l:int[]=2|3|"), "a list keeps its last");
	is_int((int)fake_count(f, "cut"), 2, "counted");
	fake_close(f);
}

static void test_adopt(void)
{
	struct fake *a = open_variables(""), *b = open_variables("max_each=10");

	begin(a, WEIR_EV_exec, 100, 7);
	row(a, "process a set string x", 0, 0);
	fake_process(a);
	is_int(fake_adopt(b, a), 0, "adopted");
	begin(b, WEIR_EV_open, 110, 7);
	fake_process(b);
	is_str(shown(b, "variables.process"), "a:string=x", "goes on from there");
	is_int((int)fake_count(b, "variables"), 1, "counted");
	fake_close(a);
	fake_close(b);
}

int main(void)
{
	test_scopes();
	test_both_fields();
	test_processes();
	test_malformed();
	test_define();
	test_setters();
	test_cut();
	test_adopt();
	return done_testing();
}
