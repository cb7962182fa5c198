/* SPDX-License-Identifier: Apache-2.0 */
/* Values under a key become tests; what modifiers and values cannot mean is told. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sigmaglob.h"
#include "sigmamod.h"

#define WRITTEN	200u	/* of a value, in reports */

static bool has(const struct sigmamod *mod, uint32_t set)
{
	return mod->set & set;
}

/* What all tests of a value have. */
static struct sigma_test begin_test(struct sigma_reader *r, const struct sigmamod *mod,
				    const struct yamltree *node, enum sigma_op op)
{
	struct sigma_test t = { .op = op, .place = node->place, .field = mod->field,
		.keyword = !mod->field, .cased = has(mod, SIGMAMOD_BIT(CASED)) };
	const char *text = node->kind == YAMLTREE_NULL ? "null" : node->text;
	uint32_t len = node->kind == YAMLTREE_NULL ? 4 : node->len;
	char buf[512 + WRITTEN];
	int n;

	n = snprintf(buf, sizeof(buf), "%.400s%s%.*s%s", mod->chain, *mod->chain ? ": " : "",
		     (int)(len < WRITTEN ? len : WRITTEN), text, len > WRITTEN ? "..." : "");
	t.written = rulearena_text(r->arena, buf, (size_t)n);
	t.has_modifiers = *mod->chain;
	return t;
}

/* ---- texts -----------------------------------------------------------------------*/

/* A plain scalar that is no string, in its one form. NULL: told. */
static const char *canonical(struct sigma_reader *r, const struct yamltree *node, char *buf,
			     size_t size)
{
	if (node->kind == YAMLTREE_BOOL)
		return node->integer ? "true" : "false";
	if (node->kind != YAMLTREE_INT || (node->text[1] != 'x' && node->text[1] != 'o'))
		return node->text;
	if (!node->fits) {
		SIGMA_ERROR(r, &node->place, "`%s` has more than 63 bits: write it in quotes as "
			    "events have it", node->text);
		return NULL;
	}
	snprintf(buf, size, "%" PRId64, node->integer);
	return buf;
}

static enum sigma_scalar scalar_of(const struct yamltree *node)
{
	return node->kind == YAMLTREE_INT ? SIGMA_INT : node->kind == YAMLTREE_FLOAT ?
		SIGMA_FLOAT : node->kind == YAMLTREE_BOOL ? SIGMA_BOOL : SIGMA_STRING;
}

/* One test for each text that modifiers made of the value: one of them has to hold. */
static const struct sigma_expr *join_texts(struct sigma_reader *r, struct sigma_test *t,
					   const struct sigma_values *values)
{
	struct sigma_list list = { 0 };
	uint32_t i;

	for (i = 0; i < values->n; i++) {
		t->glob = values->of[i];
		if (t->keyword && !sigmaglob_open(r->arena, true, true, &t->glob))
			return NULL;
		if (!sigmaexpr_add(r, &list, sigmaexpr_leaf(r, t)))
			return NULL;
	}
	return sigmaexpr_join(r, SIGMA_OR, &list, &t->place);
}

static bool apply_chain(struct sigma_reader *r, const struct sigmamod *mod,
			const struct yamltree *node, struct sigma_values *values)
{
	uint32_t i;

	if (has(mod, SIGMAMOD_BIT(EXPAND)) && !sigmaexpand_apply(r, node, values))
		return false;
	for (i = 0; i < mod->n; i++)
		if (!sigmaenc_apply(r, mod->of[i], node, values))
			return false;
	return true;
}

static const struct sigma_expr *text_test(struct sigma_reader *r, const struct sigmamod *mod,
					  const struct yamltree *node)
{
	struct sigma_test t = begin_test(r, mod, node, SIGMA_TEXT);
	struct sigma_values values = { 0 };
	struct sigma_glob glob;
	const char *text;
	char buf[32];

	t.scalar = has(mod, ~SIGMAMOD_LISTS) ? SIGMA_STRING : scalar_of(node);
	if (t.scalar == SIGMA_STRING) {
		if (!node->len && t.keyword) {
			SIGMA_ERROR(r, &node->place, "an empty keyword is in each event: leave "
				    "it out");
			return NULL;
		}
		if (!sigmaglob_parse(r->arena, node->text, node->len, &glob))
			return NULL;
	} else {
		text = canonical(r, node, buf, sizeof(buf));
		if (!text || !sigmaglob_plain(r->arena, text, strlen(text), &glob))
			return NULL;
	}
	if (!sigmaenc_add(r, node, &values, &glob) || !apply_chain(r, mod, node, &values))
		return NULL;
	return join_texts(r, &t, &values);
}

/* Puts one text into a test. false: told. */
typedef bool fill_f(struct sigma_reader *r, struct sigma_test *t, const char *text,
		    uint32_t len);

static bool fill_regex(struct sigma_reader *r, struct sigma_test *t, const char *text,
		       uint32_t len)
{
	t->regex = text;
	t->regex_len = len;
	if (!len)
		SIGMA_ERROR(r, &t->place, "an empty regular expression is in each value: write "
			    "`exists: true` without `re` if any is meant");
	return len;
}

static bool fill_cidr(struct sigma_reader *r, struct sigma_test *t, const char *text,
		      uint32_t len)
{
	const char *why = strlen(text) == len ? sigmacidr_parse(text, &t->cidr) :
		"an address with a zero byte";

	if (why)
		SIGMA_ERROR(r, &t->place, "`%s` is %s", text, why);
	return !why;
}

/* The value as it stands, without escapes; or all that placeholders make of it. */
static const struct sigma_expr *plain_test(struct sigma_reader *r, const struct sigmamod *mod,
					   const struct yamltree *node, struct sigma_test *t,
					   fill_f *fill)
{
	struct sigma_values values = { 0 };
	struct sigma_list list = { 0 };
	struct sigma_glob glob;
	const char *text;
	uint32_t i, len;

	if (!sigmaglob_plain(r->arena, node->text, node->len, &glob) ||
	    !sigmaenc_add(r, node, &values, &glob) ||
	    (has(mod, SIGMAMOD_BIT(EXPAND)) && !sigmaexpand_apply(r, node, &values)))
		return NULL;
	for (i = 0; i < values.n; i++) {
		len = (uint32_t)sigmaglob_len(&values.of[i]);
		text = rulearena_text(r->arena, len ? values.of[i].parts[0].text : "", len);
		if (!text || !fill(r, t, text, len) ||
		    !sigmaexpr_add(r, &list, sigmaexpr_leaf(r, t)))
			return NULL;
	}
	return sigmaexpr_join(r, SIGMA_OR, &list, &t->place);
}

static const struct sigma_expr *regex_test(struct sigma_reader *r, const struct sigmamod *mod,
					   const struct yamltree *node)
{
	struct sigma_test t = begin_test(r, mod, node, SIGMA_RE);

	t.re_flags = (has(mod, SIGMAMOD_BIT(I)) ? SIGMA_RE_I : 0) |
		     (has(mod, SIGMAMOD_BIT(M)) ? SIGMA_RE_M : 0) |
		     (has(mod, SIGMAMOD_BIT(S)) ? SIGMA_RE_S : 0);
	t.cased = !(t.re_flags & SIGMA_RE_I);
	return plain_test(r, mod, node, &t, fill_regex);
}

static const struct sigma_expr *cidr_test(struct sigma_reader *r, const struct sigmamod *mod,
					  const struct yamltree *node)
{
	struct sigma_test t = begin_test(r, mod, node, SIGMA_CIDR);

	return plain_test(r, mod, node, &t, fill_cidr);
}

static const struct sigma_expr *fieldref_test(struct sigma_reader *r,
					      const struct sigmamod *mod,
					      const struct yamltree *node)
{
	struct sigma_test t = begin_test(r, mod, node, SIGMA_FIELDREF);
	struct sigma_glob glob;

	if (!sigmaglob_parse(r->arena, node->text, node->len, &glob))
		return NULL;
	if (glob.n != 1 || glob.parts[0].kind != SIGMA_LITERAL ||
	    memchr(glob.parts[0].text, 0, glob.parts[0].len)) {
		SIGMA_ERROR(r, &node->place, "the name of one field, without wildcards, is what "
			    "`fieldref` takes");
		return NULL;
	}
	t.other = rulearena_text(r->arena, glob.parts[0].text, glob.parts[0].len);
	t.position = has(mod, SIGMAMOD_BIT(CONTAINS)) ? SIGMA_CONTAINS :
		     has(mod, SIGMAMOD_BIT(STARTSWITH)) ? SIGMA_STARTS :
		     has(mod, SIGMAMOD_BIT(ENDSWITH)) ? SIGMA_ENDS : SIGMA_WHOLE;
	return t.other ? sigmaexpr_leaf(r, &t) : NULL;
}

/* ---- others ----------------------------------------------------------------------*/

static const struct sigma_expr *null_test(struct sigma_reader *r, const struct sigmamod *mod,
					  const struct yamltree *node)
{
	struct sigma_test t = begin_test(r, mod, node, SIGMA_ABSENT);

	if (!mod->field)
		SIGMA_ERROR(r, &node->place, "null is no keyword: name a field that has to be "
			    "absent");
	else if (has(mod, ~SIGMAMOD_LISTS))
		SIGMA_ERROR(r, &node->place, "`%s` does not take null: give it a value, or leave "
			    "the modifiers out if the field has to be absent", mod->chain);
	else
		return sigmaexpr_leaf(r, &t);
	return NULL;
}

static const struct sigma_expr *exists_test(struct sigma_reader *r,
					    const struct sigmamod *mod,
					    const struct yamltree *node)
{
	struct sigma_test t = begin_test(r, mod, node, SIGMA_PRESENT);
	const struct sigma_expr *leaf;

	if (node->kind != YAMLTREE_BOOL) {
		SIGMA_ERROR(r, &node->place, "`exists` is true or false, without quotes");
		return NULL;
	}
	leaf = sigmaexpr_leaf(r, &t);
	return node->integer ? leaf : sigmaexpr_not(r, leaf);
}

static bool take_number(struct sigma_reader *r, const struct sigmamod *mod,
			const struct yamltree *node, struct sigma_test *t)
{
	if ((node->kind != YAMLTREE_INT && node->kind != YAMLTREE_FLOAT) ||
	    !isfinite(node->number)) {
		SIGMA_ERROR(r, &node->place, "`%s` is for a number, without quotes", mod->chain);
		return false;
	}
	t->number = node->number;
	t->is_integer = node->kind == YAMLTREE_INT && node->fits;
	t->integer = t->is_integer ? node->integer : 0;
	return true;
}

static const struct sigma_expr *number_test(struct sigma_reader *r,
					    const struct sigmamod *mod,
					    const struct yamltree *node)
{
	enum sigma_op op = has(mod, SIGMAMOD_BIT(LT)) ? SIGMA_LT :
			   has(mod, SIGMAMOD_BIT(LTE)) ? SIGMA_LTE :
			   has(mod, SIGMAMOD_BIT(GT)) ? SIGMA_GT : SIGMA_GTE;
	struct sigma_test t = begin_test(r, mod, node, op);

	return take_number(r, mod, node, &t) ? sigmaexpr_leaf(r, &t) : NULL;
}

static const struct sigma_expr *time_test(struct sigma_reader *r, const struct sigmamod *mod,
					  const struct yamltree *node)
{
	static const struct {
		enum sigmamod_id id;
		enum sigma_timepart part;
		int64_t least, most;
	} parts[] = {
		{ SIGMAMOD_MINUTE, SIGMA_MINUTE, 0, 59 }, { SIGMAMOD_HOUR, SIGMA_HOUR, 0, 23 },
		{ SIGMAMOD_DAY, SIGMA_DAY, 1, 31 }, { SIGMAMOD_WEEK, SIGMA_WEEK, 1, 53 },
		{ SIGMAMOD_MONTH, SIGMA_MONTH, 1, 12 }, { SIGMAMOD_YEAR, SIGMA_YEAR, 1, 9999 },
	};
	struct sigma_test t = begin_test(r, mod, node, SIGMA_TIMEPART);
	unsigned i;

	if (!take_number(r, mod, node, &t))
		return NULL;
	for (i = 0; !(mod->set & (uint32_t)1 << parts[i].id); i++)
		;
	t.part = parts[i].part;
	if (t.is_integer && t.integer >= parts[i].least && t.integer <= parts[i].most)
		return sigmaexpr_leaf(r, &t);
	SIGMA_ERROR(r, &node->place, "`%s` is a whole number from %d to %d", mod->chain,
		    (int)parts[i].least, (int)parts[i].most);
	return NULL;
}

/* ---- items -----------------------------------------------------------------------*/

/* Numbers look like texts to whoever writes the rule, and can mean nothing else here. */
static void check_text(struct sigma_reader *r, const struct sigmamod *mod,
		       const struct yamltree *node)
{
	if (node->kind != YAMLTREE_TEXT && has(mod, ~SIGMAMOD_LISTS))
		SIGMA_WARN(r, &node->place, "`%s` takes a text: write '%s', in quotes",
			   mod->chain, node->text);
}

static const struct sigma_expr *one_value(struct sigma_reader *r, const struct sigmamod *mod,
					  const struct yamltree *node)
{
	if (node->kind > YAMLTREE_TEXT) {
		SIGMA_ERROR(r, &node->place, "a value is a text, a number, true, false or null, "
			    "or a list of these, and not %s", yamlscalar_kind(node));
		return NULL;
	}
	if (node->len > SIGMA_VALUE_MAX) {
		SIGMA_ERROR(r, &node->place, "a value has at most %u bytes", SIGMA_VALUE_MAX);
		return NULL;
	}
	if (has(mod, SIGMAMOD_BIT(EXISTS)))
		return exists_test(r, mod, node);
	if (node->kind == YAMLTREE_NULL)
		return null_test(r, mod, node);
	if (has(mod, SIGMAMOD_COMPARES))
		return number_test(r, mod, node);
	if (has(mod, SIGMAMOD_TIMES))
		return time_test(r, mod, node);
	check_text(r, mod, node);
	if (has(mod, SIGMAMOD_BIT(RE)))
		return regex_test(r, mod, node);
	if (has(mod, SIGMAMOD_BIT(CIDR)))
		return cidr_test(r, mod, node);
	if (has(mod, SIGMAMOD_BIT(FIELDREF)))
		return fieldref_test(r, mod, node);
	return text_test(r, mod, node);
}

/* All of a list, so that all that is wrong with it is told. */
static const struct sigma_expr *values(struct sigma_reader *r, const struct sigmamod *mod,
				       const struct yamltree *node)
{
	struct sigma_list list = { 0 };
	bool good = true;
	uint32_t i;

	for (i = 0; i < node->n && !r->arena->failed; i++)
		good &= sigmaexpr_add(r, &list, one_value(r, mod, node->items[i]));
	return good ? sigmaexpr_join(r, has(mod, SIGMAMOD_BIT(ALL)) ? SIGMA_AND : SIGMA_OR,
				     &list, &node->place) : NULL;
}

const struct sigma_expr *sigmavalue_item(struct sigma_reader *r, const struct sigmamod *mod,
					 const struct yamltree *node)
{
	bool is_list = node->kind == YAMLTREE_LIST;
	const struct sigma_expr *e;

	if (is_list && !node->n) {
		SIGMA_ERROR(r, &node->place, "the list is empty: give it a value, or leave the "
			    "field out");
		return NULL;
	}
	if (has(mod, SIGMAMOD_BIT(EXISTS)) && is_list && node->n > 1) {
		SIGMA_ERROR(r, &node->place, "`exists` takes one value: true or false");
		return NULL;
	}
	if (has(mod, SIGMAMOD_BIT(ALL)) && (!is_list || node->n == 1))
		SIGMA_WARN(r, &node->place, "`all` of one value: leave it out");
	e = is_list ? values(r, mod, node) : one_value(r, mod, node);
	return has(mod, SIGMAMOD_BIT(NEQ)) ? sigmaexpr_not(r, e) : e;
}
