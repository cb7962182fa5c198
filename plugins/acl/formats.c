/* SPDX-License-Identifier: Apache-2.0 */
/* Which format is which, and who decodes it. */
#include "formats.h"

#include "nt.h"

typedef int decode_f(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		     struct acl_arena *arena);

static const struct {
	const char *name;
	decode_f *decode;
	bool is_text;
} kinds[ACL_KIND__MAX] = {
	[ACL_SDDL] = { "sddl", sddl_decode, true },
	[ACL_NTACL] = { "ntacl", ntacl_decode, false },
	[ACL_NTSD] = { "cifs_ntsd", ntsd_decode, false },
	[ACL_POSIX] = { "posix_acl", posix_decode, false },
	[ACL_NFS4] = { "nfs4_acl", nfs4_decode, false },
	[ACL_CAPABILITY] = { "capability", cap_decode, false },
	[ACL_MODE] = { "mode", mode_decode, true },
	[ACL_SELINUX] = { "selinux", label_decode, false },
	[ACL_SMACK] = { "smack", label_decode, false },
	[ACL_INODE_FLAGS] = { "inode_flags", inode_flags_decode, false },
	[ACL_METADATA] = { "metadata", label_decode, false },
};

/* Names that end with a dot stand for all that begin so. */
static const struct {
	const char *name;
	uint8_t kind;
} xattrs[] = {
	{ "system.posix_acl_access", ACL_POSIX },
	{ "system.posix_acl_default", ACL_POSIX },
	{ "security.capability", ACL_CAPABILITY },
	{ "security.NTACL", ACL_NTACL },
	{ "security.selinux", ACL_SELINUX },
	{ "security.SMACK64", ACL_SMACK },
	{ "security.SMACK64EXEC", ACL_SMACK },
	{ "security.SMACK64MMAP", ACL_SMACK },
	{ "security.SMACK64TRANSMUTE", ACL_SMACK },
	{ "system.nfs4_acl", ACL_NFS4 },
	{ "system.nfs4_dacl", ACL_NFS4 },
	{ "system.nfs4_sacl", ACL_NFS4 },
	{ "system.nfs4_acl_xdr", ACL_NFS4 },
	{ "security.nfs4acl_xdr", ACL_NFS4 },
	{ "system.ntfs_security", ACL_NTSD },
	{ "system.ntfs_acl", ACL_NTSD },
	{ "system.cifs_acl", ACL_NTSD },
	{ "system.smb3_acl", ACL_NTSD },
	{ "system.cifs_ntsd", ACL_NTSD },
	{ "system.smb3_ntsd", ACL_NTSD },
	{ "system.cifs_ntsd_full", ACL_NTSD },
	{ "system.smb3_ntsd_full", ACL_NTSD },
	{ "security.ima", ACL_METADATA },
	{ "security.evm", ACL_METADATA },
	{ "trusted.overlay.", ACL_METADATA },
};
#define N_XATTRS	(sizeof(xattrs) / sizeof(*xattrs))

const char *const acl_xattr_names[] = {
	"system.posix_acl_access", "system.posix_acl_default", "security.capability",
	"security.NTACL", "system.ntfs_security", "system.cifs_ntsd_full", "system.cifs_ntsd",
	"system.nfs4_acl", "system.nfs4_dacl", "system.nfs4_sacl", "system.nfs4_acl_xdr",
	"security.nfs4acl_xdr", "security.selinux", "security.SMACK64", "security.SMACK64EXEC",
	"security.SMACK64MMAP", "security.SMACK64TRANSMUTE", NULL
};

const char *acl_kind_name(enum acl_kind kind)
{
	return (unsigned)kind < ACL_KIND__MAX ? kinds[kind].name : NULL;
}

bool acl_kind_find(const char *name, size_t n, enum acl_kind *kind)
{
	unsigned i;

	for (i = 0; i < ACL_KIND__MAX; i++)
		if (strlen(kinds[i].name) == n && !memcmp(kinds[i].name, name, n)) {
			*kind = (enum acl_kind)i;
			return true;
		}
	return false;
}

bool acl_kind_is_text(enum acl_kind kind)
{
	return kinds[kind].is_text;
}

bool acl_xattr_kind(const char *name, size_t n, enum acl_kind *kind)
{
	size_t i, len;

	for (i = 0; i < N_XATTRS; i++) {
		len = strlen(xattrs[i].name);
		if (len > n || memcmp(xattrs[i].name, name, len))
			continue;
		if (len == n || xattrs[i].name[len - 1] == '.') {
			*kind = (enum acl_kind)xattrs[i].kind;
			return true;
		}
	}
	return false;
}

int acl_decode(enum acl_kind kind, struct acl_bytes in, const struct acl_context *ctx,
	       struct acl_arena *arena, struct acl *a)
{
	int r;

	memset(a, 0, sizeof(*a));
	a->kind = (uint8_t)kind;
	arena->full = false;
	r = kinds[kind].decode(a, in, ctx, arena);
	/* What failed for lack of memory may look like a broken rule. */
	return r && arena->full ? acl_no_room(a) : r;
}
