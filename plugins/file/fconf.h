/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the sink `file` share: its settings and its counters. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plugins/sink/seal.h"

enum file_sync { FILE_SYNC_NEVER, FILE_SYNC_INTERVAL, FILE_SYNC_BATCH };

struct file_conf {
	char *path;
	uint64_t size;		/* rotate before the file is larger; 0: never */
	uint64_t every_ns;	/* rotate when a period of the wall clock is over; 0: never */
	uint32_t keep;		/* rotated files; 0: all */
	bool pack;
	enum file_sync sync;
	uint64_t sync_ns;
	gid_t group;
	mode_t mode;
	enum seal_kind seal;
	uint8_t key[SEAL_KEY_MAX];
	size_t key_len;
};

enum {
	FILE_COUNT_LINES,
	FILE_COUNT_BYTES,
	FILE_COUNT_DROPPED,
	FILE_COUNT_WAITS,
	FILE_COUNT_LOST,
	FILE_COUNT_ERRORS,
	FILE_COUNT_ROTATIONS,
	FILE_COUNT_REOPENED,
	FILE_COUNT_REMOVED,
	FILE_COUNT_PACKED,
	FILE_COUNT_TORN,
	FILE_COUNT_SYNCS,
	FILE_COUNT__MAX
};
