/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX ACLs as the extended attribute holds them. */
#include "formats.h"

#define HEAD		4
#define ENTRY		8
#define VERSION		2

/* Their order is also that of the tags' bits. */
static int type_of(unsigned tag)
{
	switch (tag) {
	case 0x01: return POSIX_USER_OBJ;
	case 0x02: return POSIX_USER;
	case 0x04: return POSIX_GROUP_OBJ;
	case 0x08: return POSIX_GROUP;
	case 0x10: return POSIX_MASK;
	case 0x20: return POSIX_OTHER;
	}
	return -1;
}

const char *posix_type_name(unsigned type)
{
	static const char *const names[POSIX__MAX] = {
		"user_obj", "user", "group_obj", "group", "mask", "other",
	};

	return names[type];
}

void posix_put_perm(struct put *o, uint32_t perm)
{
	put_char(o, perm & 4 ? 'r' : '-');
	put_char(o, perm & 2 ? 'w' : '-');
	put_char(o, perm & 1 ? 'x' : '-');
}

static int decode_entry(struct acl *a, struct ace *e, const uint8_t *p)
{
	static const uint8_t whos[POSIX__MAX] = {
		WHO_OWNER, WHO_UID, WHO_OWNING_GROUP, WHO_GID, WHO_MASK, WHO_OTHER,
	};
	int type = type_of(le16(p));

	if (type < 0)
		return acl_fault(a, "P3", "unknown tag in a POSIX ACL");
	if (le16(p + 2) > 7)
		return acl_fault(a, "P4", "unknown permission in a POSIX ACL");
	e->type = (uint8_t)type;
	e->who = whos[type];
	e->mask = le16(p + 2);
	e->id = le32(p + 4);
	if ((type == POSIX_USER || type == POSIX_GROUP) && e->id == ACL_NO_ID)
		return acl_fault(a, "P6", "a named entry without an id in a POSIX ACL");
	return 0;
}

/* One of each of the three; in order; a mask where there is somebody by name. */
static int check_order(struct acl *a)
{
	uint32_t count[POSIX__MAX] = { 0 }, i;

	for (i = 0; i < a->n_aces; i++) {
		if (i && a->aces[i].type < a->aces[i - 1].type)
			return acl_fault(a, "P5", "entries of a POSIX ACL are out of order");
		count[a->aces[i].type]++;
	}
	if (count[POSIX_USER_OBJ] != 1 || count[POSIX_GROUP_OBJ] != 1 || count[POSIX_OTHER] != 1)
		return acl_fault(a, "P5", "a POSIX ACL needs owner, group and others once");
	if (count[POSIX_MASK] > 1 ||
	    (!count[POSIX_MASK] && count[POSIX_USER] + count[POSIX_GROUP]))
		return acl_fault(a, "P5", "a POSIX ACL with named entries needs one mask");
	return 0;
}

static void set_effective(struct acl *a)
{
	uint32_t i, mask = 7;

	for (i = 0; i < a->n_aces; i++)
		if (a->aces[i].type == POSIX_MASK)
			mask = (uint32_t)a->aces[i].mask;
	for (i = 0; i < a->n_aces; i++) {
		struct ace *e = &a->aces[i];
		bool masked = e->type == POSIX_USER || e->type == POSIX_GROUP_OBJ ||
			      e->type == POSIX_GROUP;

		e->effective = (uint32_t)e->mask & (masked ? mask : 7);
	}
}

int posix_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		 struct acl_arena *arena)
{
	uint32_t i;
	int r;

	a->is_default = ctx->xattr && !strcmp(ctx->xattr, "system.posix_acl_default");
	a->is_dir = ctx->is_dir || a->is_default;
	if (in.len && (in.len < HEAD || le32(in.p) != VERSION))
		return acl_fault(a, "P1", "no POSIX ACL of version 2");
	if (in.len <= HEAD) {
		a->notes |= ACL_NOTE_REMOVED;
		return 0;
	}
	if ((in.len - HEAD) % ENTRY)
		return acl_fault(a, "P2", "a POSIX ACL has a part of an entry");
	a->n_aces = (in.len - HEAD) / ENTRY;
	a->aces = acl_alloc(arena, a->n_aces * sizeof(*a->aces));
	if (!a->aces)
		return acl_no_room(a);
	memset(a->aces, 0, a->n_aces * sizeof(*a->aces));
	for (i = 0; i < a->n_aces; i++) {
		r = decode_entry(a, &a->aces[i], in.p + HEAD + ENTRY * i);
		if (r)
			return r;
	}
	r = check_order(a);
	if (!r)
		set_effective(a);
	return r;
}

void posix_chmod(uint8_t *value, uint32_t len, uint32_t mode)
{
	uint32_t at, masked = 0;
	int type;

	for (at = HEAD; at + ENTRY <= len; at += ENTRY)
		masked |= le16(value + at) == 0x10;
	for (at = HEAD; at + ENTRY <= len; at += ENTRY) {
		type = type_of(le16(value + at));
		if (type == POSIX_USER_OBJ)
			le16_put(value + at + 2, mode >> 6 & 7);
		if (type == (masked ? POSIX_MASK : POSIX_GROUP_OBJ))
			le16_put(value + at + 2, mode >> 3 & 7);
		if (type == POSIX_OTHER)
			le16_put(value + at + 2, mode & 7);
	}
}
