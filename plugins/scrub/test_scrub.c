/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the enricher `scrub`, through its callbacks: fields, lists, records, options. */
#include "../example/fake.h"
#include "scrubfield.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

static const struct weir_column pair_cols[] = {
	{ "name", WEIR_KIND_STR, 0, NULL, "" }, { "type", WEIR_KIND_STR, 0, NULL, "" },
	{ "value", WEIR_KIND_STR, 0, NULL, "" }, { "n", WEIR_KIND_U64, 0, NULL, "" },
};

/* What stages before have added. */
static const struct weir_field_def before[] = {
	{ .name = "process.parent.args", .kind = WEIR_KIND_STRV },
	{ .name = "variables.process", .kind = WEIR_KIND_RECORDS, .cols = pair_cols, .n_cols = 4 },
	{ .name = "other.list", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_STR },
	{ .name = "other.text", .kind = WEIR_KIND_STR },
	{ .name = "other.path", .kind = WEIR_KIND_STR },
	{ .name = "other.numbers", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_U64 },
	{ .name = NULL }
};

static struct fake *open_scrub(const char *options)
{
	struct fake *f = fake_open(&weir_plugin, options, before);

	if (!f->inst)
		fake_fail("open", f->log);
	return f;
}

static void begin(struct fake *f)
{
	fake_begin(f, WEIR_EV_exec);
	fake_bytes(f, "process.args", "x\0--password\0abc", 17, 0);
}

static void set_list(struct fake *f, const char *name, struct weir_value *values, uint32_t n,
		     uint32_t n_cols, struct weir_list *list)
{
	uint16_t slot = fake_slot(f, name);

	*list = (struct weir_list){ n, n_cols, values };
	f->store.added[slot - f->n_wire] = (struct weir_value){ .kind = f->kinds[slot],
		.status = WEIR_PRESENT, .v.list = list };
}

static struct weir_value text_value(const char *text)
{
	return (struct weir_value){ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT,
		.len = (uint32_t)strlen(text), .v.p = text };
}

/* ---- fields -----------------------------------------------------------------------*/

static void test_record(void)
{
	struct fake *f = open_scrub("");

	begin(f);
	fake_str(f, "exec.filename", "https://u:geheim@h/");
	fake_bytes(f, "exec.env", "A=b\0DB_PASSWORD=x y", 20, 0);
	fake_str(f, "process.cwd", "/password=abc");
	is_int(fake_process(f), WEIR_CONTINUE, "goes on");
	is_str(fake_text(f, "process.args"), "x --password ***", "arguments");
	is_str(fake_text(f, "exec.filename"), "https://u:***@h/", "filename");
	is_str(fake_text(f, "exec.env"), "A=b DB_PASSWORD=***", "environment");
	is_str(fake_text(f, "process.cwd"), "/password=abc", "another field is left");
	ok(fake_get(f, "scrubbed").v.u, "the event says so");
	is_str(fake_text(f, "scrub.fields"), "process.args; exec.filename; exec.env", "and where");
	is_int((int)fake_count(f, "events"), 1, "counted: events");
	is_int((int)fake_count(f, "fields"), 3, "counted: fields");
	is_int((int)fake_count(f, "assigned"), 1, "counted: assigned");
	is_int((int)fake_count(f, "option"), 1, "counted: option");
	is_int((int)fake_count(f, "url"), 1, "counted: url");
	fake_begin(f, WEIR_EV_exec);
	fake_bytes(f, "process.args", "ls\0-l", 6, 0);
	fake_process(f);
	is_int(fake_get(f, "scrubbed").status, WEIR_ABSENT, "nothing to hide: not said");
	is_int(fake_get(f, "scrub.fields").status, WEIR_ABSENT, "nor where");
	fake_close(f);
}

static void test_marks(void)
{
	struct fake *f = open_scrub("");

	fake_begin(f, WEIR_EV_exec);
	fake_bytes(f, "process.args", "x\0https://u:geh", 15, WEIR_STR_TRUNCATED);
	fake_bytes(f, "exec.env", "TOKEN=abcd", 10, WEIR_STR_ERROR);
	fake_process(f);
	is_str(fake_text(f, "process.args"), "x https://u:**", "a text that was cut");
	is_int(fake_get(f, "process.args").status, WEIR_TRUNCATED, "is still marked so");
	is_int(fake_get(f, "exec.env").status, WEIR_ERROR, "one that was not read to its end too");
	is_int((int)fake_get(f, "exec.env").len, 9, "and has no secret");
	fake_begin(f, WEIR_EV_shell_command);
	fake_str(f, "shell.line", "PASSWORD=$P x --token=abc y");
	fake_process(f);
	is_str(fake_text(f, "shell.line"), "PASSWORD=$P x --token=*** y", "a line of a shell");
	fake_close(f);
}

static void test_added(void)
{
	struct weir_value pairs[12] = {
		text_value("api_key"), text_value("string"), text_value("0123456789abcdef0123"),
		{ .kind = WEIR_KIND_U64, .status = WEIR_PRESENT, .v.u = 7 },
		text_value("place"), text_value("string"), text_value("berlin"), { 0 },
		text_value("url"), text_value("string"), text_value("x://u:abc@h"), { 0 },
	};
	struct weir_value words[3] = { text_value("a"), text_value("--password=abc"), { 0 } };
	const struct weir_value *got;
	struct weir_list pair_list, word_list;
	struct fake *f = open_scrub("");

	fake_begin(f, WEIR_EV_exec);
	fake_bytes(f, "process.parent.args", "mysql\0-pabc", 12, 0);
	set_list(f, "variables.process", pairs, 3, 4, &pair_list);
	set_list(f, "other.list", words, 3, 1, &word_list);
	fake_str(f, "other.text", "password: abc");
	fake_str(f, "other.path", "password: abc");
	fake_process(f);
	is_str(fake_text(f, "process.parent.args"), "mysql -p***", "the parent's arguments");
	is_str(fake_text(f, "other.text"), "password: ***", "a text");
	is_str(fake_text(f, "other.path"), "password: abc", "not a path");
	is_str(fake_text(f, "other.list"), "a; --password=***; ", "a list");
	is_int((int)fake_get(f, "other.list").v.list->n, 3, "which is as long as it was");
	got = fake_get(f, "variables.process").v.list->values;
	ok(got[2].len == 7 && !memcmp(got[2].v.p, "***0123", 7), "a value by its name");
	ok(got[3].v.u == 7 && got[0].v.p == pairs[0].v.p, "beside it nothing has changed");
	ok(got[6].len == 6 && !memcmp(got[6].v.p, "berlin", 6), "another value");
	ok(got[10].len == 11 && !memcmp(got[10].v.p, "x://u:***@h", 11), "one by its looks");
	ok(!memcmp(pairs[2].v.p, "0123", 4) && pairs[2].len == 20, "the original is as it was");
	is_str(fake_text(f, "scrub.fields"),
	       "process.parent.args; variables.process; other.list; other.text", "where");
	fake_close(f);
}

static void test_full(void)
{
	struct fake *f = open_scrub("");

	begin(f);
	fake_str(f, "other.text", "password: abc");
	f->store.arena_used = sizeof(f->store.arena);
	is_int(fake_process(f), WEIR_CONTINUE, "without memory");
	is_int(fake_get(f, "other.text").status, WEIR_ERROR, "what another stage added is left out");
	is_int((int)fake_get(f, "other.text").len, 0, "as a whole");
	is_str(fake_text(f, "process.args"), "x --password ***", "what is in the record is hidden");
	is_int((int)fake_count(f, "no_room"), 1, "counted");
	fake_close(f);
}

static int mask_fails(void *ctx, struct weir_event *ev, struct weir_handle h,
		      const struct weir_value *v)
{
	(void)ctx, (void)ev, (void)h, (void)v;
	return -1;
}

static void test_failed(void)
{
	struct fake *f = open_scrub("");

	f->host.mask = mask_fails;
	begin(f);
	is_int(fake_process(f), WEIR_FAIL, "what cannot be hidden is a failure");
	is_int(fake_get(f, "scrubbed").status, WEIR_ERROR, "which the event shows");
	is_int((int)fake_count(f, "failed"), 1, "and is counted");
	fake_close(f);
}

/* ---- options ----------------------------------------------------------------------*/

static const struct {
	const char *options;
	const char *args;	/* what is left of them: x --password abc */
	const char *text;	/* of "wert: abc, pin: 12" */
} rows[] = {
	{ "", "x --password ***", "wert: abc, pin: **" },
	{ "fields=exec.env", "x --password abc", "wert: abc, pin: **" },
	{ "fields=process.*", "x --password ***", "wert: abc, pin: **" },
	{ "added=false", "x --password ***", "wert: abc, pin: 12" },
	{ "except=process.args", "x --password abc", "wert: abc, pin: **" },
	{ "except=other.*", "x --password ***", "wert: abc, pin: 12" },
	{ "except=*.text,*.args", "x --password abc", "wert: abc, pin: 12" },
	{ "words=wert", "x --password ***", "wert: ***" },
	{ "passwords=wert", "x --password abc", "wert: ***" },
	{ "passwords=pass", "x --password abc", "wert: abc, pin: 12" },
	{ "keys=password passwords=", "x --password ***", "wert: abc, pin: 12" },
	{ "hints=password passwords=", "x --password abc", "wert: abc, pin: 12" },
	{ "harmless=password,pin", "x --password abc", "wert: abc, pin: 12" },
	{ "lines=other.text words=wert", "x --password ***", "wert: ***, pin: **" },
};

static void test_options(void)
{
	struct fake *f;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = open_scrub(rows[i].options);
		begin(f);
		fake_str(f, "other.text", "wert: abc, pin: 12");
		fake_process(f);
		is_str(fake_text(f, "process.args"), rows[i].args, "%s: args", rows[i].options);
		is_str(fake_text(f, "other.text"), rows[i].text, "%s: text", rows[i].options);
		fake_close(f);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *options, *why;
	} bad[] = {
		{ "fields=process.arg", "fields: there is no field \"process.arg\" here" },
		{ "fields=nosuch.*", "fields: there is no field \"nosuch.*\" here" },
		{ "lines=x", "lines: there is no field \"x\" here" },
		{ "words=a*b", "words: \"a*b\" has more than" },
		{ "keys=x", "keys: \"x\" is one letter or none" },
	};
	struct fake *f;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = fake_open(&weir_plugin, bad[i].options, before);
		ok(!f->inst && strstr(f->log, bad[i].why), "%s: %s", bad[i].options, f->log);
		fake_close(f);
	}
}

static void test_matches(void)
{
	static const struct {
		const char *word, *name, *column;
		bool matches;
	} m[] = {
		{ "a.b", "a.b", NULL, true }, { "a.b", "a.bc", NULL, false },
		{ "a.*", "a.b", NULL, true }, { "a.*", "b.a", NULL, false },
		{ "*.b", "a.b", NULL, true }, { "*.b", "a.bc", NULL, false },
		{ "*", "a.b", NULL, true }, { "a.b.c", "a.b", "c", true },
		{ "a.b.c", "a.b", "d", false }, { "a.b", "a.b", "c", false },
		{ "*.path", "a.b", "exe.path", true }, { "*.path", "a.b", "path", true },
		{ "*.path", "a.b", "xpath", false }, { "", "a.b", NULL, false },
	};
	size_t i;

	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++)
		is_int(scrubfield_matches(m[i].word, m[i].name, m[i].column), m[i].matches,
		       "'%s' and %s %s", m[i].word, m[i].name, m[i].column ? m[i].column : "");
}

static const char *scrubbed_args(struct fake *f, const char *args, uint32_t len)
{
	fake_begin(f, WEIR_EV_exec);
	fake_bytes(f, "process.args", args, len, 0);
	fake_process(f);
	return fake_text(f, "process.args");
}

/* One slot: each text throws out the one before. */
static void test_remember(void)
{
	static const char *const options[] = { "remember=0", "remember=1", "" };
	static char same[300] = "token";
	struct fake *f;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		f = open_scrub(options[i]);
		is_str(scrubbed_args(f, "ls\0-l", 6), "ls -l", "%s: no secret", options[i]);
		is_str(scrubbed_args(f, "ls\0-l", 6), "ls -l", "%s: again", options[i]);
		is_str(scrubbed_args(f, "a\0token=xyz", 12), "a token=***", "%s: one", options[i]);
		is_str(scrubbed_args(f, "a\0tokem=xyz", 12), "a tokem=xyz", "%s: none", options[i]);
		is_str(scrubbed_args(f, "a\0token=xyz", 12), "a token=***", "%s: one again",
		       options[i]);
		is_str(scrubbed_args(f, "a\0tokem=xyz", 11), "a tokem=xy", "%s: shorter", options[i]);
		fake_begin(f, WEIR_EV_shell_command);
		fake_str(f, "shell.line", "a 'b;pw' tok");
		fake_process(f);
		is_str(fake_text(f, "shell.line"), "a 'b;pw' tok", "%s: a line", options[i]);
		memset(same + 5, 'x', sizeof(same) - 6);
		is_int((int)strlen(scrubbed_args(f, same, 300)), 299, "%s: long", options[i]);
		same[5] = '=';
		is_str(scrubbed_args(f, same, 300), "token=***", "%s: long, with one", options[i]);
		fake_close(f);
	}
}

int main(void)
{
	test_remember();
	test_record();
	test_marks();
	test_added();
	test_full();
	test_failed();
	test_options();
	test_refused();
	test_matches();
	return done_testing();
}
