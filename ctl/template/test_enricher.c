/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of `@NAME@` on the core in one header; the output is TAP. */
#include <weir/fake.h>

extern const struct weir_plugin weir_plugin;

static int n_run, n_failed;

static void check(int good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++n_run, what);
	n_failed += !good;
}

static void run(struct fake *f, const char *exe)
{
	fake_begin(f, WEIR_EV_exec);
	if (exe)
		fake_str(f, "process.exe.path", exe);
	check(fake_process(f) == WEIR_CONTINUE, "the event goes on");
}

static void test_marks(void)
{
	struct fake *f = fake_open(&weir_plugin, "prefix=/opt/", NULL);

	run(f, "/opt/tool");
	check(fake_get(f, "@NAME@.marked").v.u == 1, "below the folder: marked");
	check(fake_get(f, "@NAME@.number").v.u == 1, "the first one");
	run(f, "/opt/tool");
	check(fake_get(f, "@NAME@.number").v.u == 2, "the second one");
	run(f, "/usr/bin/true");
	check(fake_get(f, "@NAME@.marked").status == WEIR_ABSENT, "elsewhere: not marked");
	run(f, NULL);
	check(fake_get(f, "@NAME@.marked").status == WEIR_ABSENT, "no path: not marked");
	check(fake_count(f, "marked") == 2, "two are counted");
	fake_close(f);
}

static void test_adopt(void)
{
	struct fake *old = fake_open(&weir_plugin, "prefix=/opt/", NULL), *f;

	run(old, "/opt/tool");
	f = fake_open(&weir_plugin, "prefix=/", NULL);
	check(weir_plugin.adopt(f->inst, old->inst) == 0, "state is taken over");
	fake_close(old);
	run(f, "/usr/bin/true");
	check(fake_get(f, "@NAME@.number").v.u == 2, "the count goes on");
	fake_close(f);
}

int main(void)
{
	test_marks();
	test_adopt();
	printf("1..%d\n", n_run);
	return n_failed != 0;
}
