/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one store has comes to another, in a reload. Of the same size they change
 * places, which is a matter of pointers; else owners are copied, oldest first.
 */
#include "varpriv.h"

#include <string.h>

static bool is_same_size(const struct varstore_conf *a, const struct varstore_conf *b)
{
	return !memcmp(a->max_owners, b->max_owners, sizeof(a->max_owners)) &&
	       a->max_variables == b->max_variables && a->max_each == b->max_each &&
	       a->max_value == b->max_value && a->max_items == b->max_items;
}

static void swap_stores(struct varstore **a, struct varstore **b)
{
	struct varstore_conf conf = (*a)->conf;
	struct varstore *s = *a;

	s->conf = (*b)->conf;
	(*b)->conf = conf;
	*a = *b;
	*b = s;
}

static void copy_owner(struct varstore *to, const struct varstore *from, const struct varowner *old)
{
	struct varowner *o = varowner_get(to, &old->key, NULL);
	uint32_t i;

	if (!o)
		return;
	for (i = old->first; i && varowner_copy(to, o, o, var_at(from, i));
	     i = var_at(from, i)->next)
		;
	if (old->list == VAROWNER_DEAD) {
		varowner_bury(to, o);
		o->dead_ns = old->dead_ns;
	}
}

int varstore_move(struct varstore **to, struct varstore **from)
{
	const struct varstore *old = *from;
	unsigned list;
	uint32_t i;

	if (is_same_size(&(*to)->conf, &old->conf)) {
		swap_stores(to, from);
		return 0;
	}
	/* A reload that is taken back: it has never lost what it has. */
	if ((*to)->n_owners)
		return 0;
	(*to)->now_ns = old->now_ns;
	for (list = 0; list < VAROWNER_LIST__MAX; list++)
		for (i = old->lists[list].head; i; i = old->owners[i].next)
			copy_owner(*to, old, &old->owners[i]);
	return 0;
}
