/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many anomalies a workload may have of each type in a minute, and what was cut; and
 * which were told before. Time is that of the events. Bounded, one thread.
 */
#pragma once

#include "afacts.h"

#define ALIMIT_WINDOW_NS	60000000000ull
#define ALIMIT_WINDOWS		256u
#define ALIMIT_TOLD		4096u	/* a power of two */
#define ALIMIT_KINDS		16u

struct alimit_kind {
	char kind[16];
	char first[AFACTS_TEXT];	/* the first of them that was cut */
	uint64_t n;
};

/* Of one workload and type. */
struct alimit_window {
	char profile[256];	/* "": not in use */
	char version[128];
	char type[16];
	uint64_t begun_ns;
	uint32_t n;		/* told */
	uint64_t n_cut;
	uint32_t n_kinds;
	struct alimit_kind kinds[ALIMIT_KINDS];
};

struct alimit {
	uint32_t max;
	uint64_t repeat_ns;
	uint64_t due_ns;	/* no window ends before */
	struct alimit_window *windows[ALIMIT_WINDOWS];
	struct {
		uint64_t number, time_ns;
	} told[ALIMIT_TOLD];
};

/* NULL: no memory. */
struct alimit *alimit_new(uint32_t max, uint64_t repeat_ns);
/* It was told within `repeat`; else it counts as told from now on. */
bool alimit_is_repeated(struct alimit *l, const struct afacts *f);
/* False: it is cut. The window is made if there is none; without memory all pass. */
bool alimit_take(struct alimit *l, const struct afacts *f);
/* The one that was let through was not told after all: it counts as cut. */
void alimit_give_back(struct alimit *l, const struct afacts *f);
/*
 * A window that is over and has cut something; the caller tells, and then ends it. One that
 * has cut nothing ends by itself. NULL: none.
 */
struct alimit_window *alimit_over(struct alimit *l, uint64_t now_ns);
void alimit_end(struct alimit *l, struct alimit_window *w);
/* NULL, always; l may be NULL. */
struct alimit *alimit_free(struct alimit *l);
