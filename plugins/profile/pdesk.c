/* SPDX-License-Identifier: Apache-2.0 */
#include "pdesk.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define SLICE_NS	50000000u	/* between two looks at whether anybody still waits */

struct pdesk {
	pthread_mutex_t lock;
	pthread_cond_t ran;
	struct porder *orders;	/* the oldest first; read without the lock, too */
	void *owner;
	uint32_t refs;		/* atomic */
};

struct pdesk *pdesk_new(void)
{
	struct pdesk *d = calloc(1, sizeof(*d));
	pthread_condattr_t a;

	if (!d)
		return NULL;
	d->refs = 1;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&d->ran, &a);
	pthread_condattr_destroy(&a);
	return d;
}

struct pdesk *pdesk_ref(struct pdesk *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
	return d;
}

struct pdesk *pdesk_unref(struct pdesk *d)
{
	if (!d || __atomic_fetch_sub(&d->refs, 1, __ATOMIC_ACQ_REL) > 1)
		return NULL;
	pthread_cond_destroy(&d->ran);
	pthread_mutex_destroy(&d->lock);
	free(d);
	return NULL;
}

static struct porder **link_of(struct pdesk *d, const struct porder *o)
{
	struct porder **at = &d->orders;

	while (*at && *at != o)
		at = &(*at)->next;
	return at;
}

static void set(struct porder **at, struct porder *to)
{
	__atomic_store_n(at, to, __ATOMIC_RELAXED);
}

/* Under the lock. */
static void run_all(struct pdesk *d, void *plugin)
{
	struct porder **at = &d->orders, *o;

	while ((o = *at)) {
		if (!o->run(plugin, o)) {
			at = &o->next;
			continue;
		}
		set(at, o->next);
		o->done = true;
	}
	pthread_cond_broadcast(&d->ran);
}

void pdesk_serve(struct pdesk *d, void *plugin)
{
	if (!__atomic_load_n(&d->orders, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&d->lock);
	run_all(d, plugin);
	pthread_mutex_unlock(&d->lock);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void wait_slice(struct pdesk *d)
{
	uint64_t until = now_ns() + SLICE_NS;
	struct timespec t = { (time_t)(until / 1000000000u), (long)(until % 1000000000u) };

	pthread_cond_timedwait(&d->ran, &d->lock, &t);
}

void pdesk_give(struct pdesk *d, void *plugin)
{
	pthread_mutex_lock(&d->lock);
	d->owner = plugin;
	pthread_mutex_unlock(&d->lock);
}

/* Why it is waited no longer; 0: it is. */
static int is_over(const struct weir_command *cmd)
{
	if (cmd->gone(cmd->ctx) != WEIR_GONE_NOT)
		return -ECANCELED;
	return now_ns() >= cmd->deadline_ns ? -ETIMEDOUT : 0;
}

/* No path works for the owner: there is none, or it is `plugin`, and is to be closed. */
static bool has_ended(const struct pdesk *d, const struct weir_command *cmd, const void *plugin)
{
	return !d->owner || (d->owner == plugin && cmd->gone(cmd->ctx) == WEIR_GONE_CLOSING);
}

int pdesk_do(struct pdesk *d, struct porder *o, const struct weir_command *cmd, void *plugin,
	     bool must)
{
	int r = 0;

	o->done = false;
	o->next = NULL;
	pthread_mutex_lock(&d->lock);
	set(link_of(d, NULL), o);
	while (!o->done && !r) {
		wait_slice(d);
		if (o->done)
			break;
		if (!must)
			r = is_over(cmd);
		else if (has_ended(d, cmd, plugin))
			run_all(d, d->owner);
	}
	if (r)
		set(link_of(d, o), o->next);
	pthread_mutex_unlock(&d->lock);
	return r;
}
