/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on sockets: see act.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
	socklen_t len;
};

/* KIND ADDRESS PORT; of unix sockets a path, or a name after @. */
static struct address address_of(char **a)
{
	struct address to = { .len = sizeof(to.in) };
	size_t n;

	if (!strncmp(a[0], "unix", 4)) {
		n = strlen(a[1]);
		to.un.sun_family = AF_UNIX;
		memcpy(to.un.sun_path, a[1], n);
		if (a[1][0] == '@')
			to.un.sun_path[0] = 0;
		else
			n++;
		to.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	} else if (inet_pton(AF_INET, a[1], &to.in.sin_addr) == 1) {
		to.in.sin_family = AF_INET;
		to.in.sin_port = htons((uint16_t)atoi(a[2]));
	} else {
		inet_pton(AF_INET6, a[1], &to.in6.sin6_addr);
		to.in6.sin6_family = AF_INET6;
		to.in6.sin6_port = htons((uint16_t)atoi(a[2]));
		to.len = sizeof(to.in6);
	}
	return to;
}

/* tcp, udp, unix, unix-dgram, unix-seq */
static int socket_of(const char *kind, const struct address *a, int flags)
{
	int type = strstr(kind, "seq") ? SOCK_SEQPACKET :
		   strstr(kind, "dgram") || !strcmp(kind, "udp") ? SOCK_DGRAM : SOCK_STREAM;

	return socket(a->sa.sa_family, type | flags, 0);
}

static int port_of(int fd)
{
	struct address a = { .len = sizeof(a.un) };

	getsockname(fd, &a.sa, &a.len);
	return ntohs(a.in.sin_port);
}

/* connect KIND ADDRESS PORT [nonblock]; prints the local port */
static int do_connect(char **a)
{
	struct address to = address_of(a);
	int fd = socket_of(a[0], &to, a[2] && a[3] ? SOCK_NONBLOCK : 0), r;

	r = act_done(connect(fd, &to.sa, to.len));
	printf("%d\n", port_of(fd));
	return r;
}

/* bind-to KIND ADDRESS PORT; prints the port */
static int do_bind_to(char **a)
{
	struct address to = address_of(a);
	int fd = socket_of(a[0], &to, 0), r;

	r = act_done(bind(fd, &to.sa, to.len));
	printf("%d\n", port_of(fd));
	return r;
}

/* listen KIND ADDRESS PORT BACKLOG: without bind */
static int do_listen(char **a)
{
	struct address to = address_of(a);
	int fd = socket_of(a[0], &to, 0), r;

	r = act_done(listen(fd, atoi(a[3])));
	printf("%d\n", port_of(fd));
	return r;
}

/*
 * pair KIND ADDRESS PORT [CONNECT-TO]: binds, listens, connects and accepts;
 * prints the two ports
 */
static int do_pair(char **a)
{
	struct address to = address_of(a);
	int fd = socket_of(a[0], &to, 0), client;
	char port[16], *to_argv[] = { a[0], a[1], port, NULL };

	if (bind(fd, &to.sa, to.len) || listen(fd, 5))
		return errno;
	snprintf(port, sizeof(port), "%d", port_of(fd));
	if (a[2] && a[3])
		to_argv[1] = a[3];
	to = address_of(to_argv);
	client = socket_of(a[0], &to, 0);
	if (connect(client, &to.sa, to.len) || accept(fd, NULL, NULL) < 0)
		return errno;
	printf("%s %d\n", port, port_of(client));
	return 0;
}

const struct act_op act_net_ops[] = {
	{ "connect", do_connect }, { "bind-to", do_bind_to },
	{ "listen", do_listen }, { "pair", do_pair },
	{ NULL, NULL }
};
