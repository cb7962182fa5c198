/* SPDX-License-Identifier: Apache-2.0 */
/* Correlations, as far as they can be read alone; sigmaref.c finds what they refer to. */
#include <math.h>
#include <string.h>

#include "sigmapriv.h"

#define REFS		1024u
#define ALIASES		64u
#define GROUPS		64u

static const char *const types[] = { "event_count", "value_count", "temporal",
	"temporal_ordered", "value_sum", "value_avg", "value_percentile" };
#define N_TYPES	(sizeof(types) / sizeof(types[0]))

static bool is_temporal(const struct sigma_correlation *c)
{
	return c->type == SIGMA_TEMPORAL || c->type == SIGMA_TEMPORAL_ORDERED;
}

static void read_type(struct sigma_reader *r, const struct yamltree *map,
		      struct sigma_correlation *out)
{
	const struct yamltree *node = yamltree_get(map, "type");
	const char *text = node ? sigmatake_text(r, node, "`type`", true) : "";
	char list[256];
	int i;

	if (!text)
		return;
	i = sigmatake_word(text, types, N_TYPES);
	out->type = i < 0 ? SIGMA_EVENT_COUNT : (enum sigma_correlation_type)i;
	if (!strcmp(text, "value_median"))
		SIGMA_ERROR(r, &node->place, "`value_median` is not of Sigma 2.1: write "
			    "`value_percentile` with `percentile: 50`");
	else if (i < 0)
		SIGMA_ERROR(r, node ? &node->place : &map->place, "a correlation needs `type`: "
			    "%s", sigmatake_list(types, N_TYPES, list, sizeof(list)));
}

int sigmacorr_refs(struct sigma_reader *r, const struct yamltree *node, const char *what,
		   struct sigma_ref **refs, uint32_t *n)
{
	struct sigma_words words;
	uint32_t i;

	if (sigmatake_words(r, node, what, &words))
		return -1;
	if (!words.n || words.n > REFS)
		return SIGMA_ERROR(r, &node->place, "%s are the ids or names of 1 to %u rules",
				   what, REFS);
	*refs = rulearena_get(r->arena, words.n, sizeof(**refs));
	if (!*refs)
		return -1;
	for (i = 0; i < words.n; i++)
		(*refs)[i] = (struct sigma_ref){ .text = words.word[i], .place =
			node->kind == YAMLTREE_LIST ? node->items[i]->place : node->place };
	*n = words.n;
	return 0;
}

/* ---- condition -------------------------------------------------------------------*/

static const struct {
	const char *name;
	enum sigma_op op;
} bounds[] = {
	{ "gt", SIGMA_GT }, { "gte", SIGMA_GTE }, { "lt", SIGMA_LT }, { "lte", SIGMA_LTE },
	{ "eq", SIGMA_TEXT }, { "neq", SIGMA_ABSENT },
};
#define N_BOUNDS	(sizeof(bounds) / sizeof(bounds[0]))

static bool is_met(const struct sigma_bound *b, double x)
{
	switch (b->op) {
	case SIGMA_GT:
		return x > b->number;
	case SIGMA_GTE:
		return x >= b->number;
	case SIGMA_LT:
		return x < b->number;
	case SIGMA_LTE:
		return x <= b->number;
	case SIGMA_TEXT:
		return x == b->number;
	default:
		return x != b->number;
	}
}

/* Of x >= -1. */
static double whole(double x)
{
	return x < 0x1p52 ? (double)(int64_t)(x + 1) - 1 : x;
}

/* Whether any number meets all; of counts only whole ones. */
static bool can_be_met(const struct sigma_correlation *c, const struct sigma_bound *b,
		       uint32_t n)
{
	bool is_count = c->type <= SIGMA_TEMPORAL_ORDERED;
	uint32_t i, k, m;
	double x;

	/* If one does, one does that is at a bound, or beside it, or between two. */
	for (i = 0; i < n; i++)
		for (k = 0; k < n + 2; k++) {
			x = k < n ? (b[i].number + b[k].number) / 2 :
				b[i].number + (k == n ? 1 : -1);
			if (is_count)
				x = whole(x);
			for (m = 0; m < n && is_met(&b[m], x); m++)
				;
			if (m == n && (!is_count || x >= 0))
				return true;
		}
	return false;
}

static bool read_bound(struct sigma_reader *r, const struct yamltree *node, const char *name,
		       bool is_count, struct sigma_bound *out)
{
	bool is_number = node->kind == YAMLTREE_INT || node->kind == YAMLTREE_FLOAT;

	if (!is_number || !isfinite(node->number) ||
	    (is_count && (node->kind != YAMLTREE_INT || node->number < 0))) {
		SIGMA_ERROR(r, &node->place, "`%s` is a %s, without quotes", name,
			    is_count ? "count" : "number");
		return false;
	}
	out->number = node->number;
	return true;
}

static void read_bounds(struct sigma_reader *r, const struct yamltree *map,
			struct sigma_correlation *out)
{
	struct sigma_bound *b = rulearena_get(r->arena, N_BOUNDS, sizeof(*b));
	const struct yamltree *node;
	uint32_t i, n = 0;

	for (i = 0; b && i < N_BOUNDS; i++) {
		node = yamltree_get(map, bounds[i].name);
		if (!node)
			continue;
		b[n].op = bounds[i].op;
		if (!read_bound(r, node, bounds[i].name, out->type <= SIGMA_TEMPORAL_ORDERED,
				&b[n++]))
			return;
	}
	if (!b)
		return;
	if (!n)
		SIGMA_ERROR(r, &map->place, "`condition` needs at least one of gt, gte, lt, lte, "
			    "eq, neq");
	else if (!can_be_met(out, b, n))
		SIGMA_ERROR(r, &map->place, "no number can be within all of these bounds");
	out->n_bounds = n;
	out->bounds = b;
}

static void read_field(struct sigma_reader *r, const struct yamltree *map,
		       struct sigma_correlation *out)
{
	const struct yamltree *node = yamltree_get(map, "field");
	bool is_needed = out->type == SIGMA_VALUE_COUNT || out->type >= SIGMA_VALUE_SUM;
	struct sigma_words words;

	if (!node && !is_needed)
		return;
	if (!node || !is_needed) {
		SIGMA_ERROR(r, node ? &node->place : &map->place, node ? "`%s` counts events, no "
			    "values: leave `field` out" : "`%s` needs `field`, whose values "
			    "they are", types[out->type]);
		return;
	}
	if (sigmatake_words(r, node, "`field`", &words))
		return;
	if (words.n == 1)
		out->field = words.word[0];
	else
		SIGMA_ERROR(r, &node->place, "`field` is one field: write a correlation for "
			    "each");
}

static void read_percentile(struct sigma_reader *r, const struct yamltree *map,
			    struct sigma_correlation *out)
{
	const struct yamltree *node = yamltree_get(map, "percentile");
	bool is_needed = out->type == SIGMA_VALUE_PERCENTILE;
	bool is_number = node && (node->kind == YAMLTREE_INT || node->kind == YAMLTREE_FLOAT);

	if (!node && !is_needed)
		return;
	if (!is_needed)
		SIGMA_ERROR(r, &node->place, "`percentile` is of the type value_percentile");
	else if (!is_number || !(node->number > 0 && node->number < 100))
		SIGMA_ERROR(r, node ? &node->place : &map->place, "`value_percentile` needs "
			    "`percentile`: a number above 0 and below 100");
	else
		out->percentile = node->number;
}

/* All rules of a temporal one, if it does not say how many. */
static void every_rule(struct sigma_reader *r, struct sigma_correlation *out)
{
	struct sigma_bound *b = rulearena_get(r->arena, 1, sizeof(*b));

	if (!b)
		return;
	*b = (struct sigma_bound){ SIGMA_GTE, out->n_refs };
	out->n_bounds = 1;
	out->bounds = b;
}

static void read_condition(struct sigma_reader *r, const struct yamltree *map,
			   struct sigma_correlation *out)
{
	static const char *const keys[] = { "gt", "gte", "lt", "lte", "eq", "neq", "field",
		"percentile" };
	const struct yamltree *node = yamltree_get(map, "condition");

	if (!node && is_temporal(out)) {
		every_rule(r, out);
		return;
	}
	if (!node) {
		SIGMA_ERROR(r, &map->place, "a correlation needs `condition`, such as "
			    "`gte: 10`");
		return;
	}
	if (node->kind <= YAMLTREE_TEXT) {
		SIGMA_ERROR(r, &node->place, "`condition` of a correlation is a map such as "
			    "`gte: 10`: expressions are not of Sigma 2.1; chain correlations "
			    "instead");
		return;
	}
	if (sigmatake_map(r, node, "condition", keys, 8))
		return;
	read_bounds(r, node, out);
	read_field(r, node, out);
	read_percentile(r, node, out);
}

/* ---- groups ----------------------------------------------------------------------*/

static void read_alias(struct sigma_reader *r, const struct yamltree_pair *pair,
		       struct sigma_alias *out)
{
	const struct yamltree *map = pair->value;
	uint32_t i;

	out->name = sigmatake_text(r, pair->key, "an alias", true);
	if (map->kind != YAMLTREE_MAP || !map->n || map->n > REFS) {
		SIGMA_ERROR(r, &map->place, "an alias is a map of rules and their fields");
		return;
	}
	out->of = rulearena_get(r->arena, map->n, sizeof(*out->of));
	if (!out->of)
		return;
	for (i = 0; i < map->n; i++) {
		out->of[i].rule = sigmatake_text(r, map->pairs[i].key, "a rule", true);
		out->of[i].field = sigmatake_text(r, map->pairs[i].value, "a field", true);
		if (!out->of[i].rule || !out->of[i].field)
			return;
	}
	out->n = map->n;
}

static void read_aliases(struct sigma_reader *r, const struct yamltree *map,
			 struct sigma_correlation *out)
{
	const struct yamltree *node = yamltree_get(map, "aliases");
	struct sigma_alias *aliases;
	uint32_t i;

	if (!node || node->kind == YAMLTREE_NULL)
		return;
	if (node->kind != YAMLTREE_MAP || node->n > ALIASES) {
		SIGMA_ERROR(r, &node->place, "`aliases` is a map of at most %u names", ALIASES);
		return;
	}
	aliases = rulearena_get(r->arena, node->n, sizeof(*aliases));
	if (!aliases)
		return;
	for (i = 0; i < node->n; i++) {
		read_alias(r, &node->pairs[i], &aliases[i]);
		if (aliases[i].name && sigmatake_word(aliases[i].name, out->group_by.word,
						      out->group_by.n) < 0)
			SIGMA_WARN(r, &node->pairs[i].key->place, "`group-by` does not use the "
				   "alias `%s`", aliases[i].name);
	}
	out->n_aliases = node->n;
	out->aliases = aliases;
}

static void read_groups(struct sigma_reader *r, const struct yamltree *map,
			struct sigma_correlation *out)
{
	const struct yamltree *node = yamltree_get(map, "group-by");

	if (!node || node->kind == YAMLTREE_NULL ||
	    sigmatake_words(r, node, "`group-by`", &out->group_by))
		return;
	if (out->group_by.n > GROUPS)
		SIGMA_ERROR(r, &node->place, "`group-by` has at most %u fields", GROUPS);
}

/* Below `correlation`, or beside it. */
static void read_generate(struct sigma_reader *r, const struct yamltree *doc,
			  const struct yamltree *map, struct sigma_correlation *out)
{
	const struct yamltree *node = yamltree_get(map, "generate");

	if (!node)
		node = yamltree_get(doc, "generate");
	if (node)
		sigmatake_bool(r, node, "`generate`", &out->generate);
}

void sigmacorr_read(struct sigma_reader *r, const struct yamltree *doc,
		    struct sigma_correlation *out)
{
	static const char *const keys[] = { "type", "rules", "group-by", "timespan", "condition",
		"aliases", "generate" };
	const struct yamltree *map = yamltree_get(doc, "correlation"), *node;

	sigmatake_map(r, map, "correlation", keys, 7);
	if (map->kind != YAMLTREE_MAP)
		return;
	read_type(r, map, out);
	node = yamltree_get(map, "rules");
	if (!node)
		SIGMA_ERROR(r, &map->place, "a correlation needs `rules`: ids or names");
	else
		sigmacorr_refs(r, node, "`rules`", &out->refs, &out->n_refs);
	node = yamltree_get(map, "timespan");
	if (!node)
		SIGMA_ERROR(r, &map->place, "a correlation needs `timespan`, such as 10m");
	else
		sigmatake_time(r, node, "`timespan`", &out->timespan_ns);
	read_groups(r, map, out);
	read_aliases(r, map, out);
	read_condition(r, map, out);
	read_generate(r, doc, map, out);
}
