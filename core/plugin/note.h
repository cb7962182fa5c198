/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin's file says of itself, read before any code of it can run. */
#pragma once

#include <stddef.h>

#include <weir/plugin.h>

#define NOTE_BUILD_ID	32	/* bytes; longer ones are cut */

struct note {
	/*
	 * Of another ABI major only abi_major and abi_minor are filled in.
	 * Else all texts end with NUL, are not empty and can be printed.
	 */
	struct weir_note_desc desc;
	char build_id[2 * NOTE_BUILD_ID + 1];	/* hex; "": the file has none */
};

/*
 * Reads from a descriptor, whose position does not matter. The file may be
 * anything. 0; or -EINVAL or another errno, and the reason in `why`.
 */
int note_read(int fd, struct note *out, char *why, size_t size);
