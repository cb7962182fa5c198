/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a name out. Blocks, for as long as NSS likes; a thread of its own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "idkey.h"

struct idlook {
	const char *proc;	/* "/proc" */
	uint64_t max_size;	/* of a file */
};

/* `pids`: processes that may be in the namespaces of `key`; 0: none. */
void idlook_find(const struct idlook *l, const struct idkey *key, const uint32_t pids[2],
		 struct idanswer *a);
/* Differs if the host's accounts do. */
uint64_t idlook_stamp(void);
/* Inode of a namespace of a process, 0: not known. pid 0: ourselves. */
uint32_t idlook_ns(const struct idlook *l, uint32_t pid, const char *ns);
/* Does the process have the passwd that we have? */
bool idlook_is_host(const struct idlook *l, uint32_t pid);
