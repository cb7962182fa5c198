/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Mounts.
 *
 *   mount	lsm/sb_mount		fexit/path_mount
 *		lsm/move_mount		fexit/do_move_mount
 *		lsm/sb_remount		fexit/reconfigure_super
 *   umount	lsm/sb_umount		fexit/path_umount
 *
 * mount(2) is the first. What fsmount(2) and open_tree(2) make is told when it
 * is attached, by move_mount(2): what it is comes from the mount itself. The
 * third is for fsconfig(2), which mounts anew without saying where.
 */
#include "weir.bpf.h"
#include "guess.bpf.h"

#define MS_RDONLY	1u
#define MS_NOSUID	2u
#define MS_NODEV	4u
#define MS_NOEXEC	8u
#define MS_SYNCHRONOUS	16u
#define MS_REMOUNT	32u
#define MS_MANDLOCK	64u
#define MS_DIRSYNC	128u
#define MS_NOSYMFOLLOW	256u
#define MS_NOATIME	1024u
#define MS_NODIRATIME	2048u
#define MS_BIND		4096u
#define MS_MOVE		8192u
#define MS_PROPAGATION	(15u << 17)
#define MS_RELATIME	(1u << 21)
#define MS_LAZYTIME	(1u << 25)
/* Those of a file system; they have the same bits in s_flags. */
#define MS_OF_SB	(MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_DIRSYNC | MS_LAZYTIME)

#define MOVE_MOUNT_SET_GROUP 0x100u

static __always_inline struct mount *mount_of(const struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* Source and type of what is mounted: the same members of both events. */
_Static_assert(__builtin_offsetof(struct weir_mount, fstype) ==
	       __builtin_offsetof(struct weir_umount, fstype), "one function fills them");
_Static_assert(__builtin_offsetof(struct weir_mount, source) ==
	       __builtin_offsetof(struct weir_umount, source), "one function fills them");

static __always_inline void origin_put(struct scratch *s, const struct vfsmount *mnt)
{
	struct weir_mount *e = (void *)s->rec;

	e->source = text_given(s, (__u64)BPF_CORE_READ(mount_of(mnt), mnt_devname),
			       WEIR_PATH_MAX);
	e->fstype = text_given(s, (__u64)BPF_CORE_READ(mnt, mnt_sb, s_type, name), 64);
}

static __always_inline int mount_end(__u64 *ctx, __u32 type, __u64 key)
{
	struct scratch *s = op_waiting(type, key);

	if (s)
		op_done(s, ret_errno(ctx));
	return 0;
}

/* ---- mount(2) -----------------------------------------------------------------*/

/* In the order in which the kernel looks at them. */
static __always_inline __u32 operation_of(__u32 flags)
{
	if (flags & MS_REMOUNT)
		return WEIR_MOUNT_REMOUNT;
	if (flags & MS_BIND)
		return WEIR_MOUNT_BIND;
	if (flags & MS_PROPAGATION)
		return WEIR_MOUNT_PROPAGATION;
	return flags & MS_MOVE ? WEIR_MOUNT_MOVE : WEIR_MOUNT_NEW;
}

/* The kernel ignores the texts that an operation has no use for, and so do we. */
SEC("lsm/sb_mount")
int on_sb_mount(__u64 *ctx)
{
	struct path *path = (void *)ctx[1];
	__u32 flags = ctx[3], op = operation_of(flags);
	struct weir_mount *e;
	struct scratch *s;

	s = file_begin(WEIR_EV_mount, sizeof(*e), path->mnt, path->dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->mount_flags = flags;
	e->mount_op = op;
	if (op == WEIR_MOUNT_REMOUNT || op == WEIR_MOUNT_PROPAGATION)
		origin_put(s, path->mnt);
	else
		e->source = text_given(s, hook_arg(ctx, 0), WEIR_PATH_MAX);
	if (op == WEIR_MOUNT_NEW)
		e->fstype = text_given(s, hook_arg(ctx, 2), WEIR_PATH_MAX);
	/* A page that ends with a NUL; of some file systems it is no text. */
	if (op == WEIR_MOUNT_NEW || (flags & (MS_REMOUNT | MS_BIND)) == MS_REMOUNT)
		e->data = text_given(s, hook_arg(ctx, 4), WEIR_PATH_MAX);
	return op_ask(s, ctx, WEIR_EV_mount, (__u64)path);
}

SEC("fexit/path_mount")
int on_path_mount(__u64 *ctx)
{
	return mount_end(ctx, WEIR_EV_mount, ctx[1]);
}

/* ---- move_mount(2) ---------------------------------------------------------------*/

/* Flags of a mount and of its file system, as mount(2) has them. */
static __always_inline __u32 flags_of(const struct vfsmount *mnt)
{
	__u32 flags = BPF_CORE_READ(mnt, mnt_flags);
	__u32 out = BPF_CORE_READ(mnt, mnt_sb, s_flags) & MS_OF_SB;

#define MAP(bit, to) do { if (flags & (bit)) out |= (to); } while (0)
	MAP(0x01, MS_NOSUID);
	MAP(0x02, MS_NODEV);
	MAP(0x04, MS_NOEXEC);
	MAP(0x08, MS_NOATIME);
	MAP(0x10, MS_NODIRATIME);
	MAP(0x20, MS_RELATIME);
	MAP(0x40, MS_RDONLY);
	MAP(0x80, MS_NOSYMFOLLOW);
#undef MAP
	return out;
}

SEC("lsm/move_mount")
int on_move_mount(__u64 *ctx)
{
	struct path *from = (void *)ctx[0], *to = (void *)ctx[1];
	struct vfsmount *mnt = from->mnt;
	struct weir_mount *e;
	struct scratch *s;

	s = file_begin(WEIR_EV_mount, sizeof(*e), to->mnt, to->dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->mount_flags = flags_of(mnt);
	e->mount_op = WEIR_MOUNT_ATTACH;
	origin_put(s, mnt);
	/* What has a place in a tree already is moved, from there. */
	if (BPF_CORE_READ(mount_of(mnt), mnt_parent) != mount_of(mnt)) {
		e->mount_op = WEIR_MOUNT_MOVE;
		e->source = second_path(s, mnt, (__u64)from->dentry);
	}
	/* This moves nothing, and some compilers leave no function for its end. */
	if (compat_syscall_arg(5) & MOVE_MOUNT_SET_GROUP) {
		e->mount_op = WEIR_MOUNT_PROPAGATION;
		return op_ask_now(s, ctx, WEIR_OUTCOME_UNKNOWN);
	}
	return op_ask(s, ctx, WEIR_EV_mount, (__u64)from);
}

SEC("fexit/do_move_mount")
int on_do_move_mount(__u64 *ctx)
{
	return mount_end(ctx, WEIR_EV_mount, ctx[0]);
}

/* ---- fsconfig(2) -------------------------------------------------------------------*/

/* Within mount(2) and umount(2) it is theirs. */
SEC("lsm/sb_remount")
int on_sb_remount(__u64 *ctx)
{
	struct super_block *sb = (void *)ctx[0];
	struct dentry *root = sb->s_root;
	struct weir_mount *e;
	struct vfsmount *mnt;
	struct scratch *s;

	if (op_waiting(WEIR_EV_mount, 0) || op_waiting(WEIR_EV_umount, 0))
		return 0;
	s = op_begin(WEIR_EV_mount, sizeof(*e));
	if (!s)
		return 0;
	mnt = (void *)mount_guess(root);
	s->walk_flags = WEIR_FILE_PATH_GUESSED;
	s->walk_mnt = (__u64)mnt;
	s->walk_dentry = (__u64)root;
	file_put(s);
	e = (void *)s->rec;
	e->mount_op = WEIR_MOUNT_REMOUNT;
	e->mount_flags = MS_REMOUNT;
	if (mnt)
		origin_put(s, mnt);
	return op_ask(s, ctx, WEIR_EV_mount, (__u64)sb);
}

/* The flags now: where it failed, those that are still in force. */
SEC("fexit/reconfigure_super")
int on_reconfigure_super(__u64 *ctx)
{
	struct fs_context *fc = (void *)ctx[0];
	struct super_block *sb = BPF_CORE_READ(fc, root, d_sb);
	struct scratch *s = op_waiting(WEIR_EV_mount, (__u64)sb);

	if (!s)
		return 0;
	((struct weir_mount *)s->rec)->mount_flags |= BPF_CORE_READ(sb, s_flags) & MS_OF_SB;
	op_done(s, ret_errno(ctx));
	return 0;
}

/* ---- umount(2) -----------------------------------------------------------------------*/

SEC("lsm/sb_umount")
int on_sb_umount(__u64 *ctx)
{
	struct vfsmount *mnt = (void *)ctx[0];
	struct scratch *s = file_begin(WEIR_EV_umount, sizeof(struct weir_umount), mnt,
				       mnt->mnt_root);

	if (!s)
		return 0;
	((struct weir_umount *)s->rec)->umount_flags = ctx[1];
	origin_put(s, mnt);
	return op_ask(s, ctx, WEIR_EV_umount, (__u64)mnt);
}

SEC("fexit/path_umount")
int on_path_umount(__u64 *ctx)
{
	struct path *path = (void *)ctx[0];

	return mount_end(ctx, WEIR_EV_umount, (__u64)BPF_CORE_READ(path, mnt));
}
