/* SPDX-License-Identifier: Apache-2.0 */
/* An executed file is found as <weir/findfile.h> does, and has to be a regular one. */
#include "exefile.h"

#include <errno.h>
#include <unistd.h>

static enum outcome outcome_of(enum weir_found found)
{
	static const enum outcome outcomes[] = {
		[WEIR_FOUND] = OUTCOME_OK, [WEIR_FOUND_GONE] = OUTCOME_GONE,
		[WEIR_FOUND_IO] = OUTCOME_IO, [WEIR_FOUND_DENIED] = OUTCOME_DENIED,
		[WEIR_FOUND_OTHER] = OUTCOME_MISMATCH,
	};

	return outcomes[found];
}

enum outcome exefile_open(const struct weir_find *x, int *fd, struct stat *st)
{
	enum weir_found found;
	int path_fd, to;

	found = weir_find_file(x, &path_fd, st);
	if (found != WEIR_FOUND)
		return outcome_of(found);
	if (!S_ISREG(st->st_mode)) {
		close(path_fd);
		return OUTCOME_MISMATCH;
	}
	to = weir_find_read(path_fd);
	if (to >= 0)
		*fd = to;
	else
		found = weir_find_why(errno);
	close(path_fd);
	return outcome_of(found);
}
