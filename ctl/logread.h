/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of a file of a log, one after the other; of one whose name ends in .zst, those of what
 * is in it. The memory is bounded by the longest line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct logzst;

struct logread {
	int fd;
	struct logzst *zst;	/* NULL: a plain file */
	char *buf;
	size_t at, len, cap;
	bool end;
	uint64_t line;		/* number of the line that was read last */
	bool torn;		/* it had no newline */
};

/* 0 or a negative errno; -ENOTSUP: compressed, and this build has no libzstd. */
int logread_open(struct logread *r, const char *path);
/*
 * 1 with a line, without its newline and valid until the next call; 0: the end; or a negative
 * errno, -EBADMSG: what is compressed is damaged. A line longer than 64 MiB is -EFBIG.
 */
int logread_next(struct logread *r, char **line, size_t *len);
void logread_close(struct logread *r);

/* ---- logzst.c, or logzst_none.c ---------------------------------------------------*/

/* NULL: no memory, or none in this build. */
struct logzst *logzst_new(int fd);
/* As read(2), but for a negative errno. */
ssize_t logzst_read(struct logzst *z, void *p, size_t n);
void logzst_free(struct logzst *z);
