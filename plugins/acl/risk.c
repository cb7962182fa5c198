/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a permission is a risk. Each is looked for in both states, so that
 * only what is new is told.
 */
#include "delta.h"
#include "formats.h"
#include "nttab.h"
#include "sid.h"

#define FULL_CONTROL	0x1f01ffu
/* Write, append, write DAC, write owner, generic write and all. */
#define CAN_WRITE	0x500c0006u

enum risk {
	RISK_WORLD_WRITABLE = 1, RISK_SETUID_ROOT = 2, RISK_SETUID = 4, RISK_SETGID = 8,
	RISK_NULL_DACL = 16, RISK_FULL_CONTROL = 32, RISK_CAN_WRITE = 64, RISK_OPENS_TREE = 128,
};

static const struct {
	uint32_t risk;
	const char *word;
} words[] = {
	{ RISK_WORLD_WRITABLE, "world_writable" }, { RISK_SETUID_ROOT, "setuid_root" },
	{ RISK_SETUID, "setuid" }, { RISK_SETGID, "setgid" }, { RISK_NULL_DACL, "null_dacl" },
	{ RISK_FULL_CONTROL, "everyone_full_control" }, { RISK_CAN_WRITE, "everyone_can_write" },
	{ RISK_OPENS_TREE, "default_acl_opens_tree" },
};

/* A link's mode means nothing; in a sticky folder others may write, and no harm. */
static uint32_t of_mode(const struct acl *a)
{
	uint32_t risk = 0, type = a->mode & MODE_TYPE;

	if (type == MODE_LINK)
		return 0;
	if (a->mode & 02 && !(a->is_dir && a->mode & MODE_STICKY))
		risk |= RISK_WORLD_WRITABLE;
	if (a->is_dir)
		return risk;
	if (a->mode & MODE_SETUID && a->mode & 0111)
		risk |= a->uid == 0 ? RISK_SETUID_ROOT : RISK_SETUID;
	if (a->mode & MODE_SETGID && a->mode & 0010)
		risk |= RISK_SETGID;
	return risk;
}

static uint32_t of_posix(const struct acl *a)
{
	uint32_t i, risk = 0;

	for (i = 0; i < a->n_aces; i++) {
		const struct ace *e = &a->aces[i];

		if (e->type == POSIX_OTHER && e->mask & 2)
			risk |= a->is_default ? RISK_OPENS_TREE : RISK_WORLD_WRITABLE;
		if (a->is_default && (e->type == POSIX_USER || e->type == POSIX_GROUP) &&
		    e->effective & 2)
			risk |= RISK_OPENS_TREE;
	}
	return risk;
}

static uint32_t of_mask(uint64_t mask)
{
	if ((mask & FULL_CONTROL) == FULL_CONTROL || mask & 0x10000000)
		return RISK_FULL_CONTROL;
	return mask & CAN_WRITE ? RISK_CAN_WRITE : 0;
}

/* Everyone, and who has not even logged on. */
static bool is_anybody(const struct ace *e)
{
	static const uint8_t anonymous[12] = { 1, 1, 0, 0, 0, 0, 0, 5, 7 };

	if (e->who == WHO_NAME)
		return (e->name.len == 9 && !memcmp(e->name.p, "EVERYONE@", 9)) ||
		       (e->name.len == 10 && !memcmp(e->name.p, "ANONYMOUS@", 10));
	if (e->who == WHO_SPECIAL)
		return e->id == 3 || e->id == 8;
	return e->who == WHO_SID && (sid_is_everyone(&e->sid) ||
				     (e->sid.p && sid_subs(e->sid.p) == 1 &&
				      !memcmp(e->sid.p, anonymous, sizeof(anonymous))));
}

static uint32_t of_entries(const struct acl *a)
{
	uint32_t i, risk = 0;
	bool allow;

	for (i = 0; i < a->n_aces && a->aces[i].list == ACL_DACL; i++) {
		allow = a->kind == ACL_NFS4 ? a->aces[i].type == NFS4_ALLOW :
					      nt_has(a->aces[i].type) & NT_IS_ALLOW;
		if (allow && is_anybody(&a->aces[i]))
			risk |= of_mask(a->aces[i].mask);
	}
	if (a->kind != ACL_NFS4 && a->states[ACL_DACL] == ACL_NULL)
		risk |= RISK_NULL_DACL;
	return risk;
}

static uint32_t risks(const struct acl *a)
{
	if (!a || a->notes & ACL_NOTE_REMOVED)
		return 0;
	switch (a->kind) {
	case ACL_MODE:
		return of_mode(a);
	case ACL_POSIX:
		return of_posix(a);
	case ACL_SDDL:
	case ACL_NTACL:
	case ACL_NTSD:
	case ACL_NFS4:
		return of_entries(a);
	default:
		return 0;
	}
}

static void caps(struct delta *d, const struct acl *was, const struct acl *is)
{
	uint64_t before = was && was->n_aces ? was->aces[CAP_PERMITTED].mask : 0, mask;
	struct put *o;

	if (!is->n_aces)
		return;
	for (mask = is->aces[CAP_PERMITTED].mask & ~before & cap_like_root; mask; mask &= mask - 1) {
		o = delta_begin(d);
		PUT(o, "capability:");
		cap_put_name(o, (unsigned)__builtin_ctzll(mask));
		delta_end(d);
	}
}

static void inode_flags(struct delta *d, const struct acl *was, const struct acl *is)
{
	uint32_t lost = was ? was->acl_flags & ~is->acl_flags : 0;

	if (lost & (is->xflags ? 0x8u : 0x10u))
		delta_add(d, "immutable_removed");
	if (lost & (is->xflags ? 0x10u : 0x20u))
		delta_add(d, "append_only_removed");
}

void risk_run(struct delta *d, const struct acl *was, const struct acl *is)
{
	uint32_t gained = risks(is) & ~risks(was);
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (gained & words[i].risk)
			delta_add(d, words[i].word);
	if (is->kind == ACL_CAPABILITY)
		caps(d, was, is);
	if (is->kind == ACL_INODE_FLAGS)
		inode_flags(d, was, is);
}
