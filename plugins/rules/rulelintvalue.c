/* SPDX-License-Identifier: Apache-2.0 */
/* Values that a simpler one would stand for; regular expressions as they are written. */
#include <stdbool.h>
#include <string.h>

#include "ruledfa.h"
#include "rulelintpriv.h"

/* ---- texts -----------------------------------------------------------------------*/

/* The byte at `at` is escaped, by an odd number of backslashes. */
static bool is_escaped(const char *text, size_t at)
{
	size_t n = 0;

	while (n < at && text[at - n - 1] == '\\')
		n++;
	return n & 1;
}

static bool chain_has(const char *written, size_t len, const char *name)
{
	size_t n = strlen(name);
	const char *p = written;

	for (; p + n <= written + len; p++)
		if (!memcmp(p, name, n) && (p == written || p[-1] == '|') &&
		    (p + n == written + len || p[n] == '|'))
			return true;
	return false;
}

/* `contains` and its like add a wildcard where there is one already. */
static const char *stars(const char *written)
{
	const char *colon = strstr(written, ": "), *value = colon ? colon + 2 : written;
	size_t chain = colon ? (size_t)(colon - written) : 0, n = strlen(value);
	bool in = chain_has(written, chain, "contains");

	if (n < 2)
		return NULL;
	if ((in || chain_has(written, chain, "endswith")) && *value == '*')
		return "the `*` at its begin does nothing here: leave it out, or write `\\*` for the "
		       "character";
	if ((in || chain_has(written, chain, "startswith")) && value[n - 1] == '*' &&
	    !is_escaped(value, n - 1))
		return "the `*` at its end does nothing here: leave it out, or write `\\*` for the "
		       "character";
	return NULL;
}

const char *rulelintvalue_text(const struct sigma_test *t)
{
	if (t->op != SIGMA_TEXT)
		return NULL;
	if (!t->keyword && t->glob.n == 1 && t->glob.parts[0].kind == SIGMA_ANY)
		return "`*` is any text: say `exists: true`";
	return stars(t->written);
}

/* ---- regular expressions -------------------------------------------------------------*/

struct regex {
	const char *p;
	size_t len;
	bool begins, ends;	/* ^ and $ */
};

/* Characters that stand for themselves, some of them behind a backslash. */
static bool is_plain(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == '\\' && i + 1 < len && strchr(".[]()*+?{}|\\^$/-_ \"'#%&,:;<=>@`~!", p[i + 1]))
			i++;
		else if (strchr(".[]()*+?{}|\\^$", p[i]))
			return false;
	}
	return len;
}

static struct regex anchors(const char *p, size_t len)
{
	struct regex r = { p, len, false, false };

	if (r.len && *r.p == '^') {
		r.begins = true;
		r.p++;
		r.len--;
	}
	if (r.len && r.p[r.len - 1] == '$' && !is_escaped(r.p, r.len - 1)) {
		r.ends = true;
		r.len--;
	}
	return r;
}

/* `.*` is only there to let the text be anywhere, as it may be anyhow. */
static const char *dots(const char *p, size_t len)
{
	bool first = len > 2 && p[0] == '.' && p[1] == '*';
	size_t last = len > 2 && p[len - 1] == '?' ? 3 : 2;

	if (first)
		return "the `.*` at its begin does nothing, as it is searched for anywhere: leave it out";
	if (len > last && p[len - last] == '.' && p[len - last + 1] == '*' &&
	    !is_escaped(p, len - last))
		return "the `.*` at its end does nothing, as all behind is accepted: leave it out";
	return NULL;
}

static const char *simpler(const struct sigma_test *t)
{
	struct regex r = anchors(t->regex, t->regex_len);
	bool folded = t->re_flags & SIGMA_RE_I;

	if (!is_plain(r.p, r.len) || ((r.begins || r.ends) && t->re_flags & SIGMA_RE_M))
		return NULL;
	/* $ is also before a newline that ends the text. */
	if (r.begins && r.ends)
		return folded ? "but for a newline behind it is a plain text: write it without `re`" :
				"but for a newline behind it is a plain text: use `cased`, not `re`";
	if (r.begins)
		return folded ? "it is a plain text: use `startswith`" :
				"it is a plain text: use `startswith|cased`";
	if (r.ends)
		return folded ? "but for a newline behind it is a plain text: use `endswith`" :
				"but for a newline behind it is a plain text: use `endswith|cased`";
	return folded ? "it is a plain text: use `contains`" :
			"it is a plain text: use `contains|cased`";
}

const char *rulelintvalue_regex(const struct sigma_test *t)
{
	const char *advice = simpler(t);
	struct ruledfa_texts texts;

	if (!advice && !strstr(t->regex, "\\Q"))
		advice = dots(t->regex, t->regex_len);
	if (!advice)
		ruledfa_literal(t->regex, t->regex_len, t->re_flags, &texts);
	if (!advice && ruledfa_shortest(&texts) < 2)
		advice = "it runs over the field wherever the rule is looked at, as no text of two "
			 "characters is in all that it matches: add such a text, or another test";
	return advice;
}
