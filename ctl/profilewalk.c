/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which the commands on profiles look at nodes: the same for the same profile. */
#include <stdlib.h>
#include <string.h>

#include "profile.h"

/* What a program does comes before the programs that it runs. */
static int rank(const struct ptree *t, uint32_t ref)
{
	int kind = ptree_at(t, ref)->kind;

	return kind == PNODE_PROCESS ? PNODE__MAX : kind;
}

static int compare(const void *a, const void *b, void *tree)
{
	const struct ptree *t = tree;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b, x_len, y_len;
	const char *x_name = ptree_name(t, x, &x_len), *y_name = ptree_name(t, y, &y_len);
	int r = rank(t, x) - rank(t, y);

	r = r ? r : memcmp(x_name, y_name, x_len < y_len ? x_len : y_len);
	if (r || x_len != y_len)
		return r ? r : x_len < y_len ? -1 : 1;
	return ptree_at(t, x)->number < ptree_at(t, y)->number ? -1 : 1;
}

/* In an order that does not depend on how the profile came to be. */
static uint32_t *children_of(struct ptree *t, uint32_t ref, size_t *n)
{
	uint32_t *list, at;

	*n = 0;
	for (at = ptree_at(t, ref)->child; at; at = ptree_at(t, at)->next)
		++*n;
	list = calloc(*n + 1, sizeof(*list));
	if (!list)
		abort();
	*n = 0;
	for (at = ptree_at(t, ref)->child; at; at = ptree_at(t, at)->next)
		list[(*n)++] = at;
	qsort_r(list, *n, sizeof(*list), compare, t);
	return list;
}

/* As deep as the tree, PTREE_DEPTH. *number: of the last one that was told. */
static void walk(struct ptree *t, const struct profile_place *above, profile_node_f *tell,
		 void *arg, unsigned *number)
{
	size_t n, i;
	uint32_t *list = children_of(t, above->ref, &n);
	struct profile_place at = { .depth = above->depth + 1, .parent = above->number };

	for (i = 0; i < n; i++) {
		at.ref = list[i];
		at.number = ++*number;
		tell(arg, &at);
		walk(t, &at, tell, arg, number);
	}
	free(list);
}

void profile_walk(struct ptree *t, profile_node_f *tell, void *arg)
{
	struct profile_place root = { .ref = t->root };
	unsigned number = 0;

	walk(t, &root, tell, arg, &number);
}

bool profile_keep_version(struct pprofile *p, const char *tag)
{
	int at = pprofile_find_version(p, tag, (uint32_t)strlen(tag)), i;

	for (i = 0; at >= 0 && i < (int)PTREE_VERSIONS; i++) {
		if (i == at || !*p->versions[i].tag)
			continue;
		ptree_drop_version(&p->tree, (uint8_t)i);
		p->versions[i] = (struct pversion){ 0 };
	}
	return at >= 0;
}
