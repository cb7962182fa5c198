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

static int run(struct fake *f, const char *exe)
{
	fake_begin(f, WEIR_EV_exec);
	if (exe)
		fake_str(f, "process.exe.path", exe);
	return fake_process(f);
}

static void test_answers(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	struct fake_event *e;

	check(run(f, "/proc/self/exe") == WEIR_LATER, "is answered later");
	e = fake_later(f, 0);
	check(e->verdict == WEIR_CONTINUE, "and goes on");
	check(fake_get_in(e, "@NAME@.size").v.u > 0, "with the size");
	check(run(f, "/no/such/file") == WEIR_LATER, "a file that is not there: later");
	e = fake_later(f, 1);
	check(fake_get_in(e, "@NAME@.size").status == WEIR_ERROR, "an error");
	check(run(f, NULL) == WEIR_CONTINUE, "no path: at once");
	check(fake_count(f, "asked") == 2, "two were asked for");
	fake_close(f);
}

static void test_refused(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);

	f->max_later = 0;
	check(run(f, "/proc/self/exe") == WEIR_CONTINUE, "no copy: decided at once");
	check(fake_get(f, "@NAME@.size").status == WEIR_SKIPPED, "skipped");
	check(fake_count(f, "skipped") == 1, "and counted");
	fake_close(f);
}

int main(void)
{
	test_answers();
	test_refused();
	printf("1..%d\n", n_run);
	return n_failed != 0;
}
