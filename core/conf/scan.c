/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the tokens of a configuration file. libconfig 1.5 silently cuts numbers
 * to 32 bits, ends a text at a NUL byte and wants a line end after the last
 * comment. So the text passes through here first: comments go, whole numbers
 * are checked and written with the suffix that makes libconfig read 64 bits,
 * includes are put in. All else goes on as it is.
 */
#include "conf/scan.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diag.h"
#include "conf/mem.h"
#include "conf/text.h"

#define SCAN_DEPTH	64

/* The rest of this file means nothing. */
static void scan_cut(struct text *t, struct source *s, int line, const char *why)
{
	diag_error(t->d, s->file, line, "%s", why);
	s->p = s->end;
	t->cut = true;
}

/* The n bytes at p go out as they are. */
static void scan_pass(struct text *t, struct source *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		s->line += s->p[i] == '\n';
	text_put(t, s->p, n);
	s->p += n;
	s->bol = false;
}

static void scan_line_comment(struct source *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

static void scan_block_comment(struct text *t, struct source *s)
{
	int line = s->line;

	text_put(t, " ", 1);
	for (s->p += 2; s->p < s->end; s->p++) {
		if (*s->p == '*' && s->p + 1 < s->end && s->p[1] == '/') {
			s->p += 2;
			return;
		}
		if (*s->p == '\n') {
			text_put(t, "\n", 1);
			s->line++;
		}
	}
	scan_cut(t, s, line, "comment without end");
}

static void scan_string(struct text *t, struct source *s)
{
	const char *q;
	int line = s->line;

	for (q = s->p + 1; q < s->end && *q != '"'; q++) {
		if (*q != '\\' || q + 1 >= s->end)
			continue;
		q++;
		if ((*q == 'x' || *q == 'X') && s->end - q > 2 &&
		    q[1] == '0' && q[2] == '0')
			diag_error(t->d, s->file, line,
				   "a string cannot hold \\x00");
	}
	if (q >= s->end) {
		scan_cut(t, s, line, "string without end");
		return;
	}
	scan_pass(t, s, (size_t)(q + 1 - s->p));
}

static size_t span_name(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && (isalnum((unsigned char)*q) || strchr("-_*", *q)) && *q)
		q++;
	return (size_t)(q - p);
}

static size_t span_digits(const char *p, const char *end, bool hex)
{
	const char *q = p;

	while (q < end && (hex ? isxdigit((unsigned char)*q) :
				 isdigit((unsigned char)*q)))
		q++;
	return (size_t)(q - p);
}

static size_t span_exponent(const char *p, const char *end)
{
	const char *q = p;
	size_t n;

	if (q >= end || (*q != 'e' && *q != 'E'))
		return 0;
	q++;
	if (q < end && (*q == '+' || *q == '-'))
		q++;
	n = span_digits(q, end, false);
	return n ? (size_t)(q - p) + n : 0;
}

/* Bytes of a number with a point or an exponent at p; 0: there is none. */
static size_t span_float(const char *p, const char *end)
{
	const char *q = p;
	size_t n, e;

	if (q < end && (*q == '+' || *q == '-'))
		q++;
	n = span_digits(q, end, false);
	q += n;
	if (q < end && *q == '.') {
		q++;
		n += span_digits(q, end, false);
		q += span_digits(q, end, false);
		if (!n)
			return 0;
		return (size_t)(q - p) + span_exponent(q, end);
	}
	e = span_exponent(q, end);
	return n && e ? (size_t)(q - p) + e : 0;
}

static void scan_float(struct text *t, struct source *s, size_t n)
{
	char num[64];

	if (n >= sizeof(num))
		diag_error(t->d, s->file, s->line, "number of too many digits");
	snprintf(num, sizeof(num), "%.*s", (int)(n < 63 ? n : 63), s->p);
	if (!isfinite(strtod(num, NULL)))
		diag_error(t->d, s->file, s->line,
			   "%s does not fit into a number", num);
	scan_pass(t, s, n);
}

static bool fold_digits(const char *p, size_t n, bool hex, bool neg, int64_t *v)
{
	unsigned base = hex ? 16 : 10;
	__int128 sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		int c = tolower((unsigned char)p[i]);

		sum = sum * base + (c <= '9' ? c - '0' : c - 'a' + 10);
		if (sum > (__int128)INT64_MAX + neg)
			return false;
	}
	*v = neg ? (int64_t)-sum : (int64_t)sum;
	return true;
}

static void scan_int(struct text *t, struct source *s)
{
	const char *from = s->p;
	bool neg = *s->p == '-', hex = false;
	int64_t v = 0;
	char num[32];
	size_t n;

	if (*s->p == '+' || neg)
		s->p++;
	else if (s->end - s->p > 2 && *s->p == '0' && (s->p[1] | 32) == 'x' &&
		 isxdigit((unsigned char)s->p[2]))
		hex = true;
	if (hex)
		s->p += 2;
	n = span_digits(s->p, s->end, hex);
	if (!fold_digits(s->p, n, hex, neg, &v))
		diag_error(t->d, s->file, s->line, "%.*s does not fit into 64 bits",
			   (int)(s->p + n - from < 60 ? s->p + n - from : 60), from);
	s->p += n;
	for (n = 0; n < 2 && s->p < s->end && *s->p == 'L'; n++)
		s->p++;
	text_put(t, num, (size_t)snprintf(num, sizeof(num), "%lldL", (long long)v));
	s->bol = false;
}

static void scan_bracket(struct text *t, struct source *s)
{
	bool opens = strchr("([{", *s->p);

	t->depth += opens ? 1 : -1;
	if (t->depth > SCAN_DEPTH)
		scan_cut(t, s, s->line, "nested too deeply");
	else
		scan_pass(t, s, 1);
}

/* The name in `@include "NAME"` at p, NULL if that is not there; *end: behind it. */
static char *include_name(struct text *t, const struct source *s, const char **end)
{
	static const char word[] = "@include";
	const char *p = s->p + strlen(word), *q;
	char *name;

	if (!s->bol || s->end - s->p <= (ptrdiff_t)strlen(word) ||
	    memcmp(s->p, word, strlen(word)))
		return NULL;
	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == s->end || *p++ != '"')
		return NULL;
	for (q = p; q < s->end && *q && *q != '"' && *q != '\n'; q++)
		;
	if (q == s->end || *q != '"' || q == p)
		return NULL;
	*end = q + 1;
	name = mem_strndup(t->mem, p, (size_t)(q - p));
	t->oom |= !name;
	return name;
}

static void scan_include(struct text *t, struct source *s)
{
	const char *end;
	char *name = include_name(t, s, &end);

	if (name) {
		s->p = end;
		s->bol = false;
		text_include(t, s, name);
		return;
	}
	diag_error(t->d, s->file, s->line,
		   "an \"@\" must be @include \"FILE\" on a line of its own");
	scan_line_comment(s);
}

static void scan_other(struct text *t, struct source *s)
{
	char c = *s->p;

	if (c == '\n' || c == ' ' || c == '\t') {
		bool bol = s->bol;

		scan_pass(t, s, 1);
		s->bol = bol || c == '\n';
	} else if (!c) {
		scan_cut(t, s, s->line, "NUL byte; this is no text");
	} else if (c == '@') {
		scan_include(t, s);
	} else if (strchr(".+-", c)) {
		/* libconfig takes a lone point for 0.0 */
		diag_error(t->d, s->file, s->line, "\"%c\" is no number", c);
		text_put(t, "0", 1);
		s->p++;
	} else {
		scan_pass(t, s, 1);
	}
}

static void scan_token(struct text *t, struct source *s)
{
	unsigned char c = (unsigned char)*s->p;
	unsigned char c2 = s->end - s->p > 1 ? (unsigned char)s->p[1] : 0;
	size_t n;

	if (c == '#' || (c == '/' && c2 == '/'))
		scan_line_comment(s);
	else if (c == '/' && c2 == '*')
		scan_block_comment(t, s);
	else if (c == '"')
		scan_string(t, s);
	else if (isalpha(c) || c == '*')
		scan_pass(t, s, span_name(s->p, s->end));
	else if ((n = span_float(s->p, s->end)))
		scan_float(t, s, n);
	else if (isdigit(c) || ((c == '-' || c == '+') && isdigit(c2)))
		scan_int(t, s);
	else if (c && strchr("()[]{}", c))
		scan_bracket(t, s);
	else
		scan_other(t, s);
}

void scan_source(struct text *t, struct source *s)
{
	s->line = 1;
	s->bol = true;
	if (s->end - s->p >= 3 && !memcmp(s->p, "\xef\xbb\xbf", 3))
		s->p += 3;
	text_mark(t, s->file, 1);
	while (s->p < s->end && !t->oom)
		scan_token(t, s);
	text_put(t, "\n", 1);
}
