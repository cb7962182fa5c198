/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a log that is rotated: PATH, which is written to, and those before it,
 * PATH.00000007 or, compressed, PATH.00000007.zst. A number is given once and never changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGFILES_DIGITS	8	/* at least so many */

struct logfile {
	uint64_t number;
	bool plain, packed;	/* which of the two names there are */
};

struct logfiles {
	struct logfile *files;	/* in order; not PATH itself */
	size_t n;
};

/* 0 or a negative errno. */
int logfiles_find(const char *path, struct logfiles *found);
void logfiles_fini(struct logfiles *found);
/* False: no room for it. */
bool logfile_name(char *name, size_t size, const char *path, uint64_t number, bool packed);
