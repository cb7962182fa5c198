/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions over the selections a, b, sel_x, sel_y, x_sel, not_a, andy, _h1, _h2. */
#include "test_lib.h"

#define NAMES	"  a: {A: 1}\n  b: {B: 1}\n  sel_x: {X: 1}\n  sel_y: {Y: 1}\n" \
		"  x_sel: {Z: 1}\n  not_a: {N: 1}\n  andy: {M: 1}\n  _h1: {H: 1}\n  _h2: {I: 1}\n"

#define A	"(a (= A \"1\" #int))"
#define B	"(b (= B \"1\" #int))"
#define X	"(sel_x (= X \"1\" #int))"
#define Y	"(sel_y (= Y \"1\" #int))"
#define Z	"(x_sel (= Z \"1\" #int))"
#define N	"(not_a (= N \"1\" #int))"
#define M	"(andy (= M \"1\" #int))"
#define H1	"(_h1 (= H \"1\" #int))"
#define H2	"(_h2 (= I \"1\" #int))"

static struct sigma_set *read_condition(const char *cond)
{
	char *text = malloc(strlen(cond) + sizeof(NAMES) + 64);
	struct sigma_set *set;

	if (!text)
		abort();
	sprintf(text, "title: t\nlogsource: {category: c}\ndetection:\n" NAMES "  condition: %s\n",
		cond);
	set = test_limits(text, strlen(text), 0, 100);
	free(text);
	return set;
}

static void test_good(void)
{
	static const struct { const char *cond, *want; } rows[] = {
		{ "a", A },
		{ "not a", "(not " A ")" },
		{ "not not a", A },
		{ "not not not a", "(not " A ")" },
		{ "a and b", "(and " A " " B ")" },
		{ "a or b and sel_x", "(or " A " (and " B " " X "))" },
		{ "a and b or sel_x", "(or (and " A " " B ") " X ")" },
		{ "(a or b) and sel_x", "(and (or " A " " B ") " X ")" },
		{ "not a and b", "(and (not " A ") " B ")" },
		{ "not (a and b)", "(not (and " A " " B "))" },
		{ "a and not b or not sel_x", "(or (and " A " (not " B ")) (not " X "))" },
		{ "a and b and sel_x", "(and " A " " B " " X ")" },
		{ "((a))", A },
		{ "(a)and(b)", "(and " A " " B ")" },
		{ "  a\tand\n   b  ", "(and " A " " B ")" },
		{ "|\n    a\n    and b", "(and " A " " B ")" },
		{ "a and a", "(and " A " " A ")" },
		/* Names that begin like words. */
		{ "not_a", N },
		{ "not not_a", "(not " N ")" },
		{ "andy and not_a", "(and " M " " N ")" },
		{ "_h1", H1 },
		/* Patterns. */
		{ "1 of sel_*", "(or " X " " Y ")" },
		{ "any of sel_*", "(or " X " " Y ")" },
		{ "all of sel_*", "(and " X " " Y ")" },
		{ "not 1 of sel_*", "(not (or " X " " Y "))" },
		{ "a and not 1 of sel_*", "(and " A " (not (or " X " " Y ")))" },
		{ "1 of *sel*", "(or " X " " Y " " Z ")" },
		{ "1 of *_x", X },
		{ "1 of s*_*y", Y },
		{ "1 of s*x", X },
		{ "1 of sel_x", X },
		{ "1 of _*", "(or " H1 " " H2 ")" },
		{ "all of _h*", "(and " H1 " " H2 ")" },
		{ "1 of *h*", NULL },
		{ "1 of them", "(or " A " " B " " X " " Y " " Z " " N " " M ")" },
		{ "all of them", "(and " A " " B " " X " " Y " " Z " " N " " M ")" },
		{ "1 of *", "(or " A " " B " " X " " Y " " Z " " N " " M ")" },
		{ "all of sel_* and 1 of _*", "(and (and " X " " Y ") (or " H1 " " H2 "))" },
		/* Lists. */
		{ "[a, b and sel_x]", "(or " A " (and " B " " X "))" },
		{ "[a]", A },
	};
	struct sigma_set *set;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set = read_condition(rows[i].cond);
		text = set->n_rules && rows[i].want ? sigma_text(set->rules[0]->expr) : NULL;
		is_str(text, rows[i].want, "%s", rows[i].cond);
		is_int(set->diags.n_errors, !rows[i].want, "its errors");
		free(text);
		sigma_free(set);
	}
}

static void test_bad(void)
{
	static const struct { const char *cond, *why; } rows[] = {
		{ "c", "the condition at `c`: there is no selection of this name" },
		{ "a and", "at the condition's end: a selection is missing" },
		{ "and a", "the condition at `and`: there should be a selection" },
		{ "a b", "the condition at `b`: `and` or `or` is missing before it" },
		{ "a AND b", "the condition at `AND`: `and` or `or` is missing" },
		{ "NOT a", "the condition at `NOT`: write and, or, not in small letters" },
		{ "(a", "at the condition's end: a ) is missing here" },
		{ "a)", "the condition at `)`: `and` or `or` is missing" },
		{ "()", "the condition at `)`: there should be a selection" },
		{ "not", "at the condition's end: a selection is missing" },
		{ "a | count() > 5", "the condition at `|`: pipes are no longer of Sigma" },
		{ "a and | count()", "the condition at `|`: pipes are no longer of Sigma" },
		{ "2 of sel_*", "the condition at `2`: there are `1 of`, `any of` and `all of`" },
		{ "1 of", "at the condition's end: `of` needs a pattern" },
		{ "1 of (a)", "the condition at `(`: `of` needs a pattern" },
		{ "1 of c*", "the condition at `c*`: there is no selection of which" },
		{ "1 of ab", "the condition at `ab`: there is no selection of which" },
		{ "sel_*", "the condition at `sel_*`: a pattern needs `1 of` or `all of`" },
		{ "them", "the condition at `them`: there is no selection of this name" },
		{ "a & b", "the condition at `&`: `and` or `or` is missing" },
		{ "\"a\\0\"", "`and` or `or` is missing" },
		{ "''", "a condition is a text such as" },
		{ "null", "a condition is a text such as" },
		{ "{a: b}", "a condition is a text such as" },
		{ "[]", "the list of conditions is empty" },
		{ "[a, '']", "a condition is a text such as" },
		{ "[[a]]", "a condition is a text such as" },
	};
	struct sigma_set *set;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set = read_condition(rows[i].cond);
		ok(set->n_rules == 1 && set->rules[0]->refused &&
		   strstr(test_diag(set, RULEDIAG_ERROR), rows[i].why), "%s: %s", rows[i].cond,
		   rows[i].why);
		if (!strstr(test_diag(set, RULEDIAG_ERROR), rows[i].why))
			test_tell(set);
		sigma_free(set);
	}
}

/* A word n times, between two others. */
static void try_long(const char *begin, const char *word, size_t n, const char *end,
		     const char *why)
{
	char *text = malloc(strlen(begin) + n * strlen(word) + strlen(end) + 1), *p;
	struct sigma_set *set;
	size_t i;

	if (!text)
		abort();
	p = stpcpy(text, begin);
	for (i = 0; i < n; i++)
		p = stpcpy(p, word);
	strcpy(p, end);
	set = read_condition(text);
	if (why)
		ok(strstr(test_diag(set, RULEDIAG_ERROR), why), "%zu times %s: %s", n, word, why);
	else
		is_int(set->diags.n_errors, 0, "%zu times %s", n, word);
	sigma_free(set);
	free(text);
}

static void test_bounds(void)
{
	try_long("", "(", 31, "a" ")))))))))))))))))))))))))))))))", NULL);
	try_long("", "(", 1000, "a", "too many parentheses in each other");
	try_long("", "not ", 1000, "a", NULL);
	try_long("", "not ", 2000, "a", "the conditions of a rule have at most 4096 bytes");
	try_long("a", " and a", 99, "", NULL);
	try_long("a", " and a", 100, "", "the condition uses more than 100 values");
	try_long("a", " or 1 of them", 15, "", "the condition uses more than 100 values");
}

static void test_names(void)
{
	char text[16384], *p;
	struct sigma_set *set = test_detection("  a: {A: 1}\n  b: {A: 1}\n  timeframe: 5m\n"
					       "  condition: a");
	int i;

	ok(!set->rules[0]->refused && strstr(test_diag(set, RULEDIAG_WARNING),
					     "`timeframe` does nothing"), "timeframe");
	is_int(set->diags.n, 2, "two warnings");
	ok(set->diags.n == 2 && !strcmp(set->diags.items[1].text,
					"the condition does not use `b`"), "not used");
	is_int(set->diags.n == 2 ? set->diags.items[1].place.line : 0, 5, "where it is");
	sigma_free(set);
	set = test_detection("  a: {A: 1}");
	ok(strstr(test_diag(set, RULEDIAG_ERROR), "`detection` has no condition"),
	   "no condition");
	sigma_free(set);
	set = test_detection("  of: {A: 1}\n  1: {B: 1}\n  condition: 1 and not of");
	ok(strstr(test_diag(set, RULEDIAG_ERROR), "the condition at `of`"), "a word as name");
	sigma_free(set);
	for (p = text, i = 0; i < 257; i++)
		p += sprintf(p, "  s%d: x\n", i);
	strcpy(p, "  condition: 1 of them");
	set = test_detection(text);
	ok(strstr(test_diag(set, RULEDIAG_ERROR), "a rule has at most 256 selections"),
	   "257 selections");
	sigma_free(set);
}

int main(void)
{
	test_good();
	test_bad();
	test_bounds();
	test_names();
	return done_testing();
}
