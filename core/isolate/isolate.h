/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin in a process of its own. The core calls the functions here instead
 * of the plugin's callbacks; each passes on what it gets over shared memory. A
 * thread for each instance reads the answers, starts the process, ends it when
 * it does not behave, and starts it again. docs/isolation.md has the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <weir/plugin.h>

struct isolate;

struct isolate_limits {
	bool drop;		/* uid and gid are to be taken on: we are root */
	uid_t uid;
	gid_t gid;
	int64_t memory;		/* bytes of address space */
	int64_t cpu;		/* percent of one CPU; 0: no limit */
};

/* What the core is told. `ctx` is that of struct weir_setup. */
struct isolate_calls {
	/* The process has come (again), or has ended. Any thread. */
	void (*state)(void *ctx, bool running, const char *reason);
	/*
	 * Items that a write had taken, and that are lost; errors of the sink's.
	 * In write, tick or close.
	 */
	void (*lost)(void *ctx, unsigned rclass, unsigned type, uint64_t n);
	void (*failed)(void *ctx, uint64_t n);
};

struct isolate_conf {
	const struct weir_plugin *def;	/* as the plugin has it */
	int fd;				/* the plugin's file */
	const char *label;		/* for the log; copied */
	unsigned n_added;		/* slots of events */
	struct isolate_limits limits;
	const struct isolate_calls *calls;
};

/* Of that name or number, and its group. 0 or -ENOENT. */
int isolate_user(const char *name, uid_t *uid, gid_t *gid);
/*
 * A plugin's tables with our callbacks, for malloc's free. Its instances are
 * those of isolate_open. NULL: no memory.
 */
struct weir_plugin *isolate_def(const struct weir_plugin *def);
/*
 * Starts the process and waits till the plugin is open there. 0; or -1 after
 * the log was told why not. `conf` is copied; `setup` and all it points to stay
 * till close. Any one thread, which may end afterwards.
 */
int isolate_open(const struct isolate_conf *conf, const struct weir_setup *setup,
		 void **out);
/* The process; 0: there is none now. Any thread. */
pid_t isolate_pid(void *inst);
/* How often it has died. Any thread. */
uint64_t isolate_deaths(void *inst);

/* Between two starts after a crash; doubles. Tests make it shorter. */
extern uint64_t isolate_pause_min_ns, isolate_pause_max_ns;
/* Without progress, or before its plugin is open, it may be for so long; as above. */
extern uint64_t isolate_stall_ns, isolate_open_ns;
