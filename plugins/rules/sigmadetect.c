/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selections: a map is AND of its items, a list of maps OR, a list of scalars keywords.
 * Depth is bounded by that of the tree.
 */
#include <stdio.h>
#include <string.h>

#include "sigmamod.h"

static const struct sigma_expr *keywords(struct sigma_reader *r, const struct yamltree *node)
{
	static const struct sigmamod any = { .chain = "" };

	return sigmavalue_item(r, &any, node);
}

static const struct sigma_expr *item(struct sigma_reader *r, const struct yamltree_pair *pair)
{
	struct sigmamod mod;

	return sigmamod_read(r, pair->key, &mod) ? NULL :
		sigmavalue_item(r, &mod, pair->value);
}

static const struct sigma_expr *items(struct sigma_reader *r, const struct yamltree *map)
{
	struct sigma_list list = { 0 };
	bool good = true;
	uint32_t i;

	for (i = 0; i < map->n && !r->arena->failed; i++)
		good &= sigmaexpr_add(r, &list, item(r, &map->pairs[i]));
	return good ? sigmaexpr_join(r, SIGMA_AND, &list, &map->place) : NULL;
}

static bool is_all_scalars(const struct yamltree *list)
{
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (list->items[i]->kind > YAMLTREE_TEXT)
			return false;
	return true;
}

static const struct sigma_expr *alternatives(struct sigma_reader *r,
					     const struct yamltree *node)
{
	struct sigma_list list = { 0 };
	bool good = true;
	uint32_t i;

	for (i = 0; i < node->n && !r->arena->failed; i++)
		good &= sigmaexpr_add(r, &list, sigmadetect_selection(r, node->items[i]));
	return good ? sigmaexpr_join(r, SIGMA_OR, &list, &node->place) : NULL;
}

const struct sigma_expr *sigmadetect_selection(struct sigma_reader *r,
					       const struct yamltree *node)
{
	if (node->kind == YAMLTREE_NULL || (node->kind > YAMLTREE_TEXT && !node->n)) {
		SIGMA_ERROR(r, &node->place, "a selection without any field or keyword: fill it "
			    "in, or leave it out");
		return NULL;
	}
	if (node->kind == YAMLTREE_MAP)
		return items(r, node);
	if (node->kind == YAMLTREE_LIST && !is_all_scalars(node))
		return alternatives(r, node);
	return keywords(r, node);
}

/* ---- all of them -----------------------------------------------------------------*/

/* A filter's selections are told from those of the rule that it is for. */
static const char *called(struct sigma_reader *r, const char *prefix, const char *name)
{
	char buf[SIGMA_NAME_MAX + 256];
	int n;

	if (!prefix)
		return name;
	n = snprintf(buf, sizeof(buf), "%.200s: %s", prefix, name);
	return rulearena_text(r->arena, buf, (size_t)n);
}

static int add_name(struct sigma_reader *r, const struct yamltree_pair *pair,
		    struct sigma_names *names)
{
	uint32_t before = r->n_values;
	struct sigma_name *name;
	const struct sigma_expr *e;

	if (names->n == SIGMA_NAMES || pair->key->len > SIGMA_NAME_MAX ||
	    strlen(pair->key->text) != pair->key->len)
		return SIGMA_ERROR(r, &pair->key->place, "a rule has at most %u selections, with "
				   "names of at most %u bytes", SIGMA_NAMES, SIGMA_NAME_MAX);
	e = sigmadetect_selection(r, pair->value);
	if (!e || !rulearena_more(r->arena, &names->of, names->n, &names->cap,
				  sizeof(*names->of)))
		return -1;
	name = &names->of[names->n++];
	*name = (struct sigma_name){ .place = pair->key->place };
	name->name = rulearena_text(r->arena, pair->key->text, pair->key->len);
	name->is = (struct sigma_weighed){ e, r->n_values - before };
	name->called = name->name ? called(r, names->prefix, name->name) : NULL;
	return name->called ? 0 : -1;
}

/* `timeframe` was for conditions with pipes. */
static bool is_obsolete(struct sigma_reader *r, const struct yamltree *key)
{
	if (strcmp(key->text, "timeframe"))
		return false;
	SIGMA_WARN(r, &key->place, "`timeframe` does nothing: write a correlation with a "
		   "`timespan`");
	return true;
}

static void tell_unused(struct sigma_reader *r, const struct sigma_names *names)
{
	uint32_t i;

	for (i = 0; i < names->n; i++)
		if (!names->of[i].is_used)
			SIGMA_WARN(r, &names->of[i].place, "the condition does not use `%s`",
				   names->of[i].name);
}

int sigmadetect_all(struct sigma_reader *r, const struct yamltree *map, const char *over,
		    const char *const *others, unsigned n_others, bool one_condition,
		    const char *prefix, struct sigma_weighed *out)
{
	const struct yamltree *cond = yamltree_get(map, "condition");
	struct sigma_names names = { .prefix = prefix };
	const char *key;
	uint32_t i;
	int bad = 0;

	for (i = 0; i < map->n && !r->arena->failed; i++) {
		key = map->pairs[i].key->text;
		if (map->pairs[i].value != cond && sigmatake_word(key, others, n_others) < 0 &&
		    !is_obsolete(r, map->pairs[i].key))
			bad |= add_name(r, &map->pairs[i], &names);
	}
	if (!cond)
		return SIGMA_ERROR(r, &map->place, "`%s` has no condition: add one, such as "
				   "`condition: selection`", over);
	/* Where a selection is wrong, the condition would only seem to miss it. */
	if (bad)
		return -1;
	r->n_values = 0;
	if (sigmacond_read(r, cond, one_condition, &names, out))
		return -1;
	tell_unused(r, &names);
	return 0;
}
