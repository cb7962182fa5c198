/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a spool: records behind each other, each with a checksum. Inside of spool.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SEGMENT_LINE_MAX	(32u << 20)

/* Before each line, in the byte order of the machine, as a spool does not leave it. */
struct segment_record {
	uint32_t magic;
	uint32_t crc;		/* of all that follows, with the line */
	uint64_t number;
	uint32_t len;
	uint16_t type;
	uint8_t rclass;
	uint8_t pad;
};
#define SEGMENT_MAGIC	0x53706f6cu

struct segment {
	uint64_t first;		/* number of its first line; its name */
	uint64_t last;		/* of its last good one; first - 1: none */
	uint64_t size;		/* bytes up to there */
	bool damaged;		/* something else follows */
};

uint32_t segment_crc(const struct segment_record *r, const void *line);
/* False: no room for it. */
bool segment_name(char *name, size_t size, const char *dir, uint64_t first);

typedef void segment_f(void *arg, const struct segment_record *r);
/*
 * Reads all records of an open file, calls `fn` (which may be NULL) for each good one, and says
 * in `seg` how far they go. 0 or a negative errno.
 */
int segment_scan(int fd, struct segment *seg, segment_f *fn, void *arg);

/* A record and its line from `at` on, into a buffer that grows. 1; 0, no whole record; or -errno.
 */
struct segment_buf {
	uint8_t *p;
	size_t cap;
};
int segment_read(int fd, uint64_t at, struct segment_record *r, struct segment_buf *buf);
