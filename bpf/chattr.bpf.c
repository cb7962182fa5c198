/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inode flags (chattr).
 *
 *   chattr	lsm/file_ioctl, file_ioctl_compat (of 32 bits, since 6.8)
 *						fexit/vfs_fileattr_set
 *
 * The LSM hook sees the request and its file, but the flags only in the memory of
 * the process, where another thread may change them. What is set is what
 * vfs_fileattr_set has copied. Both come again for the layer below an overlay,
 * inside the operation that waits.
 */
#include "weir.bpf.h"

#define FS_IOC_SETFLAGS		0x40086602
#define FS_IOC32_SETFLAGS	0x40046602
#define FS_IOC_FSSETXATTR	0x401c5820
#define ENOIOCTLCMD		515

#define MAP(bit, to) do { if (flags & (bit)) out |= (to); } while (0)

/* S_* of an inode as FS_*_FL. */
static __always_inline __u32 flags_of_inode(__u32 flags)
{
	__u32 out = 0;

	MAP(1, 0x8);			/* SYNC */
	MAP(2, 0x80);			/* NOATIME */
	MAP(4, 0x20);			/* APPEND */
	MAP(8, 0x10);			/* IMMUTABLE */
	MAP(0x40, 0x10000);		/* DIRSYNC */
	MAP(0x4000, 0x800);		/* ENCRYPT */
	MAP(0x8000, 0x40000000);	/* CASEFOLD */
	MAP(0x10000, 0x100000);		/* VERITY */
	return out;
}

/* FS_XFLAG_* as FS_*_FL, of those that are both. */
static __always_inline __u32 flags_of_xflags(__u32 flags)
{
	__u32 out = 0;

	MAP(0x8, 0x10);			/* IMMUTABLE */
	MAP(0x10, 0x20);		/* APPEND */
	MAP(0x20, 0x8);			/* SYNC */
	MAP(0x40, 0x80);		/* NOATIME */
	MAP(0x80, 0x40);		/* NODUMP */
	MAP(0x200, 0x20000000);		/* PROJINHERIT */
	MAP(0x8000, 0x2000000);		/* DAX */
	return out;
}

static __always_inline int chattr_ask(__u64 *ctx)
{
	struct file *file = (void *)ctx[0];
	__u32 cmd = ctx[1], asked = 0;
	struct weir_chattr *e;
	struct scratch *s;

	if (cmd != FS_IOC_SETFLAGS && cmd != FS_IOC32_SETFLAGS && cmd != FS_IOC_FSSETXATTR)
		return 0;
	if (creds_borrowed() && op_waiting(WEIR_EV_chattr, 0))
		return 0;
	s = file_begin(WEIR_EV_chattr, sizeof(*e), file->f_path.mnt, file->f_path.dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->generation = file_generation(file->f_path.dentry);
	e->old_flags = flags_of_inode(BPF_CORE_READ(file, f_inode, i_flags));
	bpf_probe_read_user(&asked, sizeof(asked), (void *)hook_arg(ctx, 2));
	e->new_flags = cmd == FS_IOC_FSSETXATTR ? flags_of_xflags(asked) : asked;
	return op_ask(s, ctx, WEIR_EV_chattr, (__u64)file->f_path.dentry);
}

SEC("lsm/file_ioctl")
int on_file_ioctl(__u64 *ctx)
{
	return chattr_ask(ctx);
}

SEC("lsm/file_ioctl_compat")
int on_file_ioctl_compat(__u64 *ctx)
{
	return chattr_ask(ctx);
}

SEC("fexit/vfs_fileattr_set")
int on_vfs_fileattr_set(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_chattr, ctx[1]);
	int err;

	if (!s)
		return 0;
	((struct weir_chattr *)s->rec)->new_flags = compat_fileattr_flags(hook_arg(ctx, 2));
	err = ret_errno(ctx);
	/* The file system has no such flags, or is asked next by the request itself. */
	if (err == -ENOIOCTLCMD)
		op_emit(s, WEIR_OUTCOME_UNKNOWN, 0);
	else
		op_done(s, err);
	return 0;
}
