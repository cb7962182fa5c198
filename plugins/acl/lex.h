/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parsers of conditions and of claims share: a place in a text, and
 * the literals of SDDL. Inside; others have cond.h and claim.h.
 */
#pragma once

#include "put.h"

struct lex {
	const char *s;
	size_t n, at;
	const struct acl_context *ctx;
	uint8_t *out;		/* what is made */
	size_t len, cap;
	bool full;
};

static inline int lex_peek(const struct lex *x)
{
	return x->at < x->n ? (unsigned char)x->s[x->at] : -1;
}

static inline bool lex_take(struct lex *x, char c)
{
	if (lex_peek(x) != (unsigned char)c)
		return false;
	x->at++;
	return true;
}

void lex_blanks(struct lex *x);
/* "SID" and the like, in any case. */
bool lex_word(struct lex *x, const char *word);

/* Room for n bytes of what is made; NULL: none. */
uint8_t *lex_grow(struct lex *x, size_t n);

struct lex_int {
	int64_t value;		/* of a `wide` one: its 64 bits */
	bool wide;		/* above INT64_MAX, and not negative */
	uint8_t sign, base;	/* as a condition stores them */
};

bool lex_int(struct lex *x, struct lex_int *i);
/*
 * Behind the opening quote, up to the closing one, as UTF-16LE; with %XXXX for a
 * unit of it where the place allows escapes.
 */
bool lex_text(struct lex *x, bool escapes);
/* An attribute's name, likewise; of a scoped one, @User.x, nearly all may be part. */
bool lex_name(struct lex *x, bool scoped);
bool lex_is_alnum(int c);
bool lex_is_local(int c);
bool lex_is_scoped(int c);
/* Hexadecimal digits, of which # is a zero. An odd number gets a zero before it if `pad`. */
bool lex_octets(struct lex *x, bool pad);
/* "(BA)" behind the word SID; bytes in `sid`, 0: none. */
size_t lex_sid(struct lex *x, uint8_t sid[68]);

/* A place in the arena for what is made, without an end yet; and its end. */
void lex_begin(struct lex *x, struct acl_arena *a, size_t max);
struct acl_bytes lex_end(struct lex *x, struct acl_arena *a);
