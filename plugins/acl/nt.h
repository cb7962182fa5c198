/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NT security descriptors: as bytes, in Samba's wrapper, as SDDL. All decoders
 * answer 0, or ACL_E_RULE with the rule that the input breaks.
 */
#pragma once

#include "put.h"

/* ntsd.c: a self-relative descriptor (system.ntfs_security, cifs_ntsd, ...). */
int ntsd_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena);
/* The same that begins at `at`, with offsets that count from the start of `in`. */
int ntsd_decode_at(struct acl *a, struct acl_bytes in, uint32_t at,
		   const struct acl_context *ctx, struct acl_arena *arena);

/* Notes an allow before a deny, both inherited or both not, in the DACL. */
void ntsd_note_order(struct acl *a);

/* ntacl.c: security.NTACL, versions 1 to 4. */
int ntacl_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		 struct acl_arena *arena);

/* sddl.c */
int sddl_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena);

/*
 * sddlput.c. What has no code of SDDL comes out as a number in the place of the
 * type, which no reader takes for something else. False: no memory for a
 * condition.
 */
bool sddl_put(struct put *o, const struct acl *a, struct acl_arena *scratch);

/*
 * ntenc.c: a self-relative descriptor, in Windows' order: SACL, DACL, owner,
 * group. 0; or ACL_E_RULE: S7 where an alias has no domain, V5 and V6 where
 * something is too large for the format.
 */
int ntsd_encode(struct acl *a, struct acl_arena *arena, struct acl_bytes *out);
