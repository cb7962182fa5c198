/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a cgroup does for the first time.
 *
 *   capability	lsm/capable
 *   syscall	tp_btf/sys_enter
 *
 * A bit for each thing, set before it is told, so that of two processes that do it at
 * once one tells it; and taken back where no record came about, so that the next use tells
 * it. What a filter or a rule leaves out is no record either: an excluded process must not
 * hide what another one of its cgroup does. The process that did not get through is left
 * alone for a while, since it may ask a million times a second.
 *
 * What was known by an earlier generation is not known any more: it is part of the key.
 *
 * Who begins a workload (a container's runtime, systemd's executor) is in the cgroup before
 * its program is, and would be the only one that is told of. So the first programs of a
 * cgroup begin with nothing known; a few of them, or a shell's loop would tell all the time.
 */
#include "weir.bpf.h"

#define FIRST_NUMBERS	512u		/* a class has; the last stands for all from there on */
#define FIRST_BITS	(4 * FIRST_NUMBERS)
#define FIRST_HUSH_NS	100000000ull
#define FIRST_PROGRAMS	4u		/* of a cgroup begin with nothing known */
#define CAP_OPT_NOAUDIT	2u

enum first_class { FIRST_NATIVE, FIRST_COMPAT, FIRST_X32, FIRST_CAPABILITY };

struct first_uses {
	__u64 bits[FIRST_BITS / 64];
	__u64 n_programs;	/* that have begun since, up to FIRST_PROGRAMS */
};

/* Made as large as it has to be where one of the types is observed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct first_uses);
} m_first SEC(".maps");

/* Until when a process is left alone, by thread-group id. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} m_hush SEC(".maps");

volatile __u32 g_first_generation;

/* ---- bits ----------------------------------------------------------------------*/

static __always_inline __u64 first_key(const struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id | (__u64)g_first_generation << FIRST_KEY_BITS;
}

static __always_inline __u32 first_bit(enum first_class class, __u64 number)
{
	return class * FIRST_NUMBERS +
	       (number < FIRST_NUMBERS ? (__u32)number : FIRST_NUMBERS - 1);
}

static __always_inline __u64 *first_word(__u64 key, __u32 bit)
{
	struct first_uses *u = bpf_map_lookup_elem(&m_first, &key);

	return u ? &u->bits[bit / 64 % (FIRST_BITS / 64)] : NULL;
}

static __always_inline bool first_is_known(__u64 key, __u32 bit)
{
	__u64 *word = first_word(key, bit);

	return word && *(volatile __u64 *)word >> bit % 64 & 1;
}

static __always_inline __u64 *first_word_made(__u64 key, __u32 bit)
{
	__u64 *word = first_word(key, bit);
	struct first_uses none;

	if (word)
		return word;
	__builtin_memset(&none, 0, sizeof(none));
	bpf_map_update_elem(&m_first, &key, &none, BPF_NOEXIST);
	return first_word(key, bit);
}

/* Sought anew: the kernel gives places that are needed to others. */
static __always_inline void first_unset(__u64 key, __u32 bit)
{
	__u64 *word = first_word(key, bit);

	if (word)
		__sync_fetch_and_and(word, ~(1ull << bit % 64));
}

/* ---- programs ------------------------------------------------------------------*/

/* Of programs that begin at once, no more than are to: hence the second look at the count. */
SEC("tp_btf/sched_process_exec")
int on_exec_forget(__u64 *ctx)
{
	__u64 key = first_key((void *)ctx[0]);
	struct first_uses *u = bpf_map_lookup_elem(&m_first, &key);

	if (!u || *(volatile __u64 *)&u->n_programs >= FIRST_PROGRAMS ||
	    __sync_fetch_and_add(&u->n_programs, 1) >= FIRST_PROGRAMS)
		return 0;
	__builtin_memset(u->bits, 0, sizeof(u->bits));
	return 0;
}

/* ---- processes that did not get through ----------------------------------------*/

static __always_inline bool hushed(__u32 tgid)
{
	__u64 *until = bpf_map_lookup_elem(&m_hush, &tgid);

	return until && *until > bpf_ktime_get_ns();
}

static __always_inline void hush(__u32 tgid)
{
	__u64 until = bpf_ktime_get_ns() + FIRST_HUSH_NS;

	bpf_map_update_elem(&m_hush, &tgid, &until, BPF_ANY);
}

/* ---- telling ---------------------------------------------------------------------*/

/* The record to fill; NULL: another has told it, or nobody can now. */
static __always_inline struct scratch *first_begin(const struct task_struct *task, __u64 key,
						   __u32 bit, __u32 type, __u32 size)
{
	struct scratch *s;
	__u64 *word;

	if (!type_enabled(type) || hushed(task->tgid))
		return NULL;
	word = first_word_made(key, bit);
	if (!word) {
		seq_take(type);
		lost_count(type, WEIR_LOST_NO_SCRATCH);
		hush(task->tgid);
		return NULL;
	}
	if (__sync_fetch_and_or(word, 1ull << bit % 64) >> bit % 64 & 1)
		return NULL;
	s = op_begin_as(type, size, false);
	if (!s) {
		first_unset(key, bit);
		hush(task->tgid);
	}
	return s;
}

static __always_inline void first_end(struct scratch *s, const struct task_struct *task,
				      __u64 key, __u32 bit, __u32 outcome)
{
	int judged = s->excluded ? 0 : op_judge(s, 0);

	if (!op_is_excluded(s, judged) && !op_emit(s, outcome, 0))
		return;
	first_unset(key, bit);
	hush(task->tgid);
}

/* ---- system calls ------------------------------------------------------------------*/

static __always_inline void syscall_tell(const struct task_struct *task, __u64 key, __u32 bit,
					 enum first_class class, __u32 number)
{
	struct weir_syscall *e;
	struct scratch *s = first_begin(task, key, bit, WEIR_EV_syscall, sizeof(*e));

	if (!s)
		return;
	e = (void *)s->rec;
	e->syscall_number = number;
	e->syscall_abi = WEIR_SYSCALL_ABI_NATIVE + class;
	e->syscall_code = number | (class == FIRST_COMPAT ? WEIR_SYSCALL_COMPAT :
				    class == FIRST_X32 ? WEIR_SYSCALL_X32 : 0);
	first_end(s, task, key, bit, WEIR_OUTCOME_UNKNOWN);
}

/* Each system call of each process comes by here: what is known has to be so at once. */
SEC("tp_btf/sys_enter")
int on_sys_enter(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 key = first_key(task), number = ctx[1];
	enum first_class class = FIRST_NATIVE;
	__u32 bit;

	if (compat_syscall_is_32(task, (void *)ctx[0]))
		class = FIRST_COMPAT;
	else if (compat_x32() && number & WEIR_SYSCALL_X32)
		class = FIRST_X32;
	number &= WEIR_SYSCALL_X32 - 1;
	bit = first_bit(class, number);
	if (!first_is_known(key, bit))
		syscall_tell(task, key, bit, class, number);
	return 0;
}

/* ---- capabilities ------------------------------------------------------------------*/

/* With what was granted to somebody else, who mounted or opened something, it is not used. */
static __always_inline bool capability_is_own(const struct task_struct *task,
					      const struct cred *cred)
{
	return cred == task->real_cred && !(task->flags & PF_KTHREAD);
}

static __always_inline void capability_tell(const struct task_struct *task, __u64 key, __u32 bit,
					    __u32 number, bool initial)
{
	struct weir_capability *e;
	struct scratch *s = first_begin(task, key, bit, WEIR_EV_capability, sizeof(*e));

	if (!s)
		return;
	e = (void *)s->rec;
	e->capability = number;
	e->capability_ns = initial ? WEIR_CAPABILITY_INITIAL : WEIR_CAPABILITY_OTHER;
	first_end(s, task, key, bit,
		  cfg_lsm || cfg_lsm_fexit ? WEIR_OUTCOME_SUCCESS : WEIR_OUTCOME_UNKNOWN);
}

/* The module `capability` has granted it: it is always the first that is asked. */
SEC("lsm/capable")
int on_capable(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct user_namespace *ns = (void *)ctx[1];
	__u32 number = ctx[2] & 63, bit;
	bool initial = !ns->level;
	__u64 key;

	if (ctx[3] & CAP_OPT_NOAUDIT || !capability_is_own(task, (void *)ctx[0]) ||
	    (cfg_lsm_fexit && ret_errno(ctx)))
		return 0;
	key = first_key(task);
	bit = first_bit(FIRST_CAPABILITY, number + (initial ? 0 : 64));
	if (!first_is_known(key, bit))
		capability_tell(task, key, bit, number, initial);
	return 0;
}
