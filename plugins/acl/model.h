/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a permission is, whichever format it came in: one structure, which the
 * decoders fill and from which text, JSON and differences are made. Knows
 * nothing of the sensor. Nothing here is allocated but from the caller's
 * arena, and what a decoder fills points into the arena or into its input:
 * both have to stay as long as the structure. No state is shared, so any thread
 * may use it, each with an arena of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- memory ------------------------------------------------------------------*/

struct acl_arena {
	uint8_t *p;
	size_t cap, used;
	bool full;		/* something did not fit */
};

/* Aligned for anything in here; NULL: full. */
static inline void *acl_alloc(struct acl_arena *a, size_t n)
{
	size_t at = (a->used + 7) & ~(size_t)7;

	if (at > a->cap || n > a->cap - at) {
		a->full = true;
		return NULL;
	}
	a->used = at + n;
	return a->p + at;
}

struct acl_bytes {
	const uint8_t *p;
	uint32_t len;
};

/* ---- trustees ------------------------------------------------------------------*/

/* A SID's own bytes; or, of an alias whose domain is not known, its last number. */
enum sid_base { SID_PLAIN, SID_DOMAIN, SID_MACHINE, SID_FOREST };

struct sid {
	const uint8_t *p;	/* NULL: none, or relative */
	uint32_t rid;
	uint32_t base;		/* enum sid_base */
};

enum acl_who {
	WHO_NONE,
	WHO_SID,
	WHO_OWNER,		/* of the file */
	WHO_OWNING_GROUP,
	WHO_MASK,
	WHO_OTHER,
	WHO_UID,		/* id */
	WHO_GID,
	WHO_NAME,		/* NFSv4: name */
	WHO_SPECIAL,		/* NFSv4, by number: id */
};

/* ---- entries --------------------------------------------------------------------*/

/* Numbers of MS-DTYP; the other kinds have enums of their own. */
enum nt_type {
	NT_ALLOW, NT_DENY, NT_AUDIT, NT_ALARM, NT_ALLOW_COMPOUND, NT_ALLOW_OBJECT,
	NT_DENY_OBJECT, NT_AUDIT_OBJECT, NT_ALARM_OBJECT, NT_ALLOW_CALLBACK, NT_DENY_CALLBACK,
	NT_ALLOW_CALLBACK_OBJECT, NT_DENY_CALLBACK_OBJECT, NT_AUDIT_CALLBACK, NT_ALARM_CALLBACK,
	NT_AUDIT_CALLBACK_OBJECT, NT_ALARM_CALLBACK_OBJECT, NT_MANDATORY_LABEL,
	NT_RESOURCE_ATTRIBUTE, NT_SCOPED_POLICY_ID, NT_PROCESS_TRUST_LABEL, NT_ACCESS_FILTER,
	NT__MAX
};

enum posix_type {
	POSIX_USER_OBJ, POSIX_USER, POSIX_GROUP_OBJ, POSIX_GROUP, POSIX_MASK, POSIX_OTHER,
	POSIX__MAX
};
enum nfs4_type { NFS4_ALLOW, NFS4_DENY, NFS4_AUDIT, NFS4_ALARM, NFS4__MAX };
enum cap_type { CAP_PERMITTED, CAP_INHERITABLE, CAP__MAX };

enum acl_list { ACL_DACL, ACL_SACL, ACL_LISTS };

struct ace {
	uint8_t list;		/* enum acl_list */
	uint8_t type;
	uint8_t who;		/* enum acl_who */
	uint8_t opaque;		/* a callback's data is no condition */
	uint32_t flags;
	uint64_t mask;		/* of a capability set: 64 bits */
	uint32_t id;
	uint32_t effective;	/* POSIX: mask & that of the mask entry */
	struct sid sid;
	struct acl_bytes name;
	const uint8_t *object, *inherited;	/* GUIDs; NULL: none */
	struct acl_bytes cond;	/* tokens without "artx" and padding; checked */
	struct acl_bytes claim;	/* as in MS-DTYP; checked */
};

/* ---- the whole -------------------------------------------------------------------*/

enum acl_kind {
	ACL_SDDL,
	ACL_NTACL,		/* Samba's wrapper of a descriptor */
	ACL_NTSD,		/* a self-relative descriptor: cifs, ntfs3 */
	ACL_POSIX,
	ACL_NFS4,
	ACL_CAPABILITY,
	ACL_MODE,
	ACL_SELINUX,
	ACL_SMACK,
	ACL_INODE_FLAGS,
	ACL_METADATA,		/* integrity data and the like: no permission */
	ACL_KIND__MAX
};

enum acl_state { ACL_ABSENT, ACL_NULL, ACL_EMPTY, ACL_PRESENT };

/* What is odd and no error. */
enum acl_note {
	ACL_NOTE_NOT_SELF_RELATIVE = 1,
	ACL_NOTE_NOT_CANONICAL = 2,	/* an allow before a deny */
	ACL_NOTE_MORE_STORED = 4,	/* behind the last entry that counts */
	ACL_NOTE_OPAQUE = 8,		/* callback data that is no condition */
	ACL_NOTE_REMOVED = 16,		/* the value means: none any more */
	ACL_NOTE_OFFSET_UNUSED = 32,	/* an ACL is stored that is not in force */
};

/* Bits of a descriptor's control field. The SACL's are the DACL's << 1. */
enum {
	NT_DACL_PRESENT = 0x4, NT_SACL_PRESENT = 0x10, NT_DACL_AUTO_REQ = 0x100,
	NT_DACL_AUTO = 0x400, NT_DACL_PROTECTED = 0x1000, NT_SELF_RELATIVE = 0x8000,
};

/* Which mode bits are the type and which the special ones, without <sys/stat.h>. */
enum { MODE_TYPE = 0170000, MODE_FILE = 0100000, MODE_DIR = 0040000, MODE_LINK = 0120000,
       MODE_SETUID = 04000, MODE_SETGID = 02000, MODE_STICKY = 01000 };

#define ACL_NO_ID	0xffffffffu

struct acl {
	uint8_t kind;		/* enum acl_kind */
	bool is_dir;
	bool is_default;	/* POSIX: for new children */
	uint8_t states[ACL_LISTS];	/* NT: enum acl_state */
	uint8_t version;	/* of an NTACL, a capability */
	bool has_hash, has_rootid, effective, has_acl_flags;
	bool xflags;		/* inode flags are FS_XFLAG_* */
	uint16_t hash_type;
	uint16_t control;	/* NT */
	uint32_t notes;		/* enum acl_note */
	uint32_t acl_flags;	/* NFSv4.1; inode flags */
	uint32_t mode;		/* of a mode: with the type */
	uint32_t uid, gid;	/* of a mode; ACL_NO_ID: not known */
	uint32_t rootid;
	uint32_t n_aces;
	struct ace *aces;	/* DACL, then SACL */
	struct sid owner, group;
	struct acl_bytes text;	/* label; an NTACL's description */
	bool has_text;
	/* Why it could not be decoded; static. */
	const char *rule, *why;
};

/* What a decoder has to be told. Zeros will do. */
struct acl_context {
	bool is_dir;
	const char *xattr;	/* the attribute's name; NULL: the kind's usual one */
	const uint8_t *domain, *machine, *forest;	/* SIDs; NULL: not known */
};

/* Results of all decoders, besides 0. */
enum { ACL_E_RULE = 1 };	/* rule and why are set */

static inline int acl_fault(struct acl *a, const char *rule, const char *why)
{
	a->rule = rule;
	a->why = why;
	return ACL_E_RULE;
}

static inline int acl_no_room(struct acl *a)
{
	return acl_fault(a, "memory", "more than there is memory for");
}

/* ---- bytes -------------------------------------------------------------------------*/

static inline uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void le16_put(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void le32_put(uint8_t *p, uint32_t v)
{
	le16_put(p, v);
	le16_put(p + 2, v >> 16);
}
