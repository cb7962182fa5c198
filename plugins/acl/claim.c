/* SPDX-License-Identifier: Apache-2.0 */
/* Claims: check, and text. */
#include "claim.h"

#include "sid.h"

#define CLAIM_HEAD	16
#define CLAIM_FLAGS_ZERO	0xff00u

static const char *type_name(unsigned type)
{
	static const char *const names[] = { "", "TI", "TU", "TS", "", "TD", "TB" };

	return type == CLAIM_OCTETS ? "TX" : type < 7 ? names[type] : "";
}

/* A text of UTF-16LE that a zero ends: its bytes, or -1. */
static int64_t text_len(struct acl_bytes c, uint32_t at)
{
	uint32_t end;

	for (end = at; end <= c.len && c.len - end >= 2; end += 2)
		if (!le16(c.p + end))
			return end - at;
	return -1;
}

/* A SID as text, or as bytes. */
static bool sid_is_fine(const uint8_t *p, uint32_t n)
{
	uint8_t memory[SID_MAX_SIZE + 8];
	struct acl_arena a = { memory, sizeof(memory), 0, false };
	struct acl_context ctx = { 0 };
	struct sid sid;
	size_t used;

	if (n >= 8 && sid_size(p, n) == n)
		return true;
	if (n && !p[n - 1])
		n--;
	return n > 4 && !memcmp(p, "S-1-", 4) &&
	       sid_parse((const char *)p, n, &ctx, &a, &sid, &used) && used == n;
}

static bool value_is_fine(struct acl_bytes c, unsigned type, uint32_t at)
{
	uint32_t len;

	if (at < CLAIM_HEAD || at >= c.len)
		return false;
	switch (type) {
	case CLAIM_INT:
	case CLAIM_UINT:
	case CLAIM_BOOL:
		return c.len - at >= 8;
	case CLAIM_TEXT:
		return text_len(c, at) >= 0;
	default:
		if (c.len - at < 4)
			return false;
		len = le32(c.p + at);
		return len <= c.len - at - 4 &&
		       (type != CLAIM_SID || sid_is_fine(c.p + at + 4, len));
	}
}

int claim_check(struct acl *a, struct acl_bytes c)
{
	uint32_t i, n, type;

	if (c.len < CLAIM_HEAD)
		return acl_fault(a, "V9", "a resource attribute is too short");
	type = le16(c.p + 4);
	n = le32(c.p + 12);
	if (!*type_name(type))
		return acl_fault(a, "V9", "a resource attribute is of unknown type");
	if (le32(c.p + 8) & CLAIM_FLAGS_ZERO)
		return acl_fault(a, "V9", "unknown flags of a resource attribute");
	if (n > (c.len - CLAIM_HEAD) / 4)
		return acl_fault(a, "V9", "a resource attribute has no room for its values");
	if (le32(c.p) < CLAIM_HEAD || text_len(c, le32(c.p)) < 0)
		return acl_fault(a, "V9", "the name of a resource attribute is outside");
	for (i = 0; i < n; i++)
		if (!value_is_fine(c, type, le32(c.p + CLAIM_HEAD + 4 * i)))
			return acl_fault(a, "V9", "a value of a resource attribute is outside");
	return 0;
}

/* ---- text -----------------------------------------------------------------------*/

void claim_open(struct claim *c, struct acl_bytes all)
{
	uint32_t name = le32(all.p);

	*c = (struct claim){ .all = all, .number = le16(all.p + 4), .flags = le32(all.p + 8),
			     .n = le32(all.p + 12) };
	c->type = type_name(c->number);
	c->name = (struct acl_bytes){ all.p + name, (uint32_t)text_len(all, name) };
}

static void put_sid_value(struct put *o, const uint8_t *p, uint32_t n)
{
	struct sid sid = { .p = p };

	if (n >= 8 && sid_size(p, n) == n) {
		sid_put(o, &sid);
		return;
	}
	put_mem(o, p, n && !p[n - 1] ? n - 1 : n);
}

void claim_put_value(struct put *o, const struct claim *c, uint32_t i)
{
	uint32_t at = le32(c->all.p + CLAIM_HEAD + 4 * i);
	const uint8_t *p = c->all.p + at;

	switch (c->number) {
	case CLAIM_INT:
		put_i64(o, (int64_t)le64(p));
		break;
	case CLAIM_UINT:
	case CLAIM_BOOL:
		put_u64(o, le64(p));
		break;
	case CLAIM_TEXT:
		put_utf16(o, p, (size_t)text_len(c->all, at));
		break;
	case CLAIM_SID:
		put_sid_value(o, p + 4, le32(p));
		break;
	default:
		put_bytes_hex(o, p + 4, le32(p));
	}
}

/* What would end the text, or looks like an escape, is written as one. */
static void put_name(struct put *o, struct acl_bytes name)
{
	uint32_t i, unit;

	for (i = 0; i + 2 <= name.len; i += 2) {
		unit = le16(name.p + i);
		if (unit > ' ' && unit < 0x7f && unit != '"' && unit != '%') {
			put_char(o, (char)unit);
		} else {
			put_char(o, '%');
			put_hex(o, unit, 4);
		}
	}
}

void claim_put_sddl(struct put *o, const struct claim *c)
{
	uint32_t i;

	PUT(o, "(\"");
	put_name(o, c->name);
	PUT(o, "\",");
	put_text(o, c->type);
	PUT(o, ",0x");
	put_hex(o, c->flags, 1);
	for (i = 0; i < c->n && !o->full; i++) {
		put_char(o, ',');
		if (c->number == CLAIM_TEXT)
			put_char(o, '"');
		if (c->number == CLAIM_SID)
			PUT(o, "SID(");
		claim_put_value(o, c, i);
		if (c->number == CLAIM_TEXT)
			put_char(o, '"');
		if (c->number == CLAIM_SID)
			put_char(o, ')');
	}
	put_char(o, ')');
}
