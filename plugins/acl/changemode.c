/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of mode, owner and inode flags, and what goes along with them. */
#include "changepriv.h"

#include "formats.h"

/* The access ACL that the inode is known to have; false: none, or not known. */
static bool remembered_acl(struct change *c, struct acl *a, struct memo_value *value)
{
	static const char name[] = "system.posix_acl_access";
	struct acl_context ctx = { 0 };

	c->key.attr = memo_attr(name, sizeof(name) - 1);
	return memo_get(c->x->memo, &c->key, c->time, value) == MEMO_PRESENT &&
	       acl_decode(ACL_POSIX, value->bytes, &ctx, &c->x->arena, a) == 0;
}

static void remember_chmod(struct change *c, struct acl_bytes value, uint32_t mode)
{
	uint8_t *copy = acl_alloc(&c->x->arena, value.len);

	if (!copy)
		return;
	memcpy(copy, value.p, value.len);
	posix_chmod(copy, value.len, mode);
	value.p = copy;
	memo_put(c->x->memo, &c->key, c->sure ? MEMO_PRESENT : MEMO_UNKNOWN, value);
}

void change_chmod(struct change *c)
{
	uint32_t uid = change_get32(c, IN_UID, ACL_NO_ID), gid = change_get32(c, IN_GID, ACL_NO_ID);
	struct acl was, is, posix;
	struct memo_value value;

	c->kind = ACL_MODE;
	c->old_status = "kernel";
	if (mode_set(&was, change_get32(c, IN_CHMOD_OLD, 0), uid, gid, &c->x->arena) ||
	    mode_set(&is, change_get32(c, IN_CHMOD_NEW, 0), uid, gid, &c->x->arena))
		return;
	if (remembered_acl(c, &posix, &value)) {
		tell_chmod_mask(&c->x->tell, &posix, is.mode, &c->x->words);
		if (c->done)
			remember_chmod(c, value.bytes, is.mode);
	}
	tell_change(&c->x->tell, &was, &is, c->done, &c->x->words);
}

/* Set-id bits and capabilities go with the owner, but from folders. */
void change_chown(struct change *c)
{
	static const char name[] = "security.capability";
	uint32_t old_uid = change_get32(c, IN_CHOWN_OLD_UID, ACL_NO_ID);
	uint32_t old_gid = change_get32(c, IN_CHOWN_OLD_GID, ACL_NO_ID);
	uint32_t mode = change_get32(c, IN_MODE, 0);
	struct memo_value value;
	struct acl was, is;

	c->kind = ACL_MODE;
	c->old_status = "kernel";
	if (mode_set(&was, mode, old_uid, old_gid, &c->x->arena))
		return;
	if (tell_chown_mode(&mode))
		delta_add(&c->x->tell.changes, "set-id bits removed by the kernel");
	if (mode_set(&is, mode, change_get32(c, IN_CHOWN_UID, old_uid),
		     change_get32(c, IN_CHOWN_GID, old_gid), &c->x->arena))
		return;
	c->key.attr = memo_attr(name, sizeof(name) - 1);
	if (!is.is_dir && memo_get(c->x->memo, &c->key, c->time, &value) == MEMO_PRESENT)
		delta_add(&c->x->tell.changes, "file capabilities removed by the kernel");
	if (!is.is_dir && c->done)
		memo_put(c->x->memo, &c->key, c->sure ? MEMO_NONE : MEMO_UNKNOWN,
			 (struct acl_bytes){ 0 });
	tell_change(&c->x->tell, &was, &is, c->done, &c->x->words);
}

/* What the event does not have from before is told as it is. */
void change_chattr(struct change *c)
{
	uint32_t new = change_get32(c, IN_CHATTR_NEW, 0), old = change_get32(c, IN_CHATTR_OLD, 0);
	struct acl was, is;

	c->kind = ACL_INODE_FLAGS;
	c->old_status = "kernel";
	inode_flags_set(&was, (old & INODE_FLAGS_KEPT) | (new & ~INODE_FLAGS_KEPT));
	inode_flags_set(&is, new);
	tell_change(&c->x->tell, &was, &is, c->done, &c->x->words);
}
