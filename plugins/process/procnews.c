/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what events do to the table: whose parent changes, whose image, who is
 * born, who is dead.
 *
 * Events come from several rings and so in nearly every order. What an event
 * says is believed if no newer one of the same process was seen; the parent
 * that was known first is the original one.
 */
#include "procnews.h"

#include <string.h>

#include <weir/wire.h>

#include "proctab.h"

#define EVICT_TRIES	32	/* entries given up for one text, at most */

/* ---- parents ---------------------------------------------------------------*/

static void set_parent(struct proctab *t, struct proc *e, uint64_t key,
		       uint32_t pid)
{
	struct proc *p = proc_or_stub(t, key, pid);

	proc_unlink(t, e);
	e->parent_key = key;
	e->ppid = pid ? pid : p->pid;
	proc_link(t, e, p);
	proc_changed(t, e);
}

static void set_original(struct proctab *t, struct proc *e, uint64_t key,
			 uint32_t pid)
{
	struct proc *p = proctab_find(t, key);

	proctab_count(t, PROCTAB_REPARENTED);
	if (e->orig_key)
		return;
	e->orig_key = key;
	e->orig_pid = pid;
	if (p) {
		e->orig_pid = p->pid;
		e->orig_exe = proctext_ref(p->exe);
	}
}

/* ---- images ----------------------------------------------------------------*/

/*
 * True: *at is another text now. `lost`: the flag that says there was no room.
 * Only the gone pay for a text: whoever runs programs chooses its arguments,
 * and should not be able to make us forget others that live.
 */
static bool set_text(struct proctab *t, struct proc *e, struct proctext **at,
		     const struct proc_bytes *b, uint32_t max, uint8_t lost)
{
	struct proctext *was = *at, *x = NULL;
	unsigned tries = EVICT_TRIES;

	e->flags &= (uint8_t)~lost;
	if (b->p) {
		do
			x = proctext_get(&t->texts, b->p, b->len, max, b->truncated);
		while (!x && tries-- && proctab_evict_gone(t));
		if (!x) {
			e->flags |= lost;
			proctab_count(t, PROCTAB_NO_ROOM);
		}
	}
	*at = x;
	proctext_put(&t->texts, was);
	return x != was;
}

static bool set_name(struct proc *e, const struct proc_bytes *b)
{
	uint8_t len = (uint8_t)(b->len < PROC_NAME_MAX ? b->len : PROC_NAME_MAX);
	const void *p = b->p ? b->p : "";

	if (!b->p)
		len = 0;
	if (len == e->name_len && !memcmp(e->name, p, len))
		return false;
	memcpy(e->name, p, len);
	e->name_len = len;
	return true;
}

/* `whole`: what the event does not say is not so; else it stays as it was. */
static void set_image(struct proctab *t, struct proc *e,
		      const struct proc_facts *f, bool whole)
{
	bool changed = false;

	if (whole || f->name.p)
		changed |= set_name(e, &f->name);
	if (whole || f->exe.p)
		changed |= set_text(t, e, &e->exe, &f->exe, WEIR_PATH_MAX,
				    PROC_EXE_LOST);
	if (whole || f->args.p)
		changed |= set_text(t, e, &e->args, &f->args, t->conf.max_args,
				    PROC_ARGS_LOST);
	if (whole || f->exe_ino)
		e->exe_ino = f->exe_ino;
	if (whole || f->args.p)
		e->args_size = f->args_size;
	if (changed)
		proc_changed(t, e);
}

/* An exec was lost if somebody acts with another image than we know. */
static bool image_differs(const struct proc *e, const struct proc_facts *f)
{
	return (f->exe_ino && f->exe_ino != e->exe_ino) ||
	       (f->args.p && f->args_size != e->args_size);
}

/* ---- what events say ---------------------------------------------------------*/

static void note_parent(struct proctab *t, struct proc *e,
			const struct proc_facts *f)
{
	if (!f->parent_key || f->parent_key == e->parent_key)
		return;
	if (e->parent_key)
		set_original(t, e, e->parent_key, e->ppid);
	set_parent(t, e, f->parent_key, f->ppid);
}

/* Begins by the clock of the snapshots: ticks may have run ahead of it. */
static void note_resync(struct proctab *t, uint64_t time_ns)
{
	if (!t->resync_ns)
		t->resync_ns = time_ns;
	t->resync_last_ns = t->now_ns;
}

struct proc *procnews_note(struct proctab *t, const struct proc_facts *f,
			   enum proc_news news)
{
	uint64_t time_ns = f->time_ns ? f->time_ns : t->now_ns;
	bool first = false, newest;
	struct proc *e;

	if (time_ns > t->now_ns)
		t->now_ns = time_ns;
	memset(t->pins, 0, sizeof(t->pins));
	e = proctab_find(t, f->key);
	if (!e || e->flags & PROC_STUB) {
		first = true;
		if (!e)
			e = proc_new(t, f->key, f->pid, 0);
	}
	t->pins[0] = e;
	if (e->flags & (PROC_STUB | PROC_MISSED)) {
		e->flags &= (uint8_t)~(PROC_STUB | PROC_MISSED);
		proc_place(t, e);
	}
	proc_touch(t, e);
	newest = time_ns >= e->seen_ns;
	if (newest) {
		e->seen_ns = time_ns;
		e->uid = f->uid;
		note_parent(t, e, f);
	}
	if (f->start)
		e->start = f->start;
	if (f->pid && f->pid != e->pid) {
		e->pid = f->pid;
		proc_changed(t, e);
	}
	/* An exec may have waited in its ring while a newer snapshot came. */
	if (first || (news == PROC_EXEC && time_ns >= e->image_ns))
		set_image(t, e, f, true);
	else if (newest && (news != PROC_SEEN || image_differs(e, f)))
		set_image(t, e, f, false);
	if (news != PROC_SEEN && time_ns > e->image_ns)
		e->image_ns = time_ns;
	if (news >= PROC_SNAPSHOT)
		proctab_count(t, PROCTAB_SNAPSHOTS);
	if (news == PROC_RESYNC)
		note_resync(t, time_ns);
	return e;
}

/* The child did something before its fork was told: only its birth is news. */
static void fork_late(struct proctab *t, struct proc *e,
		      const struct proc_child *c, uint32_t ppid)
{
	if (e->flags & PROC_BORN || !c->parent_key)
		return;
	if (!e->parent_key)
		set_parent(t, e, c->parent_key, ppid);
	else if (e->parent_key != c->parent_key && !e->orig_key)
		set_original(t, e, c->parent_key, ppid);
}

static void fork_image(struct proctab *t, struct proc *e,
		       const struct proc *creator)
{
	memcpy(e->name, creator->name, sizeof(e->name));
	e->name_len = creator->name_len;
	e->exe = proctext_ref(creator->exe);
	e->args = proctext_ref(creator->args);
	e->exe_ino = creator->exe_ino;
	e->args_size = creator->args_size;
	e->uid = creator->uid;
	e->flags |= creator->flags & (PROC_EXE_LOST | PROC_ARGS_LOST);
	proc_changed(t, e);
}

void procnews_fork(struct proctab *t, struct proc *creator,
		   const struct proc_child *c)
{
	uint32_t ppid = c->parent_key == creator->key ? creator->pid :
			c->parent_key == creator->parent_key ? creator->ppid : 0;
	struct proc *e;

	if (!c->key || c->key == creator->key)
		return;
	e = proctab_find(t, c->key);
	if (e && !(e->flags & PROC_STUB)) {
		t->pins[1] = e;
		fork_late(t, e, c, ppid);
	} else {
		if (!e)
			e = proc_new(t, c->key, c->pid, 0);
		t->pins[1] = e;
		e->flags &= (uint8_t)~PROC_STUB;
		proc_place(t, e);
		e->pid = c->pid ? c->pid : e->pid;
		e->seen_ns = t->now_ns < c->start ? t->now_ns : c->start;
		fork_image(t, e, creator);
		if (c->parent_key)
			set_parent(t, e, c->parent_key, ppid);
	}
	e->flags |= PROC_BORN;
	e->start = c->start;
}

void procnews_exit(struct proctab *t, struct proc *e)
{
	if (e->flags & PROC_EXITED)
		return;
	e->flags |= PROC_EXITED;
	e->gone_ns = t->now_ns;
	proc_place(t, e);
}

struct proc *procnews_parent(struct proctab *t, struct proc *e,
			     const struct proc_facts *f)
{
	struct proc *p;

	if (f->parent_key && f->parent_key != e->parent_key)
		return proc_or_stub(t, f->parent_key, f->ppid);
	if (!e->parent_key)
		return NULL;
	p = proctab_up(t, e);
	if (!p) {
		p = proc_or_stub(t, e->parent_key, e->ppid);
		proc_link(t, e, p);
	}
	return p;
}
