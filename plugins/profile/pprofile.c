/* SPDX-License-Identifier: Apache-2.0 */
#include "pprofile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pprofile *pprofile_new(const char *name, uint64_t id, uint64_t max_size, uint64_t seed,
			      uint32_t now_s)
{
	struct pprofile *p = calloc(1, sizeof(*p));

	if (!p || !ptree_init(&p->tree, 0, seed))
		return pprofile_free(p);
	pprofile_bound(p, max_size);
	strncpy(p->name, name, sizeof(p->name) - 1);
	p->id = id;
	p->created_s = now_s;
	return p;
}

/* ---- versions --------------------------------------------------------------------*/

static uint32_t tag_len(uint32_t len)
{
	return len < PPROFILE_TAG ? len : PPROFILE_TAG - 1;
}

int pprofile_find_version(const struct pprofile *p, const char *tag, uint32_t len)
{
	uint32_t n = tag_len(len), i;

	for (i = 0; i < PTREE_VERSIONS; i++)
		if (n && strlen(p->versions[i].tag) == n && !memcmp(p->versions[i].tag, tag, n))
			return (int)i;
	return -1;
}

/* A place that is free; *oldest: the version that was not seen for the longest time. */
static int find_place(const struct pprofile *p, uint32_t *n, uint32_t *oldest)
{
	int place = -1;
	uint32_t i;

	*n = 0;
	for (i = 0; i < PTREE_VERSIONS; i++) {
		if (!*p->versions[i].tag) {
			if (!((p->dropping | p->to_drop) >> i & 1))
				place = place < 0 ? (int)i : place;
			continue;
		}
		if (!*n || p->versions[i].last_s < p->versions[*oldest].last_s)
			*oldest = i;
		++*n;
	}
	return place;
}

void pprofile_drop_version(struct pprofile *p, uint8_t version)
{
	ptree_drop_version(&p->tree, version);
	p->versions[version] = (struct pversion){ 0 };
	p->n_dropped++;
	p->dirty = true;
}

static void begin_drop(struct pprofile *p, uint32_t i)
{
	p->versions[i] = (struct pversion){ 0 };
	p->to_drop |= 1ull << i;
	p->n_dropped++;
	p->dirty = true;
}

void pprofile_drop_step(struct pprofile *p, uint32_t n)
{
	if (!p->dropping) {
		p->dropping = p->to_drop;
		p->to_drop = 0;
	}
	if (p->dropping)
		p->drop_at = ptree_drop_step(&p->tree, p->dropping, p->drop_at, n);
	if (!p->drop_at)
		p->dropping = 0;
}

void pprofile_drop_all(struct pprofile *p)
{
	while (pprofile_is_dropping(p))
		pprofile_drop_step(p, UINT32_MAX);
}

static uint8_t newest(const struct pprofile *p)
{
	uint8_t i, at = 0;

	for (i = 1; i < PTREE_VERSIONS; i++)
		if (p->versions[i].last_s > p->versions[at].last_s)
			at = i;
	return at;
}

uint8_t pprofile_version(struct pprofile *p, const struct pprofile_conf *c, const char *tag,
			 uint32_t len, uint32_t now_s)
{
	int at = pprofile_find_version(p, tag, len);
	uint32_t n, oldest = 0;

	if (at >= 0)
		return (uint8_t)at;
	for (at = find_place(p, &n, &oldest); n >= c->max_versions || at < 0;
	     at = find_place(p, &n, &oldest)) {
		if (p->frozen_s)
			return newest(p);
		/* If there are few, all other places are of those that are going. */
		if (n >= c->max_versions)
			begin_drop(p, oldest);
		else
			pprofile_drop_all(p);
	}
	memcpy(p->versions[at].tag, tag, tag_len(len));
	p->versions[at].first_s = p->versions[at].last_s = now_s;
	p->dirty = true;
	return (uint8_t)at;
}

void pprofile_bound(struct pprofile *p, uint64_t max_size)
{
	/* Beside the arena there are its tables, which take less than this. */
	p->tree.arena.max = max_size - max_size / 64 - (max_size ? sizeof(*p) : 0);
}

enum pstate_is pprofile_state(const struct pprofile *p, uint8_t version)
{
	uint32_t i, n[PSTATE__MAX] = { 0 };

	for (i = 0; i < PTYPE__MAX; i++)
		n[p->versions[version].states[i].is]++;
	if (n[PSTATE_NONE] == PTYPE__MAX)
		return PSTATE_NONE;
	return n[PSTATE_UNSTABLE] ? PSTATE_UNSTABLE : n[PSTATE_LEARNING] ? PSTATE_LEARNING :
	       PSTATE_STABLE;
}

static bool is_stable_elsewhere(const struct pprofile *p, uint8_t version, enum ptype type)
{
	uint32_t i;

	for (i = 0; i < PTREE_VERSIONS; i++)
		if (i != version && p->versions[i].states[type].is == PSTATE_STABLE)
			return true;
	return false;
}

/* ---- an event --------------------------------------------------------------------*/

static uint8_t origin_of(enum pstate_is state, bool snapshot)
{
	return snapshot ? PNODE_SNAPSHOT : state == PSTATE_WARMUP ? PNODE_WARMUP : PNODE_LEARNT;
}

/* A process comes to be known by its exec alone, as far as exec is learnt. */
static bool may_add_process(const struct pprofile *p, const struct pprofile_conf *c,
			    const struct pprofile_ask *ask, enum pstate_is state)
{
	const struct pstate *exec = &p->versions[ask->version].states[PTYPE_EXEC];
	const struct pstate_ask q = { ask->now_s, ask->start_s, ptree_full(&p->tree) };

	if (ask->item->type == PTYPE_EXEC)
		return pstate_learns(state);
	return !(c->types >> PTYPE_EXEC & 1) ||
		pstate_learns(pstate_look(exec, &c->states, PTYPE_EXEC, &q));
}

/* Near is what was known before. */
static void note_unknown(struct pprofile_answer *out, const struct ptree *t,
			 const struct pitem *item,
			 const struct pwalk_found *f)
{
	if (out->unknown)
		return;
	out->known = false;
	out->unknown = item;
	out->near = f->added ? ptree_at(t, f->ref)->parent : f->ref;
}

static bool counts(const struct pprofile_conf *c, const struct pitem *item)
{
	return item->kind != PNODE_CAPS && (c->args || item->kind != PNODE_ARGS);
}

static void ask_more(const struct pwalk *w, const struct pprofile_conf *c,
		     const struct pprofile_ask *ask, struct pprofile_answer *out)
{
	struct pwalk_found f;
	uint32_t i;

	for (i = 0; i < ask->n_more; i++) {
		pwalk_item(w, out->process, &ask->more[i], &f);
		if (!f.known && counts(c, &ask->more[i]))
			note_unknown(out, w->tree, &ask->more[i], &f);
	}
}

static void ask_exec(const struct pwalk *w, const struct pprofile_conf *c,
		     const struct pprofile_ask *ask, bool may_add, struct pprofile_answer *out)
{
	struct pwalk_found f;

	pwalk_exec(w, ask->trail, may_add, &f);
	out->process = f.ref;
	out->process_known = f.known;
	if (!f.known)
		note_unknown(out, w->tree, ask->item, &f);
	if (f.known || f.added)
		ask_more(w, c, ask, out);
}

static void ask_item(const struct pwalk *w, const struct pprofile_conf *c,
		     const struct pprofile_ask *ask, bool may_add, struct pprofile_answer *out)
{
	struct pwalk_found f;

	out->process_known = pwalk_process(w, ask->trail, may_add, &out->process);
	f = (struct pwalk_found){ .ref = out->process };
	if (out->process_known)
		pwalk_item(w, out->process, ask->item, &f);
	if (!f.known)
		note_unknown(out, w->tree, ask->item, &f);
	if (out->process_known)
		ask_more(w, c, ask, out);
}

static void count(struct pprofile *p, const struct pprofile_ask *ask, struct pstate *s)
{
	struct pversion *v = &p->versions[ask->version];

	if (ask->now_s > v->last_s)
		v->last_s = ask->now_s;
	if (s->n < UINT32_MAX)
		s->n++;
	p->dirty = true;
}

void pprofile_ask(struct pprofile *p, const struct pprofile_conf *c, const struct pprofile_ask *ask,
		  struct pprofile_answer *out)
{
	const enum ptype type = ask->item->type;
	struct pstate *s = &p->versions[ask->version].states[type];
	const struct pstate_ask q = { ask->now_s, ask->start_s, ptree_full(&p->tree) };
	struct pwalk w = { .tree = &p->tree, .id = p->id, .sight = { .now_s = ask->now_s,
		.version = ask->version } };
	bool may_add;

	*out = (struct pprofile_answer){ .state = PSTATE_NONE };
	if (!(c->types >> type & 1))
		return;
	*out = (struct pprofile_answer){ .known = true, .n = s->n, .state = p->frozen_s ?
		PSTATE_FROZEN : pstate_at(s, &c->states, type, &q) };
	w.mode = pstate_learns(out->state) ? PWALK_LEARN : p->frozen_s ? PWALK_LOOK : PWALK_SEE;
	w.sight.origin = origin_of(out->state, ask->snapshot);
	may_add = may_add_process(p, c, ask, out->state);
	if (type == PTYPE_EXEC)
		ask_exec(&w, c, ask, may_add, out);
	else
		ask_item(&w, c, ask, may_add, out);
	count(p, ask, s);
	if (out->known)
		return;
	/* What a process does that is not known is a matter of its exec. */
	if (!p->frozen_s && (out->process_known || type == PTYPE_EXEC))
		pstate_new(s, ask->now_s);
	out->elsewhere_stable = !pstate_judges(out->state) && out->state != PSTATE_UNSTABLE &&
		is_stable_elsewhere(p, ask->version, type);
}

/* ---- life ------------------------------------------------------------------------*/

void pprofile_freeze(struct pprofile *p, uint32_t now_s)
{
	if (!p->frozen_s)
		p->frozen_s = now_s ? now_s : 1;
	p->dirty = true;
}

void pprofile_thaw(struct pprofile *p, uint32_t now_s)
{
	uint32_t then_s = p->frozen_s;

	p->frozen_s = 0;
	if (then_s && now_s > then_s)
		pprofile_pause(p, now_s - then_s);
	p->dirty = true;
}

void pprofile_pause(struct pprofile *p, uint32_t gap_s)
{
	uint32_t i, k;

	if (p->frozen_s)
		return;
	for (i = 0; i < PTREE_VERSIONS; i++)
		for (k = 0; k < PTYPE__MAX; k++)
			pstate_pause(&p->versions[i].states[k], gap_s);
}

uint64_t pprofile_bytes(const struct pprofile *p)
{
	return sizeof(*p) - sizeof(p->tree) + ptree_bytes(&p->tree);
}

struct pprofile *pprofile_copy(const struct pprofile *p)
{
	struct pprofile *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *p;
	if (ptree_copy(&copy->tree, &p->tree))
		return copy;
	free(copy);
	return NULL;
}

struct pprofile *pprofile_copy_begin(struct pprofile *p)
{
	struct pprofile *copy = calloc(1, sizeof(*copy));

	if (copy && parena_copy_begin(&copy->tree.arena, &p->tree.arena))
		return copy;
	free(copy);
	return NULL;
}

struct pprofile *pprofile_copy_cancel(struct pprofile *copy, struct pprofile *p)
{
	parena_copy_cancel(&copy->tree.arena, &p->tree.arena);
	free(copy);
	return NULL;
}

/* What is changed all the time is not waited for: a rest as small as a step is taken at once. */
int pprofile_copy_step(struct pprofile *copy, struct pprofile *p, uint32_t n)
{
	struct ptree tree = copy->tree;
	uint32_t left;

	if (!parena_copy_step(&tree.arena, &p->tree.arena, n, &left)) {
		free(copy);
		return -ENOMEM;
	}
	if (left <= n && ptree_copy_end(&tree, &p->tree)) {
		*copy = *p;
		copy->tree = tree;
		return 1;
	}
	copy->tree = tree;
	if (left > n)
		return 0;
	free(copy);
	return -ENOMEM;
}

struct pprofile *pprofile_free(struct pprofile *p)
{
	if (p)
		ptree_fini(&p->tree);
	free(p);
	return NULL;
}
