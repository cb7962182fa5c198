/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object from a descriptor into memory. Control thread only. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Maps the file behind *fd, which is the one of `st`, and runs its
 * constructors. *fd becomes a high number, also on error; it should stay open
 * as long as the mapping. 0; or a negative errno, and the reason in `why`.
 */
int map_open(int *fd, const struct stat *st, void **handle, char *why, size_t size);

struct map_symbol {
	const void *p;
	size_t size;		/* bytes that the file says there are */
	uintptr_t base;		/* of the whole mapping */
};

/* Data that the object itself exports, aligned so. 0, or -EINVAL and `why`. */
int map_find(void *handle, const char *name, size_t align, struct map_symbol *out,
	     char *why, size_t size);
