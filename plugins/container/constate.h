/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the files in which runtimes keep what they know. Blocks; a thread of its own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "confacts.h"
#include "conname.h"

enum constate_dir {
	CONSTATE_DOCKER, CONSTATE_CONTAINERD, CONSTATE_PODMAN, CONSTATE_CRIO, CONSTATE_RUNC,
	CONSTATE_LXC, CONSTATE_MACHINES,
	CONSTATE__DIRS
};

struct constate {
	const char *dirs[CONSTATE__DIRS];
	uint64_t max_size;	/* of a file */
	bool homes;		/* look below the homes of users, too */
};

enum constate_result {
	CONSTATE_FOUND,
	CONSTATE_NONE,		/* no file of it; perhaps not yet */
	CONSTATE_BAD,		/* there is one, but it cannot be read or is too large */
	CONSTATE_MALFORMED,
};

/*
 * uid: whose runtime it is, if a user's, or CGPATH_UID_NONE. path: of the
 * cgroup. *d: emptied first; its runtime is the one whose file it was.
 */
enum constate_result constate_find(const struct constate *s, const struct conname *name,
				   uint32_t uid, const char *path, struct confacts_draft *d);
const char *constate_reason(enum constate_result r);
