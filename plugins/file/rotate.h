/* SPDX-License-Identifier: Apache-2.0 */
/* Rotated files: the next number, the rename, and which of them go. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rotate {
	const char *path;
	uint64_t next;		/* number that the next one gets */
	uint64_t oldest;	/* number of the oldest that was not removed */
	uint32_t keep;		/* 0: all */
};

/* Looks which there are. 0 or a negative errno. */
int rotate_init(struct rotate *r, const char *path, uint32_t keep);
/* Gives the file its number, atomically, and never over another one. 0 or a negative errno. */
int rotate_away(struct rotate *r);
/* Removes those that are more than are to be kept: how many files, or a negative errno. */
int rotate_prune(struct rotate *r);
/* Makes renames in the file's folder last. */
int rotate_sync_dir(const char *path);
