/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The matcher as rules.bpf.c has it, for tests of rules: no hook, and an event that user
 * space has written into memory. A socket program, as these run by BPF_PROG_TEST_RUN
 * without the privilege to trace. One event at a time.
 */
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "matchtest.bpf.h"

struct match {
	struct match_work *w;
};
#include "matchmap.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct matchtest_event g_event;
struct match_work g_work;

/* A number that the compiler knows no bounds of, so that those that are checked stay. */
#define BOUND(x) asm volatile("" : "+r"(x))

static __always_inline __u8 match_byte(const struct match *m, const struct match_value *v, __u32 i)
{
	__u64 at = v->at + i;

	BOUND(at);
	return at < MATCHTEST_TEXT ? g_event.text[at] : 0;
}

/* The compiler gives these to user space. */
static __always_inline int match_part(const struct match *m, const struct match_value *v,
				      const struct match_test *t)
{
	return MATCH_UNKNOWN;
}

/* Who runs this is in no cgroup of the event's: as on the host. */
static __always_inline int match_cgroup(const struct match *m, const struct match_value *v,
					const struct match_test *t)
{
	return v->number == t->value ? MATCH_TRUE : MATCH_UNKNOWN;
}

static __always_inline struct match_value *match_value(const struct match *m, __u32 field)
{
	BOUND(field);
	if (field >= MATCHTEST_FIELDS)
		return NULL;
	return &g_event.values[field];
}

#include "matchrun.bpf.h"

SEC("socket")
int matchtest_run(struct __sk_buff *skb)
{
	struct match m = { .w = &g_work };

	match_event(&m, &g_event.image, g_event.type);
	return 0;
}
