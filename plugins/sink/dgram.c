/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the socket. */
#include "plugins/sink/dgram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugins/sink/outbox.h"

#define SECOND		1000000000u
#define SOCKET_BYTES	(1 << 20)	/* the largest message is somewhat smaller */

struct dgram_run {
	const struct dgram *d;
	int fd;			/* -1: not connected */
	uint64_t again_ns;
	int error;
	struct dgram_buf buf;
};

bool dgram_room(struct dgram_buf *buf, size_t need)
{
	size_t cap = buf->cap ? buf->cap : 4096;
	char *p;

	if (buf->cap - buf->len >= need)
		return true;
	while (cap - buf->len < need)
		cap *= 2;
	p = realloc(buf->p, cap);
	if (!p)
		return false;
	buf->p = p;
	buf->cap = cap;
	return true;
}

/* Each error once, until there is another, or none. */
static void error_set(struct dgram_run *r, int error)
{
	if (error && error != r->error)
		outbox_say(r->d->ob, WEIR_LOG_WARNING, "%s: %s", r->d->path, strerror(-error));
	else if (!error && r->error)
		outbox_say(r->d->ob, WEIR_LOG_INFO, "%s: there again", r->d->path);
	r->error = error;
}

static void hang_up(struct dgram_run *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static void connect_it(struct dgram_run *r)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const int size = SOCKET_BYTES;

	if (r->fd >= 0 || outbox_now() < r->again_ns)
		return;
	r->again_ns = outbox_now() + SECOND;
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", r->d->path);
	r->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->fd < 0 || connect(r->fd, (const struct sockaddr *)&un, sizeof(un))) {
		error_set(r, -errno);
		hang_up(r);
		return;
	}
	/* As large as the system lets us; root may have more. */
	if (setsockopt(r->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(r->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	weir_count(r->d->n_connects, 1);
}

/* ---- one line ------------------------------------------------------------------*/

static int memfd_fill(const struct dgram_buf *buf)
{
	int fd = memfd_create("weir-line", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (write(fd, buf->p, buf->len) == (ssize_t)buf->len &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return fd;
	close(fd);
	return -EIO;
}

static int memfd_send(struct dgram_run *r)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = memfd_fill(&r->buf), e;

	if (fd < 0)
		return fd;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	e = sendmsg(r->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
	close(fd);
	return e;
}

static int line_send(struct dgram_run *r, const char *line, size_t len)
{
	int e;

	r->buf.len = 0;
	if (!r->d->make(r->d->arg, &r->buf, line, len))
		return -ENOMEM;
	e = send(r->fd, r->buf.p, r->buf.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
	return e == -EMSGSIZE && r->d->memfd ? memfd_send(r) : e;
}

/* ---- the thread ----------------------------------------------------------------*/

static bool is_busy(int error)
{
	return error == -EAGAIN || error == -ENOBUFS || error == -ENOMEM;
}

/* Lines from the front, until one cannot be sent: 0, or why. */
static int lines_send(struct dgram_run *r, struct outbox_lot *lot)
{
	const struct outbox_line *line;
	int e = 0;

	while (!outbox_lot_done(lot)) {
		line = &lot->lines[lot->at];
		e = line_send(r, (const char *)lot->p + lot->off, line->len);
		if (e == -EMSGSIZE) {
			weir_count(r->d->n_lost, 1);
			outbox_lose(r->d->ob, line->rclass, 1);
		} else if (e) {
			return e;
		} else {
			weir_count(r->d->n_lines, 1);
		}
		outbox_done(r->d->ob, 1);
	}
	return 0;
}

static void lot_send(struct dgram_run *r, struct outbox_lot *lot)
{
	int e;

	connect_it(r);
	if (r->fd < 0)
		return;
	e = lines_send(r, lot);
	if (is_busy(e))
		return;
	error_set(r, e);
	if (e)
		hang_up(r);
}

void *dgram_main(void *arg)
{
	struct dgram_run r = { .d = arg, .fd = -1 };
	struct outbox_lot *lot;
	struct pollfd p;

	while (!outbox_over(r.d->ob)) {
		lot = outbox_take(r.d->ob);
		if (lot)
			lot_send(&r, lot);
		p = (struct pollfd){ .fd = r.fd,
				     .events = lot && !outbox_lot_done(lot) ? POLLOUT : 0 };
		outbox_wait(r.d->ob, &p, r.fd >= 0, SECOND);
	}
	hang_up(&r);
	free(r.buf.p);
	return NULL;
}
