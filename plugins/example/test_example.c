/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the enricher `example`, through its callbacks. */
#include "fake.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

static const struct {
	const char *options;
	uint32_t uid;
	const char *exe;
	const char *note;	/* NULL: not marked */
} rows[] = {
	{ "uids=7,8 note=hello", 7, "/bin/true", "hello" },
	{ "uids=7,8 note=hello", 8, NULL, "hello" },
	{ "uids=7,8", 9, "/bin/true", NULL },
	{ "uids=0", 0, "/bin/true", "watched" },
	{ "", 0, "/tmp/x", "watched" },
	{ "", 0, "/tmp", NULL },
	{ "", 0, "/tmpx/y", NULL },
	{ "", UINT32_MAX, NULL, NULL },
	{ "paths=/opt/a,/opt/b", 0, "/opt/bc", "watched" },
	{ "paths=/opt/a,/opt/b", 0, "/tmp/x", NULL },
};

static void send(struct fake *f, uint32_t uid, const char *exe)
{
	fake_begin(f, WEIR_EV_exec);
	fake_u64(f, "process.uid", uid);
	if (exe)
		fake_str(f, "process.exe.path", exe);
	is_int(fake_process(f), WEIR_CONTINUE, "goes on");
}

static void test_rows(void)
{
	struct fake *f;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = fake_open(&weir_plugin, rows[i].options, NULL);
		send(f, rows[i].uid, rows[i].exe);
		is_str(fake_text(f, "example.note"), rows[i].note, "row %zu: note", i);
		is_int((int)fake_get(f, "example.watched").v.u, !!rows[i].note,
		       "row %zu: watched", i);
		is_int((int)fake_count(f, "marked"), !!rows[i].note, "row %zu: count", i);
		fake_close(f);
	}
}

static void test_limit(void)
{
	struct fake *f = fake_open(&weir_plugin, "uids=1 max_per_second=2", NULL);
	int i;

	for (i = 0; i < 5; i++)
		send(f, 1, NULL);
	ok(!fake_text(f, "example.note"), "over the limit: not marked");
	is_int((int)fake_count(f, "marked"), 2, "two marked");
	f->plugin->tick(f->inst, 1);
	send(f, 1, NULL);
	is_int((int)fake_count(f, "marked"), 3, "marked again after a tick");
	fake_close(f);
}

static void test_variable(void)
{
	static const char *const want[] = { "process", "tag", "set", "string", "seen" };
	struct fake *f = fake_open(&weir_plugin, "uids=1 note=seen variable=tag", NULL);
	const struct weir_value *row;
	struct weir_value v;
	size_t i;

	send(f, 1, NULL);
	v = fake_get(f, "example.set_variables");
	is_int(v.status, WEIR_PRESENT, "a variable is set");
	is_int((int)v.v.list->n, 1, "one");
	row = v.v.list->values;
	for (i = 0; i < 5; i++)
		ok(row[i].len == strlen(want[i]) && !memcmp(row[i].v.p, want[i], row[i].len),
		   "column %zu: %s", i, want[i]);
	is_int((int)row[6].v.u, 1, "inherited");
	send(f, 2, NULL);
	is_int(fake_get(f, "example.set_variables").status, WEIR_ABSENT, "not of who is not watched");
	fake_begin(f, WEIR_EV_exit);
	fake_u64(f, "process.uid", 1);
	fake_process(f);
	is_int(fake_get(f, "example.set_variables").status, WEIR_ABSENT, "at an exec only");
	fake_close(f);
	f = fake_open(&weir_plugin, "uids=1", NULL);
	send(f, 1, NULL);
	is_int(fake_get(f, "example.set_variables").status, WEIR_ABSENT, "nor without the option");
	fake_close(f);
}

static void test_refused(void)
{
	static const char *const bad[] = { "uids=x", "uids=1x", "uids=1,-" };
	struct fake *f;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = fake_open(&weir_plugin, bad[i], NULL);
		ok(!f->inst, "%s is refused", bad[i]);
		fake_close(f);
	}
}

static void test_two_instances(void)
{
	struct fake *a = fake_open(&weir_plugin, "uids=1 note=a", NULL);
	struct fake *b = fake_open(&weir_plugin, "uids=1 note=b", NULL);

	send(a, 1, NULL);
	send(b, 1, NULL);
	is_str(fake_text(a, "example.note"), "a", "first instance");
	is_str(fake_text(b, "example.note"), "b", "second instance");
	fake_close(a);
	fake_close(b);
}

int main(void)
{
	test_rows();
	test_limit();
	test_variable();
	test_refused();
	test_two_instances();
	return done_testing();
}
