/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all programs share: the maps, the settings, the scratch in which an
 * event is built, and the functions that fill and emit it.
 *
 * An event is built in a claimed slot of m_scratch, never in a per-CPU slot:
 * programs may be preempted by a task that runs the same hook on the same
 * CPU. A slot carries its owner's thread id. Operations with an outcome are
 * filled before they happen (op_begin) and emitted when they have happened
 * (op_end): between the two the slot waits, found again by thread and key.
 */
#pragma once

#include "kernel.bpf.h"
#include <weir/wire.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "compat.bpf.h"

#define SCRATCH_SLOTS	128u		/* a power of two */
#define SCRATCH_PROBES	16u
#define SCRATCH_WAITERS	12u		/* of the probes, those whose slot may wait */
#define PATH_BUF	(WEIR_PATH_MAX + 256)
#define LPM_DATA	252u

enum scratch_state { SCRATCH_BUSY, SCRATCH_WAITS };

struct lpm_key {
	__u32 prefixlen;
	__u8 data[LPM_DATA];
};

struct scratch {
	__u32 state;		/* enum scratch_state, written by the owner alone */
	__u32 slot;		/* own index; SCRATCH_SLOTS: in task storage */
	__u64 key;		/* what the waiting operation is about */
	__u32 tail;		/* bytes of rec in use */
	__u32 may_wait;
	/* argument and state of path_put */
	__u64 walk_dentry;
	__u64 walk_mnt;		/* struct vfsmount */
	__u32 walk_pos;
	__u32 walk_flags;	/* WEIR_FILE_* and WALK_* */
	/* argument and state of env_put */
	__u64 env_at;
	__u64 env_end;
	__u32 env_cut;		/* marks of a struct weir_str */
	__u32 excluded;		/* a filter matched the process */
	struct lpm_key lpm;
	__u8 path[PATH_BUF];
	__u8 rec[WEIR_REC_MAX + 8];
};
#define WALK_DONE	(1u << 30)
#define WALK_CUT	(1u << 31)

/* ---- settings, written before load ----------------------------------------*/
extern const volatile __u64 cfg_id_base;	/* ids are cfg_id_base + (seq << 2 | class) */
extern const volatile __u32 cfg_args_max;	/* bytes of argv in events other than exec */
extern const volatile __u32 cfg_have_loop;	/* bpf_loop exists (5.17) */
extern const volatile __u32 cfg_rename_flags;	/* path_rename has a fifth argument (5.19) */
extern const volatile __u32 cfg_env;		/* names of m_env are wanted */
extern const volatile __u32 cfg_filters;	/* FILTER_* in use */
extern const volatile __u64 cfg_rate_ns;	/* ns between bulk events of a cgroup; 0: no limit */
extern const volatile __u64 cfg_rate_burst_ns;
extern const volatile __u64 cfg_types;		/* enabled event types, a bit each */

#define FILTER_UID	1u
#define FILTER_CGROUP	2u
#define FILTER_COMM	4u
#define FILTER_EXE	8u
#define FILTER_PATH	16u

struct map_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);	/* set at load */
};
extern struct map_ring m_ring_critical SEC(".maps"), m_ring_bulk SEC(".maps");

struct map_scratch {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct scratch);
};
extern struct map_scratch m_scratch SEC(".maps");

/* Where a task builds its event when all its slots are taken. */
struct map_spill {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct scratch);
};
extern struct map_spill m_spill SEC(".maps");

/* Excluded thread-group ids; children inherit. */
struct map_excluded {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
};
extern struct map_excluded m_excluded SEC(".maps");

/* By type * WEIR_LOST_KERNEL_MAX + reason. */
struct map_lost {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_EV_KERNEL_MAX * WEIR_LOST_KERNEL_MAX);
	__type(key, __u32);
	__type(value, __u64);
};
extern struct map_lost m_lost SEC(".maps");

/* Types whose outcome is told by an attached program; set once they are. */
extern volatile __u64 g_outcomes;

/* Owner of each slot: a thread id, 0: free. */
extern __u32 g_owner[SCRATCH_SLOTS];

/* ---- functions of common.bpf.c ---------------------------------------------*/
/* Each answers 0 where nothing else is said; `s` is never NULL in earnest. */

/* Begins the record of the current task: base, exe, args, cwd. */
int base_fill_current(struct scratch *s, __u32 type, __u32 size);
/* The two halves of an exec: what was, before; the new image, afterwards. */
int base_begin_exec(struct scratch *s);
int base_fill_exec(struct scratch *s);
/* 1: a filter excludes the event just filled. */
int base_excluded(struct scratch *s);
/* Path of walk_dentry on walk_mnt into the tail: the bits of a struct weir_str. */
__u64 path_put(struct scratch *s);
/* Bytes from kernel memory into the tail, `max` <= 4096 of them. */
__u64 bytes_put(struct scratch *s, __u64 from, __u32 len);
/* A NUL-ended text from kernel memory into the tail. */
__u64 text_put(struct scratch *s, __u64 from);
/* The file's facts of walk_dentry into a FILE_FIELDS event's struct. */
int file_put(struct scratch *s);
/* Emits and releases. */
int op_emit(struct scratch *s, __u32 outcome, __u32 error);

/* clang must not fold a bound that the verifier has to see. */
#define BOUND(x) asm volatile("" : "+r"(x))

/*
 * A pointer that the verifier knows, as a number that it does not: what a
 * global function takes.
 */
static __always_inline __u64 launder(struct scratch *s, const void *p)
{
	*(volatile __u64 *)&s->walk_dentry = (__u64)p;
	return *(volatile __u64 *)&s->walk_dentry;
}

/*
 * Argument n of the hooked function as a number; 6.1 does not let a program
 * read a pointer to const void from its context.
 */
static __always_inline __u64 hook_arg(void *ctx, __u32 n)
{
	__u64 arg = 0;

	bpf_get_func_arg(ctx, n, &arg);
	return arg;
}

static __always_inline struct weir_str str_of(__u64 bits)
{
	struct weir_str str = { .off = (__u32)bits, .len = bits >> 32 };

	return str;
}

static __always_inline bool type_enabled(__u32 type)
{
	return cfg_types >> type & 1;
}

static __always_inline void lost_count(__u32 type, __u32 reason)
{
	__u32 idx = type * WEIR_LOST_KERNEL_MAX + reason;
	__u64 *n = bpf_map_lookup_elem(&m_lost, &idx);

	if (n)
		*n += 1;
}

static __always_inline bool task_excluded(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&m_excluded, &tgid) != NULL;
}

/* ---- scratch -----------------------------------------------------------------*/

static __always_inline struct scratch *scratch_claim(__u32 type)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct scratch *s;
	__u32 idx, i;

	for (i = 0; i < SCRATCH_PROBES; i++) {
		idx = (tid + i) & (SCRATCH_SLOTS - 1);
		if (g_owner[idx] ||
		    __sync_val_compare_and_swap(&g_owner[idx], 0, tid) != 0)
			continue;
		s = bpf_map_lookup_elem(&m_scratch, &idx);
		if (!s)
			return NULL;
		s->slot = idx;
		s->may_wait = i < SCRATCH_WAITERS;
		s->state = SCRATCH_BUSY;
		return s;
	}
	s = bpf_task_storage_get(&m_spill, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!s) {
		lost_count(type, WEIR_LOST_NO_SCRATCH);
		return NULL;
	}
	s->slot = SCRATCH_SLOTS;
	s->may_wait = 0;
	return s;
}

/* A full barrier: the slot's content is written before its next owner's. */
static __always_inline void scratch_release(struct scratch *s)
{
	__u32 idx = s->slot;

	if (idx < SCRATCH_SLOTS) {
		s->state = SCRATCH_BUSY;
		__sync_lock_test_and_set(&g_owner[idx], 0);
	} else {
		bpf_task_storage_delete(&m_spill, bpf_get_current_task_btf());
	}
}

/* The waiting operation of this type of thread tid; key 0: whatever its key. */
static __always_inline struct scratch *scratch_find(__u32 tid, __u32 type, __u64 key)
{
	struct weir_base *base;
	struct scratch *s;
	__u32 idx, i;

	for (i = 0; i < SCRATCH_PROBES; i++) {
		idx = (tid + i) & (SCRATCH_SLOTS - 1);
		if (g_owner[idx] != tid)
			continue;
		s = bpf_map_lookup_elem(&m_scratch, &idx);
		if (!s)
			return NULL;
		base = (void *)s->rec;
		if (s->state == SCRATCH_WAITS && base->type == type &&
		    (!key || s->key == key))
			return s;
	}
	return NULL;
}

/* ---- operations ---------------------------------------------------------------*/

/*
 * Begins an operation of the current task: NULL where nobody wants it. `type`
 * and `size` (of its struct) are constants.
 */
static __always_inline struct scratch *op_begin(__u32 type, __u32 size)
{
	struct scratch *s;

	if (!type_enabled(type) || task_excluded())
		return NULL;
	s = scratch_claim(type);
	if (!s)
		return NULL;
	base_fill_current(s, type, size);
	return s;
}

/* Filled: waits for op_end, or is emitted now if that cannot come. */
static __always_inline void op_park(struct scratch *s, __u32 type, __u64 key)
{
	struct weir_base *base = (void *)s->rec;

	if (base_excluded(s)) {
		scratch_release(s);
		return;
	}
	if (!s->may_wait || !(g_outcomes >> type & 1) ||
	    base->flags & WEIR_REC_KTHREAD) {
		op_emit(s, WEIR_OUTCOME_UNKNOWN, 0);
		return;
	}
	s->key = key;
	s->state = SCRATCH_WAITS;
}

/*
 * An operation of this type that still waits when the next one begins has
 * failed on a way that no hook shows.
 */
static __always_inline void op_flush(__u32 type, __u32 outcome)
{
	struct scratch *s = scratch_find((__u32)bpf_get_current_pid_tgid(), type, 0);

	if (s)
		op_emit(s, outcome, 0);
}

static __always_inline struct scratch *op_waiting(__u32 type, __u64 key)
{
	if (!type_enabled(type))
		return NULL;
	return scratch_find((__u32)bpf_get_current_pid_tgid(), type, key);
}

static __always_inline void op_done(struct scratch *s, int err)
{
	if (err)
		op_emit(s, WEIR_OUTCOME_FAILURE, (__u32)-err);
	else
		op_emit(s, WEIR_OUTCOME_SUCCESS, 0);
}

/* The return value of the function that a fexit program follows. */
static __always_inline int ret_errno(void *ctx)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	return compat_errno(ret);
}
