/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What differs between kernels, one inline for each difference. */
#pragma once

#include "kernel.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inode___until_6_6 {
	struct timespec64 i_mtime;
};
struct inode___6_7 {
	struct timespec64 __i_mtime;
};
struct inode___6_11 {
	__s64 i_mtime_sec;
	__u32 i_mtime_nsec;
};

struct pt_regs___x86 {
	unsigned long si, cx, di, r8;
};
struct pt_regs___arm64 {
	__u64 regs[31];
	__u64 pstate;
};
struct thread_info___x86 {
	__u32 status;
};
struct task_struct___x86 {
	struct thread_info___x86 thread_info;
};
struct iov_iter___until_5_13 {
	unsigned int type;
};
struct iov_iter___until_6_3 {
	void *iov;
};
struct iov_iter___6_4 {
	void *__iov;
};
struct fileattr___until_6_16 {
	__u32 flags;
};
struct file_kattr {
	__u32 flags;
};
#pragma clang attribute pop

/*
 * The registers of user space at a probe: a layout that the kernel exports and
 * does not change. Another architecture has no shell probes.
 */
struct user_regs {
#if defined(__TARGET_ARCH_x86)
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
#else
	__u64 regs[31];
#endif
};

static __always_inline __u64 regs_arg(const struct user_regs *r, __u32 n)
{
#if defined(__TARGET_ARCH_x86)
	return n == 0 ? r->di : n == 1 ? r->si : r->dx;
#else
	return n == 0 ? r->regs[0] : n == 1 ? r->regs[1] : r->regs[2];
#endif
}

static __always_inline __u64 regs_ret(const struct user_regs *r)
{
#if defined(__TARGET_ARCH_x86)
	return r->ax;
#else
	return r->regs[0];
#endif
}

/*
 * Modification time in ns. i_mtime became __i_mtime in 6.7 (12cd44023651) and
 * two members in 6.11 (3aa63a569c64).
 */
static __always_inline __u64 compat_mtime(const struct inode *inode)
{
	struct inode___until_6_6 *a = (void *)inode;
	struct inode___6_7 *b = (void *)inode;
	struct inode___6_11 *c = (void *)inode;

	if (bpf_core_field_exists(a->i_mtime))
		return (__u64)BPF_CORE_READ(a, i_mtime.tv_sec) * 1000000000ull +
		       (__u64)BPF_CORE_READ(a, i_mtime.tv_nsec);
	if (bpf_core_field_exists(b->__i_mtime))
		return (__u64)BPF_CORE_READ(b, __i_mtime.tv_sec) * 1000000000ull +
		       (__u64)BPF_CORE_READ(b, __i_mtime.tv_nsec);
	if (bpf_core_field_exists(c->i_mtime_sec))
		return (__u64)BPF_CORE_READ(c, i_mtime_sec) * 1000000000ull +
		       BPF_CORE_READ(c, i_mtime_nsec);
	return 0;
}

/* FS_*_FL of what vfs_fileattr_set takes: another struct's name since 6.17 (ca115d7e7546). */
static __always_inline __u32 compat_fileattr_flags(__u64 attr)
{
	struct fileattr___until_6_16 *a = (void *)attr;
	struct file_kattr *b = (void *)attr;

	if (bpf_core_field_exists(a->flags))
		return BPF_CORE_READ(a, flags);
	if (bpf_core_field_exists(b->flags))
		return BPF_CORE_READ(b, flags);
	return 0;
}

/*
 * A return value seen by fexit. Most hooked functions return an int, of which
 * the upper half of the register is undefined; vfs_mkdir returns a dentry or
 * an error pointer since 6.15 (c54b386969a5).
 */
static __always_inline int compat_errno(__u64 ret)
{
	__s64 r = (__u32)(ret >> 32) == 0 ? (__s64)(__s32)ret : (__s64)ret;

	return r < 0 && r >= -4095 ? (int)r : 0;
}

/* Of a process with 32 bits the registers are others; arm64 has no others. */
#define TS_COMPAT 2u
static __always_inline bool compat_is_32(const struct task_struct *task)
{
	struct task_struct___x86 *t = (void *)task;

	return bpf_core_field_exists(t->thread_info.status) &&
	       BPF_CORE_READ(t, thread_info.status) & TS_COMPAT;
}

/*
 * Whether the system call that begins is one of 32 bits, on x86_64 and arm64. Read without
 * a helper: both pointers are known to the verifier.
 */
#define PSR_MODE32_BIT 0x10u
static __always_inline bool compat_syscall_is_32(const struct task_struct *task,
						 const void *regs)
{
	const struct pt_regs___arm64 *a = (void *)regs;
	const struct task_struct___x86 *t = (void *)task;

	if (bpf_core_field_exists(t->thread_info.status))
		return t->thread_info.status & TS_COMPAT;
	return bpf_core_field_exists(a->pstate) && a->pstate & PSR_MODE32_BIT;
}

/* A bit of the number is a mark there, and nowhere else. */
static __always_inline bool compat_x32(void)
{
	struct task_struct___x86 *t = NULL;

	return bpf_core_field_exists(t->thread_info.status);
}

/*
 * Argument 2 or 5 of the system call that the current task is in, for what no
 * function that can be followed is told. bpf_task_pt_regs is there since 5.15.
 */
static __always_inline __u64 compat_syscall_arg(__u32 n)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	struct pt_regs___arm64 *a = (void *)regs;
	struct pt_regs___x86 *x = (void *)regs;

	if (bpf_core_field_exists(a->regs))
		return n == 2 ? BPF_CORE_READ(a, regs[1]) : BPF_CORE_READ(a, regs[4]);
	if (compat_is_32(task))
		return n == 2 ? BPF_CORE_READ(x, cx) : BPF_CORE_READ(x, di);
	return n == 2 ? BPF_CORE_READ(x, si) : BPF_CORE_READ(x, r8);
}

/* Where a message's bytes lie; the kernel's own numbers differ. */
enum iter_type { ITER_IOVEC, ITER_KVEC, ITER_UBUF };
enum compat_iter { COMPAT_ITER_OTHER, COMPAT_ITER_UBUF, COMPAT_ITER_IOVEC, COMPAT_ITER_KVEC };

/*
 * `type`, with the direction in its first bit, became iter_type in 5.14
 * (8cd54c1c8480); ITER_UBUF came in 6.0 (fcb14cb1bdac).
 */
static __always_inline enum compat_iter compat_iter_of(const struct iov_iter *it)
{
	struct iov_iter___until_5_13 *old = (void *)it;
	__u64 type;

	if (bpf_core_field_exists(it->iter_type))
		type = BPF_CORE_READ(it, iter_type);
	else
		type = BPF_CORE_READ(old, type) & ~1u;
	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
	    type == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return COMPAT_ITER_UBUF;
	if (type == bpf_core_enum_value(enum iter_type, ITER_IOVEC))
		return COMPAT_ITER_IOVEC;
	if (type == bpf_core_enum_value(enum iter_type, ITER_KVEC))
		return COMPAT_ITER_KVEC;
	return COMPAT_ITER_OTHER;
}

/* The array of an ITER_IOVEC or ITER_KVEC: iov became __iov in 6.4 (de4f5fed3f23). */
static __always_inline __u64 compat_iter_vec(const struct iov_iter *it)
{
	struct iov_iter___until_6_3 *a = (void *)it;
	struct iov_iter___6_4 *b = (void *)it;

	if (bpf_core_field_exists(a->iov))
		return (__u64)BPF_CORE_READ(a, iov);
	if (bpf_core_field_exists(b->__iov))
		return (__u64)BPF_CORE_READ(b, __iov);
	return 0;
}
