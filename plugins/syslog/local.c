/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way to a daemon of this machine: one datagram a message, at its socket. What the
 * daemon cannot take now stays in the outbox; while there is none, it is looked for each second.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "plugins/sink/outbox.h"
#include "sendconf.h"

#define SECOND		1000000000u
#define SOCKET_BYTES	(1 << 20)	/* the largest message is somewhat smaller */

struct local {
	struct sender *s;
	int fd;
	uint64_t again_ns;
	int error;
	char *out;
	size_t cap;
};

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void error_set(struct local *l, int error)
{
	if (error && error != l->error)
		outbox_say(l->s->ob, WEIR_LOG_WARNING, "%s: %s", l->s->conf->path, strerror(-error));
	else if (!error && l->error)
		outbox_say(l->s->ob, WEIR_LOG_INFO, "%s: there again", l->s->conf->path);
	l->error = error;
}

static void hang_up(struct local *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void connect_it(struct local *l)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const int size = SOCKET_BYTES;

	if (l->fd >= 0 || outbox_now() < l->again_ns)
		return;
	l->again_ns = outbox_now() + SECOND;
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", l->s->conf->path);
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)&un, sizeof(un))) {
		error_set(l, -errno);
		hang_up(l);
		return;
	}
	/* As large as the system lets us; root may have more. */
	if (setsockopt(l->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(l->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	weir_count(&l->s->counts[SEND_COUNT_CONNECTS], 1);
}

/* 0, or a negative errno. */
static int line_send(struct local *l, const char *line, uint32_t len)
{
	size_t need = len + MESSAGE_HEAD_MAX;
	char *p;

	if (need > l->cap) {
		p = realloc(l->out, need);
		if (!p)
			return -ENOMEM;
		l->out = p;
		l->cap = need;
	}
	len = (uint32_t)message_put(l->out, &l->s->conf->message, line, len, wall_ns());
	return send(l->fd, l->out, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void lot_send(struct local *l, struct outbox_lot *lot)
{
	const struct outbox_line *line;
	int r = 0;

	while (!outbox_lot_done(lot) && l->fd >= 0) {
		line = &lot->lines[lot->at];
		r = line_send(l, (const char *)lot->p + lot->off, line->len);
		if (r == -EMSGSIZE) {
			weir_count(&l->s->counts[SEND_COUNT_LOST], 1);
			outbox_lose(l->s->ob, line->rclass, 1);
		} else if (r) {
			break;
		} else {
			weir_count(&l->s->counts[SEND_COUNT_LINES], 1);
		}
		outbox_done(l->s->ob, 1);
	}
	if (r == -EMSGSIZE || l->fd < 0)
		return;
	if (r != -EAGAIN && r != -ENOBUFS)
		error_set(l, r);
	if (r && r != -EAGAIN && r != -ENOBUFS && r != -ENOMEM)
		hang_up(l);
}

void *local_main(void *arg)
{
	struct local l = { .s = arg, .fd = -1 };
	struct outbox_lot *lot;
	struct pollfd p;

	while (!outbox_over(l.s->ob)) {
		lot = outbox_take(l.s->ob);
		if (lot)
			connect_it(&l);
		if (lot)
			lot_send(&l, lot);
		p = (struct pollfd){ .fd = l.fd, .events = lot && !outbox_lot_done(lot) ? POLLOUT : 0 };
		outbox_wait(l.s->ob, &p, l.fd >= 0, SECOND);
	}
	hang_up(&l);
	free(l.out);
	return NULL;
}
