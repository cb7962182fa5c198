/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles of several hosts made one, and two compared. Merging is commutative,
 * associative and idempotent: times and counts become the least or the greatest of both,
 * so what is merged twice counts once. One that is frozen makes all of them so.
 */
#pragma once

#include "pprofile.h"

/* What one of two profiles has, and the other has not. */
struct pmerge_more {
	const struct pprofile *p;	/* the one that has it */
	uint32_t ref;
	bool in_first;
	bool unseen;		/* the other does not know the node; else it is only about `access` */
	uint8_t access;		/* what was done to a file in this one only */
};

typedef void pmerge_tell_f(void *arg, const struct pmerge_more *m);

/*
 * A profile without a bound on its size. 0; -ENOMEM; -E2BIG: together they have more than
 * PTREE_VERSIONS versions.
 */
int pmerge_new(const struct pprofile *a, const struct pprofile *b, struct pprofile **out);
/*
 * Of a branch that only one has, each node is told, those that are only ways too. Versions,
 * times, counts and origins may differ.
 */
void pmerge_diff(const struct pprofile *a, const struct pprofile *b, pmerge_tell_f *tell,
		 void *arg);
