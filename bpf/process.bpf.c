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
 *   tp_btf/sched_process_exit	exit, where the kernel has no taskstats
 */
#include "weir.bpf.h"

SEC("tp_btf/sched_process_fork")
int on_fork(__u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	struct task_struct *up = child->real_parent;
	__u32 tgid, one = 1;
	struct weir_fork *e;
	struct scratch *s;

	if (child->pid != child->tgid)
		return 0;
	if (task_excluded()) {
		tgid = child->tgid;
		bpf_map_update_elem(&m_excluded, &tgid, &one, BPF_ANY);
		return 0;
	}
	s = op_begin(WEIR_EV_fork, sizeof(*e));
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->child_pid = child->tgid;
	e->child_start = child->start_boottime;
	e->child_key = child->start_boottime >> 16 << 22 | (__u32)child->tgid;
	e->child_parent_key = up->group_leader->start_boottime >> 16 << 22 |
			      (__u32)up->tgid;
	bpf_probe_read_kernel(&s->walk_mnt, 8, &child->thread_pid);
	if (s->walk_mnt) {
		struct pid *pid = (void *)s->walk_mnt;
		__u32 level = BPF_CORE_READ(pid, level);
		struct upid *upid = (void *)pid +
				    bpf_core_field_offset(struct pid, numbers) +
				    level * bpf_core_type_size(struct upid);

		e->child_ns_pid = BPF_CORE_READ(upid, nr);
	}
	if (base_excluded(s))
		scratch_release(s);
	else
		op_emit(s, WEIR_OUTCOME_SUCCESS, 0);
	return 0;
}

/* An exec that failed leaves its record behind. */
static __always_inline void exec_forget(__u32 tid)
{
	struct scratch *s = scratch_find(tid, WEIR_EV_exec, 0);

	if (s)
		scratch_release(s);
}

SEC("lsm/bprm_check_security")
int on_bprm_check(__u64 *ctx)
{
	struct linux_binprm *bprm = (void *)ctx[0];
	__u32 tid = bpf_get_current_pid_tgid();
	struct weir_exec *e;
	struct scratch *s;
	struct inode *inode;

	if (!type_enabled(WEIR_EV_exec) || task_excluded())
		return 0;
	/* The second call of one exec: the interpreter's. */
	if (scratch_find(tid, WEIR_EV_exec, (__u64)bprm))
		return 0;
	exec_forget(tid);
	s = scratch_claim(WEIR_EV_exec);
	if (!s)
		return 0;
	base_begin_exec(s);
	e = (void *)s->rec;
	if (bprm->buf[0] != 0x7f) {
		inode = bprm->file->f_inode;
		e->script_ino = inode->i_ino;
		e->script_dev = inode->i_sb->s_dev;
		e->script_mode = inode->i_mode;
		e->script_uid = inode->i_uid.val;
		s->walk_flags = 0;
		s->walk_mnt = (__u64)bprm->file->f_path.mnt;
		s->walk_dentry = (__u64)bprm->file->f_path.dentry;
		e->script = str_of(path_put(s));
	}
	if (!s->may_wait) {
		scratch_release(s);
		return 0;
	}
	s->key = (__u64)bprm;
	s->state = SCRATCH_WAITS;
	return 0;
}

/* memfd_create gives its files a name that no path can have: no slash in front. */
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
	s = scratch_find(old_tid, WEIR_EV_exec, (__u64)bprm);
	if (!s) {
		s = scratch_claim(WEIR_EV_exec);
		if (!s)
			return 0;
		base_begin_exec(s);
		/* This is the new image already. */
		e = (void *)s->rec;
		e->prev_path = str_of(0);
		e->prev_ino = 0;
		e->prev_dev = 0;
	}
	s->state = SCRATCH_BUSY;
	base_fill_exec(s);
	e = (void *)s->rec;
	e->argc = bprm->argc;
	e->envc = bprm->envc;
	e->filename = str_of(text_put(s, launder(s, bprm->filename)));
	if (bprm->interp != bprm->filename)
		flags |= WEIR_EXEC_SCRIPT;
	else
		e->script = str_of(0);
	if (!(flags & WEIR_EXEC_SCRIPT)) {
		e->script_ino = 0;
		e->script_dev = 0;
		e->script_mode = 0;
		e->script_uid = ~0u;
	}
	if (!e->base.exe_nlink)
		flags |= WEIR_EXEC_UNLINKED;
	if (!e->base.exe_nlink && is_memfd(s, e->base.exe_path))
		flags |= WEIR_EXEC_MEMFD;
	/* The kernel made the name: execveat of a descriptor. */
	if (bprm->fdpath)
		flags |= WEIR_EXEC_FD;
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		flags |= WEIR_EXEC_SECURE;
	if (old_tid != (__u32)task->tgid)
		flags |= WEIR_EXEC_NON_LEADER;
	e->exec_flags = flags;
	if (base_excluded(s))
		scratch_release(s);
	else
		op_emit(s, WEIR_OUTCOME_SUCCESS, 0);
	return 0;
}

/* What a dying thread has left waiting. */
static __always_inline void thread_flush(void)
{
	__u32 tid = bpf_get_current_pid_tgid(), idx, i;
	struct weir_base *base;
	struct scratch *s;

	for (i = 0; i < SCRATCH_PROBES; i++) {
		idx = (tid + i) & (SCRATCH_SLOTS - 1);
		if (g_owner[idx] != tid)
			continue;
		s = bpf_map_lookup_elem(&m_scratch, &idx);
		if (!s || s->state != SCRATCH_WAITS)
			continue;
		base = (void *)s->rec;
		if (base->type == WEIR_EV_exec)
			scratch_release(s);
		else
			op_emit(s, WEIR_OUTCOME_UNKNOWN, 0);
	}
}

#define SIGNAL_GROUP_EXIT 0x00000004

static __always_inline void process_exit(struct task_struct *task)
{
	__u32 tgid = task->tgid, code;
	struct weir_exit *e;
	struct scratch *s;

	if (bpf_map_lookup_elem(&m_excluded, &tgid)) {
		bpf_map_delete_elem(&m_excluded, &tgid);
		return;
	}
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
	if (base_excluded(s))
		scratch_release(s);
	else
		op_emit(s, WEIR_OUTCOME_SUCCESS, 0);
}

SEC("fentry/taskstats_exit")
int on_taskstats_exit(__u64 *ctx)
{
	thread_flush();
	if (ctx[1] & 1)
		process_exit((void *)ctx[0]);
	return 0;
}

/*
 * Here the memory is gone, and when the last two threads die at once both may
 * see no thread alive: then the event comes twice.
 */
SEC("tp_btf/sched_process_exit")
int on_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	thread_flush();
	if (task->signal->live.counter == 0)
		process_exit(task);
	return 0;
}
