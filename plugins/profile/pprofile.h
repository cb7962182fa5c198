/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile: the tree of a workload, its versions, and the state of each type of event
 * in each of them. One thread. All memory is accounted; nothing is logged, no I/O.
 */
#pragma once

#include "pstate.h"
#include "pwalk.h"

#define PPROFILE_NAME	256u	/* bytes, with the NUL, as of the next */
#define PPROFILE_TAG	128u

struct pversion {
	char tag[PPROFILE_TAG];		/* empty: not in use */
	uint32_t first_s, last_s;
	struct pstate states[PTYPE__MAX];
};

struct pprofile {
	char name[PPROFILE_NAME];
	uint64_t id;			/* differs from that of any other tree */
	uint32_t created_s;
	uint32_t frozen_s;		/* since when; 0: it is not */
	bool dirty;			/* differs from its file */
	struct ptree tree;
	uint32_t n_dropped;		/* versions that had to make room */
	uint64_t dropping, to_drop;	/* places of those whose sights are not all gone: now, then */
	uint32_t drop_at;		/* where that is */
	struct pversion versions[PTREE_VERSIONS];
};

struct pprofile_conf {
	struct pstate_conf states;
	uint64_t max_size;	/* bytes of one profile; 0: no bound */
	uint32_t max_versions;	/* at most PTREE_VERSIONS */
	uint32_t types;		/* a bit each: of those that have states */
	bool args;		/* another shape of arguments is something new */
};

/* An event. */
struct pprofile_ask {
	uint32_t now_s;
	uint32_t start_s;	/* of the instance of the workload */
	uint8_t version;	/* of pprofile_version() */
	bool snapshot;		/* it tells what was there before */
	struct ptrail *trail;	/* of the acting process */
	const struct pitem *item;	/* of exec: the program itself */
	const struct pitem *more;	/* what it does besides */
	uint32_t n_more;
};

struct pprofile_answer {
	enum pstate_is state;
	bool known;		/* it was in the profile */
	bool process_known;
	bool elsewhere_stable;	/* unknown, and another version is stable: that has changed */
	uint32_t process;	/* node; the nearest one known */
	uint32_t near;		/* node: how far the way to what is unknown is known */
	const struct pitem *unknown;	/* the first of the items that is; NULL: none */
	uint32_t n;		/* events of this type before, in this version */
};

#define PPROFILE_MIN_SIZE	(128u << 10)	/* of max_size, where it is not 0 */

/* NULL: no memory. */
struct pprofile *pprofile_new(const char *name, uint64_t id, uint64_t max_size, uint64_t seed,
			      uint32_t now_s);
/* Another bound: what there is above it goes with what comes. */
void pprofile_bound(struct pprofile *p, uint64_t max_size);
/*
 * The version of that tag, which is cut where it is too long. The oldest makes room for a new
 * one; in a frozen profile none does, and the newest stands for it.
 */
uint8_t pprofile_version(struct pprofile *p, const struct pprofile_conf *c, const char *tag,
			 uint32_t len, uint32_t now_s);
/* -1: there is none. */
int pprofile_find_version(const struct pprofile *p, const char *tag, uint32_t len);
/* Looks an event up, counts it, and learns where that is the thing to do. */
void pprofile_ask(struct pprofile *p, const struct pprofile_conf *c, const struct pprofile_ask *ask,
		  struct pprofile_answer *out);
/* Of the whole version. */
enum pstate_is pprofile_state(const struct pprofile *p, uint8_t version);
/*
 * A version that makes room goes in steps: these are for an event. Before somebody else has the
 * profile, all of it goes.
 */
#define PPROFILE_DROP_STEP	128u	/* buckets */
void pprofile_drop_step(struct pprofile *p, uint32_t n);
static inline bool pprofile_is_dropping(const struct pprofile *p)
{
	return p->dropping | p->to_drop;
}
void pprofile_drop_all(struct pprofile *p);
/* What only this version has goes; it is there. */
void pprofile_drop_version(struct pprofile *p, uint8_t version);
/* It learns nothing more, whatever its states; and what is known stays. */
void pprofile_freeze(struct pprofile *p, uint32_t now_s);
/* Its states go on where they were. */
void pprofile_thaw(struct pprofile *p, uint32_t now_s);
/* It was in a file for so long. Of a frozen one the clocks stand still as it is. */
void pprofile_pause(struct pprofile *p, uint32_t gap_s);
/* All that it takes. */
uint64_t pprofile_bytes(const struct pprofile *p);
/* For somebody who writes it meanwhile; NULL: no memory. */
struct pprofile *pprofile_copy(const struct pprofile *p);
/*
 * The same in steps, for an event path: each copies n chunks of PARENA_CHUNK bytes, and p goes on
 * being used meanwhile. NULL: no memory. step: 1: done, it is a copy of p as it is now; 0: there is
 * more; -ENOMEM: there is no memory, nor a copy. A copy that is not done is not read.
 */
struct pprofile *pprofile_copy_begin(struct pprofile *p);
int pprofile_copy_step(struct pprofile *copy, struct pprofile *p, uint32_t n);
/* One that is not done. NULL, always. */
struct pprofile *pprofile_copy_cancel(struct pprofile *copy, struct pprofile *p);
/* NULL, always; p may be NULL. */
struct pprofile *pprofile_free(struct pprofile *p);
