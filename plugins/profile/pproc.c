/* SPDX-License-Identifier: Apache-2.0 */
#include "pproc.h"

#include <stdlib.h>

struct entry {
	uint64_t key;
	uint64_t workload;
	struct ptrail *trail;	/* NULL: not in use */
	uint32_t hash_next;
	uint32_t older, newer;
};

struct pprocs {
	struct entry *entries;	/* 0 is the head of the list by age: its newer is the oldest */
	uint32_t *buckets;
	uint32_t mask, max, n;
};

static uint32_t *bucket_of(const struct pprocs *p, uint64_t key)
{
	return &p->buckets[(key * 0x9e3779b97f4a7c15u >> 32) & p->mask];
}

static void unlink_age(struct pprocs *p, uint32_t i)
{
	struct entry *e = &p->entries[i];

	p->entries[e->older].newer = e->newer;
	p->entries[e->newer].older = e->older;
}

/* Between `older` and who is newer than that. */
static void link_age(struct pprocs *p, uint32_t i, uint32_t older)
{
	struct entry *e = &p->entries[i];

	e->older = older;
	e->newer = p->entries[older].newer;
	p->entries[e->newer].older = i;
	p->entries[older].newer = i;
}

static void touch(struct pprocs *p, uint32_t i)
{
	unlink_age(p, i);
	link_age(p, i, p->entries[0].older);
}

static uint32_t find(const struct pprocs *p, uint64_t key)
{
	uint32_t i = *bucket_of(p, key);

	while (i && p->entries[i].key != key)
		i = p->entries[i].hash_next;
	return i;
}

/* The oldest one's place. */
static uint32_t forget_oldest(struct pprocs *p)
{
	uint32_t i = p->entries[0].newer, *at = bucket_of(p, p->entries[i].key);

	while (*at != i)
		at = &p->entries[*at].hash_next;
	*at = p->entries[i].hash_next;
	unlink_age(p, i);
	p->entries[i].trail = ptrail_unref(p->entries[i].trail);
	return i;
}

static uint32_t make(struct pprocs *p, uint64_t key)
{
	uint32_t i = p->n < p->max ? ++p->n : forget_oldest(p), *at = bucket_of(p, key);

	p->entries[i].key = key;
	p->entries[i].hash_next = *at;
	*at = i;
	link_age(p, i, p->entries[0].older);
	return i;
}

struct ptrail *pproc_find(struct pprocs *p, uint64_t key, uint64_t workload)
{
	uint32_t i = find(p, key);

	if (!i || p->entries[i].workload != workload)
		return NULL;
	touch(p, i);
	return p->entries[i].trail;
}

void pproc_set(struct pprocs *p, uint64_t key, uint64_t workload, struct ptrail *trail)
{
	uint32_t i = find(p, key);
	struct ptrail *was;

	i = i ? i : make(p, key);
	was = p->entries[i].trail;
	p->entries[i].workload = workload;
	p->entries[i].trail = ptrail_ref(trail);
	ptrail_unref(was);
	touch(p, i);
}

void pproc_end(struct pprocs *p, uint64_t key)
{
	uint32_t i = find(p, key);

	if (!i)
		return;
	unlink_age(p, i);
	link_age(p, i, 0);
}

uint32_t pproc_count(const struct pprocs *p)
{
	return p->n;
}

void pproc_move(struct pprocs **to, struct pprocs **from)
{
	struct pprocs *t = *to;
	uint32_t i;

	if (t->max == (*from)->max) {
		*to = *from;
		*from = t;
		return;
	}
	/* A reload that is taken back: it has never lost what it has. */
	if (t->n)
		return;
	for (i = (*from)->entries[0].newer; i; i = (*from)->entries[i].newer)
		pproc_set(t, (*from)->entries[i].key, (*from)->entries[i].workload,
			  (*from)->entries[i].trail);
}

struct pprocs *pproc_new(uint32_t max)
{
	struct pprocs *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->max = max;
	for (p->mask = 15; p->mask < max; )
		p->mask = 2 * p->mask + 1;
	p->entries = calloc((size_t)max + 1, sizeof(*p->entries));
	p->buckets = calloc((size_t)p->mask + 1, sizeof(*p->buckets));
	return p->entries && p->buckets ? p : pproc_free(p);
}

struct pprocs *pproc_free(struct pprocs *p)
{
	uint32_t i;

	if (!p)
		return NULL;
	for (i = 1; p->entries && i <= p->n; i++)
		ptrail_unref(p->entries[i].trail);
	free(p->entries);
	free(p->buckets);
	free(p);
	return NULL;
}
