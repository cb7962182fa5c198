/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All formats: by name, and by the extended attribute that holds one; and the
 * decoders of those that are not of Windows. Those of Windows are in nt.h.
 */
#pragma once

#include "put.h"

/*
 * Decodes `in` as `kind`. 0; or ACL_E_RULE with a->rule and a->why, all else in
 * *a is then worth nothing. Of a kind that is text, `in` is the text.
 */
int acl_decode(enum acl_kind kind, struct acl_bytes in, const struct acl_context *ctx,
	       struct acl_arena *arena, struct acl *a);

/* "posix_acl"; NULL: no such kind. */
const char *acl_kind_name(enum acl_kind kind);
/* false: none has the name. */
bool acl_kind_find(const char *name, size_t n, enum acl_kind *kind);
/* Whether the input is text, else bytes. */
bool acl_kind_is_text(enum acl_kind kind);

/* The kind that the attribute has, by its whole name; false: no permission. */
bool acl_xattr_kind(const char *name, size_t n, enum acl_kind *kind);
/* The known names, for who looks for them; ended by NULL. */
extern const char *const acl_xattr_names[];

/* ---- one by one ------------------------------------------------------------------*/

int posix_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		 struct acl_arena *arena);
/* "rw-" */
void posix_put_perm(struct put *o, uint32_t perm);
/* What a chmod makes of a stored access ACL; len bytes that posix_decode takes. */
void posix_chmod(uint8_t *value, uint32_t len, uint32_t mode);
const char *posix_type_name(unsigned type);

/* system.nfs4_acl, nfs4_dacl, nfs4_sacl, and the layout of TrueNAS: by ctx->xattr. */
int nfs4_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena);
const char *nfs4_type_name(unsigned type);
const char *nfs4_flag_name(unsigned bit);	/* NULL: none has the bit */
const char *nfs4_right_name(unsigned bit, bool is_dir);
const char *nfs4_special_name(uint32_t id);	/* NULL: unknown */

int cap_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
	       struct acl_arena *arena);
/* "cap_chown", "cap_63". */
void cap_put_name(struct put *o, unsigned bit);
/* Sets that make root of who has them. */
extern const uint64_t cap_like_root;

/* "100755 0 0"; of "OLD -> NEW" the new one. */
int mode_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena);
/* Whether the text is a change; then its two sides. */
bool mode_split(struct acl_bytes in, struct acl_bytes *was, struct acl_bytes *is);
/* From numbers. The entries are in the arena. */
int mode_set(struct acl *a, uint32_t mode, uint32_t uid, uint32_t gid, struct acl_arena *arena);
/* "-rwsr-xr-x" */
void mode_put(struct put *o, uint32_t mode);
/* "file", "directory"; NULL: no type, or an unknown one. */
const char *mode_type_name(uint32_t mode);

/* SELinux and Smack labels; integrity metadata, of which nothing is said. */
int label_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		 struct acl_arena *arena);
/* user, role, type, range: the number of those that are there, 0 to 4. */
unsigned label_split(struct acl_bytes label, struct acl_bytes parts[4]);

/* Four bytes of FS_IOC_GETFLAGS, or, with the xattr "xflags", FS_XFLAG_*. */
int inode_flags_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		       struct acl_arena *arena);
/* From FS_*_FL. */
void inode_flags_set(struct acl *a, uint32_t flags);
/* Of FS_*_FL those that the kernel keeps for every file system. */
#define INODE_FLAGS_KEPT	0x401108b8u
const char *inode_flag_name(bool xflags, unsigned bit);	/* NULL: none */
