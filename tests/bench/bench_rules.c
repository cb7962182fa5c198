/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_rules [-n ROUNDS] [-r REPEAT] [FOLDER-OF-RULES]
 *
 * What the rules cost an exec event in the kernel: the matcher by test runs, with sets of
 * rules of several sizes. They take turns, so that a busy machine troubles all of them
 * alike; the best of the rounds is compared. Needs root, but no privilege to trace.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_mkrules.h"
#include "ctl/matchtest.h"
#include "plugins/rules/rulefield.h"
#include "plugins/rules/ruleload.h"
#include "util/macros.h"

#include <weir/wire.h>

#define ROUNDS_MAX	1000u
#define LINE		155u	/* bytes of the command line */

struct set {
	const char *name;
	uint32_t n;		/* of made rules; 0: those of a folder */
	struct ruleset *image;
	struct matchtest *test;
	struct matchtest_cost cost;
	uint64_t compile_ns;
	double ns[ROUNDS_MAX];
};

static struct set sets[] = {
	{ .name = "1", .n = 1 },
	{ .name = "10", .n = 10 },
	{ .name = "100", .n = 100 },
	{ .name = "1000", .n = 1000 },
	{ .name = "4000", .n = 4000 },
	{ .name = "folder" },
};
#define BASE	2u	/* the set that others are compared with */

static struct match_value values[MATCH_SOURCES];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench_rules: %s\n", what);
	exit(1);
}

/* Stays where it is: the last CPU that it may use, mostly the quietest. */
static void pin(void)
{
	cpu_set_t may, one;
	int i, last = 0;

	if (sched_getaffinity(0, sizeof(may), &may) < 0)
		return;
	for (i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &may))
			last = i;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* ---- sets of rules -------------------------------------------------------------------*/

/* What the sensor gives to the kernel. */
static struct ruleset *kernel_half(struct sigma_set *rules, const struct rulemap *map)
{
	struct ruleset_conf conf = { .map = map };
	struct rulediags diags = { 0 };
	struct ruleset *all = ruleset_new(rules, &conf, &diags), *half;

	conf.like = all;
	conf.place = RULESET_KERNEL;
	half = all ? ruleset_new(rules, &conf, &diags) : NULL;
	ruleset_free(all);
	rulediag_fini(&diags);
	if (!half)
		die("out of memory");
	return half;
}

static void read_made(struct ruleload *load, uint32_t n)
{
	const struct sigma_conf conf = { 0 };
	char *yaml = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&yaml, &len);

	if (!to)
		die("out of memory");
	bench_mkrules(to, n);
	fclose(to);
	load->set = sigma_new(&conf);
	load->map = rulemap_new(NULL, NULL, 0, &load->diags);
	if (!load->set || !load->map || sigma_read(load->set, "made", yaml, len) ||
	    sigma_link(load->set))
		die("the made rules do not load");
	free(yaml);
}

static void set_make(struct set *s, const char *folder)
{
	struct ruleload *load = calloc(1, sizeof(*load));
	uint64_t began = now_ns();
	char why[4096];

	if (!load)
		die("out of memory");
	if (s->n)
		read_made(load, s->n);
	else if (ruleload_read(load, &folder, 1))
		die(load->why);
	/* They are read already; `load` stays, as the image points into it. */
	s->image = kernel_half(load->set, load->map);
	s->compile_ns = now_ns() - began;
	if (s->image->image.n_fields > MATCH_SOURCES)
		die("there are more fields in rules than the kernel looks at");
	s->test = matchtest_new(s->image, why, sizeof(why));
	if (!s->test)
		die(why);
	matchtest_cost(s->test, &s->cost);
}

/* ---- the event -----------------------------------------------------------------------*/

static char line[LINE + 1];

static const struct {
	const char *name, *text;
} texts[] = {
	{ "process.name", "python3" },
	{ "process.exe.path", "/usr/bin/python3.11" },
	{ "process.cwd", "/home/admin/work" },
	{ "process.tty", "pts/0" },
	{ "exec.previous.path", "/usr/bin/bash" },
};

/* Any other number is 1000, as for a user's process; others are absent. */
static struct match_value value_of(const char *name)
{
	const struct rulefield *f = rulefield_find(WEIR_EV_exec, name);
	struct match_value v = { 0 };
	size_t i;

	if (!strcmp(name, "process.args"))
		return (struct match_value){ .flags = MATCH_VALUE_TEXT | MATCH_VALUE_LIST, .len = LINE,
			.at = (uintptr_t)line };
	for (i = 0; i < ARRAY_LEN(texts); i++)
		if (!strcmp(texts[i].name, name))
			return (struct match_value){ .flags = MATCH_VALUE_TEXT,
				.len = (uint32_t)strlen(texts[i].text), .at = (uintptr_t)texts[i].text };
	if (f && f->kind != WEIR_KIND_STR && f->kind != WEIR_KIND_STRV && f->kind != WEIR_KIND_IP)
		v = (struct match_value){ .flags = MATCH_VALUE_NUMBER, .number = 1000 };
	return v;
}

static double run(struct set *s, uint32_t repeat)
{
	uint32_t i, ns;

	for (i = 0; i < s->image->image.n_fields; i++)
		values[i] = value_of(s->image->names[i].name);
	if (matchtest_time(s->test, WEIR_EV_exec, values, repeat, &ns))
		die("the kernel does not run the matcher");
	return ns;
}

/* ---- the report ----------------------------------------------------------------------*/

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void report(unsigned n_sets, unsigned rounds, uint32_t repeat)
{
	double base, ns;
	const struct match_work *w;
	struct set *s;
	unsigned i;

	median(sets[BASE].ns, rounds);		/* sorts them */
	base = sets[BASE].ns[0];
	printf("an exec with a command line of %u bytes, %u rounds of %u\n", LINE, rounds, repeat);
	printf("%-8s %8s %8s %6s %6s %9s %9s %7s %9s %10s %8s %8s\n", "rules", "programs", "cells",
	       "tried", "found", "ns/event", "least", "ratio", "insns", "compile ms", "load ms", "KiB");
	for (i = 0; i < n_sets; i++) {
		s = &sets[i];
		ns = median(s->ns, rounds);
		w = matchtest_work(s->test);
		printf("%-8s %8u %8u %6u %6u %9.0f %9.0f %7.2f %9u %10.1f %8.1f %8zu\n", s->name,
		       s->image->image.n_rules, s->image->n_cells, w->n_cands, w->n_found, ns, s->ns[0],
		       s->ns[0] / base, s->cost.n_insns, (double)s->compile_ns / 1e6,
		       (double)s->cost.load_ns / 1e6,
		       s->image->n_cells * sizeof(struct match_cell) / 1024);
	}
}

static int usage(void)
{
	fprintf(stderr, "usage: bench_rules [-n ROUNDS] [-r REPEAT] [FOLDER-OF-RULES]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *folder = getenv("WEIR_SIGMA_RULES");
	unsigned rounds = 30, n_sets, i, round;
	uint32_t repeat = 10000;
	int opt;

	while ((opt = getopt(argc, argv, "n:r:")) != -1)
		switch (opt) {
		case 'n': rounds = (unsigned)atoi(optarg); break;
		case 'r': repeat = (uint32_t)atoi(optarg); break;
		default: return usage();
		}
	if (optind + 1 < argc || rounds < 1 || rounds > ROUNDS_MAX || repeat < 1)
		return usage();
	if (optind < argc)
		folder = argv[optind];
	pin();
	bench_mkargs(line, LINE);
	n_sets = ARRAY_LEN(sets) - !folder;
	for (i = 0; i < n_sets; i++) {
		set_make(&sets[i], folder);
		run(&sets[i], repeat);
	}
	for (round = 0; round < rounds; round++)
		for (i = 0; i < n_sets; i++)
			sets[i].ns[round] = run(&sets[i], repeat);
	report(n_sets, rounds, repeat);
	return 0;
}
