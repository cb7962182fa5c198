/* SPDX-License-Identifier: Apache-2.0 */
#include "pshelf.h"

#include <stdlib.h>
#include <string.h>

static uint32_t name_len(uint32_t len)
{
	return len < PPROFILE_NAME ? len : PPROFILE_NAME - 1;
}

uint64_t pshelf_workload(const char *name, uint32_t len)
{
	uint32_t n = name_len(len);

	return (uint64_t)phash_of(name, n, 0x243f6a8885a308d3u) << 32 |
	       phash_of(name, n, 0x13198a2e03707344u);
}

static uint32_t *bucket_of(struct pshelf *s, uint64_t workload)
{
	return &s->buckets[workload % PSHELF_MAX];
}

struct pslot *pshelf_find(const struct pshelf *s, uint64_t workload)
{
	uint32_t i = s->buckets[workload % PSHELF_MAX];

	while (i && s->slots[i - 1]->workload != workload)
		i = s->slots[i - 1]->next;
	return i ? s->slots[i - 1] : NULL;
}

struct pslot *pshelf_get(struct pshelf *s, const char *name, uint32_t len, uint32_t max,
			 uint32_t now_s)
{
	uint64_t workload = pshelf_workload(name, len);
	struct pslot *slot = pshelf_find(s, workload);

	if (slot)
		return strlen(slot->name) == name_len(len) &&
			!memcmp(slot->name, name, name_len(len)) ?
		       slot : NULL;
	if (s->n >= max || s->n == PSHELF_MAX)
		return NULL;
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return NULL;
	memcpy(slot->name, name, name_len(len));
	slot->workload = workload;
	slot->used_s = now_s;
	slot->next = *bucket_of(s, workload);
	s->slots[s->n++] = slot;
	*bucket_of(s, workload) = s->n;
	return slot;
}

void pshelf_put(struct pshelf *s, struct pslot *slot, struct pprofile *p, uint32_t now_s)
{
	p->id = ++s->ids;
	slot->profile = p;
	slot->is = PSLOT_READY;
	slot->saved_s = now_s;
}

static bool is_due(uint32_t now_s, uint32_t then_s, uint32_t after_s)
{
	return now_s > then_s && now_s - then_s >= after_s;
}

struct pslot *pshelf_to_save(struct pshelf *s, uint32_t now_s, uint32_t every_s)
{
	struct pslot *slot;
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		s->hand = s->hand + 1 < s->n ? s->hand + 1 : 0;
		slot = s->slots[s->hand];
		if (slot->is == PSLOT_READY && slot->profile->dirty &&
		    is_due(now_s, slot->saved_s, every_s))
			return slot;
	}
	return NULL;
}

struct pslot *pshelf_idle(const struct pshelf *s, uint32_t now_s, uint32_t idle_s)
{
	struct pslot *oldest = NULL;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->slots[i]->is == PSLOT_READY &&
		    (!oldest || s->slots[i]->used_s < oldest->used_s))
			oldest = s->slots[i];
	return oldest && is_due(now_s, oldest->used_s, idle_s) ? oldest : NULL;
}

static uint32_t *link_of(struct pshelf *s, const struct pslot *slot)
{
	uint32_t *at = bucket_of(s, slot->workload);

	while (s->slots[*at - 1] != slot)
		at = &s->slots[*at - 1]->next;
	return at;
}

void pslot_stop_copy(struct pslot *slot)
{
	if (slot->copy)
		slot->copy = pprofile_copy_cancel(slot->copy, slot->profile);
}

/* The last one takes the place that becomes free. */
struct pprofile *pshelf_take(struct pshelf *s, struct pslot *slot)
{
	struct pprofile *p = slot->profile;
	uint32_t *at = link_of(s, slot), i = *at;

	pslot_stop_copy(slot);
	*at = slot->next;
	if (i != s->n) {
		*link_of(s, s->slots[s->n - 1]) = i;
		s->slots[i - 1] = s->slots[s->n - 1];
	}
	s->slots[--s->n] = NULL;
	free(slot);
	return p;
}

void pshelf_want_again(struct pshelf *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->slots[i]->is == PSLOT_LOADING)
			s->slots[i]->is = PSLOT_WANTED;
}

uint64_t pshelf_bytes(const struct pshelf *s)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		n += sizeof(*s->slots[i]) + (s->slots[i]->profile ?
					     pprofile_bytes(s->slots[i]->profile) : 0);
	return n;
}

void pshelf_fini(struct pshelf *s)
{
	while (s->n)
		pprofile_free(pshelf_take(s, s->slots[s->n - 1]));
}
