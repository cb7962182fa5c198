/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the reading and writing of numbers with units, and of words. */
#include "conf/unit.h"

#include <stdio.h>
#include <string.h>

#include "util/macros.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* From small to large; the first one for a bare number. */
static const struct unit sizes[] = {
	{ "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	{ "T", 1LL << 40 },
};

static const struct unit times[] = {
	{ "", 1000000000 }, { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 },
	{ "s", 1000000000 }, { "m", 60 * 1000000000LL },
	{ "h", 3600 * 1000000000LL }, { "d", 86400 * 1000000000LL },
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Digits at *s, which moves behind them. */
static bool parse_digits(const char **s, int base, bool neg, int64_t *v)
{
	const char *p = *s;
	__int128 sum = 0;

	for (; digit_value(*p) < base; p++) {
		sum = sum * base + digit_value(*p);
		if (sum > (__int128)INT64_MAX + neg)
			return false;
	}
	if (p == *s)
		return false;
	*s = p;
	*v = (int64_t)(neg ? -sum : sum);
	return true;
}

bool unit_parse_int(const char *s, int64_t *v)
{
	bool neg = *s == '-';
	int base = 10;

	if (neg || *s == '+')
		s++;
	else if (s[0] == '0' && (s[1] | 32) == 'x') {
		s += 2;
		base = 16;
	}
	return parse_digits(&s, base, neg, v) && !*s;
}

static bool parse_unit(const char *s, const struct unit *units, size_t n,
		       int64_t *v)
{
	int64_t num;
	size_t i;

	if (!parse_digits(&s, 10, false, &num))
		return false;
	for (i = 0; i < n; i++)
		if (!strcmp(s, units[i].name))
			return !__builtin_mul_overflow(num, units[i].factor, v);
	return false;
}

bool unit_parse_size(const char *s, int64_t *v)
{
	return parse_unit(s, sizes, ARRAY_LEN(sizes), v);
}

bool unit_parse_time(const char *s, int64_t *v)
{
	return parse_unit(s, times, ARRAY_LEN(times), v);
}

bool unit_seconds(int64_t s, int64_t *v)
{
	return !__builtin_mul_overflow(s, times[0].factor, v);
}

static const char *unit_text(int64_t v, const struct unit *units, size_t n,
			     char *buf)
{
	size_t i = n - 1;

	while (i && (v % units[i].factor || !*units[i].name))
		i--;
	/* A bare number of `times` would be seconds, so 0 is "0s" there. */
	if (!v)
		snprintf(buf, UNIT_TEXT, "0%s", units == times ? "s" : "");
	else
		snprintf(buf, UNIT_TEXT, "%lld%s",
			 (long long)(v / units[i].factor), units[i].name);
	return buf;
}

const char *unit_size(int64_t v, char *buf)
{
	return unit_text(v, sizes, ARRAY_LEN(sizes), buf);
}

const char *unit_time(int64_t v, char *buf)
{
	return unit_text(v, times, ARRAY_LEN(times), buf);
}

/* ---- words -----------------------------------------------------------------*/

bool unit_word(const char *words, int i, const char **word, size_t *len)
{
	for (; i; i--) {
		words += strcspn(words, "|");
		if (!*words++)
			return false;
	}
	*word = words;
	*len = strcspn(words, "|");
	return true;
}

int unit_word_find(const char *words, const char *s)
{
	const char *word;
	size_t len;
	int i;

	for (i = 0; unit_word(words, i, &word, &len); i++)
		if (len == strlen(s) && !memcmp(word, s, len))
			return i;
	return -1;
}

#define DISTANCE_LEN	48

unsigned unit_distance(const char *a, const char *b)
{
	unsigned row[3][DISTANCE_LEN + 1], best;
	size_t n = strlen(a), m = strlen(b), i, j;

	if (n > DISTANCE_LEN || m > DISTANCE_LEN)
		return DISTANCE_LEN;
	for (j = 0; j <= m; j++)
		row[0][j] = (unsigned)j;
	for (i = 1; i <= n; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3];
		const unsigned *up2 = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (j = 1; j <= m; j++) {
			best = up[j - 1] + (a[i - 1] != b[j - 1]);
			best = MIN(best, MIN(up[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				best = MIN(best, up2[j - 2] + 1);
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

bool unit_similar(const char *a, const char *b, unsigned *d)
{
	size_t n = MAX(strlen(a), strlen(b));

	*d = unit_distance(a, b);
	return *d <= MAX(n / 3, 1u) && *d < n;
}
