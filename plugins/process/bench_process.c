/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the enricher `process` takes for an event and how much memory for
 * a process. Not a test: prints, judges nothing.
 *
 *	bench_process [processes]
 */
#include <time.h>
#include <unistd.h>

#include "../example/fake.h"

#define ROUNDS	2000000u
#define N_PRE	2048u

extern const struct weir_plugin weir_plugin;

struct sample {
	uint16_t type;
	uint32_t size;
	uint8_t rec[1024] __attribute__((aligned(8)));
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static size_t rss(void)
{
	unsigned long size = 0, resident = 0;
	FILE *fp = fopen("/proc/self/statm", "r");

	if (!fp || fscanf(fp, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	if (fp)
		fclose(fp);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static uint64_t key_of(unsigned i)
{
	return (uint64_t)(1000 + i) << 22 | (i + 1);
}

/* Six levels: every process has five ancestors or so. */
static unsigned parent_of(unsigned i, unsigned n)
{
	unsigned fan = 1;

	while (fan * fan * fan * fan * fan < n)
		fan++;
	return (i - 1) / fan;
}

static void make(struct fake *f, uint16_t type, unsigned i, unsigned parent, uint64_t time_ns)
{
	char args[256], exe[64];
	int len;

	fake_begin(f, type);
	fake_u64(f, "time", time_ns);
	fake_u64(f, "process.key", key_of(i));
	fake_u64(f, "process.pid", i + 1);
	fake_u64(f, "process.start", (uint64_t)(1000 + i) << 16);
	fake_u64(f, "process.uid", 1000);
	if (i) {
		fake_u64(f, "process.parent.key", key_of(parent));
		fake_u64(f, "process.parent.pid", parent + 1);
	}
	len = snprintf(args, sizeof(args), "program%c--number=%u%c--config=/etc/some/program.d/%u.conf"
		       "%c--and-something-more=of-usual-length%c", 0, i, 0, i % 100, 0, 0);
	snprintf(exe, sizeof(exe), "/usr/lib/programs/program-%u", i % 50);
	fake_str(f, "process.name", "program");
	fake_str(f, "process.exe.path", exe);
	fake_u64(f, "process.exe.inode", 1000 + i % 50);
	fake_bytes(f, "process.args", args, (uint32_t)len, 0);
	fake_u64(f, "process.args_size", (uint32_t)len);
}

static void keep(const struct fake *f, struct sample *s)
{
	s->type = f->ev.type;
	s->size = f->ev.rec_size;
	memcpy(s->rec, f->rec, s->size);
}

static uint64_t ancestors_seen;

static double run(struct fake *f, const struct sample *s, unsigned n, unsigned rounds)
{
	uint64_t begin = now_ns();
	unsigned i;

	for (i = 0; i < rounds; i++) {
		f->ev.rec = s[i % n].rec;
		f->ev.rec_size = s[i % n].size;
		f->ev.type = s[i % n].type;
		f->ev.offs = f->offs[s[i % n].type];
		weir_plugin.process(f->inst, &f->ev);
	}
	begin = now_ns() - begin;
	ancestors_seen = fake_get(f, "process.ancestors").v.list->n;
	return (double)begin / rounds;
}

/* fork, exec, open and exit of new processes under all the others. */
static double run_lives(struct fake *f, struct sample *s, unsigned n, unsigned base)
{
	unsigned i, parent, k = 0;
	uint64_t t = 200000000000u;

	for (i = 0; i < N_PRE / 4; i++) {
		parent = (i * 7919u) % n;
		make(f, WEIR_EV_fork, parent, parent ? parent_of(parent, n) : 0, t++);
		fake_u64(f, "child.key", key_of(base + i));
		fake_u64(f, "child.pid", base + i + 1);
		fake_u64(f, "child.parent.key", key_of(parent));
		keep(f, &s[k++]);
		make(f, WEIR_EV_exec, base + i, parent, t++);
		keep(f, &s[k++]);
		make(f, WEIR_EV_open, base + i, parent, t++);
		keep(f, &s[k++]);
		make(f, WEIR_EV_exit, base + i, parent, t++);
		keep(f, &s[k++]);
	}
	return run(f, s, k, k);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 10000, i, k;
	struct sample *s = calloc(N_PRE, sizeof(*s));
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	uint64_t t = 100000000000u;
	size_t before;
	double ns = 0;

	if (!s || !f->inst || n < 2)
		return EXIT_FAILURE;
	for (i = 0; i < N_PRE; i++)
		memset(s[i].rec, 1, sizeof(s[i].rec));
	before = rss();
	for (i = 0; i < n; i++) {
		make(f, WEIR_EV_snapshot, i, i ? parent_of(i, n) : 0, t++);
		fake_process(f);
	}
	printf("%u processes: %zu KiB resident, %zu bytes each; counted %zu KiB\n", n,
	       (rss() - before) >> 10, (rss() - before) / n, (size_t)fake_count(f, "memory") >> 10);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < N_PRE; i++) {
			unsigned who = n - 1 - (i * 7919u) % (n / 2);

			make(f, k ? WEIR_EV_open : WEIR_EV_exec, who, parent_of(who, n), t++);
			keep(f, &s[i]);
		}
		run(f, s, N_PRE, N_PRE);
		ns = run(f, s, N_PRE, ROUNDS);
		printf("%s: %.0f ns/event, %llu ancestors\n", k ? "open" : "exec, same image", ns,
		       (unsigned long long)ancestors_seen);
	}
	for (ns = 0, i = 0; i < 20; i++)
		ns += run_lives(f, s, n, 1000000 + i * N_PRE);
	printf("fork, exec, open, exit of new processes: %.0f ns/event\n", ns / 20);
	for (i = 0; i < N_PRE; i++) {
		unsigned who = n - 1 - (i / 2 * 7919u) % (n / 2);

		make(f, WEIR_EV_exec, who, parent_of(who, n), t++);
		keep(f, &s[i]);
		s[i].rec[s[i].size - 3] = (uint8_t)('A' + i % 2);
	}
	run(f, s, N_PRE, N_PRE);
	ns = run(f, s, N_PRE, ROUNDS);
	printf("exec, new arguments: %.0f ns/event\n", ns);
	printf("lineages made: %llu\n", (unsigned long long)fake_count(f, "lineages"));
	free(s);
	fake_close(f);
	return EXIT_SUCCESS;
}
