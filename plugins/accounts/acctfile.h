/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file of accounts whole, or not at all. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum acctfile_result {
	ACCTFILE_OK,
	ACCTFILE_MISSING,
	ACCTFILE_TOO_BIG,
	ACCTFILE_UNREADABLE,	/* no regular file, or no memory, or the kernel says no */
	ACCTFILE_MOVING,	/* changed while it was read */
};

/* All that changes when the file does. */
struct acctstamp {
	uint64_t dev, ino, size;
	uint64_t mtime_ns, ctime_ns;
};

/* All zeros if there is none. */
struct acctstamp acctstamp_of(const char *path);
bool acctstamp_same(const struct acctstamp *a, const struct acctstamp *b);
/* *text ends with a NUL that len does not count; for acctfile_drop(). */
enum acctfile_result acctfile_read(const char *path, size_t max, char **text, size_t *len,
				   struct acctstamp *stamp);
/* Wipes it. */
void acctfile_drop(char *text, size_t len);
