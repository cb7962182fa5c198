/* SPDX-License-Identifier: Apache-2.0 */
/* NFSv4 ACLs: as XDR with names, and with numbers, as TrueNAS has them. */
#include "formats.h"

/* A cursor over big-endian words. */
struct xdr {
	const uint8_t *p;
	size_t n;
};

static bool word(struct xdr *x, uint32_t *out)
{
	if (x->n < 4)
		return false;
	*out = be32(x->p);
	x->p += 4;
	x->n -= 4;
	return true;
}

/* ---- names --------------------------------------------------------------------------*/

const char *nfs4_type_name(unsigned type)
{
	static const char *const names[NFS4__MAX] = { "allow", "deny", "audit", "alarm" };

	return names[type];
}

const char *nfs4_flag_name(unsigned bit)
{
	static const char *const names[] = {
		"file_inherit", "directory_inherit", "no_propagate_inherit", "inherit_only",
		"successful_access", "failed_access", "identifier_group", "inherited",
	};

	return bit < 8 ? names[bit] : NULL;
}

const char *nfs4_right_name(unsigned bit, bool is_dir)
{
	static const char *const names[21] = {
		"read_data", "write_data", "append_data", "read_named_attrs",
		"write_named_attrs", "execute", "delete_child", "read_attributes",
		"write_attributes", "write_retention", "write_retention_hold", NULL, NULL, NULL,
		NULL, NULL, "delete", "read_acl", "write_acl", "write_owner", "synchronize",
	};
	static const char *const dir[] = { "list_directory", "add_file", "add_subdirectory" };

	return is_dir && bit < 3 ? dir[bit] : bit < 21 ? names[bit] : NULL;
}

const char *nfs4_special_name(uint32_t id)
{
	static const char *const names[] = {
		NULL, "OWNER@", "GROUP@", "EVERYONE@", "INTERACTIVE@", "NETWORK@", "DIALUP@",
		"BATCH@", "ANONYMOUS@", "AUTHENTICATED@", "SERVICE@",
	};

	return id < sizeof(names) / sizeof(*names) ? names[id] : NULL;
}

/* ---- with names -----------------------------------------------------------------------*/

static bool name_is_fine(const uint8_t *p, size_t n)
{
	size_t len;

	for (; n; p += len, n -= len) {
		len = utf8_len(p, n);
		if (!len || !*p)
			return false;
	}
	return true;
}

static int decode_ace(struct acl *a, struct ace *e, struct xdr *x)
{
	uint32_t type = 0, mask = 0, len = 0;

	if (!word(x, &type) || !word(x, &e->flags) || !word(x, &mask) || !word(x, &len))
		return acl_fault(a, "X1", "an NFSv4 ACL ends within an entry");
	if (type >= NFS4__MAX)
		return acl_fault(a, "X3", "unknown type in an NFSv4 ACL");
	if (!len || len > x->n || ((len + (uint64_t)3) & ~(uint64_t)3) > x->n)
		return acl_fault(a, "X4", "the name in an NFSv4 ACL leads outside");
	if (!name_is_fine(x->p, len))
		return acl_fault(a, "X4", "a name in an NFSv4 ACL is not UTF-8");
	e->type = (uint8_t)type;
	e->mask = mask;
	e->who = WHO_NAME;
	e->name = (struct acl_bytes){ x->p, len };
	len = (len + 3) & ~3u;
	x->p += len;
	x->n -= len;
	return 0;
}

/* ---- with numbers ----------------------------------------------------------------------*/

static int decode_numbered(struct acl *a, struct ace *e, struct xdr *x)
{
	uint32_t type = 0, mask = 0, iflag = 0;

	if (!word(x, &type) || !word(x, &e->flags) || !word(x, &iflag) || !word(x, &mask) ||
	    !word(x, &e->id))
		return acl_fault(a, "X1", "an NFSv4 ACL ends within an entry");
	if (type >= NFS4__MAX)
		return acl_fault(a, "X3", "unknown type in an NFSv4 ACL");
	e->type = (uint8_t)type;
	e->mask = mask;
	e->who = iflag & 1 ? WHO_SPECIAL : e->flags & 0x40 ? WHO_GID : WHO_UID;
	return 0;
}

/* ---- the whole ---------------------------------------------------------------------------*/

static bool is_name(const char *xattr, const char *name)
{
	return xattr && !strcmp(xattr, name);
}

int nfs4_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena)
{
	bool numbered = is_name(ctx->xattr, "system.nfs4_acl_xdr") ||
			is_name(ctx->xattr, "security.nfs4acl_xdr");
	struct xdr x = { in.p, in.len };
	uint32_t count = 0, i;
	int r;

	a->is_dir = ctx->is_dir;
	a->has_acl_flags = numbered || is_name(ctx->xattr, "system.nfs4_dacl") ||
			   is_name(ctx->xattr, "system.nfs4_sacl");
	if ((a->has_acl_flags && !word(&x, &a->acl_flags)) || !word(&x, &count))
		return acl_fault(a, "X1", "an NFSv4 ACL without a head");
	if (count > x.n / (numbered ? 20 : 16))
		return acl_fault(a, "X2", "an NFSv4 ACL has no room for its entries");
	a->aces = acl_alloc(arena, count * sizeof(*a->aces));
	if (!a->aces)
		return acl_no_room(a);
	memset(a->aces, 0, count * sizeof(*a->aces));
	a->n_aces = count;
	for (i = 0; i < count; i++) {
		r = numbered ? decode_numbered(a, &a->aces[i], &x) :
			       decode_ace(a, &a->aces[i], &x);
		if (r)
			return r;
	}
	return x.n ? acl_fault(a, "X5", "bytes behind the last entry of an NFSv4 ACL") : 0;
}
