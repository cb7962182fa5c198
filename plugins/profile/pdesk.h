/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where commands meet the event path: what has to be done there is an order, which the path
 * carries out at its next event or tick, while the command waits for it. A desk goes along
 * with what it is about when an instance hands everything over to another one.
 */
#pragma once

#include <pthread.h>

#include <weir/plugin.h>

struct pdesk;

/* Lies on the stack of the thread that waits. */
struct porder {
	struct porder *next;
	/*
	 * Event path; short. False: not now, once more at the next event or tick. NULL: there
	 * is no plugin any more, and what was handed out is thrown away.
	 */
	bool (*run)(void *plugin, struct porder *o);
	bool done;
};

/* With one reference; NULL: no memory. */
struct pdesk *pdesk_new(void);
/* Any thread. */
struct pdesk *pdesk_ref(struct pdesk *d);
/* NULL, always; d may be NULL. */
struct pdesk *pdesk_unref(struct pdesk *d);
/*
 * A thread on which `plugin` has a command. 0: it was run; -ETIMEDOUT: not in time,
 * -ECANCELED: nobody waits any more, and it never will be. `must`: as long as it takes, on
 * this thread if the path has ended: what was handed out comes back.
 */
int pdesk_do(struct pdesk *d, struct porder *o, const struct weir_command *cmd, void *plugin,
	     bool must);
/* Event path: runs what is there. Costs next to nothing, if there is nothing. */
void pdesk_serve(struct pdesk *d, void *plugin);
/* Whose path runs the orders, from now on; NULL: nobody's. Event path, open or close. */
void pdesk_give(struct pdesk *d, void *plugin);
