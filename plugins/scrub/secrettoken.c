/* SPDX-License-Identifier: Apache-2.0 */
/* Prefixes of tokens, by first letter; and the looks of values. */
#include "secrettoken.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define KEYLIKE_MIN	20u

struct token {
	const char *prefix;
	uint8_t min, max;	/* bytes behind it; max 0: any number */
	char with;		/* one of these is in it; 0: not asked for */
};

/* Those with the same first letter stand together. */
static const struct token tokens[] = {
	{ "AGE-SECRET-KEY-1", 20, 0, 0 },
	{ "AIza", 35, 35, 0 },
	{ "AKIA", 16, 16, 0 },
	{ "ASIA", 16, 16, 0 },
	{ "ATATT3", 20, 0, 0 },
	{ "SG.", 32, 0, '.' },
	{ "dckr_pat_", 16, 0, 0 },
	{ "dop_v1_", 20, 0, 0 },
	{ "eyJ", 17, 0, '.' },
	{ "ghp_", 20, 0, 0 },
	{ "gho_", 20, 0, 0 },
	{ "ghr_", 20, 0, 0 },
	{ "ghs_", 20, 0, 0 },
	{ "ghu_", 20, 0, 0 },
	{ "github_pat_", 20, 0, 0 },
	{ "gldt-", 16, 0, 0 },
	{ "glpat-", 16, 0, 0 },
	{ "glptt-", 16, 0, 0 },
	{ "glrt-", 16, 0, 0 },
	{ "hf_", 30, 0, 0 },
	{ "hvb.", 20, 0, 0 },
	{ "hvs.", 20, 0, 0 },
	{ "npm_", 30, 0, 0 },
	{ "pypi-", 20, 0, 0 },
	{ "rk_live_", 16, 0, 0 },
	{ "shpat_", 20, 0, 0 },
	{ "sk-ant-", 20, 0, 0 },
	{ "sk-proj-", 20, 0, 0 },
	{ "sk_live_", 16, 0, 0 },
	{ "sk_test_", 16, 0, 0 },
	{ "xapp-", 16, 0, 0 },
	{ "xkeysib-", 20, 0, 0 },
	{ "xoxa-", 10, 0, 0 },
	{ "xoxb-", 10, 0, 0 },
	{ "xoxe-", 10, 0, 0 },
	{ "xoxp-", 10, 0, 0 },
	{ "xoxr-", 10, 0, 0 },
	{ "xoxs-", 10, 0, 0 },
	{ "ya29.", 20, 0, 0 },
};

/* Number of the first row with that letter, from 1 on. */
static const uint8_t first_rows[256] = {
	['A'] = 1, ['S'] = 6, ['d'] = 7, ['e'] = 9, ['g'] = 10, ['h'] = 20, ['n'] = 23,
	['p'] = 24, ['r'] = 25, ['s'] = 26, ['x'] = 31, ['y'] = 39,
};
#define N_TOKENS	(sizeof(tokens) / sizeof(tokens[0]))

static size_t match(const struct token *t, const char *p, size_t len, bool cut)
{
	size_t n = strlen(t->prefix);

	if (len <= n || memcmp(p, t->prefix, n))
		return 0;
	if (cut)
		return t->max && len - n > t->max ? 0 : len;
	if (len - n < t->min || (t->max && len - n > t->max))
		return 0;
	return !t->with || memchr(p + n, t->with, len - n) ? len : 0;
}

size_t secrettoken_match(const char *p, size_t len, bool cut)
{
	size_t i = len ? first_rows[(uint8_t)*p] : 0, n;

	if (!i)
		return 0;
	for (i--; i < N_TOKENS && *tokens[i].prefix == *p; i++) {
		if (len < 2 || tokens[i].prefix[1] != p[1])
			continue;
		n = match(&tokens[i], p, len, cut);
		if (n)
			return n;
	}
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

bool secrettoken_is_keylike(const char *p, size_t len)
{
	bool digit = false, letter = false;
	size_t i;

	if (len < KEYLIKE_MIN)
		return false;
	for (i = 0; i < len; i++) {
		if (is_digit(p[i]))
			digit = true;
		else if (is_letter(p[i]))
			letter = true;
		else if (!p[i] || !strchr("+/=_-.:", p[i]))
			return false;
	}
	return digit && letter;
}

bool secrettoken_is_base64(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_digit(p[i]) && !is_letter(p[i]) && (!p[i] || !strchr("+/=_-", p[i])))
			return false;
	return len != 0;
}

bool secrettoken_is_path(const char *p, size_t len)
{
	static const char *const begins[] = {
		"./", "../", "~/", "/bin/", "/data/", "/dev/", "/etc/", "/home/", "/mnt/", "/opt/",
		"/proc/", "/root/", "/run/", "/srv/", "/sys/", "/tmp/", "/usr/", "/var/",
	};
	size_t i, n;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		n = strlen(begins[i]);
		if (len >= n && !memcmp(p, begins[i], n))
			return true;
	}
	return false;
}

bool secrettoken_is_plain(const char *p, size_t len)
{
	static const char *const words[] = {
		"true", "false", "yes", "no", "on", "off", "none", "null", "0", "1", "basic",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len == strlen(words[i]) && !strncasecmp(p, words[i], len))
			return true;
	return false;
}

bool secrettoken_is_sorted(void)
{
	size_t i, begin;

	for (i = 0; i < N_TOKENS; i++) {
		begin = first_rows[(uint8_t)*tokens[i].prefix];
		if (!begin || begin > i + 1 || *tokens[begin - 1].prefix != *tokens[i].prefix)
			return false;
		if (i && begin < i + 1 && *tokens[i - 1].prefix != *tokens[i].prefix)
			return false;
	}
	return true;
}
