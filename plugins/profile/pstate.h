/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile can say of one type of event in one version of a workload. Time is
 * handed in, in seconds since 1970; it may go back a little. No memory, one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pitem.h"

/* In files up to UNSTABLE; the others are never kept. */
enum pstate_is {
	PSTATE_NONE,		/* nothing was seen yet */
	PSTATE_LEARNING,	/* what is new is learnt */
	PSTATE_STABLE,		/* nothing new for long enough: what is new is an anomaly */
	PSTATE_UNSTABLE,	/* it did not become quiet in time: learnt, and no anomaly */
	PSTATE_WARMUP,		/* of an event of an instance that has just begun: learnt */
	PSTATE_FULL,		/* learnt, in the place of what is rarest */
	PSTATE_FROZEN,		/* by a person: nothing is learnt, what is new is an anomaly */
	PSTATE__MAX
};

struct pstate_conf {
	uint32_t warmup_s;		/* of an instance of the workload */
	uint32_t stable_s[PTYPE__MAX];	/* without anything new: stable */
	uint32_t unstable_s;		/* learning for so long: unstable */
	uint32_t quiet_s;		/* unstable and without anything new: learning once more */
};

/* Of one type and version. In files. */
struct pstate {
	uint8_t is;		/* NONE to UNSTABLE */
	uint32_t since_s;	/* when that began */
	uint32_t new_s;		/* when something was new for the last time */
	uint32_t warm_s;	/* when the first warm-up that was seen ends; 0: none was */
	uint32_t n;		/* events; stays at its maximum */
};

/* An event, or a question without one. */
struct pstate_ask {
	uint32_t now_s;
	uint32_t start_s;	/* of the instance */
	bool full;		/* the profile is as large as it may be */
};

/* The state for an event of this type; the clocks go on. */
enum pstate_is pstate_at(struct pstate *p, const struct pstate_conf *c, enum ptype type,
			 const struct pstate_ask *ask);
/* The same, and nothing changes. */
enum pstate_is pstate_look(const struct pstate *p, const struct pstate_conf *c, enum ptype type,
			   const struct pstate_ask *ask);
/* Something was new, whether it was learnt or not. */
void pstate_new(struct pstate *p, uint32_t now_s);
/* Nobody looked for so many seconds: they are no quiet ones. */
void pstate_pause(struct pstate *p, uint32_t gap_s);
/* It is as if nothing was ever seen of this type. */
void pstate_forget(struct pstate *p);
bool pstate_learns(enum pstate_is is);
/* What is new is not known, and is told. */
bool pstate_judges(enum pstate_is is);
const char *pstate_name(enum pstate_is is);
