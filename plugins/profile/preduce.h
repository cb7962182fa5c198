/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs from run to run, and means nothing, becomes a * in names: numbers
 * of processes, ids of containers and pods, random names of temporary files. No
 * memory, no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREDUCE_ARGS	200u	/* bytes of a shape */
#define PREDUCE_ROOM(n)	((n) + 4u)	/* that a path of n bytes may take */

enum preduce_flags {
	PREDUCE_EXACT = 1,	/* the last component stays as it is: something is executed */
};

/*
 * An absolute path, without empty components and the / at its end. own_pid: that of
 * the process which names it, 0: not known. Bytes written to `out`, which has PREDUCE_ROOM(len).
 */
uint32_t preduce_path(const char *path, uint32_t len, uint32_t own_pid, unsigned flags, char *out);
/* The arguments, each ended by a NUL: options without their values, * for the others. */
uint32_t preduce_args(const char *args, uint32_t len, char out[PREDUCE_ARGS]);
/* The last `labels` labels of a name in lower case; 0: all of it. At most 255 bytes. */
uint32_t preduce_dns(const char *name, uint32_t len, unsigned labels, char out[255]);
/*
 * A name with * for its numbers and for parts that mix digits and letters. 0: nothing
 * varies, or too little stays to tell it from others. `out` has room for len.
 */
uint32_t preduce_template(const char *name, uint32_t len, char *out);
