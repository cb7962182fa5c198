/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the rows of `process.ancestors`. They are kept with the parent, not
 * with the process: all children of one parent have the same ancestors, and
 * most processes never become one. What is kept is valid as long as the
 * table's generation is; the table begins a new one whenever something
 * changes of a process that has children. Rows point to names in entries and
 * to texts in the pool, both of which stay where they are.
 *
 * Keys may lie (a damaged or made-up capture): a walk ends at max_ancestors
 * and at the first process that it meets twice.
 */
#include "lineage.h"

#include <string.h>

#include "proctab.h"

static void set_text(struct weir_value *v, const void *p, uint32_t len,
		     uint8_t status)
{
	v->kind = WEIR_KIND_STR;
	v->status = status;
	v->len = len;
	v->v.p = p;
}

static void set_row(struct weir_value *row, uint64_t key, uint32_t pid)
{
	memset(row, 0, LINEAGE_N_COLS * sizeof(*row));
	row[LINEAGE_KEY].kind = WEIR_KIND_KEY;
	row[LINEAGE_KEY].status = key ? WEIR_PRESENT : WEIR_ABSENT;
	row[LINEAGE_KEY].v.u = key;
	row[LINEAGE_PID].kind = WEIR_KIND_U32;
	row[LINEAGE_PID].status = WEIR_PRESENT;
	row[LINEAGE_PID].v.u = pid;
	row[LINEAGE_NAME].kind = WEIR_KIND_STR;
	row[LINEAGE_EXE].kind = WEIR_KIND_STR;
}

static void set_proc(struct weir_value *row, const struct proc *e)
{
	set_row(row, e->key, e->pid);
	if (e->name_len)
		set_text(&row[LINEAGE_NAME], e->name, e->name_len, WEIR_PRESENT);
	if (e->exe)
		set_text(&row[LINEAGE_EXE], e->exe->bytes, proctext_len(e->exe),
			 e->exe->n & PROCTEXT_TRUNCATED ? WEIR_TRUNCATED : WEIR_PRESENT);
	else if (e->flags & PROC_EXE_LOST)
		row[LINEAGE_EXE].status = WEIR_ERROR;
}

static bool has_key(const struct lineage *l, uint32_t n, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (l->rows[i * LINEAGE_N_COLS + LINEAGE_KEY].v.u == key)
			return true;
	return false;
}

/* The ancestor above `e` has no entry: its row says what `e` knows of it. */
static uint32_t end_unknown(struct proctab *t, struct lineage *l, uint32_t n,
			    const struct proc *e)
{
	l->state = proc_is_root(e->ppid) && e->parent_key ? LINEAGE_COMPLETE :
							    LINEAGE_BROKEN;
	if (!e->parent_key)
		return n;
	l->keep = 0;	/* nobody tells us when it comes back */
	if (n == t->conf.max_ancestors) {
		l->state = LINEAGE_CUT;
		return n;
	}
	set_row(&l->rows[n * LINEAGE_N_COLS], e->parent_key, e->ppid);
	return n + 1;
}

static void walk(struct proctab *t, struct lineage *l, struct proc *e)
{
	struct proc *up;
	uint32_t n = 0;

	l->keep = 1;
	for (;; e = up) {
		set_proc(&l->rows[n * LINEAGE_N_COLS], e);
		n++;
		if (proc_is_root(e->pid)) {
			l->state = LINEAGE_COMPLETE;
			break;
		}
		if (e->flags & PROC_STUB && !e->parent_key) {
			l->state = LINEAGE_BROKEN;
			break;
		}
		up = proctab_up(t, e);
		if (!up) {
			n = end_unknown(t, l, n, e);
			break;
		}
		if (has_key(l, n, up->key)) {
			l->state = LINEAGE_BROKEN;
			break;
		}
		if (n == t->conf.max_ancestors) {
			l->state = LINEAGE_CUT;
			break;
		}
	}
	l->gen = t->gen;
	l->list.n = n;
	l->list.n_cols = LINEAGE_N_COLS;
	l->list.values = l->rows;
}

/* Room is not made for what can be made again: without any, it is not kept. */
static struct lineage *room(struct proctab *t, struct proc *p, size_t size)
{
	if (p->lineage && procpool_size(&t->pool, p->lineage) >= size)
		return p->lineage;
	lineage_drop(t, p);
	p->lineage = procpool_alloc(&t->pool, size);
	return p->lineage;
}

const struct lineage *lineage_get(struct proctab *t, struct proc *p)
{
	struct lineage *s = t->scratch, *l;

	if (p->lineage && p->lineage->gen == t->gen)
		return p->lineage;
	proctab_count(t, PROCTAB_LINEAGES);
	walk(t, s, p);
	l = s->keep ? room(t, p, lineage_size(s->list.n)) : NULL;
	if (!l)
		return s;
	memcpy(l, s, lineage_size(s->list.n));
	l->list.values = l->rows;
	return l;
}

void lineage_drop(struct proctab *t, struct proc *p)
{
	if (p->lineage)
		procpool_free(&t->pool, p->lineage);
	p->lineage = NULL;
}
