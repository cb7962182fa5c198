/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A field has one text: what two tests say of its begin, its end or all of it can be
 * compared. Keywords are found in any field, and say nothing of each other but the same.
 * Texts are compared folded, unless both are cased.
 */
#include "ruleimply.h"

#include <arpa/inet.h>
#include <string.h>

#include "rulefold.h"

#define TEXT_MAX	512u	/* longer ones say nothing */

/* A part of a glob, folded if need be. */
struct text {
	uint8_t bytes[TEXT_MAX];
	uint32_t len;
};

static bool take(const struct sigma_part *p, bool cased, struct text *out)
{
	const uint8_t *s = (const uint8_t *)p->text;
	uint32_t i, c;
	unsigned n;

	out->len = 0;
	for (i = 0; i < p->len; i += n) {
		if (out->len + 4 > TEXT_MAX)
			return false;
		c = rulefold_get(s + i, p->len - i, &n);
		if (c == RULEFOLD_BAD)
			out->bytes[out->len++] = s[i];
		else
			out->len += rulefold_put(out->bytes + out->len, cased ? c : rulefold(c));
	}
	return true;
}

static bool starts(const struct text *a, const struct text *b)
{
	return a->len >= b->len && !memcmp(a->bytes, b->bytes, b->len);
}

static bool ends(const struct text *a, const struct text *b)
{
	return a->len >= b->len && !memcmp(a->bytes + a->len - b->len, b->bytes, b->len);
}

static bool contains(const struct text *a, const struct text *b)
{
	return memmem(a->bytes, a->len, b->bytes, b->len) != NULL;
}

/* ---- globs -----------------------------------------------------------------------*/

/* At its begin, its end, or as all of it there is a text. */
static const struct sigma_part *first(const struct sigma_glob *g)
{
	return g->n && g->parts[0].kind == SIGMA_LITERAL ? &g->parts[0] : NULL;
}

static const struct sigma_part *last(const struct sigma_glob *g)
{
	return g->n && g->parts[g->n - 1].kind == SIGMA_LITERAL ? &g->parts[g->n - 1] : NULL;
}

static bool is_plain(const struct sigma_glob *g)
{
	return !g->n || (g->n == 1 && g->parts[0].kind == SIGMA_LITERAL);
}

static bool is_anything(const struct sigma_glob *g)
{
	return g->n == 1 && g->parts[0].kind == SIGMA_ANY;
}

static bool same_glob(const struct sigma_glob *a, const struct sigma_glob *b, bool cased)
{
	struct text x, y;
	uint32_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		if (a->parts[i].kind != b->parts[i].kind)
			return false;
		if (a->parts[i].kind != SIGMA_LITERAL)
			continue;
		if (!take(&a->parts[i], cased, &x) || !take(&b->parts[i], cased, &y) ||
		    x.len != y.len || !starts(&x, &y))
			return false;
	}
	return true;
}

static bool some_contains(const struct sigma_glob *a, const struct text *want, bool cased)
{
	struct text t;
	uint32_t i;

	for (i = 0; i < a->n; i++)
		if (a->parts[i].kind == SIGMA_LITERAL && take(&a->parts[i], cased, &t) &&
		    contains(&t, want))
			return true;
	return false;
}

/* b is one text and what may be around it. */
static bool glob_implies(const struct sigma_glob *a, const struct sigma_glob *b, bool cased)
{
	bool open_first = b->n && b->parts[0].kind == SIGMA_ANY;
	bool open_last = b->n && b->parts[b->n - 1].kind == SIGMA_ANY;
	struct text x, want;

	if (is_anything(b) || same_glob(a, b, cased))
		return true;
	if (b->n != 1u + open_first + open_last || b->parts[open_first].kind != SIGMA_LITERAL ||
	    !take(&b->parts[open_first], cased, &want))
		return false;
	if (open_first && open_last)
		return some_contains(a, &want, cased);
	if (open_last)
		return first(a) && take(first(a), cased, &x) && starts(&x, &want);
	return open_first && last(a) && take(last(a), cased, &x) && ends(&x, &want);
}

/* Addresses are equal in more than one spelling. */
static bool is_address(const struct sigma_glob *g)
{
	char text[64] = "";
	uint8_t addr[16];

	if (g->n != 1 || g->parts[0].kind != SIGMA_LITERAL || g->parts[0].len >= sizeof(text))
		return false;
	memcpy(text, g->parts[0].text, g->parts[0].len);
	return inet_pton(AF_INET, text, addr) == 1 || inet_pton(AF_INET6, text, addr) == 1;
}

/* Whether all of a field that is `a` can have the begin, the end or the inside of `b`. */
static bool plain_excludes(const struct sigma_glob *a, const struct sigma_glob *b, bool cased)
{
	struct text x = { .len = 0 }, t;
	uint32_t i;

	if (is_anything(b) || is_address(a) || (a->n && !take(&a->parts[0], cased, &x)))
		return false;
	if (is_plain(b) && !b->n)
		return x.len;
	for (i = 0; i < b->n; i++) {
		if (b->parts[i].kind != SIGMA_LITERAL)
			continue;
		if (!take(&b->parts[i], cased, &t))
			return false;
		if (!contains(&x, &t) || (!i && !starts(&x, &t)) ||
		    (i == b->n - 1 && !ends(&x, &t)) || (b->n == 1 && x.len != t.len))
			return true;
	}
	return false;
}

static bool glob_excludes(const struct sigma_glob *a, const struct sigma_glob *b, bool cased)
{
	struct text x, y;

	if ((is_plain(a) && plain_excludes(a, b, cased)) ||
	    (is_plain(b) && plain_excludes(b, a, cased)))
		return true;
	if (is_plain(a) || is_plain(b))
		return false;
	if (first(a) && first(b) && take(first(a), cased, &x) && take(first(b), cased, &y) &&
	    !starts(&x, &y) && !starts(&y, &x))
		return true;
	return last(a) && last(b) && take(last(a), cased, &x) && take(last(b), cased, &y) &&
	       !ends(&x, &y) && !ends(&y, &x);
}

/* ---- numbers ---------------------------------------------------------------------*/

static bool is_below(const struct sigma_test *t)
{
	return t->op == SIGMA_LT || t->op == SIGMA_LTE;
}

static bool is_above(const struct sigma_test *t)
{
	return t->op == SIGMA_GT || t->op == SIGMA_GTE;
}

static bool number_excludes(const struct sigma_test *a, const struct sigma_test *b)
{
	const struct sigma_test *low = is_above(a) ? a : b, *high = is_above(a) ? b : a;

	if (!is_above(low) || !is_below(high))
		return false;
	if (low->number != high->number)
		return low->number > high->number;
	/* Whole numbers that a double does not tell apart. */
	if (low->is_integer && high->is_integer && low->integer != high->integer)
		return low->integer > high->integer;
	return low->op == SIGMA_GT || high->op == SIGMA_LT;
}

/* ---- tests -----------------------------------------------------------------------*/

static bool same_field(const struct sigma_test *a, const struct sigma_test *b)
{
	return a->keyword == b->keyword && (a->keyword || !strcmp(a->field, b->field));
}

static bool same_rest(const struct sigma_test *a, const struct sigma_test *b)
{
	switch (a->op) {
	case SIGMA_RE:
		return a->re_flags == b->re_flags && a->regex_len == b->regex_len &&
		       !memcmp(a->regex, b->regex, a->regex_len);
	case SIGMA_CIDR:
		return !memcmp(&a->cidr, &b->cidr, sizeof(a->cidr));
	case SIGMA_FIELDREF:
		return a->position == b->position && a->cased == b->cased &&
		       !strcmp(a->other, b->other);
	case SIGMA_ABSENT:
	case SIGMA_PRESENT:
		return true;
	default:
		return a->number == b->number && a->is_integer == b->is_integer &&
		       (!a->is_integer || a->integer == b->integer) && a->part == b->part;
	}
}

bool ruleimply_yes(const struct sigma_test *a, const struct sigma_test *b)
{
	if (!same_field(a, b))
		return false;
	if (b->op == SIGMA_PRESENT)
		return a->op != SIGMA_ABSENT;
	if (a->op != b->op)
		return false;
	if (a->op != SIGMA_TEXT)
		return same_rest(a, b);
	/* What is found in any case need not be there in this one. */
	return (a->cased || !b->cased) &&
	       (a->keyword ? same_glob : glob_implies)(&a->glob, &b->glob, a->cased && b->cased);
}

bool ruleimply_no(const struct sigma_test *a, const struct sigma_test *b)
{
	if (a->keyword || !same_field(a, b))
		return false;
	if (a->op == SIGMA_ABSENT || b->op == SIGMA_ABSENT)
		return a->op != b->op;
	if (a->op == SIGMA_TEXT && b->op == SIGMA_TEXT)
		return glob_excludes(&a->glob, &b->glob, a->cased && b->cased);
	return number_excludes(a, b);
}
