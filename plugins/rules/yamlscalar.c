/* SPDX-License-Identifier: Apache-2.0 */
/* What a plain scalar is, by the core schema of YAML 1.2. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yamltree.h"

#define DIGITS	"0123456789"

/* text is one of n words. */
static bool is_one_of(const char *text, const char *const *words, unsigned n)
{
	while (n--)
		if (!strcmp(text, words[n]))
			return true;
	return false;
}

static bool read_bool(struct yamltree *s)
{
	static const char *const yes[] = { "true", "True", "TRUE" };
	static const char *const no[] = { "false", "False", "FALSE" };

	s->integer = is_one_of(s->text, yes, 3);
	return s->integer || is_one_of(s->text, no, 3);
}

/* Its form is checked; the locale of the program does not count. */
static double decimal(const char *text)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL);
	double number = c ? strtod_l(text, NULL, c) : NAN;

	if (c)
		freelocale(c);
	return number;
}

/* Digits of a base, nothing else; too large ones do not fit. */
static bool read_digits(struct yamltree *s, const char *digits, unsigned base, bool minus)
{
	uint64_t most = (uint64_t)INT64_MAX + minus, sum = 0;
	const char *p;
	unsigned digit;

	s->fits = true;
	s->number = 0;
	for (p = digits; *p; p++) {
		digit = *p >= '0' && *p <= '9' ? (unsigned)(*p - '0') :
			(unsigned)((*p | 0x20) - 'a') + 10;
		s->number = s->number * base + digit;
		s->fits = s->fits && sum <= (most - digit) / base;
		sum = s->fits ? sum * base + digit : 0;
	}
	s->integer = minus ? (int64_t)(0 - sum) : (int64_t)sum;
	/* Not by digits, which would round at each of them. */
	if (base == 10)
		s->number = decimal(s->text);
	return p > digits;
}

static bool read_int(struct yamltree *s)
{
	const char *t = s->text, *digits = t + (*t == '-' || *t == '+');

	if (!strncmp(t, "0o", 2) && !t[2 + strspn(t + 2, "01234567")])
		return read_digits(s, t + 2, 8, false);
	if (!strncmp(t, "0x", 2) && !t[2 + strspn(t + 2, DIGITS "abcdefABCDEF")])
		return read_digits(s, t + 2, 16, false);
	return !digits[strspn(digits, DIGITS)] && read_digits(s, digits, 10, *t == '-');
}

static bool is_decimal(const char *t)
{
	size_t before, after = 0;

	t += *t == '-' || *t == '+';
	before = strspn(t, DIGITS);
	t += before;
	if (*t == '.') {
		after = strspn(t + 1, DIGITS);
		t += 1 + after;
	}
	if (!before && !after)
		return false;
	if (*t == 'e' || *t == 'E') {
		t++;
		t += *t == '-' || *t == '+';
		return *t && !t[strspn(t, DIGITS)];
	}
	return !*t;
}

static bool read_float(struct yamltree *s)
{
	static const char *const infinite[] = { ".inf", ".Inf", ".INF" };
	static const char *const none[] = { ".nan", ".NaN", ".NAN" };
	const char *t = s->text + (*s->text == '-' || *s->text == '+');

	if (is_decimal(s->text))
		s->number = decimal(s->text);
	else if (is_one_of(t, infinite, 3))
		s->number = *s->text == '-' ? -INFINITY : INFINITY;
	else if (is_one_of(s->text, none, 3))
		s->number = NAN;
	else
		return false;
	return true;
}

void yamlscalar_read(struct yamltree *s)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	s->kind = YAMLTREE_TEXT;
	if (memchr(s->text, 0, s->len))
		return;
	if (is_one_of(s->text, nulls, 5))
		s->kind = YAMLTREE_NULL;
	else if (read_bool(s))
		s->kind = YAMLTREE_BOOL;
	else if (read_int(s))
		s->kind = YAMLTREE_INT;
	else if (read_float(s))
		s->kind = YAMLTREE_FLOAT;
}

const char *yamlscalar_kind(const struct yamltree *node)
{
	static const char *const names[] = {
		[YAMLTREE_NULL] = "nothing", [YAMLTREE_BOOL] = "true or false",
		[YAMLTREE_INT] = "a number", [YAMLTREE_FLOAT] = "a number",
		[YAMLTREE_TEXT] = "a text", [YAMLTREE_LIST] = "a list",
		[YAMLTREE_MAP] = "a map",
	};

	return names[node->kind];
}
