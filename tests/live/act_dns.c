/* SPDX-License-Identifier: Apache-2.0 */
/* Operations with datagrams and DNS: see act.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "act.h"

#define DNS_PORT 53

struct message {
	uint8_t p[4096];
	size_t len;
};

struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

static struct address address_of(const char *ip, uint16_t port)
{
	struct address a = { .len = sizeof(a.in) };

	if (inet_pton(AF_INET, ip, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(port);
	} else {
		inet_pton(AF_INET6, ip, &a.in6.sin6_addr);
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons(port);
		a.len = sizeof(a.in6);
	}
	return a;
}

/* ---- messages --------------------------------------------------------------*/

static void bytes_put(struct message *m, const void *p, size_t n)
{
	if (n > sizeof(m->p) - m->len)
		abort();
	memcpy(m->p + m->len, p, n);
	m->len += n;
}

static void short_put(struct message *m, unsigned v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	bytes_put(m, b, 2);
}

static void name_put(struct message *m, const char *name)
{
	uint8_t n;

	while (*name) {
		n = (uint8_t)strcspn(name, ".");
		bytes_put(m, &n, 1);
		bytes_put(m, name, n);
		name += n + (name[n] == '.');
	}
	bytes_put(m, "", 1);
}

static void question_make(struct message *m, unsigned id, const char *name, unsigned type)
{
	m->len = 0;
	short_put(m, id);
	short_put(m, 0x0100);
	short_put(m, 1);
	bytes_put(m, "\0\0\0\0\0\0", 6);
	name_put(m, name);
	short_put(m, type);
	short_put(m, 1);
}

static void hex_make(struct message *m, const char *hex)
{
	unsigned byte;

	for (m->len = 0; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		uint8_t b = (uint8_t)byte;

		bytes_put(m, &b, 1);
	}
}

/* ---- the server ----------------------------------------------------------------*/

/* An answer of the table; owner NULL: the question's name. */
static const struct row {
	const char *name;
	const char *owner;
	unsigned type, ttl;
	const char *data;	/* an address, a name, or a number of texts */
} rows[] = {
	{ "host.weir.test", NULL, 1, 300, "127.0.0.5" },
	{ "host6.weir.test", NULL, 28, 300, "::1" },
	{ "www.weir.test", NULL, 5, 60, "cdn.weir.test" },
	{ "www.weir.test", "cdn.weir.test", 1, 300, "127.0.0.6" },
	{ "www.weir.test", "other.weir.test", 1, 300, "127.0.0.7" },
	{ "long.weir.test", NULL, 16, 300, "10" },
	/* A name that points at itself; a message without a head. */
	{ "loop.weir.test", "loop", 1, 300, "127.0.0.8" },
	{ "short.weir.test", "short", 1, 300, "127.0.0.8" },
};

static void data_put(struct message *m, const struct row *r)
{
	struct message d = { .len = 0 };
	uint8_t a[16], text[201] = { 200 };
	int i;

	if (r->type == 5) {
		name_put(&d, r->data);
	} else if (r->type == 16) {
		memset(text + 1, 'x', 200);
		for (i = atoi(r->data); i; i--)
			bytes_put(&d, text, sizeof(text));
	} else {
		inet_pton(r->type == 1 ? AF_INET : AF_INET6, r->data, a);
		bytes_put(&d, a, r->type == 1 ? 4 : 16);
	}
	short_put(m, (unsigned)d.len);
	bytes_put(m, d.p, d.len);
}

static void row_put(struct message *m, const struct row *r)
{
	if (!r->owner)
		bytes_put(m, "\300\014", 2);
	else if (!strcmp(r->owner, "loop"))
		short_put(m, 0xc000 | (unsigned)m->len);
	else
		name_put(m, r->owner);
	short_put(m, r->type);
	short_put(m, 1);
	short_put(m, 0);
	short_put(m, r->ttl);
	data_put(m, r);
	if (r->owner && !strcmp(r->owner, "short"))
		m->len = 11;
}

/* The message is a question of ours, and becomes its answer. */
static void answer_make(struct message *m)
{
	char name[256] = "";
	size_t i, n = 0, at;
	unsigned answers = 0;

	for (at = 12; at < m->len && m->p[at] && n + m->p[at] + 1u < sizeof(name);
	     at += m->p[at] + 1u)
		n += (size_t)snprintf(name + n, sizeof(name) - n, "%s%.*s", n ? "." : "",
				      m->p[at], (const char *)m->p + at + 1);
	m->p[2] |= 0x80;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcasecmp(rows[i].name, name))
			continue;
		row_put(m, &rows[i]);
		answers++;
	}
	m->p[7] = (uint8_t)answers;
	m->p[3] = answers ? 0x80 : 0x83;
}

static void serve(int fd)
{
	struct address from;
	struct message m;
	ssize_t n;

	for (;;) {
		from.len = sizeof(from.in6);
		n = recvfrom(fd, m.p, sizeof(m.p), 0, &from.sa, &from.len);
		if (n < 12)
			continue;
		m.len = (size_t)n;
		answer_make(&m);
		sendto(fd, m.p, m.len, 0, &from.sa, from.len);
	}
}

/* dns-serve ADDRESS: answers until it is killed; prints its pid */
static int do_serve(char **a)
{
	struct address at = address_of(a[0], DNS_PORT);
	int fd = socket(at.sa.sa_family, SOCK_DGRAM, 0), one = 1;
	pid_t pid;

	if (at.sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, &at.sa, at.len))
		return errno;
	pid = fork();
	if (!pid) {
		close(0);
		close(1);
		close(2);
		serve(fd);
	}
	printf("%d\n", pid);
	return 0;
}

/* ---- the client ----------------------------------------------------------------*/

/* In pieces of three bytes. */
static int pieces_make(struct message *m, struct iovec *v)
{
	size_t at;
	int n = 0;

	for (at = 0; at < m->len; at += 3)
		v[n++] = (struct iovec){ m->p + at, m->len - at < 3 ? m->len - at : 3 };
	return n;
}

/* Three messages to one address, for which the kernel asks once if it is given. */
static int mmsg_send(int fd, struct address *to, struct message *m, bool connected)
{
	struct iovec v = { m->p, m->len };
	struct mmsghdr h[3];
	int i;

	memset(h, 0, sizeof(h));
	for (i = 0; i < 3; i++) {
		h[i].msg_hdr.msg_iov = &v;
		h[i].msg_hdr.msg_iovlen = 1;
		if (connected)
			continue;
		h[i].msg_hdr.msg_name = &to->sa;
		h[i].msg_hdr.msg_namelen = to->len;
	}
	return sendmmsg(fd, h, 3, 0) == 3 ? 0 : -1;
}

/* From memory whose pages nobody has touched. */
static ssize_t untouched_send(int fd, struct address *to, struct message *m)
{
	int mem = memfd_create("dns", 0);
	void *p;

	if (mem < 0 || write(mem, m->p, m->len) < 0)
		return -1;
	p = mmap(NULL, m->len, PROT_READ, MAP_SHARED, mem, 0);
	return p == MAP_FAILED ? -1 : sendto(fd, p, m->len, 0, &to->sa, to->len);
}

static long message_send(const char *how, int fd, struct address *to, struct message *m)
{
	bool connected = strstr(how, "connected");
	struct iovec v[1400];
	struct msghdr h = { .msg_name = connected ? NULL : &to->sa,
			    .msg_namelen = connected ? 0 : to->len, .msg_iov = v };

	if (connected && connect(fd, &to->sa, to->len))
		return -1;
	if (strstr(how, "mmsg"))
		return mmsg_send(fd, to, m, connected);
	if (strstr(how, "untouched"))
		return untouched_send(fd, to, m);
	if (strstr(how, "pieces")) {
		h.msg_iovlen = (size_t)pieces_make(m, v);
		return sendmsg(fd, &h, 0);
	}
	if (strstr(how, "write"))
		return write(fd, m->p, m->len);
	if (strstr(how, "unspec"))
		to->sa.sa_family = AF_UNSPEC;
	return sendto(fd, m->p, m->len, 0, connected ? NULL : &to->sa, connected ? 0 : to->len);
}

static int answers_take(const char *how, int fd)
{
	int i, n = strstr(how, "mmsg") ? 3 : 1;
	struct message m;

	for (i = 0; i < n; i++) {
		if (strstr(how, "peek") &&
		    (recv(fd, m.p, sizeof(m.p), MSG_PEEK) < 0 || recv(fd, m.p, 0, MSG_PEEK) < 0 ||
		     recv(fd, m.p, 0, MSG_PEEK | MSG_TRUNC) < 0))
			return errno;
		if (recv(fd, m.p, strstr(how, "little") ? 20 : sizeof(m.p), 0) < 0)
			return errno;
	}
	return 0;
}

static int port_of(int fd)
{
	struct address a = { .len = sizeof(a.in6) };

	getsockname(fd, &a.sa, &a.len);
	return ntohs(a.in.sin_port);
}

/*
 * dns-ask HOW ADDRESS NAME TYPE: asks and takes the answer; prints the local port.
 * HOW, words with commas: connected, write, pieces, mmsg, untouched, unspec,
 * peek, little, no-wait.
 */
static int do_ask(char **a)
{
	struct timeval tv = { .tv_sec = 60 };
	struct address to = address_of(a[1], DNS_PORT);
	int fd = socket(to.sa.sa_family, SOCK_DGRAM, 0), r;
	struct message m;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	question_make(&m, 0x1234, a[2], (unsigned)atoi(a[3]));
	r = act_done(message_send(a[0], fd, &to, &m));
	printf("%d\n", port_of(fd));
	return r || strstr(a[0], "no-wait") ? r : answers_take(a[0], fd);
}

/* udp-send ADDRESS PORT HEX [HOW] */
static int do_udp_send(char **a)
{
	struct address to = address_of(a[0], (uint16_t)atoi(a[1]));
	int fd = socket(to.sa.sa_family, SOCK_DGRAM, 0), r;
	struct message m;

	hex_make(&m, a[2]);
	r = act_done(message_send(a[3] ? a[3] : "", fd, &to, &m));
	printf("%d\n", port_of(fd));
	return r;
}

/* dns-tcp ADDRESS NAME TYPE: asks over a connection to itself */
static int do_tcp(char **a)
{
	struct address at = address_of(a[0], DNS_PORT);
	int fd = socket(at.sa.sa_family, SOCK_STREAM, 0), one = 1, client;
	struct message m, size = { .len = 0 };
	struct iovec v[2];

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	client = socket(at.sa.sa_family, SOCK_STREAM, 0);
	if (bind(fd, &at.sa, at.len) || listen(fd, 1) || connect(client, &at.sa, at.len))
		return errno;
	question_make(&m, 0x1234, a[1], (unsigned)atoi(a[2]));
	short_put(&size, (unsigned)m.len);
	v[0] = (struct iovec){ size.p, size.len };
	v[1] = (struct iovec){ m.p, m.len };
	return act_done(writev(client, v, 2));
}

/* net-alone OPERATION ...: in a network namespace of its own */
static int do_net_alone(char **a)
{
	return unshare(CLONE_NEWNET) ? errno : act_run(a);
}

const struct act_op act_dns_ops[] = {
	{ "dns-serve", do_serve }, { "dns-ask", do_ask }, { "dns-tcp", do_tcp },
	{ "udp-send", do_udp_send }, { "net-alone", do_net_alone },
	{ NULL, NULL }
};
