/* SPDX-License-Identifier: Apache-2.0 */
/* The store: changes, processes that come and go, and time. */
#include "varpriv.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys and names --------------------------------------------------------------*/

struct var_key var_key_global(void)
{
	return (struct var_key){ .scope = VAR_GLOBAL };
}

struct var_key var_key_number(enum var_scope scope, uint64_t number)
{
	struct var_key key = { .scope = (uint8_t)scope, .len = sizeof(number) };

	memcpy(key.bytes, &number, sizeof(number));
	return key;
}

bool var_key_text(enum var_scope scope, const char *text, size_t len, struct var_key *out)
{
	if (!len || len > VAR_KEY_MAX)
		return false;
	*out = (struct var_key){ .scope = (uint8_t)scope, .len = (uint8_t)len };
	memcpy(out->bytes, text, len);
	return true;
}

bool var_name_is_good(const char *name, size_t len)
{
	size_t i;

	if (!len || len > VAR_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!((name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z') &&
		    !(name[i] >= '0' && name[i] <= '9') && !strchr("_.-", name[i]))
			return false;
	return memchr(name, 0, len) == NULL;
}

/* ---- changes ---------------------------------------------------------------------*/

static int refuse(struct varstore *s, enum varstore_count why)
{
	varstore_count(s, why);
	return -1;
}

static int refused(struct varstore *s, enum varvalue_result r)
{
	return refuse(s, r == VARVALUE_MALFORMED ? VARSTORE_MALFORMED : VARSTORE_MISMATCH);
}

static uint64_t end_of(const struct varstore *s, uint64_t ttl_ns)
{
	uint64_t end = s->now_ns + ttl_ns;

	return !ttl_ns ? 0 : end < s->now_ns ? UINT64_MAX : end;
}

static struct varvalue value_of(const struct varstore *s, struct var *v)
{
	return (struct varvalue){ .type = v->type, .cut = v->cut, .len = v->len,
		.max = s->conf.max_value, .bytes = v->value };
}

static void put_value(struct varstore *s, struct var *v, const struct varvalue *value)
{
	v->type = value->type;
	v->cut = value->cut;
	v->len = value->len;
	if (v->cut)
		varstore_count(s, VARSTORE_CUT);
}

/* What is refused leaves the old value as it was, hence the trial beside it. */
static int set_var(struct varstore *s, const struct var_key *key, const struct var_change *c)
{
	struct var *trial = var_at(s, 0), *v;
	struct varvalue value = { .type = c->type, .max = s->conf.max_value,
		.bytes = trial->value };
	enum varvalue_result r = varvalue_parse(&value, c->value, c->len, s->conf.max_items);
	struct varowner *o;

	if (r)
		return refused(s, r);
	o = varowner_get(s, key, NULL);
	if (!o)
		return -1;
	v = varowner_var(s, o, c->name, c->name_len);
	if (!v) {
		v = varowner_add(s, o, NULL, c->name, c->name_len);
		if (!v)
			return -1;
		v->set_ns = s->now_ns;
	}
	memcpy(v->value, value.bytes, value.len);
	put_value(s, v, &value);
	v->flags = c->flags;
	v->end_ns = end_of(s, c->ttl_ns);
	return 0;
}

static int append_var(struct varstore *s, struct var *v, const struct var_change *c)
{
	struct varvalue value = value_of(s, v);
	enum varvalue_result r = varvalue_append(&value, c->type, c->value, c->len,
						 s->conf.max_items);

	if (r)
		return refused(s, r);
	put_value(s, v, &value);
	v->flags |= c->flags;
	if (c->ttl_ns)
		v->end_ns = end_of(s, c->ttl_ns);
	return 0;
}

static int change_var(struct varstore *s, const struct var_key *key, const struct var_change *c)
{
	struct varowner *o = varowner_find(s, key);
	struct var *v;

	if (o)
		varowner_expire(s, o);
	v = o ? varowner_var(s, o, c->name, c->name_len) : NULL;
	if (c->op == VAR_SET || (c->op == VAR_APPEND && !v))
		return set_var(s, key, c);
	if (!v)
		return 0;
	if (c->op == VAR_APPEND)
		return append_var(s, v, c);
	if (c->op == VAR_EXPIRE)
		v->end_ns = end_of(s, c->ttl_ns);
	else
		varowner_remove(s, o, v);
	if (!o->n)
		varowner_free(s, o);
	return 0;
}

int varstore_change(struct varstore *s, const struct var_key *key, const struct var_change *c)
{
	int r;

	if (!var_name_is_good(c->name, c->name_len) || c->type >= VAR_TYPE__MAX)
		return refuse(s, VARSTORE_MALFORMED);
	r = change_var(s, key, c);
	if (!r)
		varstore_count(s, VARSTORE_CHANGES);
	return r;
}

/* ---- reading ---------------------------------------------------------------------*/

bool varstore_has(const struct varstore *s, enum var_scope scope)
{
	return s->n_of[scope] != 0;
}

const struct var *varstore_first(struct varstore *s, const struct var_key *key)
{
	struct varowner *o = varstore_has(s, key->scope) ? varowner_find(s, key) : NULL;

	if (!o)
		return NULL;
	varowner_expire(s, o);
	if (!o->n) {
		varowner_free(s, o);
		return NULL;
	}
	varowner_touch(s, o);
	return var_at(s, o->first);
}

const struct var *varstore_find(struct varstore *s, const struct var_key *key, const char *name,
				size_t len)
{
	const struct var *v = varstore_first(s, key);

	while (v && (v->name_len != len || memcmp(v->name, name, len) != 0))
		v = varstore_next(s, v);
	return v;
}

const struct var *varstore_next(const struct varstore *s, const struct var *v)
{
	return v->next ? var_at(s, v->next) : NULL;
}

/* ---- processes -------------------------------------------------------------------*/

/* What the parent hands on that it had by then. */
static void hand_on(struct varstore *s, struct varowner *parent, uint64_t child, uint64_t by_ns)
{
	struct var_key key = var_key_number(VAR_PROCESS, child);
	struct varowner *o = varowner_find(s, &key);
	const struct var *v;
	uint32_t i;

	if (o == parent)
		return;
	for (i = parent->first; i; i = v->next) {
		v = var_at(s, i);
		if (!(v->flags & VAR_INHERIT) || v->set_ns > by_ns ||
		    (o && varowner_var(s, o, v->name, v->name_len)))
			continue;
		o = o ? o : varowner_get(s, &key, parent);
		if (!o || !varowner_copy(s, o, parent, v))
			return;
		varstore_count(s, VARSTORE_INHERITED);
	}
}

static struct varowner *process_of(struct varstore *s, uint64_t process)
{
	struct var_key key;

	if (!varstore_has(s, VAR_PROCESS))
		return NULL;
	key = var_key_number(VAR_PROCESS, process);
	return varowner_find(s, &key);
}

void varstore_fork(struct varstore *s, uint64_t parent, uint64_t child)
{
	struct varowner *p = process_of(s, parent);

	if (!p)
		return;
	varowner_expire(s, p);
	hand_on(s, p, child, UINT64_MAX);
}

bool varstore_found(struct varstore *s, uint64_t parent, uint64_t child, uint64_t start_ns)
{
	struct varowner *p = process_of(s, parent);

	if (!p || process_of(s, child))
		return p != NULL;
	varowner_expire(s, p);
	hand_on(s, p, child, start_ns);
	return true;
}

void varstore_exit(struct varstore *s, uint64_t process)
{
	struct varowner *o = process_of(s, process);

	if (o)
		varowner_bury(s, o);
}

void varstore_time(struct varstore *s, uint64_t now_ns)
{
	struct varowner *o;

	if (now_ns <= s->now_ns)
		return;
	s->now_ns = now_ns;
	while (s->lists[VAROWNER_DEAD].head) {
		o = &s->owners[s->lists[VAROWNER_DEAD].head];
		if (now_ns - o->dead_ns < s->conf.keep_dead_ns)
			break;
		varowner_free(s, o);
	}
}

/* ---- life ------------------------------------------------------------------------*/

void varstore_gauge(struct varstore *s)
{
	__atomic_store_n(&s->conf.count[VARSTORE_VARIABLES], s->n_vars, __ATOMIC_RELAXED);
	__atomic_store_n(&s->conf.count[VARSTORE_OWNERS], s->n_owners, __ATOMIC_RELAXED);
}

/* Pages that were never needed are never touched. */
struct varstore *varstore_new(const struct varstore_conf *conf)
{
	struct varstore *s = calloc(1, sizeof(*s));
	uint32_t heads = 64;
	unsigned i;

	if (!s)
		return NULL;
	s->conf = *conf;
	s->slot_size = (uint32_t)((sizeof(struct var) + conf->max_value + 7) & ~7ul);
	for (i = 0; i < VAR_SCOPE__MAX; i++)
		s->max_owners += conf->max_owners[i];
	while (heads < s->max_owners)
		heads *= 2;
	s->mask = heads - 1;
	s->heads = calloc(heads, sizeof(*s->heads));
	s->owners = calloc((size_t)s->max_owners + 1, sizeof(*s->owners));
	s->vars = calloc((size_t)conf->max_variables + 1, s->slot_size);
	return s->heads && s->owners && s->vars ? s : varstore_free(s);
}

struct varstore *varstore_free(struct varstore *s)
{
	if (s) {
		free(s->heads);
		free(s->owners);
		free(s->vars);
		free(s);
	}
	return NULL;
}
