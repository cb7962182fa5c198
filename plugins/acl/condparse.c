/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDDL's conditions to tokens. Relations and Exists take values alone, so they
 * are read at once; what may nest, ( ! && ||, waits on a stack of our own.
 */
#include "cond.h"
#include "lex.h"
#include "sid.h"

struct parser {
	struct lex x;
	size_t n_tokens;
	size_t depth;
	char stack[COND_MAX_TOKENS];	/* ( ! & | */
};

static bool put_code(struct parser *p, unsigned code)
{
	uint8_t *at = lex_grow(&p->x, 1);

	if (at)
		*at = (uint8_t)code;
	return at && ++p->n_tokens <= COND_MAX_TOKENS;
}

/* A code, and room for the length of what follows, which begins at the result. */
static size_t begin_sized(struct parser *p, unsigned code)
{
	return put_code(p, code) && lex_grow(&p->x, 4) ? p->x.len : 0;
}

static bool end_sized(struct parser *p, size_t at)
{
	le32_put(p->x.out + at - 4, (uint32_t)(p->x.len - at));
	return true;
}

/* ---- values ---------------------------------------------------------------------*/

static bool take_attribute(struct parser *p, bool scoped_only)
{
	static const struct { const char *word; uint8_t code; } scopes[] = {
		{ "@User.", COND_USER }, { "@Resource.", COND_RESOURCE }, { "@Device.", COND_DEVICE },
	};
	unsigned code = COND_LOCAL;
	size_t at, i;

	for (i = 0; i < sizeof(scopes) / sizeof(*scopes) && code == COND_LOCAL; i++)
		if (lex_word(&p->x, scopes[i].word))
			code = scopes[i].code;
	if (code == COND_LOCAL && scoped_only)
		return false;
	at = begin_sized(p, code);
	return at && lex_name(&p->x, code != COND_LOCAL) && end_sized(p, at);
}

static bool take_int(struct parser *p)
{
	struct lex_int i;
	uint8_t *at;

	if (!lex_int(&p->x, &i) || i.wide || !put_code(p, COND_INT64))
		return false;
	at = lex_grow(&p->x, 10);
	if (!at)
		return false;
	le32_put(at, (uint32_t)i.value);
	le32_put(at + 4, (uint32_t)((uint64_t)i.value >> 32));
	at[8] = i.sign;
	at[9] = i.base;
	return true;
}

static bool take_sid(struct parser *p)
{
	uint8_t bytes[SID_MAX_SIZE], *at;
	size_t size, begin;

	if (!lex_word(&p->x, "SID"))
		return false;
	size = lex_sid(&p->x, bytes);
	begin = size ? begin_sized(p, COND_SID) : 0;
	at = begin ? lex_grow(&p->x, size) : NULL;
	if (!at)
		return false;
	memcpy(at, bytes, size);
	return end_sized(p, begin);
}

static bool take_literal(struct parser *p)
{
	size_t at;

	if ((lex_peek(&p->x) | 0x20) == 's')
		return take_sid(p);
	if (lex_take(&p->x, '"')) {
		at = begin_sized(p, COND_TEXT);
		return at && lex_text(&p->x, false) && end_sized(p, at);
	}
	if (lex_take(&p->x, '#')) {
		at = begin_sized(p, COND_OCTETS);
		return at && lex_octets(&p->x, false) && end_sized(p, at);
	}
	return take_int(p);
}

/* {a, b}, the brace being taken. */
static bool take_list(struct parser *p)
{
	size_t at = begin_sized(p, COND_LIST);

	if (!at)
		return false;
	lex_blanks(&p->x);
	if (lex_take(&p->x, '}'))
		return end_sized(p, at);
	do {
		lex_blanks(&p->x);
		if (!take_literal(p))
			return false;
		lex_blanks(&p->x);
	} while (lex_take(&p->x, ','));
	return lex_take(&p->x, '}') && end_sized(p, at);
}

/* Of a relation: an attribute, too; of a membership, perhaps in parentheses. */
static bool take_operand(struct parser *p, bool member)
{
	lex_blanks(&p->x);
	if (lex_take(&p->x, '{'))
		return take_list(p);
	if (lex_peek(&p->x) == '@')
		return !member && take_attribute(p, true);
	if (member && lex_take(&p->x, '(')) {
		lex_blanks(&p->x);
		if (!take_literal(p))
			return false;
		lex_blanks(&p->x);
		return lex_take(&p->x, ')');
	}
	return take_literal(p);
}

/* ---- expressions ------------------------------------------------------------------*/

/* Takes the operator if there is one that is not the beginning of a name. */
static unsigned take_operator(struct parser *p)
{
	const char *s = p->x.s + p->x.at;
	size_t left = p->x.n - p->x.at, n;
	unsigned code = cond_operator_find(s, left, &n);

	if (!code || (lex_is_alnum(s[0]) && n < left && lex_is_local((unsigned char)s[n])))
		return 0;
	p->x.at += n;
	return code;
}

static bool is_relation(unsigned code)
{
	return (code >= COND_EQUAL && code <= COND_CONTAINS) || code == COND_ANY_OF ||
	       code == COND_NOT_CONTAINS || code == COND_NOT_ANY_OF;
}

static bool is_membership(unsigned code)
{
	return (code >= COND_MEMBER_OF && code <= COND_DEVICE_MEMBER_OF_ANY) ||
	       (code >= COND_NOT_MEMBER_OF && code <= COND_NOT_DEVICE_MEMBER_OF_ANY);
}

/* Exists @x, Member_of {..}, @x == 1, @x */
static bool take_term(struct parser *p)
{
	size_t at = p->x.at;
	unsigned code = take_operator(p);

	if (is_membership(code))
		return take_operand(p, true) && put_code(p, code);
	if (code == COND_EXISTS || code == COND_NOT_EXISTS) {
		lex_blanks(&p->x);
		return take_attribute(p, false) && put_code(p, code);
	}
	if (code || !take_attribute(p, false))
		return false;
	lex_blanks(&p->x);
	at = p->x.at;
	code = take_operator(p);
	if (is_relation(code))
		return take_operand(p, false) && put_code(p, code);
	p->x.at = at;
	return true;
}

static bool push(struct parser *p, char c)
{
	if (p->depth == sizeof(p->stack))
		return false;
	p->stack[p->depth++] = c;
	return true;
}

/* Writes what waits and binds at least as strongly as one of `which`. */
static bool reduce(struct parser *p, const char *which)
{
	char top;

	while (p->depth && (top = p->stack[p->depth - 1]) != '(' && strchr(which, top)) {
		p->depth--;
		if (!put_code(p, top == '!' ? COND_NOT : top == '&' ? COND_AND : COND_OR))
			return false;
	}
	return true;
}

static bool take_not(struct parser *p)
{
	lex_blanks(&p->x);
	return (lex_peek(&p->x) == '(' || lex_peek(&p->x) == '@') && push(p, '!');
}

static bool take_connective(struct parser *p)
{
	if (lex_word(&p->x, "&&"))
		return reduce(p, "!&") && push(p, '&');
	return lex_word(&p->x, "||") && reduce(p, "!&|") && push(p, '|');
}

static bool parse(struct parser *p)
{
	bool value = false;	/* one is there, an operator is to follow */

	if (!lex_take(&p->x, '(') || !push(p, '('))
		return false;
	while (p->depth) {
		lex_blanks(&p->x);
		if (value && lex_take(&p->x, ')')) {
			if (!reduce(p, "!&|"))
				return false;
			p->depth--;
		} else if (value) {
			if (!take_connective(p))
				return false;
			value = false;
		} else if (lex_take(&p->x, '(')) {
			if (!push(p, '('))
				return false;
		} else if (lex_take(&p->x, '!')) {
			if (!take_not(p))
				return false;
		} else {
			if (!take_term(p))
				return false;
			value = true;
		}
	}
	return true;
}

int cond_parse(struct acl *a, const char *s, size_t n, const struct acl_context *ctx,
	       struct acl_arena *arena, struct acl_bytes *tokens, size_t *used)
{
	struct parser p;

	p.x = (struct lex){ .s = s, .n = n, .ctx = ctx };
	p.n_tokens = p.depth = 0;
	lex_begin(&p.x, arena, COND_MAX_SIZE);
	if (!parse(&p)) {
		lex_end(&p.x, arena);
		return acl_fault(a, "S8", p.x.full ? "a condition is too long" :
						     "a condition cannot be read");
	}
	*tokens = lex_end(&p.x, arena);
	*used = p.x.at;
	return tokens->p ? 0 : acl_no_room(a);
}
