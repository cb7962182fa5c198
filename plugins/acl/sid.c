/* SPDX-License-Identifier: Apache-2.0 */
/* SIDs as bytes and as text. */
#include "sid.h"

#define AUTH_MAX	((1ull << 48) - 1)

size_t sid_size(const uint8_t *p, size_t avail)
{
	size_t size;

	if (avail < 8 || p[0] != 1 || p[1] > SID_MAX_SUBS)
		return 0;
	size = 8 + 4u * p[1];
	return size <= avail ? size : 0;
}

uint64_t sid_authority(const uint8_t *p)
{
	return (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 | be32(p + 4);
}

bool sid_same(const struct sid *a, const struct sid *b)
{
	if (!a->p || !b->p)
		return !a->p == !b->p && a->base == b->base && a->rid == b->rid;
	return a->p[1] == b->p[1] && !memcmp(a->p, b->p, 8 + 4u * a->p[1]);
}

bool sid_is_everyone(const struct sid *s)
{
	static const uint8_t everyone[12] = { 1, 1, 0, 0, 0, 0, 0, 1 };

	return s->p && s->p[1] == 1 && !memcmp(s->p, everyone, sizeof(everyone));
}

/* ---- to text --------------------------------------------------------------------*/

static const char *const base_names[] = {
	[SID_DOMAIN] = "<domain>", [SID_MACHINE] = "<machine>", [SID_FOREST] = "<root domain>",
};

void sid_put(struct put *o, const struct sid *s)
{
	uint64_t auth;
	unsigned i;

	if (!s->p) {
		PUT(o, "S-1-5-21-");
		put_text(o, base_names[s->base]);
		put_char(o, '-');
		put_u64(o, s->rid);
		return;
	}
	auth = sid_authority(s->p);
	PUT(o, "S-1-");
	if (auth > UINT32_MAX) {
		PUT(o, "0x");
		put_hex(o, auth, 1);
	} else {
		put_u64(o, auth);
	}
	for (i = 0; i < sid_subs(s->p); i++) {
		put_char(o, '-');
		put_u64(o, sid_sub(s->p, i));
	}
}

uint64_t sid_key(const uint8_t *p)
{
	uint32_t a, b = 0;

	if (p[2] | p[3] | p[4] | p[5] | p[6] || !p[1] || p[1] > 2)
		return 0;
	a = sid_sub(p, 0);
	if (p[1] == 2)
		b = sid_sub(p, 1);
	if (a > 0xffff || b > 0xffff)
		return 0;
	return (uint64_t)p[7] << 40 | (uint64_t)p[1] << 32 | a << 16 | b;
}

const struct sid_known *sid_find_known(const uint8_t *p)
{
	uint64_t key = sid_key(p);
	size_t low = 0, high = sid_n_knowns, at;

	while (key && low < high) {
		at = (low + high) / 2;
		if (sid_knowns[at].key == key)
			return &sid_knowns[at];
		if (sid_knowns[at].key < key)
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}

static const char *sid_alias(const uint8_t *p)
{
	const struct sid_known *k = sid_find_known(p);

	if (k)
		return k->alias;
	return p[1] == 6 && !memcmp(p, sid_user_drivers, sizeof(sid_user_drivers)) ? "UD" : "";
}

void sid_put_sddl(struct put *o, const struct sid *s)
{
	const struct sid_relative *r;
	const char *alias = "";

	if (s->p)
		alias = sid_alias(s->p);
	else
		for (r = sid_relatives; r->name; r++)
			if (r->rid == s->rid && r->base == s->base)
				alias = r->alias;
	if (*alias)
		put_mem(o, alias, 2);
	else
		sid_put(o, s);
}

/* ---- from text --------------------------------------------------------------------*/

static int digit_of(char c, unsigned base)
{
	int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;

	return d < (int)base ? d : -1;
}

/* Decimal or 0x; leading zeros mean nothing. Its length, or 0. */
static size_t number_parse(const char *s, size_t n, uint64_t max, uint64_t *out)
{
	unsigned base = n > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
	size_t begin = base == 16 ? 2 : 0, end = begin, i;
	uint64_t u = 0;

	while (end < n && digit_of(s[end], base) >= 0)
		end++;
	/* In "0x200D:" the D is the tag of the next section. */
	if (base == 16 && end < n && end > begin && s[end] == ':' && s[end - 1] == 'D')
		end--;
	for (i = begin; i < end; i++) {
		if (u > (max - (unsigned)digit_of(s[i], base)) / base)
			return 0;
		u = u * base + (unsigned)digit_of(s[i], base);
	}
	*out = u;
	return end > begin ? end : 0;
}

static bool numeric_parse(const char *s, size_t n, struct acl_arena *arena, struct sid *sid,
			  size_t *used)
{
	uint8_t bytes[SID_MAX_SIZE] = { 1 }, *p;
	uint64_t u = 0;
	size_t at = 4, len;
	unsigned i;

	len = number_parse(s + at, n - at, AUTH_MAX, &u);
	if (!len)
		return false;
	for (i = 0; i < 6; i++)
		bytes[7 - i] = (uint8_t)(u >> (8 * i));
	at += len;
	while (at + 1 < n && s[at] == '-') {
		len = number_parse(s + at + 1, n - at - 1, UINT32_MAX, &u);
		if (!len || bytes[1] == SID_MAX_SUBS)
			return false;
		le32_put(bytes + 8 + 4 * bytes[1]++, (uint32_t)u);
		at += 1 + len;
	}
	if (!bytes[1] || (at < n && s[at] == '-'))
		return false;
	p = acl_alloc(arena, 8 + 4u * bytes[1]);
	if (!p)
		return false;
	memcpy(p, bytes, 8 + 4u * bytes[1]);
	*sid = (struct sid){ .p = p };
	*used = at;
	return true;
}

static bool known_set(const struct sid_known *k, struct acl_arena *arena, struct sid *sid)
{
	unsigned n = (unsigned)(k->key >> 32 & 0xff);
	uint8_t *p = acl_alloc(arena, 8 + 4 * n);

	if (!p)
		return false;
	memset(p, 0, 8 + 4 * n);
	p[0] = 1;
	p[1] = (uint8_t)n;
	p[7] = (uint8_t)(k->key >> 40);
	le32_put(p + 8, k->key >> 16 & 0xffff);
	if (n > 1)
		le32_put(p + 12, k->key & 0xffff);
	*sid = (struct sid){ .p = p };
	return true;
}

static bool relative_set(const struct sid_relative *r, const struct acl_context *ctx,
			 struct acl_arena *arena, struct sid *sid)
{
	const uint8_t *of = r->base == SID_MACHINE ? ctx->machine :
			    r->base == SID_FOREST ? ctx->forest : ctx->domain;
	size_t size;
	uint8_t *p;

	if (!of)
		of = ctx->domain;
	if (!of || of[1] == SID_MAX_SUBS) {
		*sid = (struct sid){ NULL, r->rid, r->base };
		return true;
	}
	size = 8 + 4u * of[1];
	p = acl_alloc(arena, size + 4);
	if (!p)
		return false;
	memcpy(p, of, size);
	p[1]++;
	le32_put(p + size, r->rid);
	*sid = (struct sid){ .p = p };
	return true;
}

static bool alias_parse(const char *s, const struct acl_context *ctx, struct acl_arena *arena,
			struct sid *sid)
{
	const struct sid_relative *r;
	size_t i;

	if (s[0] == 'U' && s[1] == 'D') {
		*sid = (struct sid){ .p = sid_user_drivers };
		return true;
	}
	for (i = 0; i < sid_n_knowns; i++)
		if (*sid_knowns[i].alias && !memcmp(sid_knowns[i].alias, s, 2))
			return known_set(&sid_knowns[i], arena, sid);
	for (r = sid_relatives; r->name; r++)
		if (*r->alias && !memcmp(r->alias, s, 2))
			return relative_set(r, ctx, arena, sid);
	return false;
}

bool sid_parse(const char *text, size_t n, const struct acl_context *ctx,
	       struct acl_arena *arena, struct sid *sid, size_t *used)
{
	if (n >= 4 && !memcmp(text, "S-1-", 4))
		return numeric_parse(text, n, arena, sid, used);
	if (n < 2)
		return false;
	*used = 2;
	return alias_parse(text, ctx, arena, sid);
}
