/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin's struct, looked at in a process that may die of it. */
#pragma once

#include <sys/stat.h>

#include <weir/plugin.h>

struct findings;

/*
 * Maps the file behind fd, which is the one of `st`, in a child process, and
 * tells of its weir_plugin what the core would say, and what it offers.
 */
void mapped_check(int fd, const struct stat *st, const struct weir_note_desc *note,
		  struct findings *f);
