/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of regular expressions, of globs, and of the texts that have to be in what they match. */
#include <string.h>

#include "ruledfa.h"
#include "tap.h"

static const struct ruledfa_limits limits = { 4096, 200000 };

/* '+': found, '-': not found, '!': refused. */
static const struct {
	char want;
	const char *regex, *text;
	uint32_t flags;
} rows[] = {
	{ '+', "abc", "xabcx", 0 }, { '-', "abc", "ABC", 0 }, { '+', "abc", "xABC", SIGMA_RE_I },
	{ '+', "^a", "ab", 0 }, { '-', "^a", "ba", 0 }, { '-', "^a", "b\na", 0 },
	{ '+', "^a", "b\na", SIGMA_RE_M }, { '+', "a$", "ba", 0 }, { '+', "a$", "ba\n", 0 },
	{ '-', "a$", "ab", 0 }, { '-', "a\\z", "a\n", 0 }, { '+', "a\\Z", "a\n", 0 },
	{ '-', "a$", "a\nb", 0 }, { '+', "a$", "a\nb", SIGMA_RE_M }, { '+', "^$", "", 0 },
	{ '-', "^$", "x", 0 }, { '+', "", "", 0 }, { '+', "x*", "y", 0 },
	{ '-', "a.c", "a\nc", 0 }, { '+', "a.c", "a\nc", SIGMA_RE_S }, { '+', "a.c", "a\xc3\xa4" "c", 0 },
	{ '-', "a.c", "a\xc3\xa4\xc3\xa4" "c", 0 }, { '+', "a.c", "a\xff" "c", 0 },
	{ '+', "[a-c]x", "bx", 0 }, { '-', "[^a-c]x", "bx", 0 }, { '+', "[^a-c]x", "dx", 0 },
	{ '+', "[]x]", "]", 0 }, { '+', "[a-]", "-", 0 }, { '+', "[\\d-]+z", "1-2z", 0 },
	{ '+', "\\d{3}", "a123", 0 }, { '-', "\\d{3}", "12a3", 0 }, { '+', "^a{2,3}$", "aaa", 0 },
	{ '-', "^a{2,3}$", "aaaa", 0 }, { '+', "a{2,}b", "aaaaab", 0 }, { '+', "a{,3}", "a{,3}", 0 },
	{ '+', "(ab|cd)+e", "xabcde", 0 }, { '-', "(ab|cd)+e", "abce", 0 },
	{ '+', "(?:x|y)z", "yz", 0 }, { '+', "(?i)HeLLo", "hello", 0 }, { '+', "(?i:A)b", "ab", 0 },
	{ '-', "(?i:A)b", "aB", 0 }, { '+', "(?-i)a", "a", SIGMA_RE_I },
	{ '-', "(?-i)a", "A", SIGMA_RE_I }, { '+', "(?P<n>a)b", "ab", 0 }, { '+', "(?<n>a)b", "ab", 0 },
	{ '+', "a(?#no)b", "ab", 0 }, { '+', "\\bcat\\b", "a cat.", 0 }, { '-', "\\bcat\\b", "cats", 0 },
	{ '+', "\\Bat", "cat", 0 }, { '-', "\\Bat", "at", 0 }, { '+', "\\x41\\x{e4}", "A\xc3\xa4", 0 },
	{ '+', "\\Qa.b\\E", "a.b", 0 }, { '-', "\\Qa.b\\E", "axb", 0 }, { '+', "[[:digit:]]x", "7x", 0 },
	{ '+', "\xc3\xa4", "\xc3\x84", SIGMA_RE_I }, { '+', "k", "\xe2\x84\xaa", SIGMA_RE_I },
	{ '+', "[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", 0 }, { '-', "[\xc3\xa0-\xc3\xbf]", "\xc4\x80", 0 },
	{ '+', "\\s-[^-\\s]{0,20}i", "find -xi", 0 }, { '-', "\\s-[^-\\s]{0,20}i", "find -x-", 0 },
	{ '+', "a|^b|c$", "xc", 0 }, { '-', "^(a|b)$", "ab", 0 }, { '+', "a??b", "ab", 0 },
	{ '+', "(a*)*b", "aaab", 0 }, { '+', "\\.\\*", ".*", 0 }, { '+', "a\\/b", "a/b", 0 },
	{ '!', "(", "", 0 }, { '!', ")", "", 0 }, { '!', "[a", "", 0 }, { '!', "*a", "", 0 },
	{ '!', "a**", "", 0 }, { '!', "a{3,2}", "", 0 }, { '!', "[b-a]", "", 0 }, { '!', "a\\", "", 0 },
	{ '!', "(?=a)", "", 0 }, { '!', "(?<!a)b", "", 0 }, { '!', "(a)\\1", "", 0 },
	{ '!', "\\p{L}", "", 0 }, { '!', "a++", "", 0 }, { '!', "(?>a)", "", 0 }, { '!', "\xff", "", 0 },
	{ '!', "a{9999}", "", 0 }, { '!', "(.*x.{30}){9}", "", 0 },
};

static void test_regex(void)
{
	struct ruledfa_why why;
	struct ruledfa dfa;
	size_t i;
	char got;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why = (struct ruledfa_why){ NULL, 0 };
		r = ruledfa_regex(rows[i].regex, strlen(rows[i].regex), rows[i].flags, &limits, &dfa,
				  &why);
		got = '!';
		if (!r) {
			got = ruledfa_run(&dfa, rows[i].text, strlen(rows[i].text)) ? '+' : '-';
			ruledfa_fini(&dfa);
		}
		ok(got == rows[i].want && (!r || why.text), "%c /%s/ %s", rows[i].want, rows[i].regex,
		   r && why.text ? why.text : "");
	}
}

/* A glob in one text: `*`, `?`, and letters. */
static bool glob_matches(const char *pattern, const char *text, bool cased)
{
	struct sigma_part parts[16];
	struct sigma_glob glob = { 0, parts };
	struct ruledfa dfa;
	bool is;

	for (; *pattern; pattern++) {
		struct sigma_part *p = &parts[glob.n++];

		*p = (struct sigma_part){ *pattern == '*' ? SIGMA_ANY : SIGMA_ONE, 0, NULL };
		if (*pattern == '*' || *pattern == '?')
			continue;
		*p = (struct sigma_part){ SIGMA_LITERAL, (uint32_t)strcspn(pattern, "*?"), pattern };
		pattern += p->len - 1;
	}
	if (ruledfa_glob(&glob, cased, &limits, &dfa))
		return false;
	is = ruledfa_run(&dfa, text, strlen(text));
	ruledfa_fini(&dfa);
	return is;
}

static void test_glob(void)
{
	ok(glob_matches("a*c", "abc", true), "a*c, abc");
	ok(glob_matches("a*c", "a\nb/c", true), "any byte");
	ok(!glob_matches("ab*ba", "aba", true), "parts do not overlap");
	ok(glob_matches("ab*ba", "abba", true), "but may touch");
	ok(glob_matches("*b?d*", "abcde", true) && !glob_matches("*b?d*", "abde", true), "anywhere");
	ok(glob_matches("*b?d", "abcbbd", true) && !glob_matches("*b?d", "abcde", true), "at the end");
	ok(glob_matches("b?d*", "bcde", true) && !glob_matches("b?d*", "abcde", true), "at the begin");
	ok(glob_matches("*", "", true) && glob_matches("*", "x", true), "anything");
	ok(glob_matches("", "", true) && !glob_matches("", "x", true), "nothing");
	ok(glob_matches("?b", "xb", true), "one");
	ok(glob_matches("?b", "\xc3\xa4" "b", true), "one character of two bytes");
	ok(!glob_matches("?b", "xxb", true), "no two");
	ok(!glob_matches("a?", "a", true), "nor none");
	ok(glob_matches("*A*b*", "xxaxxBxx", false), "in any case");
	ok(!glob_matches("*A*b*", "xxaxxBxx", true), "cased");
	ok(glob_matches("\xc3\x84*x", "\xc3\xa4x", false), "not only of ASCII");
}

/* Wants all texts, with blanks between. */
static void literal_is(const char *regex, uint32_t flags, const char *want)
{
	struct ruledfa_texts texts;
	char got[1024] = "";
	size_t n = 0;
	uint32_t i;

	ruledfa_literal(regex, strlen(regex), flags, &texts);
	for (i = 0; i < texts.n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s", i ? " " : "", (int)texts.len[i],
				      texts.text[i]);
	is_str(got, want, "literal of /%s/", regex);
}

static void test_literal(void)
{
	literal_is("abc", 0, "abc");
	literal_is("^ab.cdef$", 0, "cdef");
	literal_is("ab(cd)ef", 0, "abcdef");
	literal_is("ABC", SIGMA_RE_I, "abc");
	literal_is("a+bc", 0, "bc");
	literal_is("x[ab]y?zz", 0, "zz");
	literal_is("(ab|cd)x", 0, "abx cdx");
	literal_is("a|b", 0, "a b");
	literal_is("-(W|R)\\s?([0-9a-f]{2})+", 0, "-w -r");
	literal_is("x(a|bc|)y", 0, "xay xbcy xy");
	literal_is("(a|b+)cd", 0, "cd");
	literal_is("[a-d][a-d]zz", 0, "azz bzz czz dzz");
	literal_is("[a-z]yy", 0, "yy");
	literal_is("a?", 0, "");
	literal_is("\xc3\xa4" "bc", 0, "bc");
}

static uint32_t below(uint32_t n)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) * n >> 31);
}

static void put_random(FILE *to, unsigned depth)
{
	static const char *const atoms[] = { "a", "b", "c", "B", "[ab]", "[^a]", ".", "a?", "b+", "c*",
		"^", "\\b", "k", "(?:)", "b{2}" };
	uint32_t i, n = 1 + below(4);

	for (i = 0; i < n; i++) {
		if (depth >= 3 || below(4)) {
			fputs(atoms[below(sizeof(atoms) / sizeof(*atoms))], to);
			continue;
		}
		fputs("(", to);
		put_random(to, depth + 1);
		fputs("|", to);
		put_random(to, depth + 1);
		fputs(below(4) ? ")" : ")+", to);
	}
}

static bool has_one(const struct ruledfa_texts *texts, const char *in)
{
	char text[RULEDFA_TEXT + 1];
	uint32_t i;

	for (i = 0; i < texts->n; i++) {
		snprintf(text, sizeof(text), "%.*s", (int)texts->len[i], texts->text[i]);
		if (strcasestr(in, text))
			return true;
	}
	return !texts->n;
}

/* Whatever a pattern matches has one of its texts. */
static void test_random_literals(void)
{
	char regex[4096], text[16];
	uint32_t i, k, n_matches = 0, n_told = 0, n_wrong = 0;
	struct ruledfa_why why = { NULL, 0 };
	struct ruledfa_texts texts;
	struct ruledfa dfa;
	FILE *to;

	for (i = 0; i < 3000; i++) {
		to = fmemopen(regex, sizeof(regex), "w");
		put_random(to, 0);
		fclose(to);
		ruledfa_literal(regex, strlen(regex), 0, &texts);
		if (!texts.n || ruledfa_regex(regex, strlen(regex), 0, &limits, &dfa, &why))
			continue;
		n_told++;
		for (k = 0; k < 200; k++) {
			snprintf(text, sizeof(text), "%.*s%.*s", (int)below(8), &"abcabBckbb"[below(3)],
				 (int)below(6), &"bcaBbackk"[below(4)]);
			if (!ruledfa_run(&dfa, text, strlen(text)))
				continue;
			n_matches++;
			n_wrong += !has_one(&texts, text);
		}
		ruledfa_fini(&dfa);
	}
	ok(!n_wrong && n_told > 500 && n_matches > 10000, "%u patterns and %u texts that they match: "
	   "%u without one of what is in them", n_told, n_matches, n_wrong);
}

static void size_is(const char *regex, uint32_t n_states, uint32_t n_classes)
{
	struct ruledfa_why why = { NULL, 0 };
	struct ruledfa dfa;

	if (ruledfa_regex(regex, strlen(regex), 0, &limits, &dfa, &why)) {
		ok(false, "/%s/ is refused", regex);
		return;
	}
	ok(dfa.n_states == n_states && dfa.n_classes == n_classes && dfa.end == n_classes - 1,
	   "/%s/: %u states, %u classes", regex, dfa.n_states, dfa.n_classes);
	ruledfa_fini(&dfa);
}

/* The begin, found, dead, and as few others as can be; classes with the end's. */
static void test_size(void)
{
	size_is("abc", 5, 5);
	size_is("abc|abd|abe", 5, 5);
	size_is("(?:abc|dbc)", 5, 5);
	size_is("^abc", 5, 5);
	size_is("[a-z][A-Za-z]", 4, 4);
	size_is("", 3, 2);
	size_is("a\\zb", 3, 2);
	size_is("x*y*", 3, 2);
}

int main(void)
{
	test_regex();
	test_size();
	test_glob();
	test_literal();
	test_random_literals();
	return done_testing();
}
