/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes. In the order in which a process meets them:
 *
 *   tp_btf/sched_process_fork	fork
 *   lsm/bprm_check_security	remembers the image before; once for each
 *				handler of the binary (script, interpreter)
 *   tp_btf/sched_process_exec	exec: the new image is complete, and has not
 *				run an instruction yet
 *   fentry/taskstats_exit	exit; the last place where a dying task has its
 *				memory, in every thread
 *   tp_btf/sched_process_exit	what a dead thread leaves; exit, where the
 *				other one was passed over or does not exist
 *   tp_btf/sys_exit		no event: who is doomed dies; only while rules
 *				are in force that kill parents
 */
#include "weir.bpf.h"

SEC("tp_btf/sched_process_fork")
int on_fork(__u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	struct task_struct *up = child->real_parent;
	__u64 start = child->start_boottime;
	__u32 tgid = child->tgid;
	struct weir_fork *e;
	struct scratch *s;

	if (child->pid != child->tgid)
		return 0;
	if (task_listed(&m_protected, bpf_get_current_task_btf()))
		bpf_map_update_elem(&m_protected, &tgid, &start, BPF_ANY);
	if (task_excluded()) {
		bpf_map_update_elem(&m_excluded, &tgid, &start, BPF_ANY);
		return 0;
	}
	s = op_begin(WEIR_EV_fork, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->child_pid = child->tgid;
	e->child_start = child->start_boottime;
	e->child_key = task_key(child);
	e->child_parent_key = task_key(up->group_leader);
	bpf_probe_read_kernel(&s->walk_mnt, 8, &child->thread_pid);
	if (s->walk_mnt) {
		struct pid *pid = (void *)s->walk_mnt;
		__u32 level = BPF_CORE_READ(pid, level);
		struct upid *upid = (void *)pid +
				    bpf_core_field_offset(struct pid, numbers) +
				    level * bpf_core_type_size(struct upid);

		e->child_ns_pid = BPF_CORE_READ(upid, nr);
	}
	op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
	return 0;
}

/*
 * The rules are asked for the file that is to run, and if it is a script for its
 * interpreter, too. What needs the arguments is decided by on_exec.
 */
static __always_inline int exec_ask(struct linux_binprm *bprm)
{
	struct weir_exec *e;
	struct scratch *s;
	int judged = 0;

	if (!cfg_lsm || !(g_rules_blocks >> WEIR_EV_exec & 1))
		return 0;
	s = scratch_claim(0, false);
	if (!s)
		return 0;
	s->walk_dentry = (__u64)bprm->file;
	base_fill_ask(s);
	e = (void *)s->rec;
	e->filename = str_of(text_put(s, launder(s, bprm->filename), WEIR_PATH_MAX));
	e->argc = bprm->argc;
	e->envc = bprm->envc;
	if (!s->excluded)
		judged = op_judge(s, JUDGE_CAN_BLOCK | JUDGE_BEFORE | JUDGE_NO_IMAGE);
	if (!(judged & JUDGED_BLOCKED)) {
		scratch_release(s);
		return 0;
	}
	return op_block(s, WEIR_EV_exec, 0);
}

SEC("lsm/bprm_check_security")
int on_bprm_check(__u64 *ctx)
{
	struct linux_binprm *bprm = (void *)ctx[0];
	__u32 tid = bpf_get_current_pid_tgid();
	struct weir_exec *e;
	struct scratch *s;
	struct inode *inode;
	int r;

	if (!type_enabled(WEIR_EV_exec) || task_excluded())
		return 0;
	r = exec_ask(bprm);
	if (r)
		return r;
	/* The second call of one exec is about the interpreter. */
	if (bprm->interp != bprm->filename)
		return 0;
	s = scratch_claim(0, false);
	if (!s)
		return 0;
	base_begin_exec(s, true);
	e = (void *)s->rec;
	/* It may be a script, of whatever kind (binfmt_misc): on_exec knows. */
	inode = bprm->file->f_inode;
	e->script_ino = inode->i_ino;
	e->script_dev = inode->i_sb->s_dev;
	e->script_mode = inode->i_mode;
	e->script_uid = inode->i_uid.val;
	s->walk_flags = 0;
	s->walk_mnt = (__u64)bprm->file->f_path.mnt;
	s->walk_dentry = (__u64)bprm->file->f_path.dentry;
	e->script = str_of(path_put(s));
	s->exec_bprm = (__u64)bprm;
	s->exec_tail = s->tail;
	bpf_map_update_elem(&m_exec, &tid, &s->exec_bprm, BPF_ANY);
	scratch_release(s);
	return 0;
}

/* What on_bprm_check has kept of this exec, if it is this one's. */
static __always_inline void exec_resume(struct scratch *s, __u32 tid,
					struct linux_binprm *bprm)
{
	struct exec_before *before = bpf_map_lookup_elem(&m_exec, &tid);

	if (!before || before->bprm != (__u64)bprm)
		return;
	bpf_probe_read_kernel(s->rec, EXEC_BEFORE, before->rec);
	s->tail = before->tail;
	bpf_map_delete_elem(&m_exec, &tid);
}

static __always_inline void script_forget(struct weir_exec *e)
{
	e->script = str_of(0);
	e->script_ino = 0;
	e->script_dev = 0;
	e->script_mode = 0;
	e->script_uid = ~0u;
}

/* The path of a memfd_create file: its name alone, in no folder of a namespace. */
static __always_inline bool is_memfd(struct scratch *s, struct weir_str path)
{
	__u32 off = path.off;
	char head[8] = {};

	BOUND(off);
	bpf_probe_read_kernel(head, 7, &s->rec[off & 0xffff]);
	return head[0] == '/' && head[1] == 'm' && head[2] == 'e' && head[3] == 'm' &&
	       head[4] == 'f' && head[5] == 'd' && head[6] == ':';
}

SEC("tp_btf/sched_process_exec")
int on_exec(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u32 old_tid = ctx[1];
	struct linux_binprm *bprm = (void *)ctx[2];
	struct weir_exec *e;
	struct scratch *s;
	__u32 flags = 0;

	if (!type_enabled(WEIR_EV_exec) || task_excluded())
		return 0;
	s = scratch_claim(WEIR_EV_exec, false);
	if (!s)
		return 0;
	base_begin_exec(s, false);
	exec_resume(s, old_tid, bprm);
	base_fill_exec(s);
	e = (void *)s->rec;
	e->argc = bprm->argc;
	e->envc = bprm->envc;
	e->filename = str_of(text_put(s, launder(s, bprm->filename), WEIR_PATH_MAX));
	if (bprm->interp != bprm->filename)
		flags |= WEIR_EXEC_SCRIPT;
	else
		script_forget(e);
	if (s->exe_flags & WEIR_FILE_UNREACHABLE)
		flags |= WEIR_EXEC_UNREACHABLE;
	if (!e->base.exe_nlink)
		flags |= WEIR_EXEC_UNLINKED;
	if (flags & WEIR_EXEC_UNREACHABLE && is_memfd(s, e->base.exe_path))
		flags |= WEIR_EXEC_MEMFD;
	/* The kernel made the name: execveat of a descriptor. */
	if (bprm->fdpath)
		flags |= WEIR_EXEC_FD;
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		flags |= WEIR_EXEC_SECURE;
	if (old_tid != (__u32)task->tgid)
		flags |= WEIR_EXEC_NON_LEADER;
	e->exec_flags = flags;
	op_now_as(s, NULL, WEIR_OUTCOME_SUCCESS, JUDGE_NEW_IMAGE);
	return 0;
}

static __always_inline void slot_flush(__u32 idx, __u32 tid)
{
	struct weir_base *base;
	struct scratch *s;

	if (g_owner[idx & (SCRATCH_SLOTS - 1)] != tid || g_ended)
		return;
	s = bpf_map_lookup_elem(&m_scratch, &idx);
	if (!s || s->state != SLOT_WAITS)
		return;
	base = (void *)s->rec;
	/* As op_flush of the next one would have it. */
	op_emit(s, base->type == WEIR_EV_create ? WEIR_OUTCOME_FAILURE :
						  WEIR_OUTCOME_UNKNOWN, 0);
}

/* What a dying thread has left waiting. */
static __always_inline void thread_flush(void)
{
	__u32 tid = bpf_get_current_pid_tgid(), i;

	for (i = 0; i < SCRATCH_PROBES; i++)
		slot_flush(scratch_place(WEIR_EV_connect, tid, i), tid);
	for (i = 0; i < SCRATCH_PROBES; i++)
		slot_flush(scratch_place(WEIR_EV_unlink, tid, i), tid);
}

#define SIGNAL_GROUP_EXIT 0x00000004

static __always_inline void process_exit(struct task_struct *task)
{
	__u64 key = task_key(task->group_leader);
	__u32 code, one = 1;
	struct weir_exit *e;
	struct scratch *s;

	/* Once for each process: two hooks, and two last threads, may come here. */
	if (task_excluded() || bpf_map_update_elem(&m_exits, &key, &one, BPF_NOEXIST))
		return;
	s = op_begin(WEIR_EV_exit, sizeof(*e));
	if (!s)
		return;
	e = (void *)s->rec;
	/* As wait(2) would tell it: the group's code, or the leader's. */
	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		code = task->signal->group_exit_code;
	else
		code = task->group_leader->exit_code;
	e->exit_code = code >> 8 & 0xff;
	e->exit_signal = code & 0x7f;
	e->core_dumped = code >> 7 & 1;
	op_now(s, NULL, WEIR_OUTCOME_SUCCESS);
}

SEC("fentry/taskstats_exit")
int on_taskstats_exit(__u64 *ctx)
{
	if (ctx[1] & 1)
		process_exit((void *)ctx[0]);
	return 0;
}

/*
 * Here the memory is gone already. Unlike a fentry program this one is never
 * passed over for a task that it preempted, so it comes in every case.
 */
SEC("tp_btf/sched_process_exit")
int on_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u32 tgid = task->tgid;

	thread_flush();
	if (task->signal->live.counter != 0)
		return 0;
	process_exit(task);
	bpf_map_delete_elem(&m_excluded, &tgid);
	bpf_map_delete_elem(&m_protected, &tgid);
	return 0;
}

SEC("tp_btf/sys_exit")
int on_sys_exit(__u64 *ctx)
{
	struct scratch *s;

	if (!task_listed(&m_doomed, bpf_get_current_task_btf()))
		return 0;
	s = scratch_claim(0, false);
	if (!s)
		return 0;
	/* Some are never killed, known by their executable. */
	base_fill_current(s, WEIR_EV_fork, sizeof(struct weir_fork));
	op_judge(s, JUDGE_DOOM);
	scratch_release(s);
	return 0;
}
