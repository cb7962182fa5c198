/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDDL to a descriptor. Strict: codes in upper case, blanks only where Windows
 * and Samba agree on them. What stands between parentheses is found by reading
 * it, never by counting them.
 */
#include "claim.h"
#include "cond.h"
#include "nt.h"
#include "nttab.h"
#include "sid.h"

/* AclSize has 16 bits, an entry at least 16 bytes. */
#define ACES_MAX	4095

struct sddl {
	struct acl *a;
	const char *s;
	size_t n, at;
	const struct acl_context *ctx;
	struct acl_arena *arena;
};

static int peek(const struct sddl *x)
{
	return x->at < x->n ? (unsigned char)x->s[x->at] : -1;
}

static bool take(struct sddl *x, const char *word)
{
	size_t n = strlen(word);

	if (x->n - x->at < n || memcmp(x->s + x->at, word, n))
		return false;
	x->at += n;
	return true;
}

/* ---- fields of an entry -------------------------------------------------------------*/

static int take_type(struct sddl *x, struct ace *e)
{
	size_t n = 0;
	unsigned t;

	while (x->at + n < x->n && x->s[x->at + n] != ';')
		n++;
	for (t = 0; n && t < NT__MAX; t++)
		if (strlen(nt_types[t].code) == n && !memcmp(nt_types[t].code, x->s + x->at, n)) {
			e->type = (uint8_t)t;
			x->at += n;
			return 0;
		}
	return acl_fault(x->a, "S4", "unknown type of an entry");
}

/* The code at the place, of a table; its bits, or 0. */
static uint32_t take_code(struct sddl *x, const struct nt_code *c)
{
	for (; *c->code && x->n - x->at >= 2; c++)
		if (!memcmp(c->code, x->s + x->at, 2)) {
			x->at += 2;
			return c->mask;
		}
	return 0;
}

static int take_flags(struct sddl *x, struct ace *e)
{
	uint32_t bit;
	bool tp;

	while (peek(x) != ';') {
		tp = peek(x) == 'T';
		bit = take_code(x, nt_ace_flags);
		if (!bit || (tp && e->type != NT_ACCESS_FILTER))
			return acl_fault(x->a, "S6", "unknown flag of an entry");
		e->flags |= bit;
	}
	return 0;
}

static int digit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Decimal, 0x, or octal. */
static bool take_mask(struct sddl *x, uint64_t *mask)
{
	unsigned base = 10;
	size_t begin;

	if (take(x, "0x") || take(x, "0X"))
		base = 16;
	else if (peek(x) == '0')
		base = 8;
	begin = x->at;
	for (*mask = 0; digit(peek(x)) < (int)base; x->at++) {
		*mask = *mask * base + (unsigned)digit(peek(x));
		if (*mask > UINT32_MAX)
			return false;
	}
	return x->at > begin;
}

static int take_rights(struct sddl *x, struct ace *e)
{
	size_t begin = x->at;
	uint32_t bits;

	while (peek(x) == ' ')
		x->at++;
	if (digit(peek(x)) < 10 && take_mask(x, &e->mask) && peek(x) == ';')
		return 0;
	x->at = begin;
	while (peek(x) != ';') {
		while (peek(x) == ' ')
			x->at++;
		bits = take_code(x, nt_rights);
		if (!bits)
			return acl_fault(x->a, "S5", "rights of an entry cannot be read");
		e->mask |= bits;
	}
	return 0;
}

static int take_guid(struct sddl *x, const uint8_t **out)
{
	static const uint8_t places[16] = { 6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34 };
	const char *s = x->s + x->at;
	uint8_t *guid;
	unsigned i;

	if (peek(x) == ';')
		return 0;
	if (x->n - x->at < 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-')
		return acl_fault(x->a, "S6", "an object type is no GUID");
	guid = acl_alloc(x->arena, 16);
	if (!guid)
		return acl_no_room(x->a);
	for (i = 0; i < 16; i++) {
		if (digit((unsigned char)s[places[i]]) > 15 ||
		    digit((unsigned char)s[places[i] + 1]) > 15)
			return acl_fault(x->a, "S6", "an object type is no GUID");
		guid[i] = (uint8_t)(digit((unsigned char)s[places[i]]) << 4 |
				    digit((unsigned char)s[places[i] + 1]));
	}
	x->at += 36;
	*out = guid;
	return 0;
}

static int take_sid(struct sddl *x, struct sid *sid)
{
	size_t used;

	if (!sid_parse(x->s + x->at, x->n - x->at, x->ctx, x->arena, sid, &used))
		return acl_fault(x->a, "S7", "a SID cannot be read");
	x->at += used;
	return 0;
}

/* The seventh field, which some types must have and no others may. */
static int take_data(struct sddl *x, struct ace *e)
{
	size_t used = 0;
	int r;

	if (!(nt_has(e->type) & NT_SDDL_DATA))
		return 0;
	if (!take(x, ";"))
		return acl_fault(x->a, "S4", "an entry lacks its condition or attribute");
	/* Before a condition there may be blanks. */
	while (peek(x) == ' ')
		x->at++;
	if (e->type == NT_RESOURCE_ATTRIBUTE)
		r = claim_parse(x->a, x->s + x->at, x->n - x->at, x->ctx, x->arena, &e->claim, &used);
	else
		r = cond_parse(x->a, x->s + x->at, x->n - x->at, x->ctx, x->arena, &e->cond, &used);
	x->at += used;
	while (peek(x) == ' ')
		x->at++;
	return r;
}

static int take_semicolon(struct sddl *x)
{
	return take(x, ";") ? 0 : acl_fault(x->a, "S4", "an entry has too few fields");
}

static int take_fields(struct sddl *x, struct ace *e)
{
	int r = take_type(x, e);

	if (!r)
		r = take_semicolon(x);
	if (!r)
		r = take_flags(x, e);
	if (!r)
		r = take_semicolon(x);
	if (!r)
		r = take_rights(x, e);
	if (!r)
		r = take_semicolon(x);
	if (!r)
		r = take_guid(x, &e->object);
	if (!r)
		r = take_semicolon(x);
	if (!r)
		r = take_guid(x, &e->inherited);
	if (!r)
		r = take_semicolon(x);
	if (!r)
		r = take_sid(x, &e->sid);
	return r ? r : take_data(x, e);
}

static int take_ace(struct sddl *x, struct ace *e)
{
	int r;

	x->at++;	/* the parenthesis */
	r = take_fields(x, e);
	if (r)
		return r;
	if (!take(x, ")"))
		return acl_fault(x->a, peek(x) == ';' || peek(x) < 0 ? "S4" : "S7",
				 "an entry goes on behind its last field");
	e->who = WHO_SID;
	if (!(nt_has(e->type) & NT_HAS_OBJECT))
		e->object = e->inherited = NULL;
	if (e->type == NT_RESOURCE_ATTRIBUTE && !sid_is_everyone(&e->sid))
		return acl_fault(x->a, "S9", "a resource attribute is not for everyone");
	return 0;
}

/* ---- sections ---------------------------------------------------------------------*/

/* "O:", "G:", "D:" or "S:" at the place, or the end. */
static bool section_begins(const struct sddl *x)
{
	return x->at == x->n || (x->n - x->at >= 2 && x->s[x->at + 1] == ':' &&
				 strchr("OGDS", x->s[x->at]) && x->s[x->at]);
}

static void take_list_flags(struct sddl *x, enum acl_list list)
{
	unsigned shift = list == ACL_SACL;

	while (!section_begins(x)) {
		if (take(x, "P"))
			x->a->control |= (uint16_t)(NT_DACL_PROTECTED << shift);
		else if (take(x, "AR"))
			x->a->control |= (uint16_t)(NT_DACL_AUTO_REQ << shift);
		else if (take(x, "AI"))
			x->a->control |= (uint16_t)(NT_DACL_AUTO << shift);
		else
			return;
	}
}

static int take_list(struct sddl *x, enum acl_list list, uint32_t max)
{
	struct acl *a = x->a;
	uint32_t n = 0;
	int r;

	a->control |= list == ACL_DACL ? NT_DACL_PRESENT : NT_SACL_PRESENT;
	take_list_flags(x, list);
	a->states[list] = ACL_EMPTY;
	if (take(x, "NO_ACCESS_CONTROL")) {
		a->states[list] = ACL_NULL;
		return section_begins(x) ? 0 :
			acl_fault(a, "S3", "a NULL ACL that has entries");
	}
	while (!section_begins(x)) {
		if (peek(x) != '(')
			return acl_fault(a, "S1", "neither an entry nor a section");
		if (a->n_aces == max || ++n > ACES_MAX)
			return acl_fault(a, "S4", "an ACL has too many entries");
		a->aces[a->n_aces].list = (uint8_t)list;
		r = take_ace(x, &a->aces[a->n_aces]);
		if (r)
			return r;
		a->n_aces++;
		a->states[list] = ACL_PRESENT;
	}
	return 0;
}

static int take_whom(struct sddl *x, struct sid *sid)
{
	int r = take_sid(x, sid);

	if (!r && !section_begins(x))
		r = acl_fault(x->a, "S7", "something follows a SID");
	return r;
}

static int take_section(struct sddl *x, unsigned *seen, uint32_t max)
{
	static const char tags[] = "OGDS";
	const char *tag = x->n - x->at >= 2 && x->s[x->at] ? strchr(tags, x->s[x->at]) : NULL;

	if (!tag || x->s[x->at + 1] != ':')
		return acl_fault(x->a, "S1", "no section O:, G:, D: or S:");
	if (*seen & 1u << (tag - tags))
		return acl_fault(x->a, "S1", "a section comes twice");
	*seen |= 1u << (tag - tags);
	x->at += 2;
	switch (*tag) {
	case 'O':
		return take_whom(x, &x->a->owner);
	case 'G':
		return take_whom(x, &x->a->group);
	default:
		return take_list(x, *tag == 'D' ? ACL_DACL : ACL_SACL, max);
	}
}

/* The SACL may come first in the text; the DACL's entries come first here. */
static int sort_lists(struct acl *a, struct acl_arena *arena)
{
	struct ace *sorted;
	uint32_t i, n = 0, list;

	if (!a->n_aces || a->aces[0].list == ACL_DACL || a->states[ACL_DACL] != ACL_PRESENT)
		return 0;
	sorted = acl_alloc(arena, a->n_aces * sizeof(*sorted));
	if (!sorted)
		return acl_no_room(a);
	for (list = 0; list < ACL_LISTS; list++)
		for (i = 0; i < a->n_aces; i++)
			if (a->aces[i].list == list)
				sorted[n++] = a->aces[i];
	a->aces = sorted;
	return 0;
}

int sddl_decode(struct acl *a, struct acl_bytes in, const struct acl_context *ctx,
		struct acl_arena *arena)
{
	struct sddl x = { a, (const char *)in.p, in.len, 0, ctx, arena };
	uint32_t max = 0;
	unsigned seen = 0;
	size_t i;
	int r = 0;

	a->is_dir = ctx->is_dir;
	a->control = NT_SELF_RELATIVE;
	/* There are no more entries than parentheses. */
	for (i = 0; i < in.len; i++)
		max += in.p[i] == '(';
	a->aces = acl_alloc(arena, max * sizeof(*a->aces));
	if (!a->aces)
		return acl_no_room(a);
	memset(a->aces, 0, max * sizeof(*a->aces));
	while (!r && x.at < x.n)
		r = take_section(&x, &seen, max);
	if (!r)
		r = sort_lists(a, arena);
	if (!r)
		ntsd_note_order(a);
	return r;
}
