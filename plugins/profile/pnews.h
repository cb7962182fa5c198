/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What profiles did not know, for a person to approve: the last PNEWS_MAX of them, each once.
 * E functions are for the event path. What is handed out never changes, and stays until it is
 * put back, by any thread.
 */
#pragma once

#include "pprofile.h"

#define PNEWS_MAX	1024u
#define PNEWS_MORE	4u

struct pnews_item {
	uint32_t refs;		/* atomic */
	uint64_t id;		/* the same for the same thing, whenever and wherever */
	uint64_t workload;
	char profile[PPROFILE_NAME];
	char tag[PPROFILE_TAG];
	struct pitem item;	/* names are in `bytes` */
	struct pitem more[PNEWS_MORE];	/* of a program: as whom, for what, how it was begun */
	uint32_t n_more;
	const char *steps;	/* programs, each as 16 bits of length and a path; in `bytes` */
	uint32_t n_steps;
	uint32_t first_s;
	char bytes[];
};

struct pnews;

/* NULL: no memory. */
struct pnews *pnews_new(void);
/* E: the number by which a person names it. Stable over restarts and hosts. */
uint64_t pnews_id(const struct pprofile *p, const struct ptrail *trail, const struct pitem *item);
/* E: p is of `workload`. It is remembered, if it is not yet. */
void pnews_note(struct pnews *n, uint64_t id, uint64_t workload, const struct pprofile *p,
		const struct pprofile_ask *ask, const struct pitem *item);
/*
 * E: those of a workload (0: of all), of an id (0: any), and that are `text` (NULL: any), the
 * newest first, at most `max`. How many.
 */
uint32_t pnews_find(struct pnews *n, uint64_t workload, uint64_t id, const char *text,
		    struct pnews_item **out, uint32_t max);
/* E: it is known now. */
void pnews_forget(struct pnews *n, uint64_t id);
/* Any thread. */
void pnews_put(struct pnews_item *x);
/* The program by which it was done; of a program, who began it. "": none. Cut at `size`. */
void pnews_process(const struct pnews_item *x, char *out, size_t size);
/* NULL, always. */
struct pnews *pnews_free(struct pnews *n);
