/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: test_bound [PROCESSES [CGROUPS]]
 * Very many short-lived processes in very many cgroups, as a replay feeds them:
 * memory stays below its bound. By default a tenth of 1,000,000 processes in 50,000
 * cgroups; prints how much memory there is before and after.
 */
#include "../example/fake.h"
#include "tap.h"

#include <unistd.h>

extern const struct weir_plugin weir_plugin;

#define MAX_MEMORY	(16u << 20)	/* the default of max_memory */
#define MAX_CGROUPS	16384u
#define SLACK		(8u << 20)	/* the folders of the tables, and what malloc keeps */

static uint64_t resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void tell(struct fake *f, uint16_t type, uint64_t cgroup, uint64_t now_ns)
{
	char path[160];

	snprintf(path, sizeof(path), "/kubepods.slice/kubepods-burstable.slice/"
		 "cri-containerd-%064llx.scope", (unsigned long long)cgroup);
	fake_begin(f, type);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "process.cgroup.id", 1);
	fake_u64(f, "cgroup.id", cgroup);
	fake_str(f, "cgroup.path", path);
	fake_process(f);
}

static void run(struct fake *f, uint16_t type, uint64_t cgroup, uint64_t now_ns)
{
	fake_begin(f, type);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "process.cgroup.id", cgroup);
	fake_process(f);
}

/* Every second cgroup is removed again, so both ways to be forgotten are gone. */
static unsigned feed(struct fake *f, uint64_t processes, uint64_t cgroups)
{
	const uint64_t each = processes / cgroups;
	uint64_t now_ns = 1000000000, cgroup, i;
	unsigned wrong = 0;

	for (cgroup = 2; cgroup < cgroups + 2; cgroup++) {
		tell(f, WEIR_EV_cgroup_mkdir, cgroup, now_ns);
		for (i = 0; i < each; i++) {
			run(f, WEIR_EV_exec, cgroup, now_ns += 1000000);
			wrong += fake_get(f, "container.id").status != WEIR_PRESENT;
			run(f, WEIR_EV_exit, cgroup, now_ns += 1000000);
		}
		if (cgroup % 2)
			tell(f, WEIR_EV_cgroup_rmdir, cgroup, now_ns);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	uint64_t processes = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
	uint64_t cgroups = argc > 2 ? strtoull(argv[2], NULL, 10) : 50000;
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	uint64_t before, after;
	unsigned wrong;

	if (!f->inst || !cgroups)
		fake_fail("cannot begin", f->log);
	before = resident();
	wrong = feed(f, processes, cgroups);
	after = resident();
	tap_diag("%llu processes in %llu cgroups: resident %llu KiB before, %llu KiB after; "
		 "%llu cgroups and %llu containers in %llu KiB remembered, %llu forgotten for room",
		 (unsigned long long)processes, (unsigned long long)cgroups,
		 (unsigned long long)before >> 10, (unsigned long long)after >> 10,
		 (unsigned long long)fake_count(f, "cgroups"),
		 (unsigned long long)fake_count(f, "containers"),
		 (unsigned long long)fake_count(f, "memory") >> 10,
		 (unsigned long long)fake_count(f, "evicted"));
	is_int((int)wrong, 0, "each process is told its container");
	ok(fake_count(f, "cgroups") <= MAX_CGROUPS, "cgroups are bounded");
	ok(fake_count(f, "memory") <= MAX_MEMORY, "what is remembered is bounded");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ok(after < before + MAX_MEMORY + SLACK, "so is the process");
#else
	tap_skip("so is the process", "the sanitizer keeps what was freed");
#endif
	fake_close(f);
	return done_testing();
}
