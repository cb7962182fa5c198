/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of an instance of a workload, by its cgroup. A cache: what is not in it any
 * more is found out anew, and the instance then looks younger than it is.
 */
#pragma once

#include <stdint.h>

#define PBIND_SETS	1024u
#define PBIND_WAYS	4u

struct pbind {
	uint64_t cgroup;	/* 0: not in use */
	uint64_t tree;		/* to which `version` belongs, while so many were dropped: */
	uint32_t n_dropped;
	uint32_t start_s;	/* of its first process that is known */
	uint32_t used_s;
	uint8_t version;
};

struct pbinds {
	struct pbind binds[PBIND_SETS][PBIND_WAYS];
};

/* The one used longest ago makes room for a new one, which began at start_s. */
static inline struct pbind *pbind_get(struct pbinds *x, uint64_t cgroup, uint32_t start_s,
				      uint32_t now_s)
{
	struct pbind *set = x->binds[(cgroup * 0x9e3779b97f4a7c15u >> 32) % PBIND_SETS], *b = set;
	unsigned i;

	for (i = 0; i < PBIND_WAYS && set[i].cgroup != cgroup; i++)
		if (set[i].used_s < b->used_s)
			b = &set[i];
	if (i < PBIND_WAYS)
		b = &set[i];
	else
		*b = (struct pbind){ .cgroup = cgroup, .start_s = start_s };
	if (start_s < b->start_s)
		b->start_s = start_s;
	b->used_s = now_s;
	return b;
}
