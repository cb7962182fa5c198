/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way of lines into one descriptor. A line that was begun is copied, for its place in
 * the store may be gone when the reader goes on.
 */
#include "reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store.h"

#define N_LINES		32	/* in one call */
#define TELL_MAX	128

void reader_init(struct reader *r, int fd, bool messages, const struct store *s)
{
	*r = (struct reader){ .fd = fd, .messages = messages, .next = s->next };
}

static ssize_t put(const struct reader *r, struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	ssize_t sent;

	do
		sent = sendmsg(r->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	/* A datagram's reader has no room; the kernel says so in either way. */
	return errno == ENOBUFS ? -EAGAIN : -errno;
}

/* ---- what was begun ------------------------------------------------------------*/

static int rest_put(struct reader *r)
{
	struct iovec iov = { r->rest + r->rest_off, r->rest_len - r->rest_off };
	ssize_t n = put(r, &iov, 1);

	if (n < 0)
		return (int)n;
	r->rest_off += (uint32_t)n;
	if (r->rest_off < r->rest_len)
		return -EAGAIN;
	free(r->rest);
	r->rest = NULL;
	return 0;
}

/* The line that is told of in place of those that were lost. */
static int loss_begin(struct reader *r)
{
	r->rest = malloc(TELL_MAX);
	if (!r->rest)
		return -ENOMEM;
	r->rest_len = (uint32_t)snprintf(r->rest, TELL_MAX,
					 "{\"type\":\"lost\",\"lost\":{\"count\":%" PRIu64
					 ",\"total\":%" PRIu64 ",\"reason\":\"sink_full\"}}\n",
					 r->lost - r->lost_told, r->lost);
	r->rest_off = 0;
	r->lost_told = r->lost;
	return 0;
}

static int line_keep(struct reader *r, const struct store *s, uint32_t from)
{
	struct iovec iov[2];
	int n = store_get(s, r->next, from, iov);

	r->rest_len = (uint32_t)(iov[0].iov_len + (n > 1 ? iov[1].iov_len : 0));
	r->rest = malloc(r->rest_len);
	if (!r->rest)
		return -ENOMEM;
	memcpy(r->rest, iov[0].iov_base, iov[0].iov_len);
	memcpy(r->rest + iov[0].iov_len, iov[1].iov_base, r->rest_len - iov[0].iov_len);
	r->rest_off = 0;
	r->next++;
	r->n_lines++;
	return 0;
}

/* ---- lines ---------------------------------------------------------------------*/

static void lose(struct reader *r, uint64_t n)
{
	r->lost += n;
	r->n_lost += n;
	r->next += n;
}

/* So many bytes of the next lines are out. */
static int sent(struct reader *r, const struct store *s, size_t n)
{
	uint32_t len;

	while (n) {
		len = s->lines[r->next % s->max].len;
		if (n < len)
			return line_keep(r, s, (uint32_t)n);
		n -= len;
		r->next++;
		r->n_lines++;
	}
	return 0;
}

static int lines_put(struct reader *r, const struct store *s)
{
	struct iovec iov[2 * N_LINES];
	uint64_t i, last = r->next + (r->messages ? 1 : N_LINES);
	ssize_t n;
	int used = 0;

	for (i = r->next; i < last && i < s->next; i++)
		used += store_get(s, i, 0, iov + used);
	n = put(r, iov, used);
	if (n == -EMSGSIZE && r->messages) {
		lose(r, 1);
		return 0;
	}
	return n < 0 ? (int)n : sent(r, s, (size_t)n);
}

int reader_pump(struct reader *r, const struct store *s)
{
	int error = 0;

	while (!error) {
		if (r->rest) {
			error = rest_put(r);
			continue;
		}
		if (r->next < s->first)
			lose(r, s->first - r->next);
		if (r->lost > r->lost_told)
			error = loss_begin(r);
		else if (r->next < s->next)
			error = lines_put(r, s);
		else
			break;
	}
	return error;
}

void reader_fini(struct reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->rest);
	*r = (struct reader){ .fd = -1 };
}
