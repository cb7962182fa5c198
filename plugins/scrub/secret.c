/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner. It goes from name to name (runs of letters, digits, `_`, `-`, `.`)
 * and decides at the end of each by what follows: `=` or `:` makes it the name of a
 * value, a blank or the end makes it an option or a program. All else is passed
 * over, so that a text without secrets costs little more than one look at each byte.
 */
#include "secret.h"

#include <string.h>

#include "secrettoken.h"
#include "secretvalue.h"

#define KEYLIKE_MIN	20u	/* shorter ones are hidden as a whole */
#define BLANKS_MAX	8u	/* around the sign of an assignment */

enum kind { OTHER, NAME, END, BLANK, QUOTE, BREAK };

static const uint8_t kinds[256] = {
	['a' ... 'z'] = NAME, ['A' ... 'Z'] = NAME, ['0' ... '9'] = NAME,
	['_'] = NAME, ['-'] = NAME, ['.'] = NAME,
	['\0'] = END, ['\t' ... '\r'] = BLANK, [' '] = BLANK,
	['"'] = QUOTE, ['\''] = QUOTE, ['`'] = QUOTE,
	[';'] = BREAK, ['&'] = BREAK, ['|'] = BREAK, ['('] = BREAK,
};

static enum kind kind_at(const struct secret_scan *s, uint32_t at)
{
	return at < s->len ? kinds[(uint8_t)s->p[at]] : END;
}

/* ---- words ---------------------------------------------------------------------*/

static void word_at(struct secret_scan *s, uint32_t at)
{
	s->at = at;
	s->word = at;
	s->fresh = true;
}

static void want_value(struct secret_scan *s)
{
	s->wanted = s->value_of;
	s->wanted_after = 0;
	s->wanted_rule = SECRET_ASSIGNED;
}

static void next_arg(struct secret_scan *s)
{
	word_at(s, s->at + 1);
	s->arg = s->at;
	s->quote = 0;
	if (s->value_of)
		want_value(s);
	if (s->line && !s->is_line)	/* behind a command come its arguments */
		s->top.prog = NULL;
	s->line = s->is_line || s->line_next;
	s->line_next = false;
	s->cur = s->top;
	if (s->line)
		s->cur.prog = NULL;
}

static void next_quote(struct secret_scan *s)
{
	char c = s->p[s->at];

	if (!s->quote)
		s->quote = c;
	else if (s->quote == c)
		s->quote = 0;
	word_at(s, s->at + 1);
}

/* In a line, another command begins; within an argument nobody knows. */
static void next_command(struct secret_scan *s)
{
	if (s->line && !s->quote) {
		s->cur.prog = NULL;
		s->wanted = SECRET_NONE;
	}
	word_at(s, s->at + 1);
}

static bool is_option(const struct secret_scan *s, uint32_t at)
{
	return at + 1 < s->len && s->p[at] == '-' && kind_at(s, at + 1) == NAME &&
	       !(s->p[at + 1] >= '0' && s->p[at + 1] <= '9');
}

static enum secretvalue_form form_at(const struct secret_scan *s, uint32_t word)
{
	return word == s->arg && !s->line ? SECRETVALUE_ARG : SECRETVALUE_WORD;
}

/* Only what follows `after`: the name of a user is none. */
static bool narrow(const struct secret_scan *s, struct secret_range *r, char after)
{
	const char *at;
	uint32_t n;

	if (!after)
		return true;
	at = memchr(s->p + r->off, after, r->len);
	if (!at)
		return false;
	n = (uint32_t)(at + 1 - (s->p + r->off));
	r->off += n;
	r->len -= n;
	return r->len != 0;
}

/* The value of the option before. */
static bool take_wanted(struct secret_scan *s, struct secret_range *r)
{
	enum secret_class cls = s->wanted;
	uint32_t end;

	if (kind_at(s, s->at) == BLANK && form_at(s, s->at) == SECRETVALUE_WORD)
		return false;
	s->wanted = SECRET_NONE;
	if (is_option(s, s->at) ||
	    !secretvalue_find(s, s->at, cls, form_at(s, s->at), r, &end) ||
	    !narrow(s, r, s->wanted_after))
		return false;
	r->rule = s->wanted_rule;
	s->at = end;
	return true;
}

/* Where a word ends that has an option's letters before a quote: -p'X'. */
static uint32_t option_end(const struct secret_scan *s)
{
	uint32_t end;

	if (form_at(s, s->at) == SECRETVALUE_ARG)
		return secretvalue_arg_end(s, s->at);
	end = secretvalue_word_end(s, s->at);
	return end < s->len && s->p[end] != s->quote && kind_at(s, end) == QUOTE ? end + 1 : end;
}

static bool take_program_option(struct secret_scan *s, struct secret_range *r)
{
	uint32_t end = option_end(s), len = end - s->at;
	const struct secretprog_rule *rule;
	size_t value;

	rule = secretprog_rule(s->cur.prog, s->p + s->at, len, &value);
	if (!rule)
		return false;
	if (value == len) {
		s->wanted = SECRET_PASSWORD;
		s->wanted_after = rule->after;
		s->wanted_rule = SECRET_PROGRAM;
		s->at = end;
		return false;
	}
	if (!secretvalue_find(s, s->at + (uint32_t)value, SECRET_PASSWORD, form_at(s, s->at), r,
			      &end) || !narrow(s, r, rule->after))
		return false;
	r->rule = SECRET_PROGRAM;
	s->at = end;
	return true;
}

static bool begin_word(struct secret_scan *s, struct secret_range *r)
{
	s->fresh = false;
	if (s->wanted && take_wanted(s, r))
		return true;
	return s->cur.prog && s->cur.armed && s->at < s->len &&
	       (s->p[s->at] == '-' || s->p[s->at] == '/') && take_program_option(s, r);
}

/* ---- names ---------------------------------------------------------------------*/

static enum secret_class class_of(const struct secret_scan *s, uint32_t start, uint32_t end)
{
	while (start < end && s->p[start] == '-')
		start++;
	return secretkeys_find(s->keys, s->p + start, end - start);
}

/* The working directory, not a password. */
static bool is_pwd(const struct secret_scan *s, uint32_t start, uint32_t end, uint32_t value)
{
	const char *p = s->p + start;
	uint32_t n = end - start;

	return ((n == 3 && !memcmp(p, "PWD", 3)) || (n == 6 && !memcmp(p, "OLDPWD", 6))) &&
	       value < s->len && s->p[value] == '/';
}

static uint32_t skip_blanks(const struct secret_scan *s, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < BLANKS_MAX && at < s->len && (s->p[at] == ' ' || s->p[at] == '\t'); i++)
		at++;
	return at;
}

/* The end of a name in quotes, as JSON has it, escaped or not. */
static uint32_t skip_quote(const struct secret_scan *s, uint32_t start, uint32_t at)
{
	if (!start || kind_at(s, start - 1) != QUOTE || at >= s->len)
		return at;
	if (s->p[at] == '\\')
		at++;
	return at < s->len && s->p[at] == s->p[start - 1] ? at + 1 : at;
}

/* Where the value of the name begins; 0: it has none. */
static uint32_t assigned(const struct secret_scan *s, uint32_t start, uint32_t end, char *sign)
{
	uint32_t at = skip_blanks(s, skip_quote(s, start, end));

	if (at >= s->len || (s->p[at] != '=' && s->p[at] != ':'))
		return 0;
	*sign = s->p[at++];
	if (at < s->len && (s->p[at] == '=' || (*sign == '=' && s->p[at] == '>')))
		at++;
	return skip_blanks(s, at);
}

static enum secretvalue_form assigned_form(const struct secret_scan *s, uint32_t start,
					   bool in_quotes, char sign)
{
	if (start == s->arg && !s->line)
		return SECRETVALUE_REST;
	if (sign == ':' && s->quote && start == s->word && !in_quotes)
		return SECRETVALUE_HEADER;
	return SECRETVALUE_WORD;
}

static bool take_assigned(struct secret_scan *s, uint32_t start, uint32_t end, uint32_t value,
			  char sign, struct secret_range *r)
{
	bool in_quotes = skip_quote(s, start, end) != end;
	enum secretvalue_form form = assigned_form(s, start, in_quotes, sign);
	enum secret_class cls = class_of(s, start, end);

	if (!cls || is_pwd(s, start, end, value) ||
	    !secretvalue_find(s, value, cls, form, r, &end))
		return false;
	if (in_quotes && s->quote == s->p[start - 1])
		s->quote = 0;
	r->rule = SECRET_ASSIGNED;
	s->at = end;
	return true;
}

/* -c, -lc: what follows is a command. */
static bool is_command_option(const char *p, uint32_t len)
{
	uint32_t i;

	if (len < 2 || len > 5 || p[0] != '-' || p[len - 1] != 'c')
		return false;
	for (i = 1; i < len; i++)
		if (p[i] < 'a' || p[i] > 'z')
			return false;
	return true;
}

static void note_option(struct secret_scan *s, uint32_t start, uint32_t end)
{
	enum secret_class cls = class_of(s, start, end);

	if (cls) {
		s->wanted = (uint8_t)cls;
		s->wanted_after = 0;
		s->wanted_rule = SECRET_OPTION;
	}
	s->line_next = start == s->arg && is_command_option(s->p + start, end - start);
}

static void note_program(struct secret_scan *s, uint32_t start, uint32_t end)
{
	const struct secretprog *prog = secretprog_find(s->p + start, end - start);
	const char *sub = s->cur.prog ? s->cur.prog->sub : NULL;

	if (prog) {
		s->cur = (struct secret_prog){ prog, !prog->sub };
	} else if (sub && !s->cur.armed && strlen(sub) == end - start &&
		   !memcmp(sub, s->p + start, end - start)) {
		s->cur.armed = true;
	} else if (s->cur.prog && s->cur.prog->wraps) {
		s->cur.prog = NULL;
	} else {
		return;
	}
	if (s->word == s->arg && !s->line)
		s->top = s->cur;
}

/* Nothing follows that would make it the name of a value. */
static void note_word(struct secret_scan *s, uint32_t start, uint32_t end)
{
	enum kind next = kind_at(s, end);

	if (next == OTHER || next == NAME)
		return;
	if (start == s->word && s->p[start] == '-')
		note_option(s, start, end);
	else if (start == s->word || s->p[start - 1] == '/')
		note_program(s, start, end);
}

static bool take_looks(struct secret_scan *s, uint32_t start, uint32_t end,
		       struct secret_range *r)
{
	uint32_t n = end - start;

	if (s->p[start] == '-')
		return n == 10 && !memcmp(s->p + start, "-----BEGIN", 10) &&
		       secretvalue_pem(s, end, r);
	if (!secrettoken_match(s->p + start, n, s->cut && end == s->len))
		return false;
	*r = (struct secret_range){ start, n, SECRET_TOKEN, true };
	return true;
}

static bool take_url(struct secret_scan *s, uint32_t end, struct secret_range *r)
{
	if (s->len - end < 3 || memcmp(s->p + end, "://", 3))
		return false;
	return secretvalue_url(s, end + 3, r);
}

/* Paths have many names behind which nothing comes that matters. */
static bool is_inner(const struct secret_scan *s, uint32_t end)
{
	return kind_at(s, end) == OTHER && s->p[end] != '=' && s->p[end] != ':' &&
	       s->p[end] != '\\';
}

static bool take_name(struct secret_scan *s, struct secret_range *r)
{
	uint32_t start = s->at, end = start, value;
	char sign = 0;

	while (kind_at(s, end) == NAME)
		end++;
	s->at = end;
	if (take_looks(s, start, end, r) || take_url(s, end, r)) {
		s->at = r->off + r->len;
		return true;
	}
	if (is_inner(s, end))
		return false;
	value = assigned(s, start, end, &sign);
	if (value)
		return take_assigned(s, start, end, value, sign, r);
	note_word(s, start, end);
	return false;
}

/* ---- the whole ------------------------------------------------------------------*/

void secret_begin(struct secret_scan *s, const struct secretkeys *keys, const void *p,
		  uint32_t len, uint32_t flags, enum secret_class value_of)
{
	*s = (struct secret_scan){
		.keys = keys, .p = p, .len = len, .fresh = true,
		.cut = flags & SECRET_CUT, .line = flags & SECRET_LINE,
		.is_line = flags & SECRET_LINE,
		.value_of = (uint8_t)value_of,
	};
	want_value(s);
}

bool secret_next(struct secret_scan *s, struct secret_range *r)
{
	while (s->at < s->len) {
		if (s->fresh && begin_word(s, r))
			return true;
		switch (kind_at(s, s->at)) {
		case NAME:
			if (take_name(s, r))
				return true;
			break;
		case END:
			if (s->at < s->len)
				next_arg(s);
			break;
		case QUOTE:
			next_quote(s);
			break;
		case BLANK:
			word_at(s, s->at + 1);
			break;
		case BREAK:
			next_command(s);
			break;
		default:
			s->at++;
		}
	}
	return false;
}

uint32_t secret_mask(const struct secret_range *r, const void *p, void *out)
{
	uint32_t stars = r->len < SECRET_STARS ? r->len : SECRET_STARS;

	memset(out, '*', stars);
	if (!r->keep || r->len < KEYLIKE_MIN)
		return stars;
	memcpy((char *)out + stars, (const char *)p + r->off + r->len - SECRET_KEEP, SECRET_KEEP);
	return stars + SECRET_KEEP;
}
