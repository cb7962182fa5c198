/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_plugins -d FOLDER-OF-NULL-PLUGINS [-n EVENTS] [-r ROUNDS]
 * What the core's own part of a stage costs: the call of a plugin that does
 * nothing, and handing an event over to an async chain. Each is the difference
 * between chains that differ in nothing else, taken in turn within one run.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_chain.h"
#include "mkrec.h"
#include "util/macros.h"
#include "util/stat.h"

#define STAGES	16
#define TAIL	"{ plugin = \"nullser\"; }, { plugin = \"nullsink\"; } );\n"

struct variant {
	const char *what;
	char conf[4096];
	struct bench_chain *chain;
	double ns[64];
	unsigned n;
};

enum { PLAIN, MANY, ASYNC_ONE, ASYNC_TWO, VARIANTS };
static struct variant variants[VARIANTS] = {
	[PLAIN] = { .what = "no enricher" },
	[MANY] = { .what = "16 enrichers" },
	[ASYNC_ONE] = { .what = "one async chain" },
	[ASYNC_TWO] = { .what = "two async chains" },
};

static void confs_make(void)
{
	static const char async[] =
		"%s = { queue = 65536; stages = ( { plugin = \"nullenr\"; } ); }; ";
	char one[256], two[256];
	size_t n;
	int i;

	n = (size_t)snprintf(variants[MANY].conf, sizeof(variants[MANY].conf), "sync = ( ");
	for (i = 0; i < STAGES; i++)
		n += (size_t)snprintf(variants[MANY].conf + n,
				      sizeof(variants[MANY].conf) - n,
				      "{ plugin = \"nullenr\"; name = \"n%d\"; }, ", i);
	strcpy(variants[MANY].conf + n, TAIL);
	snprintf(variants[PLAIN].conf, sizeof(variants[PLAIN].conf), "sync = ( " TAIL);
	snprintf(one, sizeof(one), async, "one");
	snprintf(two, sizeof(two), async, "two");
	snprintf(variants[ASYNC_ONE].conf, sizeof(variants[ASYNC_ONE].conf),
		 "sync = ( " TAIL "async = { %s};\n", one);
	snprintf(variants[ASYNC_TWO].conf, sizeof(variants[ASYNC_TWO].conf),
		 "sync = ( " TAIL "async = { %s%s};\n", one, two);
}

/* Batches as of the ring; the queue never fills within one round. */
static double round_run(struct variant *v, const void *rec, size_t size, unsigned n)
{
	uint64_t t = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	unsigned i;

	for (i = 0; i < n; i++) {
		bench_chain_record(v->chain, rec, size);
		if (i % 64 == 63)
			bench_chain_flush(v->chain);
	}
	t = clock_ns(CLOCK_THREAD_CPUTIME_ID) - t;
	bench_chain_settle(v->chain);
	return (double)t / n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(struct variant *v)
{
	qsort(v->ns, v->n, sizeof(v->ns[0]), by_value);
	return v->ns[v->n / 2];
}

int main(int argc, char **argv)
{
	const char *dir = NULL;
	unsigned n = 50000, rounds = 15, i, r;
	static struct mkrec m;
	double ns[VARIANTS];
	size_t size;
	int o;

	while ((o = getopt(argc, argv, "d:n:r:")) != -1) {
		if (o == 'd')
			dir = optarg;
		else if (o == 'n')
			n = (unsigned)strtoul(optarg, NULL, 0);
		else if (o == 'r')
			rounds = MIN((unsigned)strtoul(optarg, NULL, 0), 64u);
		else
			return 2;
	}
	if (!dir || !n || !rounds) {
		fprintf(stderr, "usage: bench_plugins -d FOLDER [-n EVENTS] [-r ROUNDS]\n");
		return 2;
	}
	confs_make();
	for (i = 0; i < VARIANTS; i++)
		if (bench_chain_new_of(&variants[i].chain, dir, variants[i].conf))
			return 1;
	size = mkrec_exec(&m, 1);
	for (r = 0; r < rounds; r++)
		for (i = 0; i < VARIANTS; i++)
			variants[i].ns[variants[i].n++] =
				round_run(&variants[i], m.rec, size, n);
	for (i = 0; i < VARIANTS; i++) {
		ns[i] = median(&variants[i]);
		printf("%-20s %8.1f ns an event\n", variants[i].what, ns[i]);
	}
	printf("a stage of the sync chain: %.1f ns (a plugin that does nothing)\n",
	       (ns[MANY] - ns[PLAIN]) / STAGES);
	printf("the hand-over to an async chain: %.1f ns (%zu bytes), to a second one: %.1f ns\n",
	       ns[ASYNC_ONE] - ns[PLAIN], size, ns[ASYNC_TWO] - ns[ASYNC_ONE]);
	return 0;
}
