/* SPDX-License-Identifier: Apache-2.0 */
/* Files of which nobody but root and the daemon's own user can change a byte. */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

/*
 * Opens dir/name for reading. `dir` is absolute; no part of it, nor the file,
 * is a symbolic link; each part belongs to root or our effective user and no
 * other can write to it (a sticky folder such as /tmp may be written to: what
 * is ours in it stays ours). The file is a regular one.
 *
 * 0, and the caller closes *fd; -ENOENT: there is no such file, `why` is not
 * touched; another negative errno: `why` says what is wrong.
 */
int file_open(const char *dir, const char *name, char *why, size_t size,
	      struct stat *st, int *fd);
