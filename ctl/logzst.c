/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a file that zstd has compressed. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "logread.h"

#define PIECE	(128u << 10)

struct logzst {
	int fd;
	ZSTD_DStream *stream;
	ZSTD_inBuffer in;
	bool within;		/* a frame has begun and not ended */
	char buf[PIECE];
};

struct logzst *logzst_new(int fd)
{
	struct logzst *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->fd = fd;
	z->in.src = z->buf;
	z->stream = ZSTD_createDStream();
	if (z->stream)
		return z;
	free(z);
	return NULL;
}

ssize_t logzst_read(struct logzst *z, void *p, size_t n)
{
	ZSTD_outBuffer out = { p, n, 0 };
	ssize_t got;
	size_t r;

	while (!out.pos) {
		if (z->in.pos == z->in.size) {
			got = read(z->fd, z->buf, sizeof(z->buf));
			if (got < 0)
				return -errno;
			if (!got)
				return z->within ? -EBADMSG : 0;
			z->in.size = (size_t)got;
			z->in.pos = 0;
		}
		r = ZSTD_decompressStream(z->stream, &out, &z->in);
		if (ZSTD_isError(r))
			return -EBADMSG;
		z->within = r != 0;
	}
	return (ssize_t)out.pos;
}

void logzst_free(struct logzst *z)
{
	ZSTD_freeDStream(z->stream);
	free(z);
}
