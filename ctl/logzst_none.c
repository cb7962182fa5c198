/* SPDX-License-Identifier: Apache-2.0 */
/* A build without libzstd. */
#include <errno.h>

#include "logread.h"

struct logzst *logzst_new(int fd)
{
	(void)fd;
	return NULL;
}

ssize_t logzst_read(struct logzst *z, void *p, size_t n)
{
	(void)z;
	(void)p;
	(void)n;
	return -ENOTSUP;
}

void logzst_free(struct logzst *z)
{
	(void)z;
}
