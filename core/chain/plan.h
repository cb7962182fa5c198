/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One configuration's chains as a whole: the sync chain and the lines of the
 * async chains, built beside the plan in force, of which they take over every
 * instance and every queue that has not changed. Control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct async;
struct chain;
struct conf_node;
struct diag;
struct instance;
struct line;
struct loader;
struct services;
struct weir_schema;

struct plan_conf {
	const struct conf_node *sync;	/* the list; must outlive the plan */
	const struct conf_node *async;	/* the group; NULL: none */
	const char *const *dirs;
	size_t n_dirs;
	struct loader *loader;
	struct services *services;
	const struct plan *running;	/* NULL: none */
	/* Async chains of the running plan that do not let go of their stages. */
	const char *const *stuck;
	size_t n_stuck;
	/* One of the sync chain that never returned: its stage is left out. */
	const struct instance *left_out;
};

/* An async chain of a plan. */
struct plan_async {
	const struct conf_node *node;
	struct line *line;
	struct async *async;	/* that of the running plan, if its settings are the same */
	bool kept;		/* so is the line: nothing about it has changed */
	bool taken;		/* it is that of the running plan: pause, then resume */
};

/* What becomes of one stage. */
struct plan_change {
	struct instance *next;	/* NULL: removed */
	struct instance *running;	/* NULL: added */
	bool adopted;		/* next has what running remembered */
};

struct plan {
	unsigned generation;
	char digest[20];
	struct chain *chain;
	struct plan_async *asyncs;
	size_t n_asyncs;
	struct plan_change *changes;	/* every stage of both plans */
	size_t n_changes;
};

/*
 * Everything is checked and all that is wrong is in `d`; nothing is opened or
 * started. 0 or a negative errno.
 */
int plan_build(const struct plan_conf *conf, struct diag *d, struct plan **out);
/* Instances that are to be opened, in order; how many. NULL: only count. */
size_t plan_new_instances(const struct plan *p, struct instance **out);
/* They are open: stages take note of them. */
void plan_ready(struct plan *p);
/*
 * The instances that only this plan has any more: the caller closes them,
 * which may block, then frees them; all else of the plan is freed.
 */
size_t plan_free(struct plan *p, struct instance **out, size_t max);
/*
 * One whose thread was left to the instance `stuck`: its memory stays for ever,
 * but what others have too is theirs alone now.
 */
void plan_leave(struct plan *p, const struct instance *stuck);
/* One that was never in force, all of whose new instances are closed. */
void plan_drop(struct plan *p);
size_t plan_n_stages(const struct plan *p);
