/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one table knows comes to another, in a reload. Of the same size they
 * change places, which is a matter of pointers; else the entries are copied,
 * those first that would be thrown out first.
 */
#include <string.h>

#include "proctab.h"

static bool same_size(const struct proctab *a, const struct proctab *b)
{
	return a->conf.max_processes == b->conf.max_processes &&
	       a->conf.max_args == b->conf.max_args &&
	       a->conf.max_ancestors == b->conf.max_ancestors &&
	       a->conf.max_memory == b->conf.max_memory;
}

static void swap_tables(struct proctab **a, struct proctab **b)
{
	struct proctab *t = *a;
	uint64_t keep = t->conf.keep_dead_ns, *count = t->conf.count;

	*a = *b;
	*b = t;
	t->conf.keep_dead_ns = (*a)->conf.keep_dead_ns;
	t->conf.count = (*a)->conf.count;
	(*a)->conf.keep_dead_ns = keep;
	(*a)->conf.count = count;
}

static struct proctext *text_copy(struct proctab *t, const struct proctext *x)
{
	uint32_t len;

	if (!x)
		return NULL;
	len = proctext_len(x);
	return proctext_get(&t->texts, x->bytes, len, len + 1, x->n & PROCTEXT_TRUNCATED);
}

static void proc_copy(struct proctab *t, const struct proc *from)
{
	struct proc *e = proc_new(t, from->key, from->pid, from->flags);

	e->parent_key = from->parent_key;
	e->seen_ns = from->seen_ns;
	e->exe_ino = from->exe_ino;
	e->start = from->start;
	e->image_ns = from->image_ns;
	e->orig_key = from->orig_key;
	e->gone_ns = from->gone_ns;
	e->ppid = from->ppid;
	e->orig_pid = from->orig_pid;
	e->uid = from->uid;
	e->args_size = from->args_size;
	e->name_len = from->name_len;
	memcpy(e->name, from->name, sizeof(e->name));
	/* Texts may cost others their place, but not this one. */
	t->pins[0] = e;
	e->exe = text_copy(t, from->exe);
	e->args = text_copy(t, from->args);
	e->orig_exe = text_copy(t, from->orig_exe);
	e->flags |= from->exe && !e->exe ? PROC_EXE_LOST : 0;
	e->flags |= from->args && !e->args ? PROC_ARGS_LOST : 0;
	t->pins[0] = NULL;
}

/* By number: on the lists they move while they are linked. */
static void link_all(struct proctab *t)
{
	uint32_t i;

	for (i = 1; i <= t->n_touched; i++)
		if (t->procs[i].list != PROC_LIST_NONE)
			proctab_up(t, &t->procs[i]);
}

int proctab_move(struct proctab **to, struct proctab **from)
{
	struct proctab *t = *to, *old = *from;
	uint64_t keep_dead_ns = t->conf.keep_dead_ns;
	unsigned list;
	uint32_t i;

	if (same_size(t, old)) {
		swap_tables(to, from);
		return 0;
	}
	/* A reload that is taken back: it has never lost what it knows. */
	if (t->n)
		return 0;
	t->now_ns = old->now_ns;
	t->resync_ns = old->resync_ns;
	t->resync_last_ns = old->resync_last_ns;
	/* Whose children come later is not to be forgotten before. */
	t->conf.keep_dead_ns = UINT64_MAX;
	for (list = 0; list < PROC_LIST__MAX; list++)
		for (i = old->lists[list].head; i; i = old->procs[i].next)
			proc_copy(t, &old->procs[i]);
	link_all(t);
	t->conf.keep_dead_ns = keep_dead_ns;
	return 0;
}
