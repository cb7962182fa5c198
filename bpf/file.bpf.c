/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names and contents of files. The LSM hook fills the event, with the path as
 * the caller sees it; the VFS function behind it tells the outcome. The path
 * hooks come once for each operation of a user, not again for the layers of
 * an overlay below.
 *
 *   create	lsm/path_mknod		fexit/vfs_mknod, vfs_create, vfs_mkobj (of
 *					BPF); lsm/file_open
 *   open	lsm/file_open		(all permission checks have passed)
 *   unlink	lsm/path_unlink		fexit/vfs_unlink
 *   rename	lsm/path_rename		fexit/vfs_rename
 *   link	lsm/path_link		fexit/vfs_link
 *   symlink	lsm/path_symlink	fexit/vfs_symlink
 *   mkdir	lsm/path_mkdir		fexit/vfs_mkdir
 *   rmdir	lsm/path_rmdir		fexit/vfs_rmdir
 *   truncate	lsm/path_truncate, lsm/file_truncate (6.2)  fexit/do_truncate
 */
#include "weir.bpf.h"

static __always_inline void file_end(__u32 type, __u64 key, void *ctx)
{
	struct scratch *s = op_waiting(type, key);

	if (s)
		op_done_or_again(s, ret_errno(ctx));
}

/* ---- open and create -------------------------------------------------------*/

/* The kernel's numbers; those of O_DIRECTORY and on differ on arm64. */
#if defined(__TARGET_ARCH_arm64)
#define K_O_DIRECTORY	040000
#define K_O_NOFOLLOW	0100000
#define K_O_DIRECT	0200000
#else
#define K_O_DIRECT	040000
#define K_O_DIRECTORY	0200000
#define K_O_NOFOLLOW	0400000
#endif

static __always_inline __u32 open_flags(__u32 flags, __u32 mode)
{
	__u32 out = mode & (WEIR_OPEN_READ | WEIR_OPEN_WRITE);

#define MAP(bits, to) do { if ((flags & (bits)) == (bits)) out |= (to); } while (0)
	MAP(040, WEIR_OPEN_EXEC);
	MAP(0100, WEIR_OPEN_CREAT);
	MAP(0200, WEIR_OPEN_EXCL);
	MAP(01000, WEIR_OPEN_TRUNC);
	MAP(02000, WEIR_OPEN_APPEND);
	MAP(04000, WEIR_OPEN_NONBLOCK);
	MAP(04010000, WEIR_OPEN_SYNC);
	MAP(K_O_DIRECT, WEIR_OPEN_DIRECT);
	MAP(K_O_DIRECTORY, WEIR_OPEN_DIRECTORY);
	MAP(K_O_NOFOLLOW, WEIR_OPEN_NOFOLLOW);
	MAP(01000000, WEIR_OPEN_NOATIME);
	MAP(020000000 | K_O_DIRECTORY, WEIR_OPEN_TMPFILE);
#undef MAP
	if (mode & FMODE_CREATED)
		out |= WEIR_OPEN_CREATED;
	return out;
}

/* The file exists now: its identity is known. */
static __always_inline void create_done(struct scratch *s, const struct inode *inode)
{
	struct weir_create *e = (void *)s->rec;

	if (inode) {
		e->ino = BPF_CORE_READ(inode, i_ino);
		e->mode = BPF_CORE_READ(inode, i_mode);
		e->uid = BPF_CORE_READ(inode, i_uid.val);
		e->gid = BPF_CORE_READ(inode, i_gid.val);
		e->nlink = BPF_CORE_READ(inode, i_nlink);
		e->mtime = compat_mtime(inode);
	}
	op_emit(s, WEIR_OUTCOME_SUCCESS, 0);
}

/*
 * An overlay copies a file up through mounts of its own, which are in no
 * namespace. What has no folder above it (memfd) is no layer's.
 */
static __always_inline bool layer_open(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;
	struct mount *m;

	if (file->f_mode & FMODE_BACKING)
		return true;
	if (!creds_borrowed() || dentry == BPF_CORE_READ(dentry, d_parent))
		return false;
	m = (void *)file->f_path.mnt - bpf_core_field_offset(struct mount, mnt);
	/* An error pointer, or no pointer. */
	return (__u64)BPF_CORE_READ(m, mnt_ns) - 1 >= (__u64)-4096;
}

/*
 * With O_CREAT, path_mknod may be asked before the kernel knows whether the
 * file is there: only now it is clear whether one was made.
 */
static __always_inline void create_settle(struct file *file, struct dentry *dentry)
{
	struct scratch *s = op_waiting(WEIR_EV_create, 0);

	if (!s || ((struct weir_create *)s->rec)->dev != dentry->d_sb->s_dev)
		return;
	if (file->f_mode & FMODE_CREATED)
		create_done(s, file->f_inode);
	else
		scratch_release(s);
}

SEC("lsm/file_open")
int on_file_open(__u64 *ctx)
{
	struct file *file = (void *)ctx[0];
	struct dentry *dentry = file->f_path.dentry;
	struct weir_open *e;
	struct scratch *s;

	/* An overlay opens the file of its layer under the same path. */
	if (dentry->d_inode != file->f_inode || layer_open(file))
		return 0;
	if (file->f_flags & 0100)
		create_settle(file, dentry);
	s = file_begin(WEIR_EV_open, sizeof(*e), file->f_path.mnt, dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->open_flags = open_flags(file->f_flags, file->f_mode);
	return op_ask_now(s, ctx, WEIR_OUTCOME_SUCCESS);
}

/* The hook has the number as user space gives it: the kernel's own form. */
static __always_inline __u32 dev_decode(__u32 dev)
{
	return (dev & 0xfff00) << 12 | (dev & 0xff) | (dev >> 12 & 0xfff00);
}

SEC("lsm/path_mknod")
int on_path_mknod(__u64 *ctx)
{
	struct path *dir = (void *)ctx[0];
	struct weir_create *e;
	struct scratch *s;

	if (!type_enabled(WEIR_EV_create))
		return 0;
	op_flush(WEIR_EV_create, WEIR_OUTCOME_FAILURE);
	s = file_begin(WEIR_EV_create, sizeof(*e), dir->mnt, (void *)ctx[1]);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->create_mode = ctx[2] & 0xffff;
	e->create_rdev = dev_decode(ctx[3]);
	return op_ask(s, ctx, WEIR_EV_create, ctx[1]);
}

static __always_inline int mknod_end(__u64 *ctx, __u64 at)
{
	struct scratch *s = op_waiting(WEIR_EV_create, at);
	struct dentry *dentry = (void *)at;
	int err;

	if (!s)
		return 0;
	err = ret_errno(ctx);
	if (err)
		op_done(s, err);
	else
		create_done(s, BPF_CORE_READ(dentry, d_inode));
	return 0;
}

SEC("fexit/vfs_mknod")
int on_vfs_mknod(__u64 *ctx)
{
	return mknod_end(ctx, ctx[2]);
}

SEC("fexit/vfs_create")
int on_vfs_create(__u64 *ctx)
{
	return mknod_end(ctx, ctx[2]);
}

SEC("fexit/vfs_mkobj")
int on_vfs_mkobj(__u64 *ctx)
{
	return mknod_end(ctx, ctx[0]);
}

/* ---- names -------------------------------------------------------------------*/

SEC("lsm/path_unlink")
int on_path_unlink(__u64 *ctx)
{
	struct path *dir = (void *)ctx[0];
	struct scratch *s = file_begin(WEIR_EV_unlink, sizeof(struct weir_unlink),
				       dir->mnt, (void *)ctx[1]);

	return s ? op_ask(s, ctx, WEIR_EV_unlink, ctx[1]) : 0;
}

SEC("fexit/vfs_unlink")
int on_vfs_unlink(__u64 *ctx)
{
	file_end(WEIR_EV_unlink, ctx[2], ctx);
	return 0;
}

SEC("lsm/path_rmdir")
int on_path_rmdir(__u64 *ctx)
{
	struct path *dir = (void *)ctx[0];
	struct scratch *s = file_begin(WEIR_EV_rmdir, sizeof(struct weir_rmdir),
				       dir->mnt, (void *)ctx[1]);

	return s ? op_ask(s, ctx, WEIR_EV_rmdir, ctx[1]) : 0;
}

SEC("fexit/vfs_rmdir")
int on_vfs_rmdir(__u64 *ctx)
{
	file_end(WEIR_EV_rmdir, ctx[2], ctx);
	return 0;
}

SEC("lsm/path_mkdir")
int on_path_mkdir(__u64 *ctx)
{
	struct path *dir = (void *)ctx[0];
	struct scratch *s = file_begin(WEIR_EV_mkdir, sizeof(struct weir_mkdir),
				       dir->mnt, (void *)ctx[1]);

	if (!s)
		return 0;
	((struct weir_mkdir *)s->rec)->create_mode = ctx[2] & 0xffff;
	return op_ask(s, ctx, WEIR_EV_mkdir, ctx[1]);
}

SEC("fexit/vfs_mkdir")
int on_vfs_mkdir(__u64 *ctx)
{
	file_end(WEIR_EV_mkdir, ctx[2], ctx);
	return 0;
}

SEC("lsm/path_symlink")
int on_path_symlink(__u64 *ctx)
{
	struct path *dir = (void *)ctx[0];
	struct scratch *s = file_begin(WEIR_EV_symlink, sizeof(struct weir_symlink),
				       dir->mnt, (void *)ctx[1]);
	struct weir_symlink *e;

	if (!s)
		return 0;
	e = (void *)s->rec;
	e->target_path = str_of(text_put(s, hook_arg(ctx, 2), WEIR_PATH_MAX));
	return op_ask(s, ctx, WEIR_EV_symlink, ctx[1]);
}

SEC("fexit/vfs_symlink")
int on_vfs_symlink(__u64 *ctx)
{
	file_end(WEIR_EV_symlink, ctx[2], ctx);
	return 0;
}

/* The old name may be reached through another mount than the new one's. */
SEC("lsm/path_link")
int on_path_link(__u64 *ctx)
{
	struct path *dir = (void *)ctx[1];
	struct scratch *s = file_begin(WEIR_EV_link, sizeof(struct weir_link),
				       dir->mnt, (void *)ctx[0]);

	if (!s)
		return 0;
	((struct weir_link *)s->rec)->target_path = second_path(s, dir->mnt, ctx[2]);
	return op_ask(s, ctx, WEIR_EV_link, ctx[2]);
}

SEC("fexit/vfs_link")
int on_vfs_link(__u64 *ctx)
{
	file_end(WEIR_EV_link, ctx[3], ctx);
	return 0;
}

SEC("lsm/path_rename")
int on_path_rename(__u64 *ctx)
{
	struct path *from = (void *)ctx[0], *to = (void *)ctx[2];
	struct dentry *target = (void *)ctx[3];
	struct weir_rename *e;
	struct inode *inode;
	struct scratch *s;

	s = file_begin(WEIR_EV_rename, sizeof(*e), from->mnt, (void *)ctx[1]);
	if (!s)
		return 0;
	e = (void *)s->rec;
	inode = target->d_inode;
	if (inode)
		e->target_ino = inode->i_ino;
	if (cfg_rename_flags)
		e->rename_flags = ctx[4];
	e->target_path = second_path(s, to->mnt, ctx[3]);
	return op_ask(s, ctx, WEIR_EV_rename, ctx[1]);
}

SEC("fexit/vfs_rename")
int on_vfs_rename(__u64 *ctx)
{
	struct renamedata *rd = (void *)ctx[0];

	file_end(WEIR_EV_rename, (__u64)BPF_CORE_READ(rd, old_dentry), ctx);
	return 0;
}

/* ---- truncate ------------------------------------------------------------------*/

static __always_inline int truncate_begin(__u64 *ctx, struct vfsmount *mnt,
					  struct dentry *dentry)
{
	struct weir_truncate *e;
	struct scratch *s;

	s = file_begin(WEIR_EV_truncate, sizeof(*e), mnt, dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->old_size = BPF_CORE_READ(dentry, d_inode, i_size);
	return op_ask(s, ctx, WEIR_EV_truncate, (__u64)dentry);
}

SEC("lsm/path_truncate")
int on_path_truncate(__u64 *ctx)
{
	struct path *path = (void *)ctx[0];

	return truncate_begin(ctx, path->mnt, path->dentry);
}

SEC("lsm/file_truncate")
int on_file_truncate(__u64 *ctx)
{
	struct file *file = (void *)ctx[0];

	return truncate_begin(ctx, file->f_path.mnt, file->f_path.dentry);
}

SEC("fexit/do_truncate")
int on_do_truncate(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_truncate, ctx[1]);

	if (!s)
		return 0;
	((struct weir_truncate *)s->rec)->new_size = ctx[2];
	op_done(s, ret_errno(ctx));
	return 0;
}
