/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process seen through /proc, and the files that it runs. Every open file is
 * that of the process which is asked for: a pid that was used again in between
 * is found out by its start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct target {
	uint32_t pid;
	uint64_t start_ns;	/* process.start, since boot */
};

/* A descriptor of its executable, or a negative errno; -ESRCH: it has gone. */
int target_exe(const struct target *t);
/*
 * The same of the first library it has mapped whose file name begins with
 * `prefix`; -EAGAIN: none is mapped yet.
 */
int target_library(const struct target *t, const char *prefix);
/* Is its standard input a terminal? */
bool target_has_tty(const struct target *t);
