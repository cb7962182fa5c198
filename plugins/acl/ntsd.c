/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-relative security descriptors. Nothing is taken on trust: each offset
 * and size is held against what contains it before it is followed, in 64 bits.
 */
#include "claim.h"
#include "cond.h"
#include "nt.h"
#include "nttab.h"
#include "sid.h"

#define SD_HEAD		20
#define ACL_HEAD	8
#define ACE_HEAD	4

/* Where the four parts lie; len 0: there is none. */
enum { PART_OWNER, PART_GROUP, PART_SACL, PART_DACL, PARTS };

struct part {
	uint32_t at, len;
};

/* ---- entries --------------------------------------------------------------------*/

static bool begins_condition(struct acl_bytes b)
{
	return b.len >= 4 && !memcmp(b.p, "artx", 4);
}

/* What follows the SID. */
static int decode_rest(struct acl *a, struct ace *e, struct acl_bytes rest)
{
	if (nt_has(e->type) & NT_HAS_DATA && begins_condition(rest)) {
		rest.p += 4;
		rest.len -= 4;
		return cond_check(a, rest, &e->cond);
	}
	if (nt_has(e->type) & NT_HAS_DATA && rest.len) {
		e->opaque = true;
		a->notes |= ACL_NOTE_OPAQUE;
	}
	/* Without a claim is how some versions of Samba have stored it. */
	if (e->type == NT_RESOURCE_ATTRIBUTE && rest.len) {
		e->claim = rest;
		return claim_check(a, rest);
	}
	return 0;
}

/* Flags and GUIDs before the SID; what they take, or 0. */
static uint32_t decode_object(struct ace *e, const uint8_t *p, uint32_t size)
{
	uint32_t at = 12, flags;

	if (size < at)
		return 0;
	flags = le32(p + 8);
	if (flags & 1) {
		e->object = p + at;
		at += 16;
	}
	if (flags & 2) {
		e->inherited = p + at;
		at += 16;
	}
	return at <= size ? at : 0;
}

/* The entry at p, of which `size` bytes are there. */
static int decode_ace(struct acl *a, struct ace *e, const uint8_t *p, uint32_t size)
{
	uint32_t at = 8;
	size_t sid;

	e->type = p[0];
	e->flags = p[1];
	if (!(nt_has(e->type) & NT_HAS_SID))
		return 0;
	if (size < 16)
		return acl_fault(a, "V6", "an entry is too short for its type");
	e->mask = le32(p + 4);
	if (nt_has(e->type) & NT_HAS_OBJECT) {
		at = decode_object(e, p, size);
		if (!at)
			return acl_fault(a, "V7", "the GUIDs of an entry lead out of it");
	}
	sid = sid_size(p + at, size - at);
	if (!sid)
		return acl_fault(a, "V8", "the SID of an entry is none, or leads out of it");
	e->who = WHO_SID;
	e->sid.p = p + at;
	return decode_rest(a, e, (struct acl_bytes){ p + at + sid, (uint32_t)(size - at - sid) });
}

static int decode_list(struct acl *a, struct acl_bytes in, struct part part, enum acl_list list)
{
	const uint8_t *p = in.p + part.at;
	uint32_t at = ACL_HEAD, count = le16(p + 4), i, size;
	struct ace *e;
	int r;

	for (i = 0; i < count; i++, at += size) {
		if (part.len - at < ACE_HEAD)
			return acl_fault(a, "V6", "the entries of an ACL lead out of it");
		size = le16(p + at + 2);
		if (size < ACE_HEAD || size & 3 || size > part.len - at)
			return acl_fault(a, "V6", "the size of an entry is wrong");
		e = &a->aces[a->n_aces++];
		e->list = (uint8_t)list;
		r = decode_ace(a, e, p + at, size);
		if (r)
			return r;
	}
	/* Entries that the count leaves out; slack of zeros is no matter. */
	for (; at < part.len && !(a->notes & ACL_NOTE_MORE_STORED); at++)
		if (p[at])
			a->notes |= ACL_NOTE_MORE_STORED;
	a->states[list] = count ? ACL_PRESENT : ACL_EMPTY;
	return 0;
}

/* ---- parts ----------------------------------------------------------------------*/

static int find_sid(struct acl *a, struct acl_bytes in, struct part *part, struct sid *sid)
{
	if (!part->at)
		return 0;
	part->len = (uint32_t)sid_size(in.p + part->at, in.len - part->at);
	if (!part->len)
		return acl_fault(a, "V4", "owner or group is no SID, or leads outside");
	sid->p = in.p + part->at;
	return 0;
}

static int find_list(struct acl *a, struct acl_bytes in, struct part *part)
{
	const uint8_t *p = in.p + part->at;

	if (!part->at)
		return 0;
	if (in.len - part->at < ACL_HEAD)
		return acl_fault(a, "V5", "the head of an ACL leads outside");
	if (p[0] < 2 || p[0] > 4)
		return acl_fault(a, "V5", "unknown revision of an ACL");
	part->len = le16(p + 2);
	if (part->len < ACL_HEAD || part->len > in.len - part->at)
		return acl_fault(a, "V5", "the size of an ACL is wrong");
	if (le16(p + 4) > (part->len - ACL_HEAD) / ACE_HEAD)
		return acl_fault(a, "V6", "an ACL has no room for its entries");
	return 0;
}

/* Owner and group may be one SID. */
static bool overlap(const struct part *p)
{
	unsigned i, j;

	for (i = 0; i < PARTS; i++)
		for (j = i + 1; j < PARTS; j++) {
			if (!p[i].len || !p[j].len || (j == PART_GROUP && p[i].at == p[j].at))
				continue;
			if (p[i].at < p[j].at + (uint64_t)p[j].len &&
			    p[j].at < p[i].at + (uint64_t)p[i].len)
				return true;
		}
	return false;
}

/* The offsets, which count from the start of `in`. */
static int find_parts(struct acl *a, struct acl_bytes in, uint32_t at, struct part *p)
{
	static const uint8_t offsets[PARTS] = { 4, 8, 12, 16 };
	unsigned i;
	int r;

	for (i = 0; i < PARTS; i++) {
		p[i] = (struct part){ le32(in.p + at + offsets[i]), 0 };
		if (p[i].at && (p[i].at < at + (uint64_t)SD_HEAD || p[i].at >= in.len))
			return acl_fault(a, "V2", "an offset of the descriptor leads outside");
	}
	/* What is not said to be there is not in force. */
	if ((p[PART_DACL].at && !(a->control & NT_DACL_PRESENT)) ||
	    (p[PART_SACL].at && !(a->control & NT_SACL_PRESENT)))
		a->notes |= ACL_NOTE_OFFSET_UNUSED;
	if (!(a->control & NT_DACL_PRESENT))
		p[PART_DACL].at = 0;
	if (!(a->control & NT_SACL_PRESENT))
		p[PART_SACL].at = 0;
	r = find_sid(a, in, &p[PART_OWNER], &a->owner);
	if (!r)
		r = find_sid(a, in, &p[PART_GROUP], &a->group);
	if (!r)
		r = find_list(a, in, &p[PART_SACL]);
	if (!r)
		r = find_list(a, in, &p[PART_DACL]);
	if (!r && overlap(p))
		r = acl_fault(a, "V3", "parts of the descriptor overlap");
	return r;
}

void ntsd_note_order(struct acl *a)
{
	bool allowed[2] = { false, false };
	uint32_t i, has;

	for (i = 0; i < a->n_aces && a->aces[i].list == ACL_DACL; i++) {
		has = nt_has(a->aces[i].type);
		if (has & NT_IS_DENY && allowed[!!(a->aces[i].flags & NT_ID)])
			a->notes |= ACL_NOTE_NOT_CANONICAL;
		allowed[!!(a->aces[i].flags & NT_ID)] |= !!(has & NT_IS_ALLOW);
	}
}

static int decode_lists(struct acl *a, struct acl_bytes in, const struct part *p,
			struct acl_arena *arena)
{
	size_t count = 0;
	int r = 0;

	if (p[PART_DACL].at)
		count += le16(in.p + p[PART_DACL].at + 4);
	if (p[PART_SACL].at)
		count += le16(in.p + p[PART_SACL].at + 4);
	a->aces = acl_alloc(arena, count * sizeof(*a->aces));
	if (!a->aces)
		return acl_no_room(a);
	memset(a->aces, 0, count * sizeof(*a->aces));
	a->states[ACL_DACL] = a->control & NT_DACL_PRESENT ? ACL_NULL : ACL_ABSENT;
	a->states[ACL_SACL] = a->control & NT_SACL_PRESENT ? ACL_NULL : ACL_ABSENT;
	if (p[PART_DACL].at)
		r = decode_list(a, in, p[PART_DACL], ACL_DACL);
	if (!r && p[PART_SACL].at)
		r = decode_list(a, in, p[PART_SACL], ACL_SACL);
	return r;
}

int ntsd_decode_at(struct acl *a, struct acl_bytes in, uint32_t at,
		   const struct acl_context *ctx, struct acl_arena *arena)
{
	struct part parts[PARTS];
	int r;

	if (at > in.len || in.len - at < SD_HEAD || in.p[at] != 1)
		return acl_fault(a, "V1", "no security descriptor of revision 1");
	a->is_dir = ctx->is_dir;
	a->control = le16(in.p + at + 2);
	if (!(a->control & NT_SELF_RELATIVE))
		a->notes |= ACL_NOTE_NOT_SELF_RELATIVE;
	r = find_parts(a, in, at, parts);
	if (!r)
		r = decode_lists(a, in, parts, arena);
	if (!r)
		ntsd_note_order(a);
	return r;
}

int ntsd_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena)
{
	return ntsd_decode_at(a, in, 0, ctx, arena);
}
