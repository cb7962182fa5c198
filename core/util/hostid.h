/* SPDX-License-Identifier: Apache-2.0 */
/* Which host and which boot this is. */
#pragma once

#include <stdint.h>

#include <weir/plugin.h>

struct hostid {
	struct weir_host_id id;		/* points into the texts below */
	char machine[40];
	char name[256];
	char boot[40];
};

/* What cannot be read is an empty text. The struct must not be moved afterwards. */
void hostid_read(struct hostid *h);
/* Wall clock minus boot clock, now, in nanoseconds. */
int64_t hostid_wall_ns(void);
