/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process does to another: signals, and access to its memory.
 *
 *   signal	lsm/task_kill		fexit/check_kill_permission
 *   ptrace	lsm/ptrace_access_check	fexit/__ptrace_may_access
 *		lsm/ptrace_traceme	(the other modules have agreed)
 *
 * The function around the hook asks for the ids and capabilities first. What
 * it refuses never comes to the hook, and is told when it returns.
 */
#include "weir.bpf.h"

const volatile __u32 cfg_ptrace_reads = 0;

/*
 * Without BPF LSM the hook's program sees that a module has refused. So does
 * the one of the function around it, which tells it then.
 */
static __always_inline bool told_outside(void *ctx, __u32 type)
{
	return cfg_lsm_fexit && g_outcomes >> type & 1 && ret_errno(ctx);
}

static __always_inline bool is_self(const struct task_struct *target)
{
	return target->tgid == (int)(bpf_get_current_pid_tgid() >> 32);
}

/* Those that are protected may do to each other what they like. */
static __always_inline __u32 target_flags(const struct task_struct *target)
{
	return task_listed(&m_protected, target) &&
	       !task_listed(&m_protected, bpf_get_current_task_btf()) ? WEIR_TARGET_PROTECTED : 0;
}

/* An event about `target`, whose fields are the first of both types. */
static __always_inline struct scratch *target_begin(__u32 type, __u32 size,
						    struct task_struct *target)
{
	struct mm_struct *mm = target->mm;
	struct weir_signal *e;
	struct scratch *s;
	struct file *exe;

	s = op_begin(type, size);
	if (!s)
		return NULL;
	e = (void *)s->rec;
	e->target_key = task_key(target->group_leader);
	e->target_start = target->group_leader->start_boottime;
	e->target_pid = target->tgid;
	e->target_tid = target->pid;
	e->target_uid = target->real_cred->uid.val;
	e->target_euid = target->real_cred->euid.val;
	e->target_comm = str_of(text_put(s, launder(s, &target->comm), 16));
	if (!mm)
		return s;
	exe = mm->exe_file;
	if (!exe)
		return s;
	s->walk_flags = 0;
	s->walk_mnt = (__u64)exe->f_path.mnt;
	s->walk_dentry = (__u64)exe->f_path.dentry;
	e->target_exe = str_of(path_put(s));
	return s;
}

/* The hook was asked about `target`: ends what it began. */
static __always_inline bool target_end(__u32 type, struct task_struct *target, int err)
{
	struct scratch *s = op_waiting(type, (__u64)target);

	if (s)
		op_done(s, err);
	return s != NULL;
}

/* It was not asked, because something before it has refused. */
static __always_inline void refused_emit(struct scratch *s, int err)
{
	if (base_excluded(s))
		scratch_release(s);
	else
		op_done(s, err);
}

/* ---- signals ---------------------------------------------------------------------*/

static __always_inline struct scratch *signal_begin(struct task_struct *target, __u32 sig)
{
	struct scratch *s;

	struct weir_signal *e;

	s = target_begin(WEIR_EV_signal, sizeof(*e), target);
	if (!s)
		return NULL;
	e = (void *)s->rec;
	e->signo = sig;
	e->signal_target_flags = target_flags(target);
	return s;
}

/* The kernel asks nobody about its own signals, but for those of a USB device. */
SEC("lsm/task_kill")
int on_task_kill(__u64 *ctx)
{
	struct task_struct *target = (void *)ctx[0];
	struct scratch *s;

	if (hook_arg(ctx, 3) || is_self(target) || told_outside(ctx, WEIR_EV_signal))
		return 0;
	op_flush(WEIR_EV_signal, WEIR_OUTCOME_UNKNOWN);
	s = signal_begin(target, ctx[2]);
	return s ? op_ask(s, ctx, WEIR_EV_signal, (__u64)target) : 0;
}

SEC("fexit/check_kill_permission")
int on_kill_checked(__u64 *ctx)
{
	struct task_struct *target = (void *)ctx[2];
	int err = ret_errno(ctx);
	struct scratch *s;

	/* -EINVAL: there is no such signal. */
	if (target_end(WEIR_EV_signal, target, err) || !err || err == -EINVAL ||
	    is_self(target))
		return 0;
	s = signal_begin(target, ctx[0]);
	if (s)
		refused_emit(s, err);
	return 0;
}

/* ---- access to another process ------------------------------------------------------*/

#define PTRACE_MODE_ATTACH	2
#define PTRACE_MODE_NOAUDIT	4

/* Reading is what ps does to everyone; without audit the kernel asks for itself. */
static __always_inline bool access_wanted(const struct task_struct *target, __u32 mode)
{
	if (is_self(target))
		return false;
	return mode & PTRACE_MODE_ATTACH ||
	       (cfg_ptrace_reads && !(mode & PTRACE_MODE_NOAUDIT));
}

static __always_inline struct scratch *ptrace_begin(struct task_struct *target, __u32 mode,
						    __u32 via)
{
	struct weir_ptrace *e;
	struct scratch *s;

	s = target_begin(WEIR_EV_ptrace, sizeof(*e), target);
	if (!s)
		return NULL;
	e = (void *)s->rec;
	e->ptrace_mode = mode;
	e->ptrace_via = via;
	e->ptrace_target_flags = target_flags(target);
	return s;
}

SEC("lsm/ptrace_access_check")
int on_ptrace_access(__u64 *ctx)
{
	struct task_struct *target = (void *)ctx[0];
	struct scratch *s;

	if (!access_wanted(target, ctx[1]) || told_outside(ctx, WEIR_EV_ptrace))
		return 0;
	op_flush(WEIR_EV_ptrace, WEIR_OUTCOME_UNKNOWN);
	s = ptrace_begin(target, ctx[1], WEIR_PTRACE_ACCESS);
	return s ? op_ask(s, ctx, WEIR_EV_ptrace, (__u64)target) : 0;
}

SEC("fexit/__ptrace_may_access")
int on_ptrace_checked(__u64 *ctx)
{
	struct task_struct *target = (void *)ctx[0];
	int err = ret_errno(ctx);
	struct scratch *s;

	if (target_end(WEIR_EV_ptrace, target, err) || !err ||
	    !access_wanted(target, ctx[1]))
		return 0;
	s = ptrace_begin(target, ctx[1], WEIR_PTRACE_ACCESS);
	if (s)
		refused_emit(s, err);
	return 0;
}

/* Under the lock of all tasks, with interrupts off: nothing waits here. */
SEC("lsm/ptrace_traceme")
int on_ptrace_traceme(__u64 *ctx)
{
	struct task_struct *tracer = (void *)ctx[0];
	struct scratch *s;

	s = ptrace_begin(tracer, PTRACE_MODE_ATTACH, WEIR_PTRACE_TRACEME);
	return s ? op_ask_now(s, ctx, WEIR_OUTCOME_SUCCESS) : 0;
}
