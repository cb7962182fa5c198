/* SPDX-License-Identifier: Apache-2.0 */
/* Owns a buffer that grows until a whole line is in it. */
#include "logread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE		(256u << 10)
#define LINE_LIMIT	(64u << 20)

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && !strcmp(s + n - m, tail);
}

int logread_open(struct logread *r, const char *path)
{
	struct stat st;

	*r = (struct logread){ .fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) };
	if (r->fd < 0)
		return -errno;
	if (!fstat(r->fd, &st) && S_ISDIR(st.st_mode)) {
		logread_close(r);
		return -EISDIR;
	}
	if (!ends_with(path, ".zst"))
		return 0;
	r->zst = logzst_new(r->fd);
	if (r->zst)
		return 0;
	logread_close(r);
	return -ENOTSUP;
}

/* More bytes behind those that are there. */
static int fill(struct logread *r)
{
	size_t cap;
	ssize_t n;
	char *p;

	if (r->at) {
		memmove(r->buf, r->buf + r->at, r->len - r->at);
		r->len -= r->at;
		r->at = 0;
	}
	if (r->len + PIECE > r->cap) {
		cap = r->cap ? 2 * r->cap : 2 * PIECE;
		if (r->len > LINE_LIMIT)
			return -EFBIG;
		p = realloc(r->buf, cap);
		if (!p)
			return -ENOMEM;
		r->buf = p;
		r->cap = cap;
	}
	do
		n = r->zst ? logzst_read(r->zst, r->buf + r->len, PIECE)
			   : read(r->fd, r->buf + r->len, PIECE);
	while (!r->zst && n < 0 && errno == EINTR);
	if (n < 0)
		return r->zst ? (int)n : -errno;
	r->end = n == 0;
	r->len += (size_t)n;
	return 0;
}

int logread_next(struct logread *r, char **line, size_t *len)
{
	size_t seen = 0;
	char *nl = NULL;
	int e;

	for (;;) {
		if (r->len > r->at + seen)
			nl = memchr(r->buf + r->at + seen, '\n', r->len - r->at - seen);
		if (nl || r->end)
			break;
		seen = r->len - r->at;
		e = fill(r);
		if (e)
			return e;
	}
	if (!nl && r->at == r->len)
		return 0;
	r->torn = !nl;
	*line = r->buf + r->at;
	*len = nl ? (size_t)(nl - *line) : r->len - r->at;
	r->at += *len + !r->torn;
	r->line++;
	return 1;
}

void logread_close(struct logread *r)
{
	if (r->zst)
		logzst_free(r->zst);
	if (r->fd >= 0)
		close(r->fd);
	free(r->buf);
	*r = (struct logread){ .fd = -1 };
}
