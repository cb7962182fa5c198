/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a host by key, with what their descendants' events tell of
 * them. One thread; bounded in entries and bytes. Pointers to entries and
 * their texts are valid until the next call that takes a struct proctab which
 * is not const.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "procpool.h"
#include "proctext.h"

struct lineage;

#define PROC_NAME_MAX	16u
#define PROC_UID_NONE	UINT32_MAX

enum proc_flags {
	PROC_STUB = 1,		/* others name it as parent; no event of its own yet */
	PROC_EXITED = 2,
	PROC_MISSED = 4,	/* a full resync did not find it */
	PROC_BORN = 8,		/* its fork was seen */
	PROC_EXE_LOST = 16,	/* there was no room for the text */
	PROC_ARGS_LOST = 32,
	PROC_GONE = PROC_STUB | PROC_EXITED | PROC_MISSED,
};

/* Who is thrown out first. An entry in use is on exactly one list. */
enum proc_list {
	PROC_LIST_DEAD,		/* gone, nobody's parent; oldest first */
	PROC_LIST_HELD,		/* gone, but a parent */
	PROC_LIST_LEAF,		/* alive, nobody's parent; least recently used first */
	PROC_LIST_INNER,
	PROC_LIST__MAX,
	PROC_LIST_NONE = PROC_LIST__MAX,
};

struct proc {
	uint64_t key;
	uint64_t parent_key;
	uint64_t seen_ns;	/* time of the newest event that told of it */
	uint64_t exe_ino;
	uint32_t hash_next;
	uint32_t prev, next;
	uint32_t parent;	/* entry of parent_key, if its birth is still this: */
	uint32_t parent_birth;
	uint32_t birth;		/* changes whenever the entry is given up; never 0 */
	uint32_t n_children;	/* entries that are linked to this one */
	uint8_t list;
	uint8_t flags;
	uint8_t name_len;
	uint8_t pad;

	struct lineage *lineage;	/* from itself to the root; owned by lineage.c */
	struct proctext *exe;
	struct proctext *args;
	struct proctext *orig_exe;
	uint64_t start;
	uint64_t image_ns;	/* time of the newest exec or snapshot */
	uint64_t orig_key;	/* first known parent; 0: the present one */
	uint64_t gone_ns;
	uint32_t pid;
	uint32_t ppid;
	uint32_t orig_pid;
	uint32_t uid;
	uint32_t args_size;
	char name[PROC_NAME_MAX];
	uint32_t pad2;
};

enum proctab_count {
	PROCTAB_ENTRIES,	/* gauge */
	PROCTAB_MEMORY,		/* gauge */
	PROCTAB_SNAPSHOTS,
	PROCTAB_UNKNOWN_PARENTS,
	PROCTAB_REPARENTED,
	PROCTAB_EVICTED_DEAD,
	PROCTAB_EVICTED_LIVE,
	PROCTAB_EXPIRED,
	PROCTAB_MISSED,
	PROCTAB_NO_ROOM,
	PROCTAB_LINEAGES,
	PROCTAB_COUNT__MAX
};

struct proctab_conf {
	uint32_t max_processes;
	uint32_t max_args;
	uint32_t max_ancestors;
	uint32_t pad;
	uint64_t max_memory;
	uint64_t keep_dead_ns;
	uint64_t seed;
	uint64_t *count;	/* PROCTAB_COUNT__MAX numbers, added to */
};

struct proctab_list {
	uint32_t head, tail;
};

struct proctab {
	struct proctab_conf conf;
	struct procpool pool;
	struct proctexts texts;
	struct proc *procs;	/* 0 is nobody */
	uint32_t *heads;
	uint32_t mask;
	uint32_t n;		/* entries in use */
	uint32_t n_touched;	/* entries that were ever in use */
	uint32_t spare;		/* chain of those that no longer are */
	struct proctab_list lists[PROC_LIST__MAX];
	const struct proc *pins[3];	/* not to be thrown out now */
	struct lineage *scratch;
	uint64_t gen;		/* lineages of an older one are void */
	uint64_t now_ns;	/* of the stream: the latest event, then the ticks */
	uint64_t tick_ns;
	uint64_t resync_ns;	/* begin of the resync under way */
	uint64_t resync_last_ns;
	size_t fixed;		/* bytes that do not change */
};

/* NULL and *why: a text without names. */
struct proctab *proctab_new(const struct proctab_conf *conf, const char **why);
/* One step up; NULL at the top or if the entry is gone. Keeps all entries. */
struct proc *proctab_up(struct proctab *t, struct proc *e);
struct proc *proctab_find(const struct proctab *t, uint64_t key);
/* now_ns: any clock that does not go back. */
void proctab_tick(struct proctab *t, uint64_t now_ns);
/* Bytes in use, all tables included. */
size_t proctab_memory(const struct proctab *t);
void proctab_gauge(struct proctab *t);
struct proctab *proctab_free(struct proctab *t);
/*
 * What `from` knows comes to `to`, as far as its limits go, which is empty.
 * 0, or -1: no memory for it, nothing has changed.
 */
int proctab_move(struct proctab **to, struct proctab **from);

/* Others read the numbers at the same time. */
static inline void proctab_count(struct proctab *t, enum proctab_count what)
{
	__atomic_store_n(&t->conf.count[what], t->conf.count[what] + 1, __ATOMIC_RELAXED);
}

/*
 * For procnews.c. An entry that is made may cost any other that is not pinned
 * its place; what is pinned stays until the next event.
 */
struct proc *proc_new(struct proctab *t, uint64_t key, uint32_t pid, uint8_t flags);
struct proc *proc_or_stub(struct proctab *t, uint64_t key, uint32_t pid);
/* After a change of flags: to the list where it belongs. */
void proc_place(struct proctab *t, struct proc *e);
void proc_touch(struct proctab *t, struct proc *e);
/* After a change of what lineages show. */
void proc_changed(struct proctab *t, struct proc *e);
void proc_link(struct proctab *t, struct proc *e, struct proc *p);
void proc_unlink(struct proctab *t, struct proc *e);
/* False: nobody is left who is not pinned. */
bool proctab_evict(struct proctab *t);
/* The same, but no living process is given up. */
bool proctab_evict_gone(struct proctab *t);

/* Lineages end here: init, kthreadd, and the idle task above both. */
static inline bool proc_is_root(uint32_t pid)
{
	return pid <= 2;
}
