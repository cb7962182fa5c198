/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiles that are in memory, by name, and which of them have to be loaded, saved or
 * put away. No I/O: somebody else does it. One thread.
 */
#pragma once

#include "pprofile.h"

#define PSHELF_MAX	4096u

enum pslot_is {
	PSLOT_WANTED,	/* to be loaded */
	PSLOT_LOADING,
	PSLOT_READY,
	PSLOT_LENT,	/* to a command, with or without its profile */
};

struct pslot {
	enum pslot_is is;
	uint64_t workload;	/* that of pshelf_workload() */
	struct pprofile *profile;	/* NULL until READY */
	uint32_t used_s;	/* by an event */
	uint32_t saved_s;
	struct pprofile *copy;	/* of `profile`, being made; NULL: none */
	uint32_t n_steps;	/* of it */
	uint32_t next;		/* of its bucket, plus one */
	char name[PPROFILE_NAME];
};

struct pshelf {
	struct pslot *slots[PSHELF_MAX];	/* the first n */
	uint32_t buckets[PSHELF_MAX];		/* number of a slot, plus one */
	uint32_t n;
	uint32_t hand;
	uint64_t ids;		/* given to trees */
};

/* The number of a workload, by its name. */
uint64_t pshelf_workload(const char *name, uint32_t len);
/*
 * A new one is WANTED; the name is cut where it is too long. NULL: there are max, or no memory,
 * or another name has the same number.
 */
struct pslot *pshelf_get(struct pshelf *s, const char *name, uint32_t len, uint32_t max,
			 uint32_t now_s);
struct pslot *pshelf_find(const struct pshelf *s, uint64_t workload);
/* It is loaded, with this, which is the shelf's from then on. */
void pshelf_put(struct pshelf *s, struct pslot *slot, struct pprofile *p, uint32_t now_s);
/* The next one that has to be saved since it has changed, and was not for `every_s`; NULL: none. */
struct pslot *pshelf_to_save(struct pshelf *s, uint32_t now_s, uint32_t every_s);
/* One that no event has used for `idle_s`; NULL: none. */
struct pslot *pshelf_idle(const struct pshelf *s, uint32_t now_s, uint32_t idle_s);
/* Before its profile goes anywhere. */
void pslot_stop_copy(struct pslot *slot);
/* It leaves the shelf; its profile is the caller's, or NULL. */
struct pprofile *pshelf_take(struct pshelf *s, struct pslot *slot);
/* What somebody was asked to load will not come: it is to be asked for anew. */
void pshelf_want_again(struct pshelf *s);
uint64_t pshelf_bytes(const struct pshelf *s);
void pshelf_fini(struct pshelf *s);
