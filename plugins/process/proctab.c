/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the table of processes: entries by key, who is whose parent, who is
 * thrown out when it is full. All memory is taken when the table is made;
 * pages are touched as they are needed.
 *
 * An entry refers to its parent's entry by place and birth, so any entry can
 * be given up at any time: references to it then no longer hold, and are
 * looked up again by key when somebody asks. A parent of which nothing is
 * known gets a stub, so that its children share what becomes known of it.
 */
#include "proctab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <weir/wire.h>

#include "lineage.h"

#define EXPIRE_INSERT	2	/* dead entries looked at for each new one */
#define EXPIRE_TICK	8192
#define RESYNC_QUIET_NS	(5ull * 1000000000)
#define PID_OF_KEY(k)	((uint32_t)((k) & 0x3fffff))

/* ---- lists -----------------------------------------------------------------*/

static uint32_t proc_index(const struct proctab *t, const struct proc *e)
{
	return (uint32_t)(e - t->procs);
}

static void list_del(struct proctab *t, struct proc *e)
{
	struct proctab_list *l;

	if (e->list == PROC_LIST_NONE)
		return;
	l = &t->lists[e->list];
	if (e->prev)
		t->procs[e->prev].next = e->next;
	else
		l->head = e->next;
	if (e->next)
		t->procs[e->next].prev = e->prev;
	else
		l->tail = e->prev;
	e->list = PROC_LIST_NONE;
}

static void list_append(struct proctab *t, struct proc *e, enum proc_list list)
{
	struct proctab_list *l = &t->lists[list];
	uint32_t i = proc_index(t, e);

	e->list = (uint8_t)list;
	e->prev = l->tail;
	e->next = 0;
	if (l->tail)
		t->procs[l->tail].next = i;
	else
		l->head = i;
	l->tail = i;
}

static void list_prepend(struct proctab *t, struct proc *e, enum proc_list list)
{
	struct proctab_list *l = &t->lists[list];
	uint32_t i = proc_index(t, e);

	e->list = (uint8_t)list;
	e->prev = 0;
	e->next = l->head;
	if (l->head)
		t->procs[l->head].prev = i;
	else
		l->tail = i;
	l->head = i;
}

static enum proc_list list_of(const struct proc *e)
{
	if (e->flags & PROC_GONE)
		return e->n_children ? PROC_LIST_HELD : PROC_LIST_DEAD;
	return e->n_children ? PROC_LIST_INNER : PROC_LIST_LEAF;
}

/* To the list where it belongs now. One that was only held is old already. */
void proc_place(struct proctab *t, struct proc *e)
{
	enum proc_list to = list_of(e), was = e->list;

	if (to == was)
		return;
	list_del(t, e);
	if (was == PROC_LIST_HELD && to == PROC_LIST_DEAD)
		list_prepend(t, e, to);
	else
		list_append(t, e, to);
}

void proc_touch(struct proctab *t, struct proc *e)
{
	enum proc_list list = e->list;

	if (e->flags & PROC_GONE || t->lists[list].tail == proc_index(t, e))
		return;
	list_del(t, e);
	list_append(t, e, list);
}

/* ---- parents ---------------------------------------------------------------*/

/* Rows that show `e` are void: its own, and if there can be any, others'. */
void proc_changed(struct proctab *t, struct proc *e)
{
	lineage_drop(t, e);
	if (e->n_children)
		t->gen++;
}

static struct proc *proc_linked(const struct proctab *t, const struct proc *e)
{
	struct proc *p = &t->procs[e->parent];

	return e->parent && p->birth == e->parent_birth ? p : NULL;
}

void proc_unlink(struct proctab *t, struct proc *e)
{
	struct proc *p = proc_linked(t, e);

	e->parent = 0;
	if (p && !--p->n_children)
		proc_place(t, p);
}

void proc_link(struct proctab *t, struct proc *e, struct proc *p)
{
	e->parent = proc_index(t, p);
	e->parent_birth = p->birth;
	if (!p->n_children++)
		proc_place(t, p);
}

struct proc *proctab_up(struct proctab *t, struct proc *e)
{
	struct proc *p = proc_linked(t, e);

	if (p || !e->parent_key)
		return p;
	p = proctab_find(t, e->parent_key);
	if (p)
		proc_link(t, e, p);
	return p;
}

/* ---- entries ---------------------------------------------------------------*/

static uint32_t *bucket(const struct proctab *t, uint64_t key)
{
	uint64_t h = (key ^ t->conf.seed) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return &t->heads[(h ^ h >> 32) & t->mask];
}

struct proc *proctab_find(const struct proctab *t, uint64_t key)
{
	uint32_t i;

	for (i = *bucket(t, key); i; i = t->procs[i].hash_next)
		if (t->procs[i].key == key)
			return &t->procs[i];
	return NULL;
}

static void proc_give_up(struct proctab *t, struct proc *e)
{
	uint32_t *at = bucket(t, e->key), self = proc_index(t, e);

	proc_changed(t, e);
	proc_unlink(t, e);
	list_del(t, e);
	while (*at != self)
		at = &t->procs[*at].hash_next;
	*at = e->hash_next;
	proctext_put(&t->texts, e->exe);
	proctext_put(&t->texts, e->args);
	proctext_put(&t->texts, e->orig_exe);
	if (!++e->birth)
		e->birth = 1;
	e->hash_next = t->spare;
	t->spare = self;
	t->n--;
}

static bool pinned(const struct proctab *t, const struct proc *e)
{
	size_t i;

	for (i = 0; i < sizeof(t->pins) / sizeof(t->pins[0]); i++)
		if (t->pins[i] == e)
			return true;
	return false;
}

/* From the lists up to `last`; false: only pinned entries are left there. */
static bool evict(struct proctab *t, enum proc_list last)
{
	unsigned list;
	uint32_t i;

	for (list = 0; list <= last; list++) {
		i = t->lists[list].head;
		while (i && pinned(t, &t->procs[i]))
			i = t->procs[i].next;
		if (!i)
			continue;
		proctab_count(t, list <= PROC_LIST_HELD ? PROCTAB_EVICTED_DEAD :
						       PROCTAB_EVICTED_LIVE);
		proc_give_up(t, &t->procs[i]);
		return true;
	}
	return false;
}

bool proctab_evict(struct proctab *t)
{
	return evict(t, PROC_LIST_INNER);
}

bool proctab_evict_gone(struct proctab *t)
{
	return evict(t, PROC_LIST_HELD);
}

/* Dead processes whose time is over, from the oldest, looking at most at max. */
static void expire(struct proctab *t, unsigned max)
{
	struct proc *e;
	uint32_t i;

	for (; max && (i = t->lists[PROC_LIST_DEAD].head) != 0; max--) {
		e = &t->procs[i];
		if (t->now_ns - e->gone_ns < t->conf.keep_dead_ns || pinned(t, e))
			return;
		proc_give_up(t, e);
		proctab_count(t, PROCTAB_EXPIRED);
	}
}

/* The table holds more entries than can be pinned, so this finds one. */
struct proc *proc_new(struct proctab *t, uint64_t key, uint32_t pid,
		      uint8_t flags)
{
	uint32_t *head, i, birth = 1;
	struct proc *e;

	expire(t, EXPIRE_INSERT);
	if (t->n == t->conf.max_processes)
		proctab_evict(t);
	i = t->spare;
	e = &t->procs[i];
	if (i) {
		t->spare = e->hash_next;
		birth = e->birth;
	} else {
		e = &t->procs[++t->n_touched];
		i = t->n_touched;
	}
	memset(e, 0, sizeof(*e));
	e->key = key;
	e->pid = pid ? pid : PID_OF_KEY(key);
	e->uid = PROC_UID_NONE;
	e->birth = birth;
	e->flags = flags;
	e->gone_ns = t->now_ns;
	e->list = PROC_LIST_NONE;
	proc_place(t, e);
	head = bucket(t, key);
	e->hash_next = *head;
	*head = i;
	t->n++;
	return e;
}

struct proc *proc_or_stub(struct proctab *t, uint64_t key, uint32_t pid)
{
	struct proc *e = proctab_find(t, key);

	if (e)
		return e;
	proctab_count(t, PROCTAB_UNKNOWN_PARENTS);
	return proc_new(t, key, pid, PROC_STUB);
}

/* ---- time --------------------------------------------------------------------*/

/*
 * Nothing marks the end of a resync: it is over when none of its snapshots
 * came for a while. Whoever lived before it and was neither found by it nor
 * seen since has died unnoticed. Should that be wrong, the next event of the
 * process brings it back.
 */
static void resync_end(struct proctab *t)
{
	struct proc *e;
	uint32_t i;

	if (!t->resync_ns || t->now_ns - t->resync_last_ns < RESYNC_QUIET_NS)
		return;
	for (i = 1; i <= t->n_touched; i++) {
		e = &t->procs[i];
		if (e->list == PROC_LIST_NONE || e->flags & PROC_GONE ||
		    e->seen_ns >= t->resync_ns)
			continue;
		e->flags |= PROC_MISSED;
		e->gone_ns = t->now_ns;
		proc_place(t, e);
		proctab_count(t, PROCTAB_MISSED);
	}
	t->resync_ns = 0;
}

void proctab_tick(struct proctab *t, uint64_t now_ns)
{
	/* A capture's time is not the clock's: only the clock's pace is used. */
	if (t->tick_ns && now_ns > t->tick_ns)
		t->now_ns += now_ns - t->tick_ns;
	t->tick_ns = now_ns;
	memset(t->pins, 0, sizeof(t->pins));
	resync_end(t);
	expire(t, EXPIRE_TICK);
	proctab_gauge(t);
}

size_t proctab_memory(const struct proctab *t)
{
	return t->fixed + t->n * sizeof(struct proc) + t->pool.used;
}

void proctab_gauge(struct proctab *t)
{
	__atomic_store_n(&t->conf.count[PROCTAB_ENTRIES], t->n, __ATOMIC_RELAXED);
	__atomic_store_n(&t->conf.count[PROCTAB_MEMORY], proctab_memory(t), __ATOMIC_RELAXED);
}

/* ---- life --------------------------------------------------------------------*/

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 64;

	while (p < n)
		p <<= 1;
	return p;
}

struct proctab *proctab_new(const struct proctab_conf *conf, const char **why)
{
	uint32_t n_heads = power_of_two(conf->max_processes);
	size_t scratch = lineage_size(conf->max_ancestors);
	size_t fixed = sizeof(struct proctab) + scratch +
		       2 * (size_t)n_heads * sizeof(uint32_t);
	size_t entries = ((size_t)conf->max_processes + 1) * sizeof(struct proc);
	struct proctab *t;

	*why = "max_memory is too small for max_processes";
	if (conf->max_memory <= fixed + entries)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		goto nomem;
	t->conf = *conf;
	t->fixed = fixed;
	t->mask = n_heads - 1;
	t->gen = 1;
	if (procpool_init(&t->pool, conf->max_memory - fixed - entries) == -EINVAL) {
		proctab_free(t);
		return NULL;
	}
	t->heads = calloc(n_heads, sizeof(*t->heads));
	t->procs = malloc(entries);
	t->scratch = malloc(scratch);
	if (!t->pool.mem || !t->heads || !t->procs || !t->scratch ||
	    proctexts_init(&t->texts, &t->pool, n_heads, conf->seed))
		goto nomem;
	memset(&t->procs[0], 0, sizeof(t->procs[0]));
	return t;
nomem:
	*why = "out of memory";
	return proctab_free(t);
}

struct proctab *proctab_free(struct proctab *t)
{
	if (!t)
		return NULL;
	proctexts_fini(&t->texts);
	procpool_fini(&t->pool);
	free(t->scratch);
	free(t->procs);
	free(t->heads);
	free(t);
	return NULL;
}
