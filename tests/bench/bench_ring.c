/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_ring [-r MIB] [-n ROUNDS] [-b BATCH] [-p PROCESSES] [-d PLUGIN-DIR]
 *
 * What an event costs user space, stage by stage, in one run on one CPU. A
 * BPF program fills a real ring while nobody reads it; then one consumer
 * empties it, and only that is timed. The consumers take turns, so that a
 * busy machine troubles all of them alike; the median of the rounds counts.
 * Two cases: small batches, which the caches still hold, as when the consumer
 * keeps up; and a full ring, as after a burst, which comes from memory.
 * Needs root, but no privilege to trace.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench_chain.h"
#include "bench_ring.h"
#include "bench_ring.skel.h"
#include "mkrec.h"
#include "source/check.h"
#include "util/macros.h"

#define BENCH_ROUNDS_MAX	1000
#define BENCH_KNOWN		10000	/* processes known when memory is told */

struct bench_conf {
	unsigned ring_mib, rounds, batch, processes;
	const char *plugin_dir;
};

struct bench_stage {
	const char *name;
	ring_buffer_sample_fn fn;
	const char *conf;	/* of its chain; NULL: process, json and stdout */
	struct bench_chain *chain;
	struct ring_buffer *rb;
	double ns[BENCH_ROUNDS_MAX];	/* per event, by round */
};

/* Chains as etc/weir.conf has them. */
#define BENCH_SYNC(more) \
	"sync = ( { plugin = \"process\"; }, { plugin = \"identity\"; }," \
	" { plugin = \"container\"; }, { plugin = \"dns\"; }," \
	" { plugin = \"variables\"; }, " more "{ plugin = \"monitor\"; }," \
	" { plugin = \"scrub\"; }, { plugin = \"json\"; }, { plugin = \"stdout\"; } );\n"

static const char bench_all[] = BENCH_SYNC("");
static const char bench_learn[] =
	BENCH_SYNC("{ plugin = \"profile\"; }, { plugin = \"anomaly\"; }, ");

static FILE *out;	/* standard output is the chain's */
static uint64_t n_bad;
static volatile uint64_t sink;

static int on_empty(void *ctx, void *rec, size_t size)
{
	(void)ctx;
	(void)rec;
	(void)size;
	return 0;
}

/* The least that who looks at all of a record pays for memory. */
static int on_touch(void *ctx, void *rec, size_t size)
{
	const uint8_t *p = rec;
	uint64_t sum = 0;
	size_t i;

	(void)ctx;
	for (i = 0; i < size; i += 64)
		sum += p[i];
	sink += sum;
	return 0;
}

static int on_check(void *ctx, void *rec, size_t size)
{
	(void)ctx;
	n_bad += check_record(rec, size) != CHECK_OK;
	return 0;
}

static int on_chain(void *ctx, void *rec, size_t size)
{
	const struct bench_stage *s = ctx;

	n_bad += bench_chain_record(s->chain, rec, size) < 0;
	return 0;
}

static struct bench_stage stages[] = {
	{ .name = "empty", .fn = on_empty },
	{ .name = "touch", .fn = on_touch },
	{ .name = "check", .fn = on_check },
	{ .name = "chain", .fn = on_chain },
	{ .name = "all", .fn = on_chain, .conf = bench_all },
	{ .name = "learn", .fn = on_chain, .conf = bench_learn },
};
#define N_PLAIN	3u	/* without a chain */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static _Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "bench_ring: %s: %s\n", what, strerror(error));
	exit(1);
}

static long rss_kib(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%*s %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
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

static uint32_t here_ns(const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

/*
 * An exec of this machine: its namespaces, its root cgroup, three of its users, so
 * that who looks them up finds them, as on a machine where things happen.
 */
static uint32_t make_exec(struct mkrec *m, unsigned i)
{
	static const uint32_t uids[] = { 0, 1, 2 };
	static uint32_t mnt, user;
	static struct stat cgroup;
	struct weir_base *b = (void *)m->rec;
	uint32_t size = (uint32_t)mkrec_exec(m, i);

	if (!mnt) {
		mnt = here_ns("mnt");
		user = here_ns("user");
		if (stat("/sys/fs/cgroup/unified", &cgroup))
			stat("/sys/fs/cgroup", &cgroup);
	}
	b->ns_mnt = mnt;
	b->ns_user = user;
	b->cgroup = cgroup.st_ino;
	b->uid = b->euid = b->suid = b->loginuid = uids[i % ARRAY_LEN(uids)];
	b->gid = b->egid = b->sgid = b->uid;
	return size;
}

static size_t load_templates(struct bench_ring_bpf *skel)
{
	static struct bench_template t;
	static struct mkrec m;
	size_t sum = 0;
	uint32_t i;

	for (i = 0; i < BENCH_TEMPLATES_MAX; i++) {
		memset(&t, 0, sizeof(t));
		t.size = make_exec(&m, i);
		MUST(t.size <= sizeof(t.rec));
		MUST(mkrec_key(i) == BENCH_KEY(i));
		memcpy(t.rec, m.rec, t.size);
		sum += t.size;
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.m_templates), &i, &t, 0))
			die("template", errno);
	}
	return sum / BENCH_TEMPLATES_MAX;
}

static struct bench_ring_bpf *load(const struct bench_conf *conf)
{
	struct bench_ring_bpf *skel = bench_ring_bpf__open();

	if (!skel)
		die("cannot open the program", errno);
	skel->rodata->cfg_templates = BENCH_TEMPLATES_MAX;
	skel->rodata->cfg_processes = conf->processes;
	bpf_map__set_max_entries(skel->maps.m_ring, conf->ring_mib << 20);
	if (bench_ring_bpf__load(skel))
		die("cannot load the program (root?)", errno);
	return skel;
}

/* Fills the ring to about nine tenths. Returns the kernel's ns per record. */
static double fill(struct bench_ring_bpf *skel, unsigned n)
{
	char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = packet, .data_size_in = sizeof(packet), .repeat = (int)n);

	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.bench_emit), &opts))
		die("cannot run the program", errno);
	if (opts.retval != BENCH_MADE)
		die("the ring is full before its time", ENOSPC);
	return opts.duration;
}

static double drain(struct bench_stage *s, unsigned want)
{
	uint64_t began = now_ns();
	int n = ring_buffer__consume(s->rb);

	if (s->chain)
		n_bad += bench_chain_flush(s->chain) < 0;
	began = now_ns() - began;
	if (n != (int)want)
		die("records are missing", EPROTO);
	return (double)began / want;
}

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

static void report(const char *what, unsigned n_stages, unsigned rounds,
		   unsigned batch)
{
	double empty = 0, med;
	unsigned i;

	fprintf(out, "\n%s: %u rounds of %u events for each stage\n", what, rounds, batch);
	fprintf(out, "%-8s %12s %10s %10s %12s %8s\n", "stage", "events/s", "ns/event",
	       "least", "above empty", "ratio");
	for (i = 0; i < n_stages; i++) {
		med = median(stages[i].ns, rounds);
		empty = i ? empty : med;
		fprintf(out, "%-8s %12.0f %10.1f %10.1f %12.1f %8.2f\n", stages[i].name,
		       1e9 / med, med, stages[i].ns[0], med - empty, med / empty);
	}
}

static void run(struct bench_ring_bpf *skel, const char *what,
		unsigned n_stages, unsigned rounds, unsigned batch)
{
	static double made[BENCH_ROUNDS_MAX * ARRAY_LEN(stages)];
	unsigned n_made = 0, round, i;

	/* The first round warms up what there is to warm up. */
	for (i = 0; i < n_stages; i++) {
		fill(skel, batch);
		drain(&stages[i], batch);
	}
	for (round = 0; round < rounds; round++)
		for (i = 0; i < n_stages; i++) {
			made[n_made++] = fill(skel, batch);
			stages[i].ns[round] = drain(&stages[i], batch);
		}
	report(what, n_stages, rounds, batch);
	fprintf(out, "the kernel makes a record in %.0f ns\n", median(made, n_made));
}

static void run_all(struct bench_ring_bpf *skel, const struct bench_conf *conf)
{
	unsigned n_stages = stages[N_PLAIN].chain ? ARRAY_LEN(stages) : N_PLAIN, i, n_full;
	size_t rec_size = load_templates(skel);

	for (i = 0; i < n_stages; i++) {
		stages[i].rb = ring_buffer__new(bpf_map__fd(skel->maps.m_ring),
						stages[i].fn, &stages[i], NULL);
		if (!stages[i].rb)
			die("ring", errno);
	}
	n_full = (unsigned)(((size_t)conf->ring_mib << 20) * 9 / 10 / (rec_size + 8));
	fprintf(out, "records of %zu bytes, %u processes, ring of %u MiB\n", rec_size,
	       conf->processes, conf->ring_mib);
	run(skel, "keeping up", n_stages, MIN(conf->rounds * 20, BENCH_ROUNDS_MAX),
	    MIN(conf->batch, n_full));
	run(skel, "full ring", n_stages, conf->rounds, n_full);
	for (i = N_PLAIN; i < n_stages; i++)
		bench_chain_report(stages[i].chain, out);
	if (n_bad)
		fprintf(out, "%" PRIu64 " records were refused\n", n_bad);
	for (i = 0; i < n_stages; i++)
		ring_buffer__free(stages[i].rb);
}

static void chain_know(struct bench_chain *chain)
{
	static struct mkrec m;
	unsigned i;

	memset(&m, 1, sizeof(m));
	for (i = 0; i < BENCH_KNOWN; i++)
		n_bad += bench_chain_record(chain, m.rec, make_exec(&m, i)) < 0;
	n_bad += bench_chain_flush(chain) < 0;
}

static struct bench_chain *chain_start(const struct bench_stage *s, const struct bench_conf *conf)
{
	struct bench_chain *chain;
	int r = s->conf ? bench_chain_new_of(&chain, conf->plugin_dir, s->conf) :
			  bench_chain_new(&chain, conf->plugin_dir);

	if (r < 0)
		die(conf->plugin_dir, -r);
	return chain;
}

/* Before the ring is mapped, so that memory is the chain's alone. */
static void start_chains(const struct bench_conf *conf)
{
	struct bench_stage *s = &stages[N_PLAIN];
	uint64_t began, bytes;
	long before, started;

	before = rss_kib();
	began = now_ns();
	s->chain = chain_start(s, conf);
	began = now_ns() - began;
	started = rss_kib();
	bytes = bench_chain_bytes(s->chain);
	chain_know(s->chain);
	bytes = bench_chain_bytes(s->chain) - bytes;
	fprintf(out, "chain: started in %.2f ms with %ld KiB, %.0f bytes of JSON an event\n",
		(double)began / 1e6, started - before, (double)bytes / BENCH_KNOWN);
	fprintf(out, "%u processes known: %ld KiB more, resident %ld KiB in all\n",
		BENCH_KNOWN, rss_kib() - started, rss_kib());
	for (s++; s < stages + ARRAY_LEN(stages); s++) {
		s->chain = chain_start(s, conf);
		chain_know(s->chain);
	}
}

/* Where this process's text goes, before the events take its place. */
static void take_stdout(void)
{
	int fd = dup(STDOUT_FILENO);

	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out || !freopen("/dev/null", "w", stdout))
		die("standard output", errno);
}

static int usage(void)
{
	fprintf(stderr, "usage: bench_ring [-r MIB] [-n ROUNDS] [-b BATCH] [-p PROCESSES]"
		" [-d PLUGIN-DIR]\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct bench_conf conf = {
		.ring_mib = 16, .rounds = 30, .batch = 1000, .processes = 1000,
		.plugin_dir = getenv("WEIR_PLUGIN_PATH"),
	};
	struct bench_ring_bpf *skel;
	unsigned i;
	int opt;

	while ((opt = getopt(argc, argv, "r:n:b:p:d:")) != -1)
		switch (opt) {
		case 'r': conf.ring_mib = (unsigned)atoi(optarg); break;
		case 'n': conf.rounds = (unsigned)atoi(optarg); break;
		case 'b': conf.batch = (unsigned)atoi(optarg); break;
		case 'p': conf.processes = (unsigned)atoi(optarg); break;
		case 'd': conf.plugin_dir = optarg; break;
		default: return usage();
		}
	if (optind != argc || conf.ring_mib < 1 || conf.ring_mib > 1024 ||
	    conf.ring_mib & (conf.ring_mib - 1) || conf.rounds < 1 ||
	    conf.rounds > BENCH_ROUNDS_MAX || conf.batch < 1 || conf.processes < 1)
		return usage();
	pin();
	take_stdout();
	if (conf.plugin_dir)
		start_chains(&conf);
	else
		fprintf(out, "no plugins (-d): stages up to the check only\n");
	skel = load(&conf);
	run_all(skel, &conf);
	bench_ring_bpf__destroy(skel);
	for (i = 0; i < ARRAY_LEN(stages); i++)
		if (stages[i].chain)
			stages[i].chain = bench_chain_free(stages[i].chain);
	fclose(out);
	return n_bad ? 1 : 0;
}
