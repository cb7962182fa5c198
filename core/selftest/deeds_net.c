/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets on the loopback device, which nobody else talks to. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "selftest/deed.h"

/* A socket bound there, and its address; -1. Nothing waits for more than a second. */
static int bound(int type, const char *ip, uint16_t port, struct sockaddr_in *sa)
{
	const struct timeval second = { 1, 0 };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*sa);

	*sa = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, ip, &sa->sin_addr);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	if (!bind(fd, (struct sockaddr *)sa, sizeof(*sa)) &&
	    !getsockname(fd, (struct sockaddr *)sa, &len))
		return fd;
	close(fd);
	return -1;
}

static int listening(struct sockaddr_in *sa)
{
	int fd = bound(SOCK_STREAM, "127.0.0.1", 0, sa);

	if (fd >= 0 && listen(fd, 1)) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *do_bind(void)
{
	struct sockaddr_in sa;
	int fd = bound(SOCK_STREAM, "127.0.0.1", 0, &sa);
	const char *why = deed_result(fd, "bind");

	if (fd >= 0)
		close(fd);
	return why;
}

static const char *do_listen(void)
{
	struct sockaddr_in sa;
	int fd = listening(&sa);
	const char *why = deed_result(fd, "listen");

	if (fd >= 0)
		close(fd);
	return why;
}

/* What the kernel's queue takes needs no second thread. */
static const char *connected(int listener, const struct sockaddr_in *sa, int *peer)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *why = deed_result(fd, "socket");

	if (!why)
		why = deed_result(connect(fd, (const struct sockaddr *)sa, sizeof(*sa)),
				  "connect");
	if (!why) {
		*peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		why = deed_result(*peer, "accept");
	}
	if (fd >= 0)
		close(fd);
	return why;
}

static const char *do_connection(void)
{
	struct sockaddr_in sa;
	int fd = listening(&sa), peer = -1;
	const char *why;

	if (fd < 0)
		return deed_failed("listen");
	why = connected(fd, &sa, &peer);
	if (peer >= 0)
		close(peer);
	close(fd);
	return why;
}

static const char *do_udp_send(void)
{
	struct sockaddr_in sa;
	int fd = bound(SOCK_DGRAM, "127.0.0.1", 0, &sa);
	const char *why;

	if (fd < 0)
		return deed_failed("bind");
	why = deed_result(sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), "sendto");
	close(fd);
	return why;
}

/* Question for the address of self-test.weir.invalid, and an answer without one. */
static const uint8_t question[] =
	"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x09self-test\x04weir\x07invalid\0\0\x01\0";
static const uint8_t answer[] =
	"\x12\x34\x81\x83\0\x01\0\0\0\0\0\0\x09self-test\x04weir\x07invalid\0\0\x01\0";

/* The array's own NUL is the last byte of the message. */
static const char *ask(int server, int client, const struct sockaddr_in *to)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t buf[512];

	if (sendto(client, question, sizeof(question), 0, (const struct sockaddr *)to,
		   sizeof(*to)) < 0)
		return deed_failed("sendto");
	if (recvfrom(server, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) < 0)
		return deed_failed("recvfrom");
	if (sendto(server, answer, sizeof(answer), 0, (struct sockaddr *)&from, len) < 0)
		return deed_failed("sendto");
	return deed_result(recv(client, buf, sizeof(buf), 0), "recv");
}

/* An address of its own: a server that has port 53 of all of them is in the way. */
static const char *do_dns(void)
{
	struct sockaddr_in to, own;
	int server = bound(SOCK_DGRAM, "127.53.53.53", 53, &to), client;
	const char *why;

	if (server < 0)
		return deed_failed("bind to port 53");
	client = bound(SOCK_DGRAM, "127.0.0.1", 0, &own);
	why = client < 0 ? deed_failed("bind") : ask(server, client, &to);
	if (client >= 0)
		close(client);
	close(server);
	return why;
}

const struct deed deeds_net[] = {
	{ "bind", do_bind }, { "listen", do_listen }, { "connect", do_connection },
	{ "accept", do_connection }, { "udp_send", do_udp_send }, { "dns_query", do_dns },
	{ "dns_reply", do_dns }, { NULL, NULL },
};
