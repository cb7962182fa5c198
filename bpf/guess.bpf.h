/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a file may be, for hooks that tell a file system but no mount. */
#pragma once

#include "weir.bpf.h"

/* 2: the whole file system is mounted there; 1: a part of it; 0: another's. */
static __always_inline int mount_fits(__u64 mnt, struct super_block *sb)
{
	struct vfsmount *m = (void *)mnt;

	if (!m || BPF_CORE_READ(m, mnt_sb) != sb)
		return 0;
	return BPF_CORE_READ(m, mnt_root) == BPF_CORE_READ(sb, s_root) ? 2 : 1;
}

/*
 * A mount of this file system where the caller can see it, for the path: one
 * of the whole file system is right, one of a part of it may be.
 */
static __always_inline __u64 mount_guess(struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	__u64 mnt, part = 0, head, pos, ns;
	struct mount *m = NULL;
	int i, fits;

	mnt = (__u64)BPF_CORE_READ(task, fs, pwd.mnt);
	fits = mount_fits(mnt, sb);
	if (fits == 2)
		return mnt;
	if (fits)
		part = mnt;
	mnt = (__u64)BPF_CORE_READ(task, fs, root.mnt);
	fits = mount_fits(mnt, sb);
	if (fits == 2)
		return mnt;
	if (fits && !part)
		part = mnt;
	if (!bpf_core_field_exists(m->mnt_instance))
		return part;
	ns = (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns);
	head = (__u64)sb + bpf_core_field_offset(struct super_block, s_mounts);
	pos = (__u64)BPF_CORE_READ(sb, s_mounts.next);
	for (i = 0; i < 32; i++) {
		if (!pos || pos == head)
			break;
		m = (void *)(pos - bpf_core_field_offset(struct mount, mnt_instance));
		mnt = (__u64)m + bpf_core_field_offset(struct mount, mnt);
		if ((__u64)BPF_CORE_READ(m, mnt_ns) == ns) {
			if (mount_fits(mnt, sb) == 2)
				return mnt;
			if (!part)
				part = mnt;
		}
		pos = (__u64)BPF_CORE_READ((struct list_head *)pos, next);
	}
	return part;
}
