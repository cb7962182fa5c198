/* SPDX-License-Identifier: Apache-2.0 */
/* One pass, top down: alternatives, then pieces in a row, then what stands before a quantifier. */
#include "ruleregex.h"

#include <stdlib.h>
#include <string.h>

#include "rulefold.h"

#define RANGES	256u	/* of a class */

struct parse {
	struct ruletree *t;
	const char *p;
	size_t len, at;
	uint32_t flags;		/* enum sigma_re_flags, here */
	unsigned depth;
	int error;
	struct ruledfa_why *why;
};

struct class {
	struct rulerange ranges[RANGES];
	uint32_t n;
};

static uint32_t alternatives(struct parse *s);

static uint32_t fail(struct parse *s, int error, const char *text)
{
	if (s->error)
		return 0;
	s->error = error;
	s->why->text = text;
	s->why->at = (uint32_t)s->at;
	return 0;
}

static bool more(const struct parse *s)
{
	return !s->error && s->at < s->len;
}

static bool next_is(const struct parse *s, const char *text)
{
	size_t n = strlen(text);

	return !s->error && s->len - s->at >= n && !memcmp(s->p + s->at, text, n);
}

static bool take(struct parse *s, const char *text)
{
	bool is = next_is(s, text);

	s->at += is ? strlen(text) : 0;
	return is;
}

static uint32_t take_char(struct parse *s)
{
	unsigned n;
	uint32_t c = rulefold_get((const uint8_t *)s->p + s->at, s->len - s->at, &n);

	if (c == RULEFOLD_BAD)
		return fail(s, RULEDFA_BAD, "is not valid UTF-8");
	s->at += n;
	return c;
}

/* ---- classes -----------------------------------------------------------------------*/

static void add(struct parse *s, struct class *c, uint32_t lo, uint32_t hi)
{
	if (c->n == RANGES)
		fail(s, RULEDFA_TOO_LARGE, "has a class of too many parts");
	else
		c->ranges[c->n++] = (struct rulerange){ lo, hi };
}

/* What is not in these, which are in order. */
static void add_others(struct parse *s, struct class *c, const struct rulerange *r, uint32_t n)
{
	uint32_t i, next = 0;

	for (i = 0; i < n; i++) {
		if (r[i].lo > next)
			add(s, c, next, r[i].lo - 1);
		next = r[i].hi + 1;
	}
	add(s, c, next, 0x10ffff);
}

static bool add_kind(struct parse *s, struct class *c, char kind)
{
	static const struct rulerange digits[] = { { '0', '9' } },
		words[] = { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } },
		spaces[] = { { '\t', '\r' }, { ' ', ' ' } },
		blanks[] = { { '\t', '\t' }, { ' ', ' ' }, { 0xa0, 0xa0 } },
		lines[] = { { '\n', '\r' }, { 0x85, 0x85 }, { 0x2028, 0x2029 } };
	static const struct {
		char kind;
		uint32_t n;
		const struct rulerange *r;
	} kinds[] = { { 'd', 1, digits }, { 'w', 4, words }, { 's', 2, spaces }, { 'h', 3, blanks },
		{ 'v', 3, lines } };
	uint32_t k, i;

	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (kinds[k].kind != (kind | 0x20))
			continue;
		for (i = 0; kind & 0x20 && i < kinds[k].n; i++)
			add(s, c, kinds[k].r[i].lo, kinds[k].r[i].hi);
		if (!(kind & 0x20))
			add_others(s, c, kinds[k].r, kinds[k].n);
		return true;
	}
	return false;
}

/* [:alpha:] and its like. */
static bool add_named(struct parse *s, struct class *c)
{
	static const struct {
		const char *name;
		const char *pairs;
	} names[] = { { "[:alpha:]", "azAZ" }, { "[:digit:]", "09" }, { "[:alnum:]", "azAZ09" },
		{ "[:upper:]", "AZ" }, { "[:lower:]", "az" }, { "[:space:]", "\t\r  " },
		{ "[:blank:]", "\t\t  " }, { "[:punct:]", "!/:@[`{~" }, { "[:xdigit:]", "09afAF" },
		{ "[:word:]", "azAZ09__" }, { "[:print:]", " ~" }, { "[:graph:]", "!~" },
		{ "[:cntrl:]", "\001\037\177\177" } };
	const char *pair;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!take(s, names[i].name))
			continue;
		for (pair = names[i].pairs; *pair; pair += 2)
			add(s, c, (uint8_t)pair[0], (uint8_t)pair[1]);
		return true;
	}
	return false;
}

static uint32_t digits(struct parse *s, unsigned base, unsigned max)
{
	static const char all[] = "0123456789abcdef";
	uint32_t v = 0;
	const char *d;

	for (; max && more(s); max--, s->at++) {
		char c = s->p[s->at];

		d = c ? memchr(all, c >= 'A' && c <= 'F' ? c | 0x20 : c, base) : NULL;
		if (!d)
			break;
		v = v * base + (uint32_t)(d - all);
	}
	return v;
}

static uint32_t hex(struct parse *s)
{
	uint32_t c;

	if (!take(s, "{"))
		return digits(s, 16, 2);
	c = digits(s, 16, 6);
	if (!take(s, "}") || c > 0x10ffff)
		return fail(s, RULEDFA_BAD, "has \\x{...} that is no character");
	return c;
}

/* Behind a backslash: a character. */
static uint32_t escaped(struct parse *s)
{
	static const char letters[] = "tnrfea", means[] = "\t\n\r\f\033\a";
	const char *known;
	char c;

	if (!more(s))
		return fail(s, RULEDFA_BAD, "ends with a backslash");
	c = s->p[s->at];
	if ((uint8_t)c >= 0x80)
		return take_char(s);
	s->at++;
	known = strchr(letters, c);
	if (c && known)
		return (uint8_t)means[known - letters];
	if (c == 'x')
		return hex(s);
	if (c == '0')
		return digits(s, 8, 2);
	if (c == 'c' || c == 'o')
		return fail(s, RULEDFA_UNSUPPORTED, "has an escape that is not known here: use \\xHH");
	if (c >= '1' && c <= '9')
		return fail(s, RULEDFA_UNSUPPORTED, "refers back to a group, which no automaton can");
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
		return fail(s, RULEDFA_UNSUPPORTED, "has an escape that is not known here");
	return (uint8_t)c;
}

/* One end of a range, or a whole kind: then true. */
static bool class_one(struct parse *s, struct class *c, uint32_t *out)
{
	if (next_is(s, "[:") && add_named(s, c))
		return true;
	if (!take(s, "\\")) {
		*out = take_char(s);
		return false;
	}
	if (more(s) && add_kind(s, c, s->p[s->at])) {
		s->at++;
		return true;
	}
	*out = take(s, "b") ? '\b' : escaped(s);
	return false;
}

static uint32_t class_read(struct parse *s)
{
	bool negated = take(s, "^"), first = true;
	struct class c = { .n = 0 };
	uint32_t lo = 0, hi;

	for (; more(s) && (first || !next_is(s, "]")); first = false) {
		if (class_one(s, &c, &lo))
			continue;
		hi = lo;
		if (next_is(s, "-") && !next_is(s, "-]") && s->at + 1 < s->len) {
			s->at++;
			if (class_one(s, &c, &hi)) {
				add(s, &c, '-', '-');
				hi = lo;
			}
		}
		if (hi < lo)
			return fail(s, RULEDFA_BAD, "has a range whose end comes before its begin");
		add(s, &c, lo, hi);
	}
	if (!take(s, "]"))
		return fail(s, RULEDFA_BAD, "has a class without a ]");
	return s->error ? 0 : ruletree_set(s->t, c.ranges, c.n, negated, s->flags & SIGMA_RE_I);
}

/* ---- single things -----------------------------------------------------------------*/

static uint32_t one(struct parse *s, uint32_t c)
{
	struct rulerange r = { c, c };

	return s->error ? 0 : ruletree_set(s->t, &r, 1, false, s->flags & SIGMA_RE_I);
}

static uint32_t dot(struct parse *s, bool with_newline)
{
	struct rulerange newline = { '\n', '\n' };

	return ruletree_set(s->t, &newline, !with_newline, true, false);
}

/* Before a newline at the very end, too. */
static uint32_t at_end(struct parse *s)
{
	uint32_t newline = ruletree_byte(s->t, '\n', '\n');
	uint32_t end = ruletree_assert(s->t, RULEASSERT_END);

	return ruletree_node(s->t, RULENODE_ALT, end,
			     ruletree_node(s->t, RULENODE_CAT, newline, end));
}

static uint32_t quoted(struct parse *s)
{
	uint32_t node = 0;

	while (more(s) && !take(s, "\\E")) {
		uint32_t c = one(s, take_char(s));

		node = node ? ruletree_node(s->t, RULENODE_CAT, node, c) : c;
	}
	return node ? node : ruletree_node(s->t, RULENODE_EMPTY, 0, 0);
}

static uint32_t escape(struct parse *s)
{
	struct class c = { .n = 0 };
	char kind = more(s) ? s->p[s->at] : 0;

	if (kind && add_kind(s, &c, kind)) {
		s->at++;
		return ruletree_set(s->t, c.ranges, c.n, false, false);
	}
	if (take(s, "b"))
		return ruletree_assert(s->t, RULEASSERT_WORD);
	if (take(s, "B"))
		return ruletree_assert(s->t, RULEASSERT_NO_WORD);
	if (take(s, "A"))
		return ruletree_assert(s->t, RULEASSERT_BEGIN);
	if (take(s, "z"))
		return ruletree_assert(s->t, RULEASSERT_END);
	if (take(s, "Z"))
		return at_end(s);
	if (take(s, "N"))
		return dot(s, false);
	if (take(s, "Q"))
		return quoted(s);
	return one(s, escaped(s));
}

/* (?i) and (?i-m:: the flags; false: it is none of these. */
static bool flags_read(struct parse *s)
{
	static const struct {
		char letter;
		uint32_t flag;
	} known[] = { { 'i', SIGMA_RE_I }, { 'm', SIGMA_RE_M }, { 's', SIGMA_RE_S } };
	uint32_t set = s->flags, i;
	size_t at = s->at;
	bool off = false;

	for (; at < s->len && s->p[at] != ')' && s->p[at] != ':'; at++) {
		if (s->p[at] == '-' && !off) {
			off = true;
			continue;
		}
		for (i = 0; i < 3 && known[i].letter != s->p[at]; i++)
			;
		if (i == 3)
			return false;
		set = off ? set & ~known[i].flag : set | known[i].flag;
	}
	if (at == s->len)
		return false;
	s->flags = set;
	s->at = at;
	return true;
}

static bool skip_name(struct parse *s)
{
	const char *end;

	if (!take(s, "P<") && !(next_is(s, "<") && !next_is(s, "<=") && !next_is(s, "<!") &&
				take(s, "<")))
		return false;
	end = memchr(s->p + s->at, '>', s->len - s->at);
	if (!end)
		return false;
	s->at = (size_t)(end + 1 - s->p);
	return true;
}

static uint32_t group(struct parse *s)
{
	uint32_t flags = s->flags, node;
	const char *end;

	if (++s->depth > RULEREGEX_DEPTH)
		return fail(s, RULEDFA_TOO_LARGE, "has groups too deep in each other");
	if (take(s, "?#")) {
		end = memchr(s->p + s->at, ')', s->len - s->at);
		if (!end)
			return fail(s, RULEDFA_BAD, "has a comment without an end");
		s->at = (size_t)(end + 1 - s->p);
		s->depth--;
		return ruletree_node(s->t, RULENODE_EMPTY, 0, 0);
	}
	if (take(s, "?")) {
		if (!skip_name(s) && !flags_read(s))
			return fail(s, RULEDFA_UNSUPPORTED,
				    "looks around, or has a group that no automaton can have");
		/* (?i): up to the end of the group around it. */
		if (next_is(s, ")") && s->p[s->at - 1] != '>') {
			s->at++;
			s->depth--;
			return ruletree_node(s->t, RULENODE_EMPTY, 0, 0);
		}
		take(s, ":");
	} else if (next_is(s, "*")) {
		return fail(s, RULEDFA_UNSUPPORTED, "has a verb, which no automaton can");
	}
	node = alternatives(s);
	if (!s->error && !take(s, ")"))
		return fail(s, RULEDFA_BAD, "has a group without a )");
	s->flags = flags;
	s->depth--;
	return node;
}

static uint32_t atom(struct parse *s)
{
	if (take(s, "("))
		return group(s);
	if (take(s, "["))
		return class_read(s);
	if (take(s, "\\"))
		return escape(s);
	if (take(s, "."))
		return dot(s, s->flags & SIGMA_RE_S);
	if (take(s, "^"))
		return ruletree_assert(s->t, s->flags & SIGMA_RE_M ? RULEASSERT_LINE_BEGIN :
								    RULEASSERT_BEGIN);
	if (take(s, "$"))
		return s->flags & SIGMA_RE_M ? ruletree_assert(s->t, RULEASSERT_LINE_END) : at_end(s);
	if (next_is(s, "*") || next_is(s, "+") || next_is(s, "?"))
		return fail(s, RULEDFA_BAD, "has a quantifier behind nothing");
	return one(s, take_char(s));
}

/* ---- rows ------------------------------------------------------------------------*/

/* {n}, {n,}, {n,m}; else the brace stands for itself. */
static bool counted(struct parse *s, uint32_t *min, uint32_t *max)
{
	size_t at = s->at, begin;
	bool is;

	if (!take(s, "{"))
		return false;
	begin = s->at;
	*min = *max = digits(s, 10, 5);
	is = s->at > begin;
	if (is && take(s, ",")) {
		begin = s->at;
		*max = digits(s, 10, 5);
		if (s->at == begin)
			*max = RULENFA_MAX;
	}
	if (is && take(s, "}"))
		return true;
	s->at = at;
	return false;
}

static uint32_t quantified(struct parse *s, uint32_t node)
{
	uint32_t min, max, n;

	if (take(s, "*")) {
		min = 0;
		max = RULENFA_MAX;
	} else if (take(s, "+")) {
		min = 1;
		max = RULENFA_MAX;
	} else if (take(s, "?")) {
		min = 0;
		max = 1;
	} else if (!counted(s, &min, &max)) {
		return node;
	}
	if (min > RULEREGEX_TIMES || (max > RULEREGEX_TIMES && max != RULENFA_MAX))
		return fail(s, RULEDFA_TOO_LARGE, "repeats something more than 1,000 times");
	if (max < min)
		return fail(s, RULEDFA_BAD, "repeats something {n,m} times, and m is less than n");
	if (next_is(s, "+"))
		return fail(s, RULEDFA_UNSUPPORTED, "has a possessive quantifier");
	take(s, "?");	/* which of several matches is found does not matter */
	if (next_is(s, "*") || next_is(s, "+") || next_is(s, "?"))
		return fail(s, RULEDFA_BAD, "has a quantifier behind a quantifier");
	n = ruletree_node(s->t, RULENODE_REPEAT, node, 0);
	if (n) {
		s->t->nodes[n].min = min;
		s->t->nodes[n].max = max;
	}
	return n;
}

static uint32_t row(struct parse *s)
{
	uint32_t node = 0, next;

	while (more(s) && !next_is(s, "|") && !next_is(s, ")")) {
		next = quantified(s, atom(s));
		node = node ? ruletree_node(s->t, RULENODE_CAT, node, next) : next;
	}
	return node ? node : ruletree_node(s->t, RULENODE_EMPTY, 0, 0);
}

static uint32_t alternatives(struct parse *s)
{
	uint32_t node = row(s);

	while (take(s, "|"))
		node = ruletree_node(s->t, RULENODE_ALT, node, row(s));
	return node;
}

int ruleregex_read(struct ruletree *t, const char *regex, size_t len, uint32_t flags,
		   uint32_t *node, struct ruledfa_why *why)
{
	struct parse s = { .t = t, .p = regex, .len = len, .flags = flags, .why = why };

	if (len > RULEREGEX_LEN)
		fail(&s, RULEDFA_TOO_LARGE, "is too long");
	*node = alternatives(&s);
	if (more(&s))
		fail(&s, RULEDFA_BAD, "has a ) without a (");
	if (t->no_memory)
		return RULEDFA_NO_MEMORY;
	if (!s.error && t->too_large)
		fail(&s, RULEDFA_TOO_LARGE, "is too large");
	return s.error;
}
