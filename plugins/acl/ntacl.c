/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samba's wrapper of a security descriptor, security.NTACL. The offsets of the
 * descriptor in it count from the beginning of the whole value.
 */
#include "nt.h"

enum { HASH_AT = 12, DESCRIPTION_AT = 78, SYS_HASH_SIZE = 64 };

/* The descriptor follows the description, its padding, a time and a hash. */
static uint32_t version4_at(struct acl *a, struct acl_bytes in)
{
	const uint8_t *end;
	uint32_t at;

	if (in.len <= DESCRIPTION_AT)
		return 0;
	end = memchr(in.p + DESCRIPTION_AT, 0, in.len - DESCRIPTION_AT);
	if (!end)
		return 0;
	a->text = (struct acl_bytes){ in.p + DESCRIPTION_AT,
				      (uint32_t)(end - in.p) - DESCRIPTION_AT };
	a->has_text = true;
	at = (uint32_t)(end - in.p) + 1;
	return ((at + 3) & ~3u) + 8 + SYS_HASH_SIZE;
}

int ntacl_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		 struct acl_arena *arena)
{
	static const uint32_t fixed[] = { 0, 8, 28, 80 };
	uint32_t at;

	if (in.len < 4 || le16(in.p) < 1 || le16(in.p) > 4 || le16(in.p) != le16(in.p + 2))
		return acl_fault(a, "N1", "no NTACL of version 1 to 4");
	a->version = in.p[0];
	if (in.len < (a->version == 1 ? 8u : 12u))
		return acl_fault(a, "N3", "an NTACL is too short");
	if (!le32(in.p + 4) || (a->version > 1 && !le32(in.p + 8)))
		return acl_fault(a, "N2", "a pointer of an NTACL is zero");
	if (a->version < 4)
		at = fixed[a->version];
	else
		at = version4_at(a, in);
	if (!at || at > in.len)
		return acl_fault(a, "N3", "the fixed part of an NTACL is not all there");
	if (a->version >= 3) {
		a->has_hash = true;
		a->hash_type = le16(in.p + HASH_AT);
	}
	return ntsd_decode_at(a, in, at, ctx, arena);
}
