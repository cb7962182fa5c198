/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scalar is in single quotes, where only the quote means anything; or in double ones, if
 * some character may not stand in YAML as it is, or would be taken for the end of a line.
 */
#include "sigmaout.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/rules/rulefold.h"

/* Characters that YAML takes in any style, lines' ends aside. */
static bool is_plain(uint32_t c)
{
	if (c < 0xa0)
		return c >= 0x20 && c < 0x7f;
	return c != 0x2028 && c != 0x2029 && c != 0xfeff && (c < 0xd800 || c >= 0xe000) &&
	       c != 0xfffe && c != 0xffff;
}

bool sigmaout_can(const char *s, size_t len)
{
	unsigned n;

	for (; len; s += n, len -= n)
		if (!*s || rulefold_get((const uint8_t *)s, len, &n) == RULEFOLD_BAD)
			return false;
	return true;
}

static bool all_plain(const char *s, size_t len)
{
	unsigned n;

	for (; len; s += n, len -= n)
		if (!is_plain(rulefold_get((const uint8_t *)s, len, &n)))
			return false;
	return true;
}

static void put_double(FILE *f, const char *s, size_t len)
{
	unsigned n;
	uint32_t c;

	fputc('"', f);
	for (; len; s += n, len -= n) {
		c = rulefold_get((const uint8_t *)s, len, &n);
		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", (int)c);
		else if (is_plain(c))
			fwrite(s, 1, n, f);
		else
			fprintf(f, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)c);
	}
	fputc('"', f);
}

void sigmaout_scalar(FILE *f, const char *s, size_t len)
{
	size_t i;

	if (!all_plain(s, len)) {
		put_double(f, s, len);
		return;
	}
	fputc('\'', f);
	for (i = 0; i < len; i++) {
		if (s[i] == '\'')
			fputc('\'', f);
		fputc(s[i], f);
	}
	fputc('\'', f);
}

/* The process itself is "self" in a profile, and has a number in an event. */
static const char *skip_self(FILE *f, const char *s, const char *end)
{
	static const char self[] = "/proc/self";
	const size_t n = sizeof(self) - 1;

	if ((size_t)(end - s) < n || memcmp(s, self, n) || (s + n < end && s[n] != '/'))
		return s;
	fputs("/proc/(self|[0-9]+)", f);
	return s + n;
}

static void put_regex(FILE *f, const char *s, size_t len)
{
	const char *end = s + len;

	fputc('^', f);
	for (s = skip_self(f, s, end); s < end; s++) {
		if (*s == '*') {
			fputs("[^/]*", f);
			continue;
		}
		if (strchr("\\.[](){}+?|^$", *s))
			fputc('\\', f);
		fputc(*s, f);
	}
	/* $ would take a newline more. */
	fputs("\\z", f);
}

void sigmaout_value(FILE *f, const char *s, size_t len, enum sigmaout_as as)
{
	char *text = NULL;
	size_t n = 0, i;
	FILE *m = open_memstream(&text, &n);

	if (!m)
		abort();
	for (i = 0; i < len && as == SIGMAOUT_TEXT; i++) {
		if (strchr("\\*?", s[i]))
			fputc('\\', m);
		fputc(s[i], m);
	}
	if (as == SIGMAOUT_REGEX)
		put_regex(m, s, len);
	if (fclose(m))
		abort();
	sigmaout_scalar(f, text, n);
	free(text);
}

void sigmaout_string(FILE *f, const char *s)
{
	sigmaout_scalar(f, s, strlen(s));
}
