/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin's file as the core sees it, for tools of authors: nobody asks who
 * could change the file.
 */
#pragma once

#include <stddef.h>

#include <weir/plugin.h>

#include "plugin/note.h"

/*
 * The note, of an ABI, a kind and flags that this version has. 0; or negative
 * and the reason in `why`: nothing behind the ABI may be read.
 */
int sofile_note(int fd, struct note *out, char *why, size_t size);
/*
 * Maps the file for good and checks its struct. 0, or negative and the reason
 * in `why`.
 */
int sofile_map(const char *path, struct note *note, const struct weir_plugin **out,
	       char *why, size_t size);
