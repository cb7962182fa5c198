/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns how to write without waiting. O_NONBLOCK belongs to the open file
 * description, which a shell and other programs share with us, so it is never
 * set on the descriptor we were given. Instead:
 *
 *   sockets             MSG_DONTWAIT, which is of one call only
 *   pipes, terminals    the same file opened anew through /proc/self/fd gives
 *                       a description of our own, with O_NONBLOCK
 *   if that fails       pieces of at most PIPE_BUF after poll() has said that
 *                       there is room: a pipe takes so much without waiting
 *                       as soon as it polls writable (Linux: one free slot of
 *                       a page). A second writer of the pipe can take the
 *                       slot in between; then we wait for the reader.
 *   all else            regular files, /dev/null: a write does not wait for
 *                       a reader
 *
 * SIGPIPE must be ignored in the process, as the core does.
 */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_socket(struct out *out)
{
	int type = SOCK_STREAM;
	socklen_t len = sizeof(type);

	if (getsockopt(out->fd, SOL_SOCKET, SO_TYPE, &type, &len))
		return -errno;
	out->mode = OUT_SOCKET;
	out->messages = type != SOCK_STREAM;
	return 0;
}

static int open_anew(struct out *out)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", out->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		out->mode = OUT_SLICES;
		return 0;
	}
	out->mode = OUT_OWN;
	out->fd = fd;
	return 0;
}

int out_open(struct out *out, int fd)
{
	struct stat st;
	int flags;

	out->fd = fd;
	out->mode = OUT_PLAIN;
	out->messages = false;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (S_ISSOCK(st.st_mode))
		return open_socket(out);
	if (S_ISFIFO(st.st_mode) || isatty(fd))
		return open_anew(out);
	return 0;
}

static ssize_t write_socket(struct out *out, struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)n };

	return sendmsg(out->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t write_slice(struct out *out, struct iovec *iov, int n)
{
	struct pollfd p = { .fd = out->fd, .events = POLLOUT };
	size_t left = PIPE_BUF;
	int i;

	if (poll(&p, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	for (i = 0; i < n && left; i++) {
		if (iov[i].iov_len > left)
			iov[i].iov_len = left;
		left -= iov[i].iov_len;
	}
	return writev(out->fd, iov, i);
}

ssize_t out_write(struct out *out, struct iovec *iov, int n)
{
	ssize_t r;

	do {
		if (out->mode == OUT_SOCKET)
			r = write_socket(out, iov, n);
		else if (out->mode == OUT_SLICES)
			r = write_slice(out, iov, n);
		else
			r = writev(out->fd, iov, n);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

void out_wait(struct out *out, int64_t ns)
{
	struct pollfd p = { .fd = out->fd, .events = POLLOUT };
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	/* A signal ends the wait early; the caller watches the clock. */
	ppoll(&p, 1, &ts, NULL);
}

void out_close(struct out *out)
{
	if (out->mode == OUT_OWN)
		close(out->fd);
	out->fd = -1;
}
