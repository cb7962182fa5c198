/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a process came to its program: the executables from where the workload begins,
 * one behind the other. Processes share trails; a trail remembers its node in a tree.
 * It stays when the tree goes, so that it is found again when the tree comes back.
 */
#pragma once

#include "ptree.h"

#define PTRAIL_DEPTH	16u

struct ptrail {
	uint32_t refs;
	uint32_t node;		/* in the tree `tree`, as long as n_removed there is this */
	uint64_t tree;		/* 0: none */
	uint64_t n_removed;
	struct ptrail *parent;	/* NULL: the workload begins here */
	uint16_t depth;
	uint16_t len;
	char path[];
};

/*
 * A process on the trail `from` (NULL: none) executes `path`, as of preduce_path. With one
 * reference; NULL: no memory. The same program again is the same trail; at PTRAIL_DEPTH the
 * last step is replaced.
 */
struct ptrail *ptrail_step(struct ptrail *from, const char *path, uint32_t len);
struct ptrail *ptrail_ref(struct ptrail *x);
/* NULL, always; x may be NULL. */
struct ptrail *ptrail_unref(struct ptrail *x);
/* Bytes that it takes itself. */
uint64_t ptrail_bytes(const struct ptrail *x);
