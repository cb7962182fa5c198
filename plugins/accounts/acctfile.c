/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: regular files only, never longer than allowed, and the same before
 * and after. The text may hold password hashes, so it is wiped.
 */
#include "acctfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static struct acctstamp stamp_of(const struct stat *st)
{
	return (struct acctstamp){ .dev = st->st_dev, .ino = st->st_ino,
		.size = (uint64_t)st->st_size, .mtime_ns = ns_of(&st->st_mtim),
		.ctime_ns = ns_of(&st->st_ctim) };
}

struct acctstamp acctstamp_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? (struct acctstamp){ 0 } : stamp_of(&st);
}

bool acctstamp_same(const struct acctstamp *a, const struct acctstamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static enum acctfile_result read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	/* One byte more than there should be tells a file that grows. */
	while ((n = read(fd, buf + len, size + 1 - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ACCTFILE_UNREADABLE;
		len += (size_t)n;
		if (len > size)
			return ACCTFILE_MOVING;
	}
	return len == size ? ACCTFILE_OK : ACCTFILE_MOVING;
}

static enum acctfile_result read_fd(int fd, size_t max, char **text, size_t *len,
				    struct acctstamp *stamp)
{
	enum acctfile_result r;
	struct acctstamp after;
	struct stat st;
	char *buf;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return ACCTFILE_UNREADABLE;
	*stamp = stamp_of(&st);
	if (stamp->size > max)
		return ACCTFILE_TOO_BIG;
	buf = malloc(stamp->size + 1);
	if (!buf)
		return ACCTFILE_UNREADABLE;
	r = read_all(fd, buf, stamp->size);
	after = fstat(fd, &st) ? (struct acctstamp){ 0 } : stamp_of(&st);
	if (r == ACCTFILE_OK && !acctstamp_same(stamp, &after))
		r = ACCTFILE_MOVING;
	if (r != ACCTFILE_OK) {
		acctfile_drop(buf, stamp->size);
		return r;
	}
	buf[stamp->size] = 0;
	*text = buf;
	*len = stamp->size;
	return ACCTFILE_OK;
}

enum acctfile_result acctfile_read(const char *path, size_t max, char **text, size_t *len,
				   struct acctstamp *stamp)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum acctfile_result r;

	if (fd < 0)
		return errno == ENOENT ? ACCTFILE_MISSING : ACCTFILE_UNREADABLE;
	r = read_fd(fd, max, text, len, stamp);
	close(fd);
	return r;
}

void acctfile_drop(char *text, size_t len)
{
	explicit_bzero(text, len);
	free(text);
}
