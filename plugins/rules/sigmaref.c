/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and names of rules and correlations, sorted. */
#include "sigmapriv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct entry {
	const char *key;
	struct sigma_rule *rule;
	struct sigma_correlation *correlation;
	uint32_t order;
};

/* Ids are told apart without case, names with it. */
struct table {
	uint32_t n;
	struct entry *of;
	int (*compare)(const char *a, const char *b);
};

struct sigma_index {
	struct table ids, names;
};

static const struct sigma_meta *meta_of(const struct entry *e)
{
	return e->rule ? &e->rule->meta : &e->correlation->meta;
}

static bool is_refused(const struct entry *e)
{
	return e->rule ? e->rule->refused : e->correlation->refused;
}

/* The one that is meant first: what is not refused, then what was read first. */
static int compare_rest(const struct entry *a, const struct entry *b)
{
	int r = is_refused(a) - is_refused(b);

	return r ? r : (a->order > b->order) - (a->order < b->order);
}

static int compare_ids(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = strcasecmp(x->key, y->key);

	return r ? r : compare_rest(x, y);
}

static int compare_names(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = strcmp(x->key, y->key);

	return r ? r : compare_rest(x, y);
}

static void put(struct table *t, const char *key, struct sigma_rule *rule,
		struct sigma_correlation *correlation)
{
	if (key) {
		t->of[t->n] = (struct entry){ key, rule, correlation, t->n };
		t->n++;
	}
}

static void refuse_same(struct sigma_own *own, const struct table *t, const char *what)
{
	const struct entry *first = t->of, *e;
	const struct ruleplace *at;

	for (e = t->of + 1; t->n && e < t->of + t->n; e++) {
		if (t->compare(first->key, e->key)) {
			first = e;
			continue;
		}
		if (is_refused(e))
			continue;
		at = &meta_of(first)->place;
		rulediag_error(&own->set.diags, &meta_of(e)->place, meta_of(e)->title,
			       "the %s `%s` is that of `%s` (%s:%u), too: give it another one",
			       what, e->key, meta_of(first)->title, at->file, at->line);
		*(e->rule ? &e->rule->refused : &e->correlation->refused) = true;
	}
}

struct sigma_index *sigmaref_index(struct sigma_own *own)
{
	struct sigma_set *set = &own->set;
	size_t n = (size_t)set->n_rules + set->n_correlations;
	struct sigma_index *index = rulearena_get(&own->arena, 1, sizeof(*index));
	uint32_t i;

	if (!index)
		return NULL;
	index->ids = (struct table){ 0, rulearena_get(&own->arena, n, sizeof(struct entry)),
		strcasecmp };
	index->names = (struct table){ 0, rulearena_get(&own->arena, n, sizeof(struct entry)),
		strcmp };
	if (!index->ids.of || !index->names.of)
		return NULL;
	for (i = 0; i < set->n_rules; i++) {
		put(&index->ids, set->rules[i]->meta.id, set->rules[i], NULL);
		put(&index->names, set->rules[i]->meta.name, set->rules[i], NULL);
	}
	for (i = 0; i < set->n_correlations; i++) {
		put(&index->ids, set->correlations[i]->meta.id, NULL, set->correlations[i]);
		put(&index->names, set->correlations[i]->meta.name, NULL, set->correlations[i]);
	}
	qsort(index->ids.of, index->ids.n, sizeof(struct entry), compare_ids);
	refuse_same(own, &index->ids, "id");
	qsort(index->names.of, index->names.n, sizeof(struct entry), compare_names);
	refuse_same(own, &index->names, "name");
	return index;
}

/* The first of those with the key. */
static const struct entry *find(const struct table *t, const char *key)
{
	uint32_t lo = 0, hi = t->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (t->compare(t->of[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->n && !t->compare(t->of[lo].key, key) ? &t->of[lo] : NULL;
}

bool sigmaref_find(const struct sigma_index *index, struct sigma_ref *ref)
{
	const struct entry *e = find(&index->ids, ref->text);

	if (!e)
		e = find(&index->names, ref->text);
	if (!e)
		return false;
	ref->rule = e->rule;
	ref->correlation = e->correlation;
	return true;
}
