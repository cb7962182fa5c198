/* SPDX-License-Identifier: Apache-2.0 */
/* What an event says of processes, on its way into the table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct proc;
struct proctab;

struct proc_bytes {
	const void *p;		/* NULL: absent */
	uint32_t len;
	bool truncated;
};

/* What an event says of its acting process; 0 for what it does not. */
struct proc_facts {
	uint64_t time_ns;
	uint64_t key, parent_key;
	uint64_t start;
	uint64_t exe_ino;
	uint32_t pid, ppid;
	uint32_t uid;
	uint32_t args_size;
	struct proc_bytes name, exe, args;
};

struct proc_child {
	uint64_t key, parent_key;
	uint64_t start;
	uint32_t pid;
};

enum proc_news {
	PROC_SEEN,		/* it did something */
	PROC_EXEC,		/* its image is new */
	PROC_SNAPSHOT,		/* found by looking */
	PROC_RESYNC,		/* found by looking at all processes again */
};

/* The acting process (key != 0), entered or brought up to date. Never NULL. */
struct proc *procnews_note(struct proctab *t, const struct proc_facts *f,
			   enum proc_news news);
/* `creator` comes from procnews_note and stays valid. */
void procnews_fork(struct proctab *t, struct proc *creator,
		   const struct proc_child *c);
void procnews_exit(struct proctab *t, struct proc *e);
/* The parent that the event names; NULL if it names none. `e` stays valid. */
struct proc *procnews_parent(struct proctab *t, struct proc *e,
			     const struct proc_facts *f);
