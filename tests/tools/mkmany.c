/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: mkmany FILE PROCESSES CGROUPS
 * Makes a capture of so many short-lived processes in so many cgroups of containers,
 * one after the other: each cgroup is made, its processes are forked, run a program
 * and exit; every second cgroup is removed again. Events are 0.1 ms apart; - is
 * standard output.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mkrec.h"
#include "source/capture.h"

static struct mkrec m;
static struct capture_writer *out;
static uint64_t n_events, seq[WEIR_CLASS_MAX];

/* Every process is a child of the first one. */
static void *begin(unsigned type, unsigned process, uint64_t cgroup)
{
	struct weir_base *b = mkrec_init(&m, type);

	mkrec_process(&m, process);
	b->parent_key = mkrec_key(0);
	b->ppid = mkrec_pid(0);
	b->cgroup = cgroup;
	return b;
}

static void end(void)
{
	struct weir_base *b = (void *)m.rec;
	size_t size = mkrec_end(&m);

	b->seq = seq[b->rclass]++;
	b->id = 0x1700000000000000u + (n_events << 2 | b->rclass);
	b->time = 100000000000u + n_events++ * 100000u;
	capture_write_record(out, m.rec, size);
}

/* As containerd names those of Kubernetes. */
static void cgroup_path(struct weir_str *to, uint64_t cgroup)
{
	char path[160];

	snprintf(path, sizeof(path), "/kubepods.slice/kubepods-burstable.slice/"
		 "cri-containerd-%064llx.scope", (unsigned long long)cgroup);
	mkrec_str(&m, to, path);
}

static void make_cgroup(uint64_t cgroup)
{
	struct weir_cgroup_mkdir *e = begin(WEIR_EV_cgroup_mkdir, 0, 1);

	e->cgroup_id = cgroup;
	e->cgroup_parent = 1;
	cgroup_path(&e->cgroup_path, cgroup);
	end();
}

static void remove_cgroup(uint64_t cgroup)
{
	struct weir_cgroup_rmdir *e = begin(WEIR_EV_cgroup_rmdir, 0, 1);

	e->cgroup_id = cgroup;
	cgroup_path(&e->cgroup_path, cgroup);
	end();
}

static void live(unsigned process, uint64_t cgroup)
{
	struct weir_fork *f = begin(WEIR_EV_fork, 0, cgroup);
	struct weir_exec *e;

	f->child_key = mkrec_key(process);
	f->child_parent_key = mkrec_key(0);
	f->child_pid = mkrec_pid(process);
	end();
	e = begin(WEIR_EV_exec, process, cgroup);
	mkrec_bytes(&m, &e->filename, m.rec + e->base.exe_path.off, e->base.exe_path.len);
	end();
	begin(WEIR_EV_exit, process, cgroup);
	end();
}

int main(int argc, char **argv)
{
	static const struct capture_info info = {
		.host = { "0123456789abcdef0123456789abcdef", "mkmany",
			  "00000000-0000-4000-8000-000000000000" },
		.kernel = "6.1", .wall_ns = 1700000000000000000,
	};
	unsigned processes, cgroups, i, process = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: mkmany FILE PROCESSES CGROUPS\n");
		return 2;
	}
	processes = (unsigned)strtoul(argv[2], NULL, 0);
	cgroups = (unsigned)strtoul(argv[3], NULL, 0);
	if (capture_writer_new(&out, argv[1], &info))
		return 1;
	for (i = 0; i < cgroups; i++) {
		make_cgroup(1000 + i);
		while (process < (unsigned)((uint64_t)processes * (i + 1) / cgroups))
			live(++process, 1000 + i);
		if (i % 2)
			remove_cgroup(1000 + i);
	}
	return capture_writer_close(out) ? 1 : 0;
}
