/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two lists in order of use: those that live, and those that were removed, in
 * the order of their end. When there is no room, removed ones go first.
 */
#include "cgtab.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRE_MAX	16u	/* at once */
#define CON_BUCKETS	4096u

struct list {
	struct cgroup *newest, *oldest;
};

struct cgtab {
	struct cgroup **buckets;
	uint32_t mask;
	uint32_t max;
	uint64_t max_bytes;
	uint64_t seed;
	struct list live, dead;
	uint64_t count[CGTAB__MAX];
	void (*on_forget)(struct con *con);
	struct con *cons[CON_BUCKETS];
};

struct cgtab *cgtab_new(uint32_t max, uint64_t max_bytes, uint64_t seed)
{
	struct cgtab *t = calloc(1, sizeof(*t));
	uint32_t n = 64;

	while (n < max)
		n *= 2;
	if (t)
		t->buckets = calloc(n, sizeof(struct cgroup *));
	if (!t || !t->buckets) {
		free(t);
		return NULL;
	}
	t->mask = n - 1;
	t->max = max;
	t->max_bytes = max_bytes;
	t->seed = seed;
	return t;
}

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static struct cgroup **bucket(struct cgtab *t, uint64_t id)
{
	return &t->buckets[mix(id ^ t->seed) & t->mask];
}

static struct list *list_of(struct cgtab *t, const struct cgroup *c)
{
	return c->dead_ns ? &t->dead : &t->live;
}

static void list_add(struct list *l, struct cgroup *c)
{
	c->newer = NULL;
	c->older = l->newest;
	if (l->newest)
		l->newest->newer = c;
	else
		l->oldest = c;
	l->newest = c;
}

static void list_remove(struct list *l, struct cgroup *c)
{
	if (c->newer)
		c->newer->older = c->older;
	else
		l->newest = c->older;
	if (c->older)
		c->older->newer = c->newer;
	else
		l->oldest = c->newer;
}

/* ---- containers ------------------------------------------------------------------*/

static struct con **con_bucket(struct cgtab *t, const struct conname *name)
{
	uint64_t h = t->seed ^ (uint64_t)name->runtime ^ name->scope;
	uint32_t i;

	for (i = 0; i < name->id_len; i++)
		h = (h ^ (uint8_t)name->id[i]) * 0x100000001b3u;
	return &t->cons[mix(h) % CON_BUCKETS];
}

static struct con **con_find(struct cgtab *t, const struct conname *name)
{
	struct con **at = con_bucket(t, name);

	while (*at && ((*at)->name.runtime != name->runtime || (*at)->name.scope != name->scope ||
		       strcmp((*at)->name.id, name->id)))
		at = &(*at)->next;
	return at;
}

struct con *cgtab_con(struct cgtab *t, const struct conname *name)
{
	return *con_find(t, name);
}

/* NULL: none, or no memory. */
static struct con *con_join(struct cgtab *t, const struct cgpath *p)
{
	struct conname name;
	struct con **at;

	if (!conname_make(p, &name))
		return NULL;
	at = con_find(t, &name);
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return NULL;
		(*at)->name = name;
		t->count[CGTAB_CONTAINERS]++;
		t->count[CGTAB_BYTES] += sizeof(**at);
	}
	(*at)->n_cgroups++;
	return *at;
}

static void con_leave(struct cgtab *t, struct con *con)
{
	if (!con || --con->n_cgroups)
		return;
	*con_find(t, &con->name) = con->next;
	if (con->job && t->on_forget)
		t->on_forget(con);
	t->count[CGTAB_CONTAINERS]--;
	t->count[CGTAB_BYTES] -= sizeof(*con) + (con->facts ? con->facts->size : 0);
	confacts_unref(con->facts);
	free(con);
}

void cgtab_tell(struct cgtab *t, struct con *con, struct confacts *facts)
{
	t->count[CGTAB_BYTES] += facts->size;
	t->count[CGTAB_BYTES] -= con->facts ? con->facts->size : 0;
	confacts_unref(con->facts);
	con->facts = facts;
}

void cgtab_on_forget(struct cgtab *t, void (*fn)(struct con *con))
{
	t->on_forget = fn;
}

/* ---- cgroups ---------------------------------------------------------------------*/

static struct cgroup **cgroup_find(struct cgtab *t, uint64_t id)
{
	struct cgroup **at = bucket(t, id);

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void forget(struct cgtab *t, struct cgroup *c)
{
	*cgroup_find(t, c->id) = c->next;
	list_remove(list_of(t, c), c);
	con_leave(t, c->con);
	t->count[CGTAB_CGROUPS]--;
	t->count[CGTAB_BYTES] -= sizeof(*c) + c->path_len + 1;
	free(c);
}

/* All but the newest may go. */
static void make_room(struct cgtab *t, const struct cgroup *but)
{
	struct cgroup *c;

	while (t->count[CGTAB_CGROUPS] > t->max || t->count[CGTAB_BYTES] > t->max_bytes) {
		c = t->dead.oldest ? t->dead.oldest : t->live.oldest;
		if (!c || c == but)
			return;
		forget(t, c);
		t->count[CGTAB_EVICTED]++;
	}
}

struct cgroup *cgtab_get(struct cgtab *t, uint64_t id)
{
	struct cgroup *c = *cgroup_find(t, id);

	if (c && !c->dead_ns && c != t->live.newest) {
		list_remove(&t->live, c);
		list_add(&t->live, c);
	}
	return c;
}

struct cgroup *cgtab_put(struct cgtab *t, uint64_t id, const char *path, uint32_t len)
{
	struct cgroup **at = cgroup_find(t, id), *c;

	if (*at)
		forget(t, *at);
	c = calloc(1, sizeof(*c) + len + 1);
	if (!c)
		return NULL;
	c->id = id;
	c->path_len = len;
	c->known = path;
	if (path) {
		memcpy(c->path, path, len);
		cgpath_parse(c->path, len, &c->parsed);
		c->con = con_join(t, &c->parsed);
	}
	at = bucket(t, id);
	c->next = *at;
	*at = c;
	list_add(&t->live, c);
	t->count[CGTAB_CGROUPS]++;
	t->count[CGTAB_BYTES] += sizeof(*c) + len + 1;
	make_room(t, c);
	return c;
}

void cgtab_kill(struct cgtab *t, struct cgroup *c, uint64_t now_ns)
{
	if (c->dead_ns)
		return;
	list_remove(&t->live, c);
	c->dead_ns = now_ns ? now_ns : 1;
	list_add(&t->dead, c);
}

void cgtab_expire(struct cgtab *t, uint64_t before_ns)
{
	unsigned n;

	for (n = 0; n < EXPIRE_MAX && t->dead.oldest && t->dead.oldest->dead_ns < before_ns; n++)
		forget(t, t->dead.oldest);
}

uint64_t cgtab_count(const struct cgtab *t, enum cgtab_count what)
{
	return t->count[what];
}

uint32_t cgtab_max(const struct cgtab *t, uint64_t *bytes)
{
	*bytes = t->max_bytes;
	return t->max;
}

struct cgtab *cgtab_free(struct cgtab *t)
{
	while (t && t->live.oldest)
		forget(t, t->live.oldest);
	while (t && t->dead.oldest)
		forget(t, t->dead.oldest);
	if (t)
		free(t->buckets);
	free(t);
	return NULL;
}
