/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shelf, with a helper that reads and writes files for it: E functions are for the
 * event path, L for open and close. Where there are no files, there is no helper:
 * profiles begin empty and end with it.
 */
#pragma once

#include "pjob.h"
#include "pshelf.h"

#define PKEEP_JOBS	64u	/* under way at the same time */
#define PKEEP_STEP	8u	/* chunks of a profile that are copied in one callback */

enum pkeep_count {
	PKEEP_PROFILES,		/* gauge */
	PKEEP_BYTES,		/* gauge */
	PKEEP_LOADED,
	PKEEP_NEW,
	PKEEP_SAVED,
	PKEEP_UNLOADED,
	PKEEP_DAMAGED,
	PKEEP_FAILED,
	PKEEP_NO_ROOM,
	PKEEP_COUNT__MAX
};

struct pkeep_conf {
	const char *dir;
	uint64_t max_size;	/* of a profile */
	uint64_t seed;
	uint32_t max_profiles;
	uint32_t save_s;	/* between two writings of a profile */
	uint32_t idle_s;	/* unused for so long: put away */
	bool files;		/* there are some; else all is in memory only */
};

struct pkeep {
	struct pshelf *shelf;
	struct pkeep_conf conf;	/* its dir is open()'s only */
	char *dir;
	struct pstore store;
	struct weir_helper helper;
	const struct weir_setup *setup;
	uint64_t *count;	/* PKEEP_COUNT__MAX */
	struct pjob *jobs[PKEEP_JOBS];
	uint32_t n_jobs;
	uint64_t copying;	/* a workload; 0: none */
};

/* L: 0, or -1 and it is said why. Without a folder it warns and keeps all in memory. */
int pkeep_open(struct pkeep *k, const struct weir_setup *s, const struct pkeep_conf *conf,
	       uint64_t *count);
/* E: what the helper has finished; before anything of this event is looked up. */
void pkeep_collect(struct pkeep *k);
/* E: the profile, if it is there; NULL and *loading, or there is no room. */
struct pprofile *pkeep_get(struct pkeep *k, const char *name, uint32_t len, uint32_t now_s,
			   bool *loading);
/*
 * E: the profile of that name is the caller's until it comes back; its events are as those
 * of one that is being loaded. *out is NULL if it is not in memory. 0; -EAGAIN: it is under
 * way somewhere, later; -ENOSPC: no room for its name.
 */
int pkeep_lend(struct pkeep *k, const char *name, uint32_t now_s, struct pprofile **out);
/* E: NULL: there is none of that name any more. */
void pkeep_give_back(struct pkeep *k, const char *name, struct pprofile *p, uint32_t now_s);
/* E: a step of what takes several. At the begin of a callback. */
void pkeep_work(struct pkeep *k, uint32_t now_s);
/* E: about once a second. Takes away what is not used, so not while an event is under way. */
void pkeep_tick(struct pkeep *k, uint32_t now_s);
/* E: both keep their settings and change shelves. */
void pkeep_swap(struct pkeep *a, struct pkeep *b);
/* L: what has changed is written. */
void pkeep_close(struct pkeep *k);
