/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of security modules, and the flags of an inode: small things. */
#include "formats.h"

#define SELINUX_MAX	4096
#define SMACK_MAX	255

int label_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		 struct acl_arena *arena)
{
	(void)ctx;
	(void)arena;
	if (a->kind == ACL_METADATA)
		return 0;
	if (in.len && !in.p[in.len - 1])
		in.len--;
	if (!in.len)
		return acl_fault(a, "L1", "an empty label");
	if (in.len > (a->kind == ACL_SMACK ? SMACK_MAX : SELINUX_MAX))
		return acl_fault(a, "L2", "a label that is too long");
	if (memchr(in.p, 0, in.len))
		return acl_fault(a, "L3", "a NUL within a label");
	a->text = in;
	a->has_text = true;
	return 0;
}

/* The range may hold colons, so only the first three count. */
unsigned label_split(struct acl_bytes label, struct acl_bytes parts[4])
{
	const uint8_t *colon;
	unsigned n = 0;

	while (n < 3 && (colon = memchr(label.p, ':', label.len))) {
		parts[n++] = (struct acl_bytes){ label.p, (uint32_t)(colon - label.p) };
		label.len -= (uint32_t)(colon - label.p) + 1;
		label.p = colon + 1;
	}
	parts[n++] = label;
	return n < 3 ? 0 : n;
}

/* ---- inode flags --------------------------------------------------------------------*/

const char *inode_flag_name(bool xflags, unsigned bit)
{
	static const char *const fl[32] = {
		"secure_deletion", "undelete", "compressed", "sync", "immutable", "append_only",
		"no_dump", "no_atime", "dirty", "compressed_blocks", "no_compression",
		"encrypted", "indexed", "imagic", "journal_data", "no_tail_merging",
		"dir_sync", "top_dir", "huge_file", "extents", "verity", "ea_inode",
		"eof_blocks", "no_cow", NULL, "dax", NULL, NULL, "inline_data",
		"project_inherit", "casefold", "reserved",
	};
	static const char *const xfl[18] = {
		"realtime", "preallocated", NULL, "immutable", "append_only", "sync", "no_atime",
		"no_dump", "realtime_inherit", "project_inherit", "no_symlinks", "extent_size",
		"extent_size_inherit", "no_defrag", "filestream", "dax", "cow_extent_size",
	};

	if (!xflags)
		return fl[bit];
	return bit < 18 ? xfl[bit] : bit == 31 ? "has_attributes" : NULL;
}

void inode_flags_set(struct acl *a, uint32_t flags)
{
	memset(a, 0, sizeof(*a));
	a->kind = ACL_INODE_FLAGS;
	a->acl_flags = flags;
}

int inode_flags_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		       struct acl_arena *arena)
{
	(void)arena;
	if (in.len != 4)
		return acl_fault(a, "F1", "inode flags are four bytes");
	a->xflags = ctx->xattr && !strcmp(ctx->xattr, "xflags");
	a->acl_flags = le32(in.p);
	return 0;
}
