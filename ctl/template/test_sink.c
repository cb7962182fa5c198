/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of `@NAME@` on the core in one header; the output is TAP. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/fake.h>

extern const struct weir_plugin weir_plugin;

static int n_run, n_failed;
static char folder[] = "/tmp/test_@NAME@.XXXXXX", path[64], options[96];

static void check(int good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++n_run, what);
	n_failed += !good;
}

static int write_to(struct fake *f, const struct weir_item *items, uint32_t n,
		    struct weir_write *w)
{
	struct weir_batch batch = { .size = sizeof(batch), .n = n, .items = items };

	memset(w, 0, sizeof(*w));
	w->size = sizeof(*w);
	return f->plugin->write(f->inst, &batch, w);
}

static const struct weir_item two[] = {
	{ (const uint8_t *)"one\n", 4, WEIR_EV_exec, 0, 0 },
	{ (const uint8_t *)"two\n", 4, WEIR_EV_exec, 0, 0 },
};

static void test_file(void)
{
	struct fake *f = fake_open(&weir_plugin, options, NULL);
	struct weir_write w;
	char got[16] = "";
	int fd;

	check(write_to(f, two, 2, &w) == WEIR_WRITE_OK && w.done == 2, "a file takes all");
	fake_close(f);
	fd = open(path, O_RDONLY);
	check(read(fd, got, sizeof(got) - 1) == 8 && !strcmp(got, "one\ntwo\n"), "in order");
	close(fd);
	unlink(path);
}

/* A pipe that is full, read from, and then left. */
static void test_pipe(void)
{
	static char large[1 << 20];
	struct weir_item item = { (const uint8_t *)large, sizeof(large), WEIR_EV_exec, 0, 0 };
	struct weir_write w;
	size_t total = 0;
	struct fake *f;
	int fd, r;

	if (mkfifo(path, 0600))
		fake_fail("no named pipe", path);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	f = fake_open(&weir_plugin, options, NULL);
	do {
		r = write_to(f, &item, 1, &w);
		if (r == WEIR_WRITE_AGAIN)
			total += (size_t)read(fd, large, sizeof(large));
	} while (r == WEIR_WRITE_AGAIN);
	check(r == WEIR_WRITE_OK && w.done == 1 && total > 0, "a slow reader is waited for");
	close(fd);
	check(write_to(f, two, 2, &w) == WEIR_WRITE_CLOSED, "a reader that left is gone");
	fake_close(f);
	unlink(path);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(folder))
		fake_fail("no folder", folder);
	snprintf(path, sizeof(path), "%s/out", folder);
	snprintf(options, sizeof(options), "path=%s", path);
	test_file();
	test_pipe();
	rmdir(folder);
	printf("1..%d\n", n_run);
	return n_failed != 0;
}
