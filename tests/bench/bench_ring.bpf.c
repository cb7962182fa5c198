/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fills a real ring with exec records at full speed. A socket program, as
 * these run by BPF_PROG_TEST_RUN without the privilege to trace. Each run
 * copies one template, made by user space, with the numbers of a process of
 * its own.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include <weir/wire.h>

#include "bench_ring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 cfg_templates = 1;
const volatile __u32 cfg_processes = 1;

__u64 made;		/* records in the ring since the start */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BENCH_TEMPLATES_MAX);
	__type(key, __u32);
	__type(value, struct bench_template);
} m_templates SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);	/* user space sets it */
} m_ring SEC(".maps");

SEC("socket")
int bench_emit(struct __sk_buff *skb)
{
	__u64 n = made;
	/* Neighbours in time are no neighbours in the table of processes. */
	__u32 i = (__u32)(n * 7919 % cfg_processes);
	__u32 which = i % cfg_templates;
	struct bench_template *t;
	struct weir_base *base;

	t = bpf_map_lookup_elem(&m_templates, &which);
	if (!t || t->size > sizeof(t->rec))
		return BENCH_BROKEN;
	base = (struct weir_base *)t->rec;
	base->id = n + 1;
	base->seq = n;
	base->time = 100000000000ULL + n * 50000;
	base->pid = base->tid = base->ns_pid = BENCH_PID(i);
	base->key = BENCH_KEY(i);
	base->start = BENCH_START(i);
	base->ppid = BENCH_PID(i / 8);
	base->parent_key = BENCH_KEY(i / 8);
	if (bpf_ringbuf_output(&m_ring, t->rec, t->size, BPF_RB_NO_WAKEUP))
		return BENCH_FULL;
	made = n + 1;
	return BENCH_MADE;
}
