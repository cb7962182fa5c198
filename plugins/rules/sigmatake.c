/* SPDX-License-Identifier: Apache-2.0 */
/* Values of YAML where something definite is expected; what is not that is told. */
#include <stdio.h>
#include <string.h>

#include "sigmapriv.h"

#define WORDS	65536u	/* of a list */
#define S	1000000000ull

int sigmatake_word(const char *text, const char *const *words, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (!strcmp(text, words[i]))
			return (int)i;
	return -1;
}

const char *sigmatake_list(const char *const *words, unsigned n, char *buf, size_t size)
{
	size_t at = 0;
	unsigned i;

	*buf = 0;
	for (i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s",
				       !i ? "" : i + 1 == n ? " or " : ", ", words[i]);
	return buf;
}

const char *sigmatake_text(struct sigma_reader *r, const struct yamltree *node,
			   const char *what, bool must)
{
	if (node->kind > YAMLTREE_TEXT || memchr(node->text, 0, node->len))
		SIGMA_ERROR(r, &node->place, "%s is a text, and not %s", what,
			    node->kind > YAMLTREE_TEXT ? yamlscalar_kind(node) :
			    "one with a zero byte");
	else if (node->kind != YAMLTREE_NULL && node->len)
		return rulearena_text(r->arena, node->text, node->len);
	else if (must)
		SIGMA_ERROR(r, &node->place, "%s is empty: give it a value, or leave it out",
			    what);
	return NULL;
}

int sigmatake_words(struct sigma_reader *r, const struct yamltree *node, const char *what,
		    struct sigma_words *out)
{
	const struct yamltree *const one[] = { node }, *const *items = one;
	const char **words;
	uint32_t i, n = 1;

	if (node->kind == YAMLTREE_LIST) {
		items = node->items;
		n = node->n;
	}
	if (n > WORDS)
		return SIGMA_ERROR(r, &node->place, "%s has more than %u values", what, WORDS);
	words = rulearena_get(r->arena, n, sizeof(*words));
	if (!words)
		return -1;
	for (i = 0; i < n; i++) {
		words[i] = sigmatake_text(r, items[i], what, true);
		if (!words[i])
			return -1;
	}
	*out = (struct sigma_words){ n, words };
	return 0;
}

int sigmatake_bool(struct sigma_reader *r, const struct yamltree *node, const char *what,
		   bool *out)
{
	if (node->kind != YAMLTREE_BOOL)
		return SIGMA_ERROR(r, &node->place, "%s is true or false, without quotes", what);
	*out = node->integer;
	return 0;
}

int sigmatake_u32(struct sigma_reader *r, const struct yamltree *node, const char *what,
		  uint32_t least, uint32_t most, uint32_t *out)
{
	if (node->kind != YAMLTREE_INT || !node->fits || node->integer < least ||
	    node->integer > most)
		return SIGMA_ERROR(r, &node->place, "%s is a number from %u to %u, without "
				   "quotes", what, least, most);
	*out = (uint32_t)node->integer;
	return 0;
}

int sigmatake_time(struct sigma_reader *r, const struct yamltree *node, const char *what,
		   uint64_t *ns)
{
	static const char units[] = "smhdwMy";
	static const uint64_t each[] = { S, 60 * S, 3600 * S, 86400 * S, 604800 * S,
		2629746 * S, 31556952 * S };
	uint64_t sum = 0;
	const char *p, *unit;

	if (node->kind > YAMLTREE_TEXT)
		return SIGMA_ERROR(r, &node->place, "%s is a text, and not %s", what,
				   yamlscalar_kind(node));
	for (p = node->text; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum))
			return SIGMA_ERROR(r, &node->place, "%s is too long", what);
	unit = *p ? strchr(units, *p) : NULL;
	if (p == node->text || !unit || p + 1 != node->text + node->len || !sum)
		return SIGMA_ERROR(r, &node->place, "%s is a number that is not 0 and one of s, "
				   "m, h, d, w, M (month), y: 90m", what);
	if (__builtin_mul_overflow(sum, each[unit - units], &sum) || sum > INT64_MAX)
		return SIGMA_ERROR(r, &node->place, "%s is too long", what);
	*ns = sum;
	return 0;
}

int sigmatake_map(struct sigma_reader *r, const struct yamltree *node, const char *over,
		  const char *const *keys, unsigned n)
{
	char list[512];
	uint32_t i;
	int bad = 0;

	if (node->kind != YAMLTREE_MAP)
		return SIGMA_ERROR(r, &node->place, "`%s` is a map with %s, and not %s", over,
				   sigmatake_list(keys, n, list, sizeof(list)),
				   yamlscalar_kind(node));
	for (i = 0; i < node->n; i++)
		if (sigmatake_word(node->pairs[i].key->text, keys, n) < 0)
			bad = SIGMA_ERROR(r, &node->pairs[i].key->place, "`%s` does not know the "
					  "key `%s`; there are %s", over,
					  node->pairs[i].key->text,
					  sigmatake_list(keys, n, list, sizeof(list)));
	return bad;
}
