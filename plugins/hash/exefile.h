/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the very file that a process has executed, and no other. */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "outcome.h"

/* The file as the kernel saw it at the exec. */
struct exefile {
	uint64_t ino;
	uint64_t mtime_ns;
	uint32_t dev;		/* of its superblock: major << 20 | minor */
	uint32_t pid;
	const char *path;	/* from the root of a mount namespace; NULL: not known */
};

/*
 * Opens it for reading. Any thread; may block as long as its file system does.
 * OUTCOME_OK with *fd and *st; OUTCOME_GONE, OUTCOME_DENIED, OUTCOME_IO; or
 * OUTCOME_MISMATCH: there is something, and it is not this file.
 */
enum outcome exefile_open(const struct exefile *x, int *fd, struct stat *st);

static inline uint64_t exefile_ns(const struct timespec *t)
{
	/* As the kernel side has it, for times before 1970 too. */
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}
