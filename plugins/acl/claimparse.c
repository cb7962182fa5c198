/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDDL's resource attributes to their stored form: head, offsets of the
 * values, name, values. The values are counted first, since their offsets
 * stand before them.
 */
#include "claim.h"
#include "lex.h"
#include "sid.h"

#define CLAIM_MAX_SIZE	65000

static unsigned type_parse(struct lex *x)
{
	static const struct { const char *word; unsigned type; } types[] = {
		{ "TI", CLAIM_INT }, { "TU", CLAIM_UINT }, { "TS", CLAIM_TEXT },
		{ "TD", CLAIM_SID }, { "TB", CLAIM_BOOL }, { "TX", CLAIM_OCTETS },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (x->n - x->at >= 2 && !memcmp(x->s + x->at, types[i].word, 2)) {
			x->at += 2;
			return types[i].type;
		}
	return 0;
}

/* At most as many as there are commas. */
static uint32_t count_commas(const struct lex *x)
{
	uint32_t n = 0;
	size_t i;
	bool quoted = false;

	for (i = x->at; i < x->n && (quoted || x->s[i] != ')' || n == 0); i++) {
		if (x->s[i] == '"')
			quoted = !quoted;
		n += !quoted && x->s[i] == ',';
	}
	return n;
}

/* Aligned as Windows has it. */
static bool align(struct lex *x)
{
	size_t n = -x->len & 3;
	uint8_t *p = lex_grow(x, n);

	if (p)
		memset(p, 0, n);
	return p;
}

static bool put_number(struct lex *x, unsigned type)
{
	struct lex_int i;
	uint8_t *p;

	if (!lex_int(x, &i))
		return false;
	if (type == CLAIM_INT ? i.wide : i.value < 0 && !i.wide)
		return false;
	if (type == CLAIM_BOOL && (i.wide || i.value > 1))
		return false;
	p = lex_grow(x, 8);
	if (!p)
		return false;
	le32_put(p, (uint32_t)i.value);
	le32_put(p + 4, (uint32_t)((uint64_t)i.value >> 32));
	return true;
}

static bool put_string(struct lex *x, bool escapes)
{
	uint8_t *p;

	if (!lex_take(x, '"') || !lex_text(x, escapes))
		return false;
	p = lex_grow(x, 2);
	if (p)
		le16_put(p, 0);
	return p;
}

/* Length, and what was made behind it. */
static bool end_sized(struct lex *x, size_t at)
{
	le32_put(x->out + at, (uint32_t)(x->len - at - 4));
	return true;
}

static bool put_octets(struct lex *x)
{
	size_t at = x->len;

	return lex_grow(x, 4) && lex_octets(x, true) && end_sized(x, at);
}

/* A SID is kept as text, with the NUL. */
static bool put_sid(struct lex *x)
{
	char text[192];
	uint8_t bytes[68], *p;
	struct sid sid = { .p = bytes };
	struct put o;
	size_t at = x->len;

	put_init(&o, text, sizeof(text) - 1);
	if (!lex_word(x, "SID") || !lex_sid(x, bytes))
		return false;
	sid_put(&o, &sid);
	text[o.len] = 0;
	p = lex_grow(x, 4 + o.len + 1);
	if (!p)
		return false;
	memcpy(p + 4, text, o.len + 1);
	return end_sized(x, at);
}

static bool put_value(struct lex *x, unsigned type)
{
	switch (type) {
	case CLAIM_TEXT:
		return put_string(x, false);
	case CLAIM_OCTETS:
		return put_octets(x);
	case CLAIM_SID:
		return put_sid(x);
	default:
		return put_number(x, type);
	}
}

static bool comma(struct lex *x)
{
	lex_blanks(x);
	if (!lex_take(x, ','))
		return false;
	lex_blanks(x);
	return true;
}

/* The name goes behind the offsets, of which there are at most `max`. */
static bool parse(struct lex *x, uint32_t max)
{
	size_t offsets = 16, name;
	struct lex_int flags;
	uint32_t n = 0;
	unsigned type;
	uint8_t *p = lex_grow(x, 16 + 4 * (size_t)max);

	if (!p || !lex_take(x, '('))
		return false;
	memset(p, 0, 16 + 4 * (size_t)max);
	lex_blanks(x);
	name = x->len;
	if (!put_string(x, true) || x->len == name + 2 || !comma(x))
		return false;
	type = type_parse(x);
	if (!type || !comma(x) || !lex_int(x, &flags) || flags.wide || flags.value < 0 ||
	    flags.value > UINT32_MAX || flags.value & 0xff00)
		return false;
	for (; comma(x); n++) {
		if (n == max || !align(x))
			return false;
		le32_put(x->out + offsets + 4 * n, (uint32_t)x->len);
		if (!put_value(x, type))
			return false;
	}
	le32_put(x->out, (uint32_t)name);
	le16_put(x->out + 4, type);
	le32_put(x->out + 8, (uint32_t)flags.value);
	le32_put(x->out + 12, n);
	return lex_take(x, ')') && align(x);
}

int claim_parse(struct acl *a, const char *s, size_t n, const struct acl_context *ctx,
		struct acl_arena *arena, struct acl_bytes *claim, size_t *used)
{
	struct lex x = { .s = s, .n = n, .ctx = ctx };
	uint32_t commas = count_commas(&x);
	bool good;

	lex_begin(&x, arena, CLAIM_MAX_SIZE);
	/* Name, type and flags are no values. */
	good = parse(&x, commas > 2 ? commas - 2 : 0);
	*claim = lex_end(&x, arena);
	if (!good)
		return acl_fault(a, "S9", x.full ? "a resource attribute is too long" :
						   "a resource attribute cannot be read");
	*used = x.at;
	return claim->p ? 0 : acl_no_room(a);
}
