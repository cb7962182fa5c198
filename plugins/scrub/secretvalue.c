/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values. In doubt more is hidden than less: an argument that is an assignment
 * as a whole has its value to its end, and a comma ends one only before what looks
 * like the next name.
 */
#include "secretvalue.h"

#include <string.h>
#include <strings.h>

#include "secrettoken.h"

#define PEM_HEAD	64u

uint32_t secretvalue_arg_end(const struct secret_scan *s, uint32_t at)
{
	const char *nul = at < s->len ? memchr(s->p + at, 0, s->len - at) : NULL;

	return nul ? (uint32_t)(nul - s->p) : s->len;
}

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '-' || c == '.';
}

/* `name=` from `at` on. */
static bool is_assignment(const struct secret_scan *s, uint32_t at)
{
	uint32_t i = at;

	while (i < s->len && i - at < SECRETKEY_LEN && is_name(s->p[i]))
		i++;
	return i > at && i < s->len && s->p[i] == '=';
}

static bool is_comma_end(const struct secret_scan *s, uint32_t at)
{
	return s->p[at] == ',' && (is_assignment(s, at + 1) ||
	       (at + 1 < s->len && (secretvalue_is_blank(s->p[at + 1]) ||
				    secretvalue_is_quote(s->p[at + 1]))));
}

/* The end of a value in quotes: `"`, `'`, or with a backslash before each. */
static uint32_t quoted_end(const struct secret_scan *s, uint32_t at, char quote, bool escaped)
{
	while (at < s->len && s->p[at]) {
		if (escaped && s->p[at] == '\\' && at + 1 < s->len && s->p[at + 1] == quote)
			break;
		if (!escaped && s->p[at] == quote)
			break;
		if (!escaped && quote == '"' && s->p[at] == '\\' && at + 1 < s->len &&
		    s->p[at + 1])
			at++;
		at++;
	}
	return at;
}

/* Behind the brace of ${NAME}, unless a blank or a quote comes first. */
static uint32_t brace_end(const struct secret_scan *s, uint32_t at)
{
	while (at < s->len && s->p[at] && !secretvalue_is_blank(s->p[at]) &&
	       !secretvalue_is_quote(s->p[at]))
		if (s->p[at++] == '}')
			break;
	return at;
}

static bool is_word_end(const struct secret_scan *s, uint32_t at)
{
	char c = at < s->len ? s->p[at] : 0;

	return !c || secretvalue_is_blank(c) || secretvalue_is_quote(c) ||
	       strchr(";&|<>)}]", c) || is_comma_end(s, at);
}

uint32_t secretvalue_word_end(const struct secret_scan *s, uint32_t at)
{
	for (; at < s->len; at++) {
		if (s->p[at] == '$' && at + 1 < s->len && s->p[at + 1] == '{')
			at = brace_end(s, at);
		if (is_word_end(s, at))
			break;
		if (s->p[at] == '\\' && at + 1 < s->len) {
			if (secretvalue_is_quote(s->p[at + 1]))
				break;
			at += s->p[at + 1] != 0;
		}
	}
	return at < s->len ? at : s->len;
}

static uint32_t header_end(const struct secret_scan *s, uint32_t at)
{
	for (; at < s->len && s->p[at] && s->p[at] != '\n' && s->p[at] != '\r'; at++)
		if (s->quote ? s->p[at] == s->quote : s->p[at] == '"')
			break;
	return at;
}

static uint32_t rest_end(const struct secret_scan *s, uint32_t at)
{
	for (; at < s->len && s->p[at]; at++)
		if (s->p[at] == ',' && is_assignment(s, at + 1))
			break;
	return at;
}

/* Authorization: Bearer X. How many bytes are not X. */
static uint32_t scheme_len(const struct secret_scan *s, uint32_t at)
{
	static const char *const schemes[] = {
		"Basic", "Bearer", "Digest", "Token", "ApiKey", "Negotiate", "NTLM",
		"AWS4-HMAC-SHA256",
	};
	size_t i, n;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		n = strlen(schemes[i]);
		if (s->len - at > n && s->p[at + n] == ' ' &&
		    !strncasecmp(s->p + at, schemes[i], n))
			return (uint32_t)n + 1;
	}
	return 0;
}

/* What the shell has yet to put in: $NAME, ${NAME}. */
static bool is_expansion(const struct secret_scan *s, uint32_t at, uint32_t end)
{
	const char *p = s->p + at;
	uint32_t n = end - at, i;
	bool brace;

	if (n < 2 || *p != '$')
		return false;
	brace = p[1] == '{';
	for (i = 1u + brace; i < n && is_name(p[i]) && p[i] != '-' && p[i] != '.'; i++)
		;
	return i > 1u + brace && (brace ? i + 1 == n && p[i] == '}' : i == n);
}

static bool is_cut(const struct secret_scan *s, uint32_t at, uint32_t end)
{
	return s->cut && end == s->len && secrettoken_is_base64(s->p + at, end - at);
}

/* A value that is none is looked at once, however many names of keys are in it. */
static bool is_secret(struct secret_scan *s, uint32_t at, uint32_t end, enum secret_class cls)
{
	const char *p = s->p + at;
	uint32_t n = end - at;
	bool is;

	if (!n || cls == SECRET_PASSWORD)
		return n != 0;
	is = !secrettoken_is_path(p, n) &&
	     (cls == SECRET_KEY ? !secrettoken_is_plain(p, n) :
	      secrettoken_is_keylike(p, n) || is_cut(s, at, end));
	if (!is)
		s->plain_end = end;
	return is;
}

static uint32_t value_end(const struct secret_scan *s, uint32_t at, enum secretvalue_form form)
{
	switch (form) {
	case SECRETVALUE_ARG:
		return secretvalue_arg_end(s, at);
	case SECRETVALUE_REST:
		return rest_end(s, at);
	case SECRETVALUE_HEADER:
		return header_end(s, at);
	default:
		return secretvalue_word_end(s, at);
	}
}

bool secretvalue_find(struct secret_scan *s, uint32_t at, enum secret_class cls,
		      enum secretvalue_form form, struct secret_range *r, uint32_t *end)
{
	bool whole = form == SECRETVALUE_ARG || form == SECRETVALUE_REST;
	bool escaped = at + 1 < s->len && s->p[at] == '\\' && secretvalue_is_quote(s->p[at + 1]);
	char quote = 0;
	uint32_t scheme;

	if (at >= s->len || (cls != SECRET_PASSWORD && at < s->plain_end))
		return false;
	if (!whole && (escaped || secretvalue_is_quote(s->p[at]))) {
		quote = s->p[at + escaped];
		at += 1u + escaped;
	}
	if (s->line && (quote ? quote : s->quote) != '\'' && at + 1 < s->len &&
	    s->p[at] == '$' && s->p[at + 1] == '(')
		return false;
	scheme = at < s->len ? scheme_len(s, at) : 0;
	at += scheme;
	if (quote)
		*end = quoted_end(s, at, quote, escaped);
	else
		*end = value_end(s, at, scheme && !whole ? SECRETVALUE_HEADER : form);
	if (!is_secret(s, at, *end, cls) ||
	    (s->line && (quote ? quote : s->quote) != '\'' && is_expansion(s, at, *end)))
		return false;
	r->off = at;
	r->len = *end - at;
	r->keep = cls != SECRET_PASSWORD && secrettoken_is_keylike(s->p + at, r->len);
	if (quote && *end < s->len && s->p[*end])
		*end += 1u + escaped;
	return true;
}

static bool is_number(const char *p, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len && p[i] >= '0' && p[i] <= '9'; i++)
		;
	return i == len;
}

static uint32_t url_end(const struct secret_scan *s, uint32_t at, const char *ends)
{
	while (at < s->len && s->p[at] && !secretvalue_is_blank(s->p[at]) &&
	       !secretvalue_is_quote(s->p[at]) && !strchr(ends, s->p[at]))
		at++;
	return at;
}

/*
 * user:password@host. A password may have / ? or # in it, if whoever typed it did not
 * know better: then what stands before them is no port.
 */
bool secretvalue_url(struct secret_scan *s, uint32_t at, struct secret_range *r)
{
	uint32_t end = url_end(s, at, "/?#\\<>"), all = end;
	const char *p = s->p + at;
	const char *host = memrchr(p, '@', end - at);
	const char *colon = memchr(p, ':', (host ? (uint32_t)(host - p) : end - at));

	if (!host && colon && !is_number(colon + 1, (uint32_t)(s->p + end - colon - 1))) {
		all = end > s->no_user_end ? end : s->no_user_end;
		host = s->p + all;
		all = url_end(s, all, "<>");
		host = memchr(host, '@', (size_t)(s->p + all - host));
		if (!host)
			s->no_user_end = all;
	}
	if (!host && colon && s->cut && all == s->len)
		host = s->p + all;
	if (!host)
		return false;
	r->keep = !colon;
	if (!colon && !secrettoken_is_keylike(p, (size_t)(host - p)))
		return false;
	r->off = (uint32_t)((colon ? colon + 1 : p) - s->p);
	r->len = (uint32_t)(host - s->p) - r->off;
	r->rule = SECRET_URL;
	return r->len != 0;
}

bool secretvalue_pem(const struct secret_scan *s, uint32_t at, struct secret_range *r)
{
	static const char key[] = "PRIVATE KEY-----";
	size_t near = s->len - at < PEM_HEAD ? s->len - at : PEM_HEAD;
	const char *p = s->p + at, *head, *tail;
	uint32_t end;

	/* -----BEGIN RSA PRIVATE KEY----- */
	head = memmem(p, strnlen(p, near), key, sizeof(key) - 1);
	if (!head)
		return false;
	head += sizeof(key) - 1;
	end = secretvalue_arg_end(s, at);
	tail = memmem(head, (size_t)(s->p + end - head), "-----END", 8);
	r->off = (uint32_t)(head - s->p);
	r->len = (tail ? (uint32_t)(tail - s->p) : end) - r->off;
	r->rule = SECRET_PEM;
	r->keep = false;
	return r->len != 0;
}
