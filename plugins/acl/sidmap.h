/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An administrator's file of names: a SID and, behind blanks, a name in each
 * line; # begins a comment. `wbinfo` and PowerShell print such lists.
 */
#pragma once

#include "sid.h"

#define SIDMAP_MAX_SIZE		(4u << 20)
#define SIDMAP_MAX_NAMES	65536u

struct sidmap {
	struct sid_names names;
	struct sid_name *rows;
	char *text;		/* the names lie in it */
};

/*
 * Reads the file. 0; -errno; or the number of the line that is wrong, and in
 * *why what. An empty map on failure. Blocks: for set-up.
 */
int sidmap_read(struct sidmap *m, const char *path, const char **why);
/* `text` is the map's from now on, to free(); what follows is as above. */
int sidmap_parse(struct sidmap *m, char *text, size_t n, const char **why);
void sidmap_fini(struct sidmap *m);
