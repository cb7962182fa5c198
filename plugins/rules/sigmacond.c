/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: names of selections, `1 of` and `all of` patterns of names, and, or, not and
 * parentheses. Recursive descent, of bounded depth.
 */
#include <string.h>

#include "sigmapriv.h"

struct cond {
	struct sigma_reader *r;
	struct sigma_names *names;
	const struct yamltree *node;	/* for messages */
	const char *p, *end;		/* what follows the word */
	const char *word;		/* the one that is looked at; len 0: the end */
	size_t len;
	unsigned depth;
	uint32_t n_values;
};

static const struct sigma_expr *read_or(struct cond *c);

/* ---- words -----------------------------------------------------------------------*/

static bool is_name(char ch)
{
	return (ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') ||
	       (ch && strchr("_-*.", ch));
}

static void next(struct cond *c)
{
	while (c->p < c->end && *c->p && strchr(" \t\r\n", *c->p))
		c->p++;
	c->word = c->p;
	while (c->p < c->end && is_name(*c->p))
		c->p++;
	if (c->p == c->word && c->p < c->end)
		c->p++;
	c->len = (size_t)(c->p - c->word);
}

static bool at(const struct cond *c, const char *word)
{
	return strlen(word) == c->len && !memcmp(word, c->word, c->len);
}

static bool accept(struct cond *c, const char *word)
{
	if (!at(c, word))
		return false;
	next(c);
	return true;
}

static const struct sigma_expr *fail(struct cond *c, const char *why)
{
	if (c->len)
		SIGMA_ERROR(c->r, &c->node->place, "the condition at `%.*s`: %s",
			    c->len > 64 ? 64 : (int)c->len, c->word, why);
	else
		SIGMA_ERROR(c->r, &c->node->place, "at the condition's end: %s", why);
	return NULL;
}

/* ---- selections ------------------------------------------------------------------*/

/* `*` is any text; greedy, going back only to the last one. */
static bool fits(const char *name, const char *pattern, size_t len)
{
	const char *end = pattern + len, *star = NULL, *from = NULL;

	while (*name) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (pattern < end && *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* A use of a selection; its values count each time. */
static const struct sigma_expr *use(struct cond *c, struct sigma_name *name)
{
	name->is_used = true;
	if (name->is.n_values > c->r->own->conf.max_values - c->n_values) {
		SIGMA_ERROR(c->r, &c->node->place, "the condition uses more than %u values: "
			    "divide the rule", c->r->own->conf.max_values);
		return NULL;
	}
	c->n_values += name->is.n_values;
	return sigmaexpr_name(c->r, name->called, name->is.expr, &name->place);
}

static const struct sigma_expr *read_name(struct cond *c)
{
	const struct sigma_expr *e;
	uint32_t i;

	for (i = 0; i < c->names->n; i++) {
		if (!at(c, c->names->of[i].name))
			continue;
		e = use(c, &c->names->of[i]);
		next(c);
		return e;
	}
	if (at(c, "AND") || at(c, "OR") || at(c, "NOT"))
		return fail(c, "write and, or, not in small letters");
	if (memchr(c->word, '*', c->len))
		return fail(c, "a pattern needs `1 of` or `all of` before it");
	return fail(c, "there is no selection of this name");
}

/* Behind `of`. */
static const struct sigma_expr *read_pattern(struct cond *c, enum sigma_node node)
{
	bool is_all = at(c, "them");
	struct sigma_list list = { 0 };
	uint32_t i;

	if (!c->len || !is_name(*c->word))
		return fail(c, "`of` needs a pattern such as selection_*, or them");
	for (i = 0; i < c->names->n; i++) {
		struct sigma_name *name = &c->names->of[i];

		if (*name->name == '_' && (is_all || *c->word != '_'))
			continue;
		if (!is_all && !fits(name->name, c->word, c->len))
			continue;
		if (!sigmaexpr_add(c->r, &list, use(c, name)))
			return NULL;
	}
	if (!list.n)
		return fail(c, "there is no selection of which it is the pattern");
	next(c);
	return sigmaexpr_join(c->r, node, &list, &c->node->place);
}

/* A quantifier and `of`; else a selection may have that name. */
static bool begins_pattern(struct cond *c)
{
	struct cond ahead = *c;

	next(&ahead);
	return at(&ahead, "of");
}

static const struct sigma_expr *read_quantified(struct cond *c)
{
	enum sigma_node node = at(c, "all") ? SIGMA_AND : SIGMA_OR;

	if (!at(c, "all") && !at(c, "any") && !at(c, "1"))
		return fail(c, "there are `1 of`, `any of` and `all of`; for others write the "
			    "combinations with and, or");
	next(c);
	next(c);
	return read_pattern(c, node);
}

/* ---- operators -------------------------------------------------------------------*/

static const struct sigma_expr *read_inner(struct cond *c)
{
	const struct sigma_expr *e;

	if (accept(c, "(")) {
		e = read_or(c);
		if (e && !accept(c, ")"))
			return fail(c, "a ) is missing here");
		return e;
	}
	if (!c->len)
		return fail(c, "a selection is missing");
	if (*c->word == '|')
		return fail(c, "pipes are no longer of Sigma: write a correlation");
	if (!is_name(*c->word) || at(c, "and") || at(c, "or") || at(c, "of"))
		return fail(c, "there should be a selection");
	return begins_pattern(c) ? read_quantified(c) : read_name(c);
}

static const struct sigma_expr *read_not(struct cond *c)
{
	const struct sigma_expr *e;
	bool is_not = false;

	/* Two of them are none, which bounds the depth of what is made. */
	while (accept(c, "not"))
		is_not = !is_not;
	if (++c->depth > SIGMA_COND_DEPTH)
		return fail(c, "too many parentheses in each other");
	e = read_inner(c);
	c->depth--;
	return is_not ? sigmaexpr_not(c->r, e) : e;
}

static const struct sigma_expr *read_and(struct cond *c)
{
	struct sigma_list list = { 0 };

	do {
		if (!sigmaexpr_add(c->r, &list, read_not(c)))
			return NULL;
	} while (accept(c, "and"));
	return sigmaexpr_join(c->r, SIGMA_AND, &list, &c->node->place);
}

static const struct sigma_expr *read_or(struct cond *c)
{
	struct sigma_list list = { 0 };

	do {
		if (!sigmaexpr_add(c->r, &list, read_and(c)))
			return NULL;
	} while (accept(c, "or"));
	return sigmaexpr_join(c->r, SIGMA_OR, &list, &c->node->place);
}

/* ---- conditions ------------------------------------------------------------------*/

static const struct sigma_expr *read_one(struct cond *c, const struct yamltree *node)
{
	const struct sigma_expr *e;

	c->node = node;
	if (node->kind > YAMLTREE_TEXT || node->kind == YAMLTREE_NULL || !node->len) {
		SIGMA_ERROR(c->r, &node->place, "a condition is a text such as `selection and "
			    "not filter`, or a list of these");
		return NULL;
	}
	c->p = node->text;
	c->end = c->p + node->len;
	next(c);
	e = read_or(c);
	if (!e || !c->len)
		return e;
	if (*c->word == '|')
		return fail(c, "pipes are no longer of Sigma: write a correlation");
	return fail(c, "`and` or `or` is missing before it");
}

static const struct sigma_expr *read_list(struct cond *c, const struct yamltree *node)
{
	struct sigma_list list = { 0 };
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < node->n; i++) {
		len += node->items[i]->len + 1;
		if (len > SIGMA_COND_MAX) {
			SIGMA_ERROR(c->r, &node->place, "the conditions of a rule have at most "
				    "%u bytes", SIGMA_COND_MAX);
			return NULL;
		}
		if (!sigmaexpr_add(c->r, &list, read_one(c, node->items[i])))
			return NULL;
	}
	if (!list.n) {
		SIGMA_ERROR(c->r, &node->place, "the list of conditions is empty");
		return NULL;
	}
	return sigmaexpr_join(c->r, SIGMA_OR, &list, &node->place);
}

int sigmacond_read(struct sigma_reader *r, const struct yamltree *node, bool only_one,
		   struct sigma_names *names, struct sigma_weighed *out)
{
	const struct yamltree *const items[] = { node };
	struct cond c = { .r = r, .names = names };
	struct yamltree one = { .kind = YAMLTREE_LIST, .place = node->place, .n = 1 };

	if (node->kind == YAMLTREE_LIST && only_one)
		return SIGMA_ERROR(r, &node->place, "a filter has one condition, and no list");
	if (node->kind != YAMLTREE_LIST) {
		one.items = (const struct yamltree **)(uintptr_t)items;
		node = &one;
	}
	out->expr = read_list(&c, node);
	out->n_values = c.n_values;
	return out->expr ? 0 : -1;
}
