/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line as an entry of the journal: the members of the object, and of objects in it, as fields
 * of their own, WEIR_PROCESS_EXE_PATH for process.exe.path.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dgram_buf;

struct fields_conf {
	unsigned priority;
	const char *identifier;
	bool json;		/* the whole line as well */
};

/* False: no memory. A line that is no JSON object is the entry's MESSAGE, and no more. */
bool fields_make(const struct fields_conf *c, struct dgram_buf *buf, const char *line, size_t len);
