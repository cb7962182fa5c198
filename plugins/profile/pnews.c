/* SPDX-License-Identifier: Apache-2.0 */
/* A ring in which the oldest makes room, and buckets to find by id. */
#include "pnews.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pnews {
	struct pnews_item *ring[PNEWS_MAX];
	uint32_t next[PNEWS_MAX];	/* of the same bucket, plus one */
	uint32_t buckets[PNEWS_MAX];	/* place in the ring, plus one */
	uint32_t hand;			/* the next place */
};

struct pnews *pnews_new(void)
{
	return calloc(1, sizeof(struct pnews));
}

/* Two hashes that do not depend on the process. */
static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	return (uint64_t)phash_of(p, n, h) << 32 | phash_of(p, n, ~h);
}

uint64_t pnews_id(const struct pprofile *p, const struct ptrail *trail, const struct pitem *item)
{
	const uint32_t head[3] = { item->kind, item->number, item->access };
	uint64_t h = mix(0x13198a2e03707344u, p->name, strlen(p->name));

	for (; trail; trail = trail->parent)
		h = mix(h, trail->path, trail->len);
	h = mix(mix(h, head, sizeof(head)), item->name, item->len);
	return h ? h : 1;
}

static uint32_t *bucket_of(struct pnews *n, uint64_t id)
{
	return &n->buckets[id % PNEWS_MAX];
}

static struct pnews_item *find(struct pnews *n, uint64_t id)
{
	uint32_t i = *bucket_of(n, id);

	while (i && n->ring[i - 1]->id != id)
		i = n->next[i - 1];
	return i ? n->ring[i - 1] : NULL;
}

static void drop(struct pnews *n, uint32_t at)
{
	uint32_t *i;

	if (!n->ring[at])
		return;
	for (i = bucket_of(n, n->ring[at]->id); *i != at + 1; i = &n->next[*i - 1])
		;
	*i = n->next[at];
	pnews_put(n->ring[at]);
	n->ring[at] = NULL;
}

static size_t steps_len(const struct ptrail *trail)
{
	size_t n = 0;

	for (; trail; trail = trail->parent)
		n += sizeof(trail->len) + trail->len;
	return n;
}

/* The first program first. */
static void put_steps(struct pnews_item *x, const struct ptrail *trail, size_t len)
{
	char *at = (char *)x->steps + len;

	for (; trail; trail = trail->parent, x->n_steps++) {
		at -= trail->len;
		memcpy(at, trail->path, trail->len);
		at -= sizeof(trail->len);
		memcpy(at, &trail->len, sizeof(trail->len));
	}
}

/* With its name at `at`; where that ends. */
static char *put_item(struct pitem *to, const struct pitem *item, char *at)
{
	*to = *item;
	to->name = at;
	if (item->len)
		memcpy(at, item->name, item->len);
	return at + item->len;
}

static struct pnews_item *item_new(const struct pprofile *p, const struct pprofile_ask *ask,
				   const struct pitem *item)
{
	uint32_t n = item == ask->item && item->kind == PNODE_PROCESS ? ask->n_more : 0, i;
	size_t len = steps_len(ask->trail), names = item->len;
	struct pnews_item *x;
	char *at;

	n = n < PNEWS_MORE ? n : PNEWS_MORE;
	for (i = 0; i < n; i++)
		names += ask->more[i].len;
	x = calloc(1, sizeof(*x) + names + len);
	if (!x)
		return NULL;
	x->refs = 1;
	memcpy(x->profile, p->name, sizeof(x->profile));
	memcpy(x->tag, p->versions[ask->version].tag, sizeof(x->tag));
	x->first_s = ask->now_s;
	at = put_item(&x->item, item, x->bytes);
	for (; x->n_more < n; x->n_more++)
		at = put_item(&x->more[x->n_more], &ask->more[x->n_more], at);
	x->steps = at;
	put_steps(x, ask->trail, len);
	return x;
}

void pnews_note(struct pnews *n, uint64_t id, uint64_t workload, const struct pprofile *p,
		const struct pprofile_ask *ask, const struct pitem *item)
{
	struct pnews_item *x;
	uint32_t at = n->hand;

	if (find(n, id))
		return;
	x = item_new(p, ask, item);
	if (!x)
		return;
	x->id = id;
	x->workload = workload;
	drop(n, at);
	n->ring[at] = x;
	n->next[at] = *bucket_of(n, id);
	*bucket_of(n, id) = at + 1;
	n->hand = (at + 1) % PNEWS_MAX;
}

static bool is_text(const struct pnews_item *x, const char *text)
{
	char own[PTEXT_MAX + 64];

	pitem_text(&x->item, own, sizeof(own));
	return !strcmp(own, text);
}

uint32_t pnews_find(struct pnews *n, uint64_t workload, uint64_t id, const char *text,
		    struct pnews_item **out, uint32_t max)
{
	struct pnews_item *x;
	uint32_t i, found = 0;

	for (i = 1; i <= PNEWS_MAX && found < max; i++) {
		x = n->ring[(n->hand + PNEWS_MAX - i) % PNEWS_MAX];
		if (!x || (workload && x->workload != workload) || (id && x->id != id) ||
		    (text && !is_text(x, text)))
			continue;
		__atomic_fetch_add(&x->refs, 1, __ATOMIC_RELAXED);
		out[found++] = x;
	}
	return found;
}

void pnews_forget(struct pnews *n, uint64_t id)
{
	struct pnews_item *x = find(n, id);
	uint32_t i;

	for (i = 0; x && i < PNEWS_MAX; i++)
		if (n->ring[i] == x) {
			drop(n, i);
			break;
		}
}

void pnews_put(struct pnews_item *x)
{
	if (__atomic_fetch_sub(&x->refs, 1, __ATOMIC_ACQ_REL) == 1)
		free(x);
}

void pnews_process(const struct pnews_item *x, char *out, size_t size)
{
	uint32_t n = x->n_steps - (x->n_steps && x->item.kind == PNODE_PROCESS), i;
	const char *at = x->steps;
	uint16_t len = 0;

	out[0] = 0;
	for (i = 0; i < n; i++, at += len) {
		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		snprintf(out, size, "%.*s", (int)len, at);
	}
}

struct pnews *pnews_free(struct pnews *n)
{
	uint32_t i;

	for (i = 0; n && i < PNEWS_MAX; i++)
		if (n->ring[i])
			pnews_put(n->ring[i]);
	free(n);
	return NULL;
}
