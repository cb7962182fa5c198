/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the readers, and what waits until its fn is called. Relies on ck_epoch
 * with one record that retires and polls and is never in a section: so only the
 * writer moves the epoch on, and what it took out while the epoch was e nobody
 * finds who has seen e + 1. (With several of them, libck 0.7.1 is early on arm64:
 * ck d1b348c.) Records are never freed nor unregistered: CK may still walk over
 * them, and one outside of sections is in nobody's way.
 */
#include "queue/epoch.h"

#include <pthread.h>
#include <stdio.h>

#include "util/macros.h"

struct epoch {
	unsigned magic;
#define EPOCH_MAGIC	0xe90c4b17
	struct ck_epoch ck;
	struct ck_epoch_record *writer;
	pthread_mutex_t readers_lock;	/* of the list, used and name */
	struct epoch_reader *readers;
};

static void *alloc_lines(size_t size)
{
	return aligned_alloc(CK_MD_CACHELINE, (size + CK_MD_CACHELINE - 1) &
			     ~(size_t)(CK_MD_CACHELINE - 1));
}

struct epoch *epoch_new(void)
{
	struct epoch *ep;

	ALLOC_OBJ(ep, EPOCH_MAGIC);
	if (!ep)
		return NULL;
	ep->writer = alloc_lines(sizeof(*ep->writer));
	if (!ep->writer) {
		FREE_OBJ(ep);
		return NULL;
	}
	ck_epoch_init(&ep->ck);
	ck_epoch_register(&ep->ck, ep->writer, NULL);
	AZ(pthread_mutex_init(&ep->readers_lock, NULL));
	return ep;
}

/* One that was given back, or a new one. */
static struct epoch_reader *reader_get(struct epoch *ep)
{
	struct epoch_reader *r;

	for (r = ep->readers; r; r = r->next) {
		if (!r->used)
			return r;
	}
	r = alloc_lines(sizeof(*r));
	if (!r)
		return NULL;
	r->epoch = ep;
	r->next = ep->readers;
	ep->readers = r;
	ck_epoch_register(&ep->ck, &r->record, NULL);
	return r;
}

struct epoch_reader *epoch_reader_new(struct epoch *ep, const char *name)
{
	struct epoch_reader *r;

	CHECK_OBJ_NOTNULL(ep, EPOCH_MAGIC);
	AZ(pthread_mutex_lock(&ep->readers_lock));
	r = reader_get(ep);
	if (r) {
		r->used = true;
		snprintf(r->name, sizeof(r->name), "%s", name);
	}
	AZ(pthread_mutex_unlock(&ep->readers_lock));
	return r;
}

struct epoch_reader *epoch_reader_free(struct epoch_reader *r)
{
	struct epoch *ep;

	if (!r)
		return NULL;
	ep = r->epoch;
	CHECK_OBJ_NOTNULL(ep, EPOCH_MAGIC);
	AZ(pthread_mutex_lock(&ep->readers_lock));
	MUST(r->used);
	AZ(ck_pr_load_uint(&r->record.active));
	r->used = false;
	AZ(pthread_mutex_unlock(&ep->readers_lock));
	return NULL;
}

void epoch_retire(struct epoch *ep, struct epoch_entry *e, epoch_fn_f *fn)
{
	CHECK_OBJ_NOTNULL(ep, EPOCH_MAGIC);
	AN(fn);
	e->fn = fn;
	/*
	 * CK does not get to call anything. That it reads the epoch early does
	 * no harm: no other thread moves it.
	 */
	ck_epoch_call(ep->writer, &e->ck, NULL);
}

unsigned epoch_poll(struct epoch *ep)
{
	struct ck_stack_entry *s, *next;
	struct ck_stack done = CK_STACK_INITIALIZER;

	CHECK_OBJ_NOTNULL(ep, EPOCH_MAGIC);
	/*
	 * It begins with a full fence: the stores that took objects out before
	 * the loads of active and epoch of each reader; against the fences of
	 * epoch_enter(). Without the stack it would call fn while it works, and
	 * at once what fn retires.
	 */
	ck_epoch_poll_deferred(ep->writer, &done);
	/* These loads before what fn does; against the fence of epoch_leave(). */
	ck_pr_fence_acquire();
	TSAN_ACQUIRE(ep);
	for (s = CK_STACK_FIRST(&done); s; s = next) {
		struct epoch_entry *e = (struct epoch_entry *)((char *)s -
			offsetof(struct epoch_entry, ck.stack_entry));

		next = CK_STACK_NEXT(s);
		e->fn(e);
	}
	return ep->writer->n_pending;
}

static bool is_behind(struct epoch *ep, struct epoch_reader *r)
{
	return ck_pr_load_uint(&r->record.active) &&
		ck_pr_load_uint(&r->record.epoch) != ck_epoch_value(&ep->ck);
}

const char *epoch_blocker(struct epoch *ep)
{
	const char *name = NULL;
	struct epoch_reader *r;

	CHECK_OBJ_NOTNULL(ep, EPOCH_MAGIC);
	if (!ep->writer->n_pending)
		return NULL;
	AZ(pthread_mutex_lock(&ep->readers_lock));
	for (r = ep->readers; r && !name; r = r->next) {
		if (is_behind(ep, r))
			name = r->name;
	}
	AZ(pthread_mutex_unlock(&ep->readers_lock));
	return name;
}

static void free_readers(struct epoch *ep)
{
	struct epoch_reader *r, *next;

	for (r = ep->readers; r; r = next) {
		next = r->next;
		AZ(ck_pr_load_uint(&r->record.active));
		free(r);
	}
}

struct epoch *epoch_free(struct epoch *ep)
{
	if (!ep)
		return NULL;
	while (epoch_poll(ep))
		MUST(!epoch_blocker(ep));
	free_readers(ep);
	AZ(pthread_mutex_destroy(&ep->readers_lock));
	free(ep->writer);
	FREE_OBJ(ep);
	return NULL;
}
