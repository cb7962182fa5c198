/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations through io_uring: see act.c.
 *
 *	uring here|worker OPERATION [ARGUMENT ...]
 *
 * "here": the thread itself does it, if it need not wait; "worker": a thread
 * of the kernel's does it for the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

static uintptr_t addr(const void *p) { return (uintptr_t)p; }
static unsigned octal(const char *s) { return (unsigned)strtoul(s, NULL, 8); }

/* ---- what is to be done ------------------------------------------------------*/

/* open PATH [creat MODE] */
static void sqe_open(struct io_uring_sqe *e, char **a)
{
	e->opcode = IORING_OP_OPENAT;
	e->addr = addr(a[0]);
	e->open_flags = a[1] ? O_CREAT | O_WRONLY : O_RDONLY;
	e->len = a[1] ? octal(a[2]) : 0;
}

static void sqe_unlink(struct io_uring_sqe *e, char **a)
{
	e->opcode = IORING_OP_UNLINKAT;
	e->addr = addr(a[0]);
}

static void sqe_rmdir(struct io_uring_sqe *e, char **a)
{
	sqe_unlink(e, a);
	e->unlink_flags = AT_REMOVEDIR;
}

static void sqe_two(struct io_uring_sqe *e, char **a)
{
	e->addr = addr(a[0]);
	e->addr2 = addr(a[1]);
	e->len = (unsigned)AT_FDCWD;
}

static void sqe_rename(struct io_uring_sqe *e, char **a)
{
	sqe_two(e, a);
	e->opcode = IORING_OP_RENAMEAT;
}

static void sqe_link(struct io_uring_sqe *e, char **a)
{
	sqe_two(e, a);
	e->opcode = IORING_OP_LINKAT;
}

static void sqe_symlink(struct io_uring_sqe *e, char **a)
{
	e->opcode = IORING_OP_SYMLINKAT;
	e->addr = addr(a[0]);
	e->addr2 = addr(a[1]);
}

static void sqe_mkdir(struct io_uring_sqe *e, char **a)
{
	e->opcode = IORING_OP_MKDIRAT;
	e->addr = addr(a[0]);
	e->len = octal(a[1]);
}

/* setxattr PATH NAME VALUE */
static void sqe_setxattr(struct io_uring_sqe *e, char **a)
{
	e->opcode = IORING_OP_SETXATTR;
	e->fd = 0;
	e->addr = addr(a[1]);
	e->addr2 = addr(a[2]);
	e->addr3 = addr(a[0]);
	e->len = (unsigned)strlen(a[2]);
}

/* connect PATH|PORT [listen]: a unix socket, or 127.0.0.1, which listens first */
static void sqe_connect(struct io_uring_sqe *e, char **a)
{
	static union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_un un;
	} to;

	e->opcode = IORING_OP_CONNECT;
	e->addr = addr(&to);
	if (a[0][0] == '/') {
		to.un.sun_family = AF_UNIX;
		snprintf(to.un.sun_path, sizeof(to.un.sun_path), "%s", a[0]);
		e->off = sizeof(to.un);
	} else {
		to.in.sin_family = AF_INET;
		to.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		to.in.sin_port = htons((uint16_t)atoi(a[0]));
		e->off = sizeof(to.in);
	}
	if (a[1]) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (bind(fd, &to.sa, sizeof(to.in)) || listen(fd, 1))
			exit(errno);
	}
	e->fd = socket(to.sa.sa_family, SOCK_STREAM, 0);
}

/* ---- the ring ------------------------------------------------------------------*/

struct ring {
	int fd;
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

static int ring_open(struct ring *r)
{
	int rw = PROT_READ | PROT_WRITE;

	memset(r, 0, sizeof(*r));
	r->fd = (int)syscall(SYS_io_uring_setup, 1, &r->p);
	if (r->fd < 0)
		return errno;
	r->sq = mmap(NULL, 4096, rw, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, 4096, rw, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, 4096, rw, MAP_SHARED, r->fd, IORING_OFF_SQES);
	return r->sq == MAP_FAILED || r->cq == MAP_FAILED || r->sqes == MAP_FAILED ? errno : 0;
}

/* One entry, until its answer is there. */
static int ring_do(struct ring *r)
{
	struct io_uring_cqe *cqe = (void *)(r->cq + r->p.cq_off.cqes);
	unsigned *tail = (void *)(r->sq + r->p.sq_off.tail);

	*(unsigned *)(r->sq + r->p.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return errno;
	if (!__atomic_load_n((unsigned *)(r->cq + r->p.cq_off.tail), __ATOMIC_ACQUIRE))
		return EAGAIN;
	return cqe->res < 0 ? -cqe->res : 0;
}

static int do_uring(char **a)
{
	static const struct {
		const char *name;
		void (*fill)(struct io_uring_sqe *e, char **a);
	} ops[] = {
		{ "open", sqe_open }, { "unlink", sqe_unlink }, { "rmdir", sqe_rmdir },
		{ "rename", sqe_rename }, { "link", sqe_link }, { "symlink", sqe_symlink },
		{ "mkdir", sqe_mkdir }, { "setxattr", sqe_setxattr },
		{ "connect", sqe_connect },
	};
	struct ring ring;
	size_t i;
	int r = ring_open(&ring);

	for (i = 0; !r && i < sizeof(ops) / sizeof(*ops); i++) {
		if (strcmp(ops[i].name, a[1]))
			continue;
		ring.sqes->fd = AT_FDCWD;
		ring.sqes->flags = a[0][0] == 'w' ? IOSQE_ASYNC : 0;
		ops[i].fill(ring.sqes, a + 2);
		return ring_do(&ring);
	}
	return r ? r : 255;
}

const struct act_op act_uring_ops[] = {
	{ "uring", do_uring },
	{ NULL, NULL }
};
