/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how a log is opened and appended to. A lock (flock) on the file keeps two writers
 * apart: two sensors, or in a reload two generations of one sink, of which the new one
 * waits until the old one has ended.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "fconf.h"

#define TAIL_PIECE	65536
#define LINE_MAX_LEN	(64u << 20)

/* Where the last newline is, counted from `size` down; 0: there is none. */
static int newline_before(int fd, uint64_t size, uint64_t *end)
{
	char buf[TAIL_PIECE], *p;
	size_t n;
	ssize_t r;

	while (size) {
		n = size < sizeof(buf) ? (size_t)size : sizeof(buf);
		r = pread(fd, buf, n, (off_t)(size - n));
		if (r != (ssize_t)n)
			return r < 0 ? -errno : -EIO;
		p = memrchr(buf, '\n', n);
		if (p) {
			*end = size - n + (uint64_t)(p - buf) + 1;
			return 0;
		}
		size -= n;
	}
	*end = 0;
	return 0;
}

/* A line without an end is of a writer, or a machine, that was stopped in the middle. */
static int torn_cut(struct target *f)
{
	uint64_t end;
	int r = newline_before(f->fd, f->size, &end);

	if (r || end == f->size)
		return r;
	if (ftruncate(f->fd, (off_t)end))
		return -errno;
	f->torn = f->size - end;
	f->size = end;
	return 0;
}

static int check(struct target *f, const struct file_conf *conf)
{
	struct stat st;

	if (flock(f->fd, LOCK_EX | LOCK_NB))
		return -errno;
	if (fstat(f->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->size = (uint64_t)st.st_size;
	f->written = st.st_mtime;
	/* It may have been renamed between open and lock. */
	if (!target_current(f, conf->path))
		return -EWOULDBLOCK;
	if (conf->group != (gid_t)-1 && st.st_gid != conf->group &&
	    fchown(f->fd, (uid_t)-1, conf->group))
		return -errno;
	if ((st.st_mode & 07777) != conf->mode && fchmod(f->fd, conf->mode))
		return -errno;
	return torn_cut(f);
}

int target_open(struct target *f, const struct file_conf *conf)
{
	const int flags =
		O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int r;

	f->torn = 0;
	f->fd = open(conf->path, flags, 0600);
	if (f->fd < 0)
		return -errno;
	r = check(f, conf);
	if (r)
		target_close(f);
	return r;
}

bool target_current(const struct target *f, const char *path)
{
	struct stat st;

	return !lstat(path, &st) && st.st_dev == f->dev && st.st_ino == f->ino;
}

/* Bytes written; the error, if not all of them are. */
static size_t put(int fd, const char *p, size_t len, int *error)
{
	size_t done = 0;
	ssize_t n;

	*error = 0;
	while (done < len && !*error) {
		n = write(fd, p + done, len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			*error = n ? -errno : -EIO;
	}
	return done;
}

/* Somebody else may have cut it (copytruncate), so it is asked how large it is. */
static int measure(struct target *f)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return -errno;
	f->size = (uint64_t)st.st_size;
	return 0;
}

int target_append(struct target *f, const void *p, size_t len)
{
	int r = f->ragged ? torn_cut(f) : 0, error;
	size_t done;

	f->ragged = r != 0;
	if (r)
		return r;
	done = put(f->fd, p, len, &error);
	r = measure(f);
	if (error && done) {
		f->ragged = r || ftruncate(f->fd, (off_t)(f->size - done));
		f->size -= f->ragged ? 0 : done;
	}
	if (done)
		f->written = time(NULL);
	return error ? error : r;
}

ssize_t target_last(const struct target *f, char **line)
{
	uint64_t begin;
	ssize_t n;
	int r;

	if (!f->size)
		return 0;
	r = newline_before(f->fd, f->size - 1, &begin);
	if (r)
		return r;
	n = (ssize_t)(f->size - 1 - begin);
	if (n > (ssize_t)LINE_MAX_LEN)
		return -EFBIG;
	*line = malloc((size_t)n + 1);
	if (!*line)
		return -ENOMEM;
	if (pread(f->fd, *line, (size_t)n, (off_t)begin) != n) {
		free(*line);
		return -EIO;
	}
	(*line)[n] = '\0';
	return n;
}

void target_close(struct target *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
