/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Permissions of files: mode, owner, extended attributes, POSIX ACLs.
 *
 *   chmod		lsm/path_chmod		fexit/notify_change
 *   chown		lsm/path_chown		fexit/notify_change
 *   setxattr		lsm/inode_setxattr	fexit/vfs_setxattr
 *   removexattr	lsm/inode_removexattr	fexit/vfs_removexattr
 *   set_acl		until 6.1 as attributes system.posix_acl_* by the two
 *			above; since 6.2 lsm/inode_set_acl, inode_remove_acl
 *						fexit/vfs_set_acl, vfs_remove_acl
 *
 * The hooks for attributes and ACLs tell an inode but no mount; the path is
 * made with a mount of the same file system in the caller's namespace, and
 * file.flags says so. They come again for the layers of an overlay: what
 * happens inside such an operation of the same thread is passed over.
 */
#include "weir.bpf.h"
#include "guess.bpf.h"

/* ---- mode and owner ----------------------------------------------------------*/

SEC("lsm/path_chmod")
int on_path_chmod(__u64 *ctx)
{
	struct path *path = (void *)ctx[0];
	struct weir_chmod *e;
	struct scratch *s;

	s = file_begin(WEIR_EV_chmod, sizeof(*e), path->mnt, path->dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->generation = file_generation(path->dentry);
	e->old_mode = e->mode;
	e->new_mode = (e->mode & ~07777u) | (ctx[1] & 07777);
	return op_ask(s, ctx, WEIR_EV_chmod, (__u64)path->dentry);
}

SEC("lsm/path_chown")
int on_path_chown(__u64 *ctx)
{
	struct path *path = (void *)ctx[0];
	struct weir_chown *e;
	struct scratch *s;

	s = file_begin(WEIR_EV_chown, sizeof(*e), path->mnt, path->dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->generation = file_generation(path->dentry);
	e->old_uid = e->uid;
	e->old_gid = e->gid;
	e->new_uid = ctx[1];
	e->new_gid = ctx[2];
	return op_ask(s, ctx, WEIR_EV_chown, (__u64)path->dentry);
}

SEC("fexit/notify_change")
int on_notify_change(__u64 *ctx)
{
	struct scratch *s = op_waiting(WEIR_EV_chmod, ctx[1]);

	if (!s)
		s = op_waiting(WEIR_EV_chown, ctx[1]);
	if (s)
		op_done_or_again(s, ret_errno(ctx));
	return 0;
}

/* ---- attributes and ACLs ---------------------------------------------------------*/

static __always_inline struct scratch *attr_begin(__u32 type, __u32 size,
						  struct dentry *dentry)
{
	struct scratch *s;

	if (!type_enabled(type))
		return NULL;
	s = op_waiting(type, 0);
	if (s) {
		/* A layer's, inside of the operation that waits? */
		if (creds_borrowed() && ((struct weir_unlink *)s->rec)->dev !=
					BPF_CORE_READ(dentry, d_sb, s_dev))
			return NULL;
		op_emit(s, WEIR_OUTCOME_UNKNOWN, 0);
	}
	s = op_begin(type, size);
	if (!s)
		return NULL;
	s->walk_flags = WEIR_FILE_PATH_GUESSED;
	s->walk_mnt = mount_guess(dentry);
	s->walk_dentry = (__u64)dentry;
	file_put(s);
	return s;
}

static const char acl_prefix[] = "system.posix_acl_";

/*
 * Attributes in which an overlay keeps its books, and those it copies to a
 * file that has no name yet.
 */
static __always_inline bool layer_attr(struct dentry *dentry, const char *name)
{
	const char trusted[] = "trusted.overlay.";
	char head[sizeof(trusted)] = {};
	bool own = true;
	int i;

	if (!creds_borrowed())
		return false;
	if (!dentry->d_inode->i_nlink)
		return true;
	bpf_probe_read_kernel(head, sizeof(trusted) - 1, name);
	for (i = 0; i < (int)sizeof(trusted) - 1; i++)
		own &= head[i] == trusted[i];
	return own;
}

/* 0, or the kind of ACL that an attribute of this name holds. */
static __always_inline __u32 acl_kind(const char *name)
{
	char head[sizeof(acl_prefix) + 1] = {};
	int i;

	bpf_probe_read_kernel(head, sizeof(acl_prefix), name);
	for (i = 0; i < (int)sizeof(acl_prefix) - 1; i++)
		if (head[i] != acl_prefix[i])
			return 0;
	return head[sizeof(acl_prefix) - 1] == 'd' ? WEIR_ACL_DEFAULT : WEIR_ACL_ACCESS;
}

#define ACL_USER	0x02
#define ACL_GROUP	0x08
#define ACL_XATTR_VERSION 2

struct acl_entry {
	__u16 tag;
	__u16 perm;
	__u32 id;
};

/*
 * An ACL of the kernel as its attribute: a version, then entries, which have
 * the same layout but for the id of those that need none.
 */
static __always_inline struct weir_str acl_put(struct scratch *s, struct posix_acl *acl)
{
	__u32 at = s->tail, i, off, n = BPF_CORE_READ(acl, a_count), len;
	struct acl_entry *entry;
	struct weir_str str = {};
	__u64 bits;

	BOUND(at);
	if (at > WEIR_REC_MAX - 8192)
		return str_of((__u64)WEIR_STR_ERROR << 32);
	*(__u32 *)&s->rec[at] = ACL_XATTR_VERSION;
	s->tail = at + 4;
	bits = bytes_put(s, (__u64)acl + bpf_core_field_offset(struct posix_acl, a_entries),
			 n * 8);
	len = bits >> 32;
	if (!(__u32)bits)
		return str_of(bits);
	for (i = 0; i < 128; i++) {
		off = at + 4 + i * 8;
		BOUND(off);
		if (i >= n || off > WEIR_REC_MAX - 8)
			break;
		entry = (void *)&s->rec[off];
		if (entry->tag != ACL_USER && entry->tag != ACL_GROUP)
			entry->id = ~0u;
	}
	str.off = at;
	str.len = len + 4;
	return str;
}

/* The ACL before, if the inode has it cached: odd pointers are marks. */
static __always_inline void acl_old_put(struct scratch *s, const struct inode *inode)
{
	struct weir_set_acl *e = (void *)s->rec;
	__u64 acl;

	if (!bpf_core_field_exists(inode->i_acl))
		return;
	if (e->acl_kind == WEIR_ACL_DEFAULT)
		acl = (__u64)BPF_CORE_READ(inode, i_default_acl);
	else
		acl = (__u64)BPF_CORE_READ(inode, i_acl);
	if (acl & 1)
		return;
	if (!acl) {
		e->acl_old_state = WEIR_OLD_NONE;
		return;
	}
	e->acl_old_state = WEIR_OLD_PRESENT;
	e->acl_old = acl_put(s, (void *)acl);
}

static __always_inline struct scratch *acl_begin(struct dentry *dentry, __u32 kind,
						 __u32 action)
{
	struct scratch *s;
	struct weir_set_acl *e;

	s = attr_begin(WEIR_EV_set_acl, sizeof(*e), dentry);
	if (!s)
		return NULL;
	e = (void *)s->rec;
	e->generation = file_generation(dentry);
	e->acl_kind = kind;
	e->acl_action = action;
	acl_old_put(s, dentry->d_inode);
	return s;
}

SEC("lsm/inode_setxattr")
int on_inode_setxattr(__u64 *ctx)
{
	struct dentry *dentry = (void *)ctx[1];
	const char *name = (void *)ctx[2];
	__u32 kind = acl_kind(name), size = ctx[4];
	struct weir_setxattr *e;
	struct scratch *s;

	if (layer_attr(dentry, name))
		return 0;
	if (kind) {
		s = acl_begin(dentry, kind, WEIR_ACL_SET);
		if (!s)
			return 0;
		((struct weir_set_acl *)s->rec)->acl_new =
			str_of(bytes_put(s, hook_arg(ctx, 3), size));
		return op_ask(s, ctx, WEIR_EV_set_acl, (__u64)dentry);
	}
	s = attr_begin(WEIR_EV_setxattr, sizeof(*e), dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->generation = file_generation(dentry);
	e->xattr_name = str_of(text_put(s, hook_arg(ctx, 2), 256));
	if (size)
		e->xattr_value = str_of(bytes_put(s, hook_arg(ctx, 3), size));
	e->xattr_size = size;
	e->xattr_flags = ctx[5];
	return op_ask(s, ctx, WEIR_EV_setxattr, (__u64)dentry);
}

SEC("lsm/inode_removexattr")
int on_inode_removexattr(__u64 *ctx)
{
	struct dentry *dentry = (void *)ctx[1];
	const char *name = (void *)ctx[2];
	__u32 kind = acl_kind(name);
	struct weir_removexattr *e;
	struct scratch *s;

	if (layer_attr(dentry, name))
		return 0;
	if (kind) {
		s = acl_begin(dentry, kind, WEIR_ACL_REMOVE);
		return s ? op_ask(s, ctx, WEIR_EV_set_acl, (__u64)dentry) : 0;
	}
	s = attr_begin(WEIR_EV_removexattr, sizeof(*e), dentry);
	if (!s)
		return 0;
	e = (void *)s->rec;
	e->generation = file_generation(dentry);
	e->xattr_name = str_of(text_put(s, hook_arg(ctx, 2), 256));
	return op_ask(s, ctx, WEIR_EV_removexattr, (__u64)dentry);
}

SEC("lsm/inode_set_acl")
int on_inode_set_acl(__u64 *ctx)
{
	struct dentry *dentry = (void *)ctx[1];
	const char *name = (void *)ctx[2];
	__u64 acl = hook_arg(ctx, 3);
	struct scratch *s;

	if (layer_attr(dentry, name))
		return 0;
	s = acl_begin(dentry, acl_kind(name), WEIR_ACL_SET);
	if (!s)
		return 0;
	if (acl)
		((struct weir_set_acl *)s->rec)->acl_new = acl_put(s, (void *)acl);
	return op_ask(s, ctx, WEIR_EV_set_acl, (__u64)dentry);
}

SEC("lsm/inode_remove_acl")
int on_inode_remove_acl(__u64 *ctx)
{
	struct dentry *dentry = (void *)ctx[1];
	__u32 kind = acl_kind((void *)ctx[2]);
	struct scratch *s = acl_begin(dentry, kind, WEIR_ACL_REMOVE);

	return s ? op_ask(s, ctx, WEIR_EV_set_acl, (__u64)dentry) : 0;
}

static __always_inline int attr_end(__u64 *ctx, __u32 type)
{
	struct scratch *s = op_waiting(type, ctx[1]);

	if (!s)
		s = op_waiting(WEIR_EV_set_acl, ctx[1]);
	if (s)
		op_done(s, ret_errno(ctx));
	return 0;
}

SEC("fexit/vfs_setxattr")
int on_vfs_setxattr(__u64 *ctx)
{
	return attr_end(ctx, WEIR_EV_setxattr);
}

SEC("fexit/vfs_removexattr")
int on_vfs_removexattr(__u64 *ctx)
{
	return attr_end(ctx, WEIR_EV_removexattr);
}

SEC("fexit/vfs_set_acl")
int on_vfs_set_acl(__u64 *ctx)
{
	return attr_end(ctx, WEIR_EV_set_acl);
}

SEC("fexit/vfs_remove_acl")
int on_vfs_remove_acl(__u64 *ctx)
{
	return attr_end(ctx, WEIR_EV_set_acl);
}
