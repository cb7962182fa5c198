/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles of several hosts made one, and two compared. Merging is commutative,
 * associative and idempotent: times and counts become the least or the greatest of both,
 * so what is merged twice counts once.
 */
#pragma once

#include "pprofile.h"

/* What is in one profile only; `in_first`: in the first. */
typedef void pmerge_tell_f(void *arg, const struct pprofile *p, uint32_t ref, bool in_first);

/*
 * A profile without a bound on its size. 0; -ENOMEM; -E2BIG: together they have more than
 * PTREE_VERSIONS versions.
 */
int pmerge_new(const struct pprofile *a, const struct pprofile *b, struct pprofile **out);
/* Of a branch that only one has, each node is told. */
void pmerge_diff(const struct pprofile *a, const struct pprofile *b, pmerge_tell_f *tell,
		 void *arg);
