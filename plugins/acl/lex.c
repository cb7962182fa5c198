/* SPDX-License-Identifier: Apache-2.0 */
/* Literals of SDDL's conditions and resource attributes. */
#include "lex.h"

#include "sid.h"

void lex_blanks(struct lex *x)
{
	int c;

	while ((c = lex_peek(x)) == ' ' || (c >= '\t' && c <= '\r'))
		x->at++;
}

bool lex_word(struct lex *x, const char *word)
{
	size_t i, n = strlen(word);

	if (n > x->n - x->at)
		return false;
	for (i = 0; i < n; i++)
		if ((x->s[x->at + i] | 0x20) != (word[i] | 0x20))
			return false;
	x->at += n;
	return true;
}

uint8_t *lex_grow(struct lex *x, size_t n)
{
	uint8_t *p = x->out + x->len;

	if (n > x->cap - x->len) {
		x->full = true;
		return NULL;
	}
	x->len += n;
	return p;
}

void lex_begin(struct lex *x, struct acl_arena *a, size_t max)
{
	size_t at = (a->used + 7) & ~(size_t)7;

	x->len = 0;
	x->full = false;
	x->out = a->p + at;
	x->cap = at < a->cap ? a->cap - at : 0;
	if (x->cap > max)
		x->cap = max;
	else
		a->full |= x->cap == 0;
}

struct acl_bytes lex_end(struct lex *x, struct acl_arena *a)
{
	/* A limit of the format is no lack of memory. */
	a->full |= x->full && x->out + x->cap == a->p + a->cap;
	return (struct acl_bytes){ acl_alloc(a, x->len), (uint32_t)x->len };
}

/* ---- literals --------------------------------------------------------------------*/

static int digit(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool lex_number(struct lex *x, unsigned base, uint64_t *u)
{
	size_t begin = x->at;
	int d;

	for (*u = 0; (d = digit(lex_peek(x))) < 99; x->at++) {
		if (d >= (int)base || *u > (UINT64_MAX - (unsigned)d) / base)
			return false;
		*u = *u * base + (unsigned)d;
	}
	return x->at > begin;
}

bool lex_int(struct lex *x, struct lex_int *i)
{
	uint64_t u = 0;
	bool zero;

	*i = (struct lex_int){ .sign = 3, .base = 2 };
	if (lex_take(x, '-'))
		i->sign = 2;
	else if (lex_take(x, '+'))
		i->sign = 1;
	zero = lex_peek(x) == '0' && x->at + 1 < x->n;
	if (zero && (x->s[x->at + 1] | 0x20) == 'x') {
		x->at += 2;
		i->base = 3;
	} else if (zero && digit(x->s[x->at + 1]) < 99) {
		i->base = 1;
	}
	if (!lex_number(x, i->base == 3 ? 16 : i->base == 1 ? 8 : 10, &u))
		return false;
	if (i->sign == 2 && u > (1ull << 63))
		return false;
	i->wide = i->sign != 2 && u > INT64_MAX;
	i->value = (int64_t)(i->sign == 2 ? 0 - u : u);
	return true;
}

/* ---- texts and names ------------------------------------------------------------*/

static bool put_unit(struct lex *x, uint32_t unit)
{
	uint8_t *p = lex_grow(x, 2);

	if (p)
		le16_put(p, unit);
	return p;
}

static bool put_char16(struct lex *x, uint32_t c)
{
	if (c <= 0xffff)
		return put_unit(x, c);
	return put_unit(x, 0xd800 + ((c - 0x10000) >> 10)) &&
	       put_unit(x, 0xdc00 + ((c - 0x10000) & 0x3ff));
}

static bool take_utf8(struct lex *x, uint32_t *c)
{
	size_t len = utf8_get((const uint8_t *)x->s + x->at, x->n - x->at, c);

	x->at += len;
	return len && *c;
}

bool lex_is_alnum(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool lex_is_local(int c)
{
	return lex_is_alnum(c) || (c > 0 && c < 0x80 && strchr(":./_", c));
}

bool lex_is_scoped(int c)
{
	return c > ' ' && c != 0x7f && !(c < 0x80 && strchr("!&()><=|%\"", c));
}

/* %XXXX, the sign being taken. */
static bool take_escape(struct lex *x, uint32_t *c)
{
	size_t i;

	for (*c = 0, i = 0; i < 4; i++, x->at++) {
		if (digit(lex_peek(x)) > 15)
			return false;
		*c = *c << 4 | (unsigned)digit(lex_peek(x));
	}
	return *c;
}

bool lex_name(struct lex *x, bool scoped)
{
	size_t begin = x->at;
	uint32_t c = 0;
	int next;

	while ((next = lex_peek(x)) == '%' || (scoped ? lex_is_scoped(next) : lex_is_local(next))) {
		/* Letters and digits are not to be written so. */
		if (lex_take(x, '%') ? !take_escape(x, &c) || lex_is_alnum((int)c) :
				       !take_utf8(x, &c))
			return false;
		if (!put_char16(x, c))
			return false;
	}
	return x->at > begin;
}

bool lex_text(struct lex *x, bool escapes)
{
	uint32_t c = 0;

	while (x->at < x->n && x->s[x->at] != '"') {
		if (escapes && lex_take(x, '%') ? !take_escape(x, &c) : !take_utf8(x, &c))
			return false;
		if (!put_char16(x, c))
			return false;
	}
	return lex_take(x, '"');
}

/* ---- bytes, SIDs ------------------------------------------------------------------*/

bool lex_octets(struct lex *x, bool pad)
{
	size_t begin = x->at, n, i;
	uint8_t *p;
	int c;

	while ((c = lex_peek(x)) == '#' || digit(c) < 99)
		x->at++;
	n = x->at - begin;
	if (n & 1 && !pad)
		return false;
	p = lex_grow(x, (n + 1) / 2);
	if (!p)
		return false;
	memset(p, 0, (n + 1) / 2);
	for (i = 0; i < n; i++) {
		c = x->s[begin + i];
		c = c == '#' ? 0 : digit(c);
		p[(i + (n & 1)) / 2] |= (uint8_t)((i + (n & 1)) & 1 ? c : c << 4);
	}
	return true;
}

size_t lex_sid(struct lex *x, uint8_t bytes[68])
{
	uint8_t memory[SID_MAX_SIZE + 8] __attribute__((aligned(8)));
	struct acl_arena a = { memory, sizeof(memory), 0, false };
	struct sid sid;
	size_t used = 0;

	if (!lex_take(x, '('))
		return 0;
	lex_blanks(x);
	/* Of a domain that is not known there are no bytes to store. */
	if (!sid_parse(x->s + x->at, x->n - x->at, x->ctx, &a, &sid, &used) || !sid.p)
		return 0;
	x->at += used;
	lex_blanks(x);
	if (!lex_take(x, ')'))
		return 0;
	memcpy(bytes, sid.p, 8 + 4u * sid.p[1]);
	return 8 + 4u * sid.p[1];
}
