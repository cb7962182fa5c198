/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs and the source that loads them both have to know. */
#pragma once

#ifdef __bpf__
#include "kernel.bpf.h"
#else
#include <linux/types.h>
#endif
#include <weir/wire.h>

/* Bits of cfg_filters. */
#define FILTER_UID	1u
#define FILTER_CGROUP	2u
#define FILTER_COMM	4u
#define FILTER_EXE	8u
#define FILTER_PATH	16u
#define FILTER_PROTECT	32u	/* is none: who is protected is to be found out */

/* Work areas of the matcher at most; a power of two. */
#define RULES_SLOTS	256u

/* g_seq has a line of cache for each class. */
#define SEQ_STEP	16u

/* Of a key of m_first, a cgroup's id, which counts up from 1; the generation is above them. */
#define FIRST_KEY_BITS	48

#define LPM_DATA	252u

struct lpm_key {
	__u32 prefixlen;	/* bits */
	__u8 data[LPM_DATA];
};

enum slot_state { SLOT_BUSY, SLOT_WAITS };

/* What a slot of m_scratch begins with. */
struct slot {
	__u32 state;		/* enum slot_state, written by the owner alone */
	__u32 index;		/* own; SCRATCH_SLOTS: in task storage */
	__u64 key;		/* what the waiting operation is about */
	__u32 tail;		/* bytes of rec in use */
	__u32 may_wait;
	/* These three as struct exec_before. */
	__u64 exec_bprm;
	__u64 exec_tail;
	__u8 rec[WEIR_REC_MAX + 8];
};

/* The class of a kernel event type, from the table. */
#define MASK_critical	1ull
#define MASK_bulk	0ull
#define MASK_user	0ull
static const __u64 critical_types = 0
#define EVENT(id, name, class, actor, doc) | (MASK_##class << ((id) & 63))
#include <weir/events.def>
;
#undef MASK_critical
#undef MASK_bulk
#undef MASK_user

static inline __u32 type_class(__u32 type)
{
	return critical_types >> (type & 63) & 1 ? WEIR_CLASS_CRITICAL : WEIR_CLASS_BULK;
}
