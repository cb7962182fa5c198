/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the socket and the readers. The socket is made under another name and renamed, so that
 * there is always one at the path; after a reload the new one has taken the place of the
 * old one, whose readers get the rest of their lines and then see the end.
 */
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "plugins/sink/outbox.h"
#include "reader.h"
#include "store.h"

#define SECOND		1000000000u
#define BACKLOG		16

struct serve {
	const struct serve_conf *conf;
	struct outbox *ob;
	uint64_t *counts;
	struct store store;
	int fd;				/* -1: not listening */
	dev_t dev;
	ino_t ino;			/* of the socket, as it is at the path */
	struct reader readers[SERVE_READERS_MAX];
	bool held[SERVE_READERS_MAX];	/* it takes nothing just now */
	unsigned n_readers;
	uint64_t tried_ns;		/* when a datagram's reader was last looked for */
};

static void count(struct serve *s, unsigned what, uint64_t n)
{
	weir_count(&s->counts[what], n);
}

/* ---- the socket ----------------------------------------------------------------*/

static int address(struct sockaddr_un *un, const char *path, const char *suffix)
{
	int n;

	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(un->sun_path, sizeof(un->sun_path), "%s%s", path, suffix);
	return n < 0 || (size_t)n >= sizeof(un->sun_path) ? -ENAMETOOLONG : 0;
}

/* Bound, with the right owner from the beginning, listening; then at its path. */
static int place(struct serve *s, const struct sockaddr_un *un)
{
	const struct serve_conf *c = s->conf;
	struct stat st;

	/* The mode of an unbound socket is that of its file. */
	if (fchmod(s->fd, 0600) || bind(s->fd, (const struct sockaddr *)un, sizeof(*un)))
		return -errno;
	if ((c->group != (gid_t)-1 && lchown(un->sun_path, (uid_t)-1, c->group)) ||
	    chmod(un->sun_path, c->mode) || listen(s->fd, BACKLOG) || lstat(un->sun_path, &st) ||
	    rename(un->sun_path, c->path)) {
		int r = -errno;

		unlink(un->sun_path);
		return r;
	}
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

static int serve_listen(struct serve *s)
{
	const int type = s->conf->type == SERVE_STREAM ? SOCK_STREAM : SOCK_SEQPACKET;
	struct sockaddr_un un;
	char suffix[32];
	struct stat st;
	int r;

	if (!lstat(s->conf->path, &st) && !S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	snprintf(suffix, sizeof(suffix), ".%x.new", (unsigned)getpid());
	r = address(&un, s->conf->path, suffix);
	if (r)
		return r;
	unlink(un.sun_path);
	s->fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return s->fd < 0 ? -errno : place(s, &un);
}

static void unlisten(struct serve *s)
{
	struct stat st;

	if (s->fd < 0)
		return;
	/* Another one may have taken its place. */
	if (!lstat(s->conf->path, &st) && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->conf->path);
	close(s->fd);
	s->fd = -1;
}

/* ---- readers -------------------------------------------------------------------*/

static void reader_add(struct serve *s, int fd)
{
	s->held[s->n_readers] = false;
	reader_init(&s->readers[s->n_readers++], fd, s->conf->type != SERVE_STREAM, &s->store);
	count(s, SERVE_COUNT_CAME, 1);
}

static void readers_accept(struct serve *s)
{
	int fd;

	while ((fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (s->n_readers < s->conf->max) {
			reader_add(s, fd);
		} else {
			close(fd);
			count(s, SERVE_COUNT_REFUSED, 1);
		}
	}
}

/* A datagram's reader is whoever has bound the path. */
static void reader_look_for(struct serve *s)
{
	struct sockaddr_un un;
	int fd;

	if (s->n_readers || outbox_now() - s->tried_ns < SECOND || address(&un, s->conf->path, ""))
		return;
	s->tried_ns = outbox_now();
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (!connect(fd, (const struct sockaddr *)&un, sizeof(un)))
		reader_add(s, fd);
	else
		close(fd);
}

static void reader_remove(struct serve *s, unsigned i)
{
	reader_fini(&s->readers[i]);
	s->n_readers--;
	s->readers[i] = s->readers[s->n_readers];
	s->held[i] = s->held[s->n_readers];
}

/* True: all of them have all. */
static bool readers_pump(struct serve *s)
{
	bool all = true;
	unsigned i = 0;
	int r;

	while (i < s->n_readers) {
		r = reader_pump(&s->readers[i], &s->store);
		count(s, SERVE_COUNT_LINES, s->readers[i].n_lines);
		count(s, SERVE_COUNT_LOST, s->readers[i].n_lost);
		s->readers[i].n_lines = s->readers[i].n_lost = 0;
		s->held[i] = r == -EAGAIN;
		all &= !s->held[i];
		if (r && r != -EAGAIN)
			reader_remove(s, i);
		else
			i++;
	}
	__atomic_store_n(&s->counts[SERVE_COUNT_READERS], s->n_readers, __ATOMIC_RELAXED);
	return all;
}

/* ---- the thread ----------------------------------------------------------------*/

static void lines_store(struct serve *s, struct outbox_lot *lot)
{
	const struct outbox_line *line;

	while (!outbox_lot_done(lot)) {
		line = &lot->lines[lot->at];
		if (!s->n_readers)
			count(s, SERVE_COUNT_UNREAD, 1);
		/* One that is larger than all of the store is as if it was lost by each reader. */
		if (!store_add(&s->store, lot->p + lot->off, line->len))
			count(s, SERVE_COUNT_LOST, 1);
		outbox_done(s->ob, 1);
		/* Readers keep up with what they can, before the next lines push out others. */
		if (s->store.next - s->store.first > s->store.max / 2)
			readers_pump(s);
	}
}

/* Sleeps; whoever has hung up is found out by the next line that is sent, or here. */
static void rest(struct serve *s)
{
	struct pollfd fds[SERVE_READERS_MAX + 1];
	unsigned i, n = 0, first = s->fd >= 0;

	if (s->fd >= 0)
		fds[n++] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	for (i = 0; i < s->n_readers; i++)
		fds[n++] = (struct pollfd){ .fd = s->readers[i].fd,
					    .events = s->held[i] ? POLLOUT : 0 };
	outbox_wait(s->ob, fds, n, SECOND);
	if (s->fd >= 0 && fds[0].revents)
		readers_accept(s);
	/* From the end: the last one comes into the place of one that is removed. */
	for (i = n; i-- > first;)
		if (fds[i].revents & (POLLHUP | POLLERR))
			reader_remove(s, i - first);
}

void *serve_main(void *arg)
{
	struct serve *s = arg;
	struct outbox_lot *lot;
	bool all;

	do {
		if (s->conf->type == SERVE_DATAGRAM)
			reader_look_for(s);
		lot = outbox_take(s->ob);
		if (lot)
			lines_store(s, lot);
		all = readers_pump(s);
		if (!outbox_stopping(s->ob) || !all)
			rest(s);
	} while (!outbox_over(s->ob) || (!all && !outbox_late(s->ob)));
	return NULL;
}

int serve_new(const struct serve_conf *conf, struct outbox *ob, uint64_t *counts,
	      struct serve **out)
{
	struct serve *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->conf = conf;
	s->ob = ob;
	s->counts = counts;
	s->fd = -1;
	if (!store_init(&s->store, conf->size))
		r = -ENOMEM;
	else if (conf->type != SERVE_DATAGRAM)
		r = serve_listen(s);
	if (r)
		serve_free(s);
	else
		*out = s;
	return r;
}

struct serve *serve_free(struct serve *s)
{
	if (!s)
		return NULL;
	unlisten(s);
	while (s->n_readers)
		reader_remove(s, s->n_readers - 1);
	store_fini(&s->store);
	free(s);
	return NULL;
}
