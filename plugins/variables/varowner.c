/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners by key, in a hash table and on lists by age; and the slots of their
 * variables, which are all of one size.
 */
#include "varpriv.h"

#include <string.h>

static uint32_t hash(const struct var_key *key)
{
	uint64_t h = 0xcbf29ce484222325u ^ key->scope;
	unsigned i;

	for (i = 0; i < key->len; i++)
		h = (h ^ (uint8_t)key->bytes[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

static bool is_same(const struct var_key *a, const struct var_key *b)
{
	return a->scope == b->scope && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static uint32_t number_of(const struct varstore *s, const struct varowner *o)
{
	return (uint32_t)(o - s->owners);
}

/* ---- lists -----------------------------------------------------------------------*/

static void list_add(struct varstore *s, struct varowner *o, unsigned list)
{
	struct varowner_list_ends *l = &s->lists[list];
	uint32_t n = number_of(s, o);

	o->list = (uint8_t)list;
	o->prev = l->tail;
	o->next = 0;
	if (l->tail)
		s->owners[l->tail].next = n;
	else
		l->head = n;
	l->tail = n;
}

static void list_remove(struct varstore *s, struct varowner *o)
{
	struct varowner_list_ends *l = &s->lists[o->list];

	if (o->prev)
		s->owners[o->prev].next = o->next;
	else
		l->head = o->next;
	if (o->next)
		s->owners[o->next].prev = o->prev;
	else
		l->tail = o->prev;
}

void varowner_touch(struct varstore *s, struct varowner *o)
{
	if (o->list == VAROWNER_DEAD || !o->next)
		return;
	list_remove(s, o);
	list_add(s, o, o->list);
}

void varowner_bury(struct varstore *s, struct varowner *o)
{
	if (o->list == VAROWNER_DEAD)
		return;
	list_remove(s, o);
	o->dead_ns = s->now_ns;
	list_add(s, o, VAROWNER_DEAD);
}

/* ---- owners ----------------------------------------------------------------------*/

struct varowner *varowner_find(const struct varstore *s, const struct var_key *key)
{
	uint32_t i = s->heads[hash(key) & s->mask];

	while (i && !is_same(&s->owners[i].key, key))
		i = s->owners[i].hash_next;
	return i ? &s->owners[i] : NULL;
}

void varowner_free(struct varstore *s, struct varowner *o)
{
	uint32_t n = number_of(s, o), *at = &s->heads[hash(&o->key) & s->mask];

	while (o->first)
		varowner_remove(s, o, var_at(s, o->first));
	while (*at != n)
		at = &s->owners[*at].hash_next;
	*at = o->hash_next;
	list_remove(s, o);
	s->n_of[o->key.scope]--;
	s->n_owners--;
	o->hash_next = s->spare_owner;
	s->spare_owner = n;
}

static bool evict_from(struct varstore *s, unsigned list, const struct varowner *keep,
		       const struct varowner *too)
{
	uint32_t n = s->lists[list].head;

	while (n && (&s->owners[n] == keep || &s->owners[n] == too))
		n = s->owners[n].next;
	if (!n)
		return false;
	varowner_free(s, &s->owners[n]);
	varstore_count(s, list == VAROWNER_DEAD ? VARSTORE_EVICTED_DEAD : VARSTORE_EVICTED_LIVE);
	return true;
}

/* Dead processes, then living ones, then containers and users; what is global stays. */
static bool evict(struct varstore *s, const struct varowner *keep, const struct varowner *too)
{
	return evict_from(s, VAROWNER_DEAD, keep, too) ||
	       evict_from(s, VAROWNER_LIVE + VAR_PROCESS, keep, too) ||
	       evict_from(s, VAROWNER_LIVE + VAR_CONTAINER, keep, too) ||
	       evict_from(s, VAROWNER_LIVE + VAR_USER, keep, too);
}

struct varowner *varowner_get(struct varstore *s, const struct var_key *key,
			      const struct varowner *keep)
{
	struct varowner *o = varowner_find(s, key);
	uint32_t n, *head;

	if (o)
		return o;
	if (s->n_of[key->scope] == s->conf.max_owners[key->scope] &&
	    !(key->scope == VAR_PROCESS && evict_from(s, VAROWNER_DEAD, keep, NULL)) &&
	    !evict_from(s, VAROWNER_LIVE + key->scope, keep, NULL)) {
		varstore_count(s, VARSTORE_NO_ROOM);
		return NULL;
	}
	n = s->spare_owner;
	if (n)
		s->spare_owner = s->owners[n].hash_next;
	else
		n = ++s->touched_owners;
	o = &s->owners[n];
	head = &s->heads[hash(key) & s->mask];
	*o = (struct varowner){ .key = *key, .hash_next = *head };
	*head = n;
	list_add(s, o, VAROWNER_LIVE + key->scope);
	s->n_of[key->scope]++;
	s->n_owners++;
	return o;
}

/* ---- their variables -------------------------------------------------------------*/

struct var *varowner_var(struct varstore *s, const struct varowner *o, const char *name,
			 size_t len)
{
	struct var *v;
	uint32_t i;

	for (i = o->first; i; i = v->next) {
		v = var_at(s, i);
		if (v->name_len == len && !memcmp(v->name, name, len))
			return v;
	}
	return NULL;
}

static uint32_t *last_link(struct varstore *s, struct varowner *o)
{
	uint32_t *at = &o->first;

	while (*at)
		at = &var_at(s, *at)->next;
	return at;
}

struct var *varowner_add(struct varstore *s, struct varowner *o, const struct varowner *keep,
			 const char *name, size_t len)
{
	bool room = o->n < s->conf.max_each;
	struct var *v;
	uint32_t n;

	/* Who is evicted may have had none. */
	while (room && s->n_vars == s->conf.max_variables)
		room = evict(s, o, keep);
	if (!room) {
		varstore_count(s, VARSTORE_NO_ROOM);
		return NULL;
	}
	n = s->spare_var;
	if (n)
		s->spare_var = var_at(s, n)->next;
	else
		n = ++s->touched_vars;
	v = var_at(s, n);
	*v = (struct var){ .name_len = (uint8_t)len };
	memcpy(v->name, name, len);
	*last_link(s, o) = n;
	o->n++;
	s->n_vars++;
	return v;
}

void varowner_remove(struct varstore *s, struct varowner *o, const struct var *v)
{
	uint32_t *at = &o->first, n;

	while (var_at(s, *at) != v)
		at = &var_at(s, *at)->next;
	n = *at;
	*at = v->next;
	var_at(s, n)->next = s->spare_var;
	s->spare_var = n;
	o->n--;
	s->n_vars--;
}

void varowner_expire(struct varstore *s, struct varowner *o)
{
	uint32_t i, next;

	for (i = o->first; i; i = next) {
		next = var_at(s, i)->next;
		if (!var_at(s, i)->end_ns || var_at(s, i)->end_ns > s->now_ns)
			continue;
		varowner_remove(s, o, var_at(s, i));
		varstore_count(s, VARSTORE_EXPIRED);
	}
}

bool varowner_copy(struct varstore *s, struct varowner *o, const struct varowner *keep,
		   const struct var *from)
{
	struct var *v = varowner_add(s, o, keep, from->name, from->name_len);

	if (!v)
		return false;
	v->set_ns = from->set_ns;
	v->end_ns = from->end_ns;
	v->type = from->type;
	v->flags = from->flags;
	v->cut = from->cut || from->len > s->conf.max_value;
	v->len = from->len < s->conf.max_value ? from->len : s->conf.max_value;
	memcpy(v->value, from->value, v->len);
	return true;
}
