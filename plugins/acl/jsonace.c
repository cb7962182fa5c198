/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an entry: who, what, and under which condition. */
#include "json.h"

#include "claim.h"
#include "cond.h"
#include "formats.h"
#include "nttab.h"
#include "sid.h"

/* ---- lists of words ----------------------------------------------------------------*/

/* The next of a list; *n counts. */
void json_put_item(struct put *o, unsigned *n, const char *word)
{
	if ((*n)++)
		put_char(o, ',');
	put_char(o, '"');
	put_text(o, word);
	put_char(o, '"');
}

void json_put_bit(struct put *o, unsigned *n, uint64_t bit)
{
	if ((*n)++)
		put_char(o, ',');
	PUT(o, "\"bit_0x");
	put_hex(o, bit, 8);
	put_char(o, '"');
}

static const char *right_name(const struct acl *a, const struct ace *e, unsigned bit)
{
	static const char *const rwx[] = { "execute", "write", "read" };

	switch (a->kind) {
	case ACL_POSIX:
	case ACL_MODE:
		return rwx[bit];
	case ACL_NFS4:
		return nfs4_right_name(bit, a->is_dir);
	default:
		return nt_right_name(nt_column(e->type, a->is_dir), bit);
	}
}

static void put_caps(struct put *o, uint64_t mask)
{
	bool first = true;

	for (; mask; mask &= mask - 1, first = false) {
		if (!first)
			put_char(o, ',');
		put_char(o, '"');
		cap_put_name(o, (unsigned)__builtin_ctzll(mask));
		put_char(o, '"');
	}
}

/* read, write, execute; all else by ascending bit. */
static void put_rwx(struct put *o, const struct acl *a, const struct ace *e, uint64_t mask)
{
	unsigned n = 0, bit;

	for (bit = 3; bit-- > 0;)
		if (mask & 1u << bit)
			json_put_item(o, &n, right_name(a, e, bit));
}

static void put_rights(struct put *o, const struct acl *a, const struct ace *e, uint64_t mask)
{
	const char *name;
	unsigned n = 0;

	put_char(o, '[');
	if (a->kind == ACL_CAPABILITY) {
		put_caps(o, mask);
	} else if (a->kind == ACL_POSIX || a->kind == ACL_MODE) {
		put_rwx(o, a, e, mask);
	} else {
		for (; mask; mask &= mask - 1) {
			name = right_name(a, e, (unsigned)__builtin_ctzll(mask));
			if (name)
				json_put_item(o, &n, name);
			else
				json_put_bit(o, &n, mask & -mask);
		}
	}
	put_char(o, ']');
}

static void put_flags(struct put *o, const struct acl *a, const struct ace *e)
{
	uint32_t flags = e->flags;
	const char *name;
	unsigned n = 0, bit;

	put_char(o, '[');
	if (a->kind == ACL_POSIX && a->is_default)
		json_put_item(o, &n, "default");
	for (; flags; flags &= flags - 1) {
		bit = (unsigned)__builtin_ctz(flags);
		name = a->kind == ACL_NFS4 ? nfs4_flag_name(bit) : nt_flag_name(e->type, bit & 7);
		if (name)
			json_put_item(o, &n, name);
		else
			json_put_bit(o, &n, flags & -flags);
	}
	put_char(o, ']');
}

/* ---- entries ----------------------------------------------------------------------*/

void json_put_sid(struct put *o, const struct sid *s)
{
	if (!sid_is_set(s)) {
		PUT(o, "null");
		return;
	}
	put_char(o, '"');
	sid_put(o, s);
	put_char(o, '"');
}

void json_put_number(struct put *o, const char *prefix, uint32_t id)
{
	put_char(o, '"');
	put_text(o, prefix);
	put_u64(o, id);
	put_char(o, '"');
}

static void put_trustee(struct put *o, const struct ace *e)
{
	static const char *const names[] = {
		[WHO_OWNER] = "owner", [WHO_OWNING_GROUP] = "owning_group", [WHO_MASK] = "mask",
		[WHO_OTHER] = "other",
	};
	const char *special;

	switch (e->who) {
	case WHO_NONE:
		PUT(o, "null");
		break;
	case WHO_SID:
		json_put_sid(o, &e->sid);
		break;
	case WHO_UID:
		json_put_number(o, "uid:", e->id);
		break;
	case WHO_GID:
		json_put_number(o, "gid:", e->id);
		break;
	case WHO_NAME:
		put_json(o, e->name.p, e->name.len);
		break;
	case WHO_SPECIAL:
		special = nfs4_special_name(e->id);
		if (special)
			put_json_text(o, special);
		else
			json_put_number(o, "special:", e->id);
		break;
	default:
		put_json_text(o, names[e->who]);
	}
}

static void put_type(struct put *o, const struct acl *a, const struct ace *e)
{
	switch (a->kind) {
	case ACL_POSIX:
	case ACL_MODE:
		put_json_text(o, posix_type_name(e->type));
		break;
	case ACL_NFS4:
		put_json_text(o, nfs4_type_name(e->type));
		break;
	case ACL_CAPABILITY:
		put_json_text(o, e->type == CAP_PERMITTED ? "permitted" : "inheritable");
		break;
	default:
		if (e->type < NT__MAX) {
			put_json_text(o, nt_types[e->type].name);
			break;
		}
		PUT(o, "\"unknown_0x");
		put_hex(o, e->type, 2);
		put_char(o, '"');
	}
}

/* Values are text of others: made plain first, where there is room for it. */
static void put_quoted(struct put *o, void (*make)(struct put *o, const void *what, uint32_t i),
		       const void *what, uint32_t i)
{
	size_t half = (o->cap - o->len) / 2;
	struct put plain;

	put_init(&plain, o->p + o->cap - half, half);
	make(&plain, what, i);
	o->full |= plain.full;
	/* What is quoted goes to the other half. */
	o->cap -= half;
	put_json(o, plain.p, plain.len);
	o->cap += half;
}

static void make_token(struct put *o, const void *what, uint32_t i)
{
	(void)i;
	cond_put_token(o, what);
}

static void put_condition(struct put *o, struct acl_bytes tokens)
{
	struct cond_token t;
	uint32_t at = 0;
	int len;

	PUT(o, ",\"condition_rpn\":[");
	while (at < tokens.len && !o->full) {
		len = cond_token(tokens.p + at, tokens.len - at, &t);
		if (len <= 0)
			break;
		if (at)
			put_char(o, ',');
		put_quoted(o, make_token, &t, 0);
		at += (uint32_t)len;
	}
	put_char(o, ']');
}

static void make_value(struct put *o, const void *what, uint32_t i)
{
	claim_put_value(o, what, i);
}

static void make_name(struct put *o, const void *what, uint32_t i)
{
	const struct claim *c = what;

	(void)i;
	put_utf16(o, c->name.p, c->name.len);
}

static void put_claim(struct put *o, struct acl_bytes all)
{
	struct claim c;
	uint32_t i;

	claim_open(&c, all);
	PUT(o, ",\"attribute\":{\"name\":");
	put_quoted(o, make_name, &c, 0);
	PUT(o, ",\"type\":");
	put_json_text(o, c.type);
	PUT(o, ",\"flags\":\"0x");
	put_hex(o, c.flags, 1);
	PUT(o, "\",\"values\":[");
	for (i = 0; i < c.n && !o->full; i++) {
		if (i)
			put_char(o, ',');
		put_quoted(o, make_value, &c, i);
	}
	PUT(o, "]}");
}

static void put_guid_member(struct put *o, const char *key, const uint8_t *guid)
{
	if (!guid)
		return;
	put_text(o, key);
	put_guid(o, guid);
	put_char(o, '"');
}

static void put_mask(struct put *o, const struct ace *e)
{
	PUT(o, ",\"mask\":");
	if (e->who == WHO_NONE) {
		PUT(o, "null");
		return;
	}
	PUT(o, "\"0x");
	put_hex(o, e->mask, 8);
	put_char(o, '"');
}

static void put_nt_ace(struct put *o, const struct ace *e)
{
	put_guid_member(o, ",\"object_type\":\"", e->object);
	put_guid_member(o, ",\"inherited_object_type\":\"", e->inherited);
	if (e->cond.len)
		put_condition(o, e->cond);
	if (e->claim.len)
		put_claim(o, e->claim);
}

static bool is_masked(const struct ace *e)
{
	return e->type == POSIX_USER || e->type == POSIX_GROUP_OBJ || e->type == POSIX_GROUP;
}

static void put_ace(struct put *o, const struct acl *a, const struct ace *e)
{
	bool nt = a->kind <= ACL_NTSD;

	put_char(o, '{');
	if (nt)
		put_text(o, e->list == ACL_DACL ? "\"acl\":\"dacl\"," : "\"acl\":\"sacl\",");
	PUT(o, "\"type\":");
	put_type(o, a, e);
	if (a->kind != ACL_CAPABILITY) {
		PUT(o, ",\"trustee\":");
		put_trustee(o, e);
	}
	if (nt || a->kind == ACL_NFS4)
		put_mask(o, e);
	PUT(o, ",\"rights\":");
	put_rights(o, a, e, e->mask);
	if (a->kind != ACL_CAPABILITY && a->kind != ACL_MODE) {
		PUT(o, ",\"flags\":");
		put_flags(o, a, e);
	}
	if (nt)
		put_nt_ace(o, e);
	if (a->kind == ACL_POSIX && is_masked(e)) {
		PUT(o, ",\"effective\":");
		put_rights(o, a, e, e->effective);
	}
	put_char(o, '}');
}

void json_put_aces(struct put *o, const struct acl *a)
{
	uint32_t i;

	PUT(o, "\"aces\":[");
	for (i = 0; i < a->n_aces && !o->full; i++) {
		if (i)
			put_char(o, ',');
		put_ace(o, a, &a->aces[i]);
	}
	put_char(o, ']');
}
