/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of cgroups of the unified hierarchy, as the kernel side has them. Any thread. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Of a path below the root; 0 or a negative errno. */
int cgroupid_of_path(const char *path, uint64_t *id);
/* Of a process; -ENOENT: it is in none that is seen here. */
int cgroupid_of_process(pid_t pid, uint64_t *id);
