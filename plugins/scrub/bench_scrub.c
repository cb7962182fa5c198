/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the enricher `scrub` takes for an event with a command line of 155
 * bytes. Not a test: prints, judges nothing.
 *
 *	bench_scrub [rounds]
 */
#include <time.h>

#include "../example/fake.h"

#define ROUND	5000u

extern const struct weir_plugin weir_plugin;

#define ARGS(text)	text, sizeof(text) - 1

static const struct {
	const char *what;
	const char *args;
	uint32_t len;
} rows[] = {
	{ "no secret, compiler", ARGS("/usr/bin/cc\0-std=gnu11\0-O2\0-Wall\0-I/usr/include/program\0"
		"-DVERSION=\"1.2.3\"\0-fPIC\0-c\0/home/user/src/program/file-name.c\0-o\0"
		"build/program/file-name.o\0-MMD\0-M") },
	{ "no secret, options", ARGS("/usr/lib/programs/daemon\0--number=17\0--config=/etc/some/"
		"program.d/17.conf\0--listen\0" "127.0.0.1:8080\0--verbose\0--workers\0" "4\0"
		"--log-file=/var/log/daemon.log\0--user") },
	{ "one secret", ARGS("/usr/lib/programs/daemon\0--number=17\0--config=/etc/some/"
		"program.d/17.conf\0--listen\0" "127.0.0.1:8080\0--password=hunter2hunter2\0"
		"--log-file=/var/log/daemon.log") },
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The fake masks in the record itself, so that each event is made anew. */
static uint64_t run(struct fake *f, const char *args, uint32_t len, bool process)
{
	uint64_t begin = now_ns();
	unsigned i;

	for (i = 0; i < ROUND; i++) {
		fake_begin(f, WEIR_EV_exec);
		if (args)
			fake_bytes(f, "process.args", args, len, 0);
		if (process)
			fake_process(f);
	}
	return now_ns() - begin;
}

/* The least of many rounds: what others do on the machine is not of interest. */
static double cost(struct fake *f, const char *args, uint32_t len, unsigned rounds)
{
	uint64_t with = UINT64_MAX, without = UINT64_MAX, t;

	while (rounds--) {
		t = run(f, args, len, false);
		without = t < without ? t : without;
		t = run(f, args, len, true);
		with = t < with ? t : with;
	}
	return (double)(with - without) / ROUND;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 200, i;
	struct fake *f = fake_open(&weir_plugin, "", NULL);

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("%-22s %3u bytes  %4.0f ns\n", rows[i].what, rows[i].len,
		       cost(f, rows[i].args, rows[i].len, rounds));
	printf("%-22s %3u bytes  %4.0f ns\n", "no arguments", 0u, cost(f, NULL, 0, rounds));
	fake_close(f);
	return 0;
}
