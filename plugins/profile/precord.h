/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: what a workload does is learnt for a time into a profile of its own, whatever the
 * state of its real one. Each watches what it costs, and gives up the types that are worth
 * least before it slows the sensor. One thread, the event path.
 */
#pragma once

#include "pprofile.h"

#define PRECORD_MAX	4u
#define PRECORD_WINDOW_NS	1000000000u	/* after which it is judged what it cost */

struct precord_shed {
	uint8_t type;
	uint32_t at_s;
	uint32_t permille;	/* of the time that the recording took before */
};

struct precord {
	uint32_t id;		/* 0: not in use */
	char selector[PPROFILE_NAME];
	char as[PPROFILE_NAME];		/* "": recording:SELECTOR */
	char workload[PPROFILE_NAME];	/* the first that it met */
	bool merge;			/* into the profile of that one */
	bool over;
	uint32_t n_workloads;		/* 2: more than one */
	uint32_t types;			/* a bit each, that are recorded still */
	uint32_t begun_s, until_s;
	uint64_t n_events;
	uint64_t window_ns, spent_ns;	/* begin of the window, and what was spent since */
	struct precord_shed shed[PTYPE__MAX];
	uint32_t n_shed;
	struct pprofile *p;
};

struct precords {
	struct precord all[PRECORD_MAX];
	uint32_t n;		/* that are not over */
	uint32_t ids;
};

/* As `from` says; its profile is made. Its number; 0: there are as many as may be, or no memory. */
uint32_t precord_begin(struct precords *x, const struct precord *from, uint64_t max_size,
		       uint64_t seed, uint32_t now_s);
/* NULL: there is none of that number. */
struct precord *precord_find(struct precords *x, uint32_t id);
/*
 * A pattern as of the shell fits the name; or it is the begin, 12 digits at least, of the
 * container's id.
 */
bool precord_matches(const struct precord *r, const char *name, const char *container,
		     uint32_t container_len);
/* name, tag: of the workload. */
void precord_event(struct precord *r, const struct pprofile_conf *c, const char *name,
		   const char *tag, uint32_t tag_len, struct pprofile_ask *ask);
/* So much was spent on it, up to now; permille: of the time that it may take. */
void precord_spent(struct precord *r, uint64_t spent_ns, uint64_t now_ns, uint32_t now_s,
		   uint32_t permille);
/* Ends those whose time is over. */
void precord_check(struct precords *x, uint32_t now_s);
void precord_stop(struct precords *x, struct precord *r);
/* It is over, and what it has recorded is the caller's. */
struct pprofile *precord_take(struct precords *x, struct precord *r);
void precord_fini(struct precords *x);
