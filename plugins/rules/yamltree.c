/* SPDX-License-Identifier: Apache-2.0 */
/* Maps: looking up keys, and maps that are made of others. Trees are never changed. */
#include <stdlib.h>
#include <string.h>

#include "yamltree.h"

int yamltree_compare(const struct yamltree *a, const struct yamltree *b)
{
	int r = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	return r ? r : (a->len > b->len) - (a->len < b->len);
}

const struct yamltree *yamltree_get(const struct yamltree *map, const char *key)
{
	size_t len = strlen(key);
	uint32_t i;

	for (i = 0; map->kind == YAMLTREE_MAP && i < map->n; i++)
		if (map->pairs[i].key->len == len && !memcmp(map->pairs[i].key->text, key, len))
			return map->pairs[i].value;
	return NULL;
}

/* A map that has room for n pairs. */
static struct yamltree *new_map(struct rulearena *a, const struct ruleplace *at, size_t n)
{
	struct yamltree *map = rulearena_get(a, 1, sizeof(*map));

	if (!map)
		return NULL;
	map->pairs = rulearena_get(a, n, sizeof(*map->pairs));
	map->place = *at;
	map->kind = YAMLTREE_MAP;
	map->weight = 1;
	return map->pairs ? map : NULL;
}

static void put(struct yamltree *map, const struct yamltree *key, const struct yamltree *value)
{
	map->pairs[map->n++] = (struct yamltree_pair){ key, value };
	map->weight += key->weight + value->weight;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct yamltree_pair *const *x = a, *const *y = b;

	return yamltree_compare((*x)->key, (*y)->key);
}

/* The pairs of a map, sorted by key. */
static const struct yamltree_pair **sort_pairs(struct rulearena *a, const struct yamltree *map)
{
	const struct yamltree_pair **pairs = rulearena_get(a, map->n, sizeof(*pairs));
	uint32_t i;

	for (i = 0; pairs && i < map->n; i++)
		pairs[i] = &map->pairs[i];
	if (pairs)
		qsort(pairs, map->n, sizeof(*pairs), compare_pairs);
	return pairs;
}

static const struct yamltree *merge_values(struct rulearena *a, const struct yamltree *base,
					   const struct yamltree *over)
{
	if (base->kind == YAMLTREE_MAP && over->kind == YAMLTREE_MAP)
		return yamltree_merge(a, base, over, &over->place);
	return over;
}

const struct yamltree *yamltree_merge(struct rulearena *a, const struct yamltree *base,
				      const struct yamltree *over, const struct ruleplace *at)
{
	struct yamltree *map = new_map(a, at, (size_t)base->n + over->n);
	const struct yamltree_pair **sorted = sort_pairs(a, over), **found, *want;
	bool *is_used = rulearena_get(a, over->n, sizeof(*is_used));
	const struct yamltree *value;
	uint32_t i;

	if (!map || !sorted || !is_used)
		return NULL;
	for (i = 0; i < base->n; i++) {
		want = &base->pairs[i];
		found = bsearch(&want, sorted, over->n, sizeof(*sorted), compare_pairs);
		value = want->value;
		if (found) {
			is_used[*found - over->pairs] = true;
			value = merge_values(a, value, (*found)->value);
		}
		if (!value)
			return NULL;
		put(map, want->key, value);
	}
	for (i = 0; i < over->n; i++)
		if (!is_used[i])
			put(map, over->pairs[i].key, over->pairs[i].value);
	return map;
}

const struct yamltree *yamltree_without(struct rulearena *a, const struct yamltree *map,
					const char *key)
{
	struct yamltree *rest = new_map(a, &map->place, map->n);
	uint32_t i;

	for (i = 0; rest && i < map->n; i++)
		if (strcmp(map->pairs[i].key->text, key))
			put(rest, map->pairs[i].key, map->pairs[i].value);
	return rest;
}
