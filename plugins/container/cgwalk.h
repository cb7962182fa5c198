/* SPDX-License-Identifier: Apache-2.0 */
/* From the id of a cgroup to its path, and all that there are. Blocks. */
#pragma once

#include <stdint.h>

#include "cgpath.h"

struct cgwalk {
	int fd;			/* root of the unified hierarchy, -1: there is none */
};

/* dir: /sys/fs/cgroup; of a hybrid one its folder `unified` is taken. */
void cgwalk_open(struct cgwalk *w, const char *dir);
void cgwalk_close(struct cgwalk *w);
/*
 * 0 and the path, beginning with a slash and ending with a NUL; -ENOENT: it is
 * gone; -ENOTSUP: there is no such hierarchy; or another negative errno.
 */
int cgwalk_find(const struct cgwalk *w, uint64_t id, char path[CGPATH_MAX + 1]);
/* Calls fn for each, parents first, at most `max`. Returns how many. */
uint32_t cgwalk_all(const struct cgwalk *w, uint32_t max,
		    void (*fn)(void *arg, uint64_t id, const char *path), void *arg);
