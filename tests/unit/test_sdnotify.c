/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"
#include "util/sdnotify.h"

/* An abstract socket, as systemd's may be. */
static int listen_at(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(name);

	memcpy(un.sun_path, name, len);
	if (*name == '@')
		un.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)))
		return -1;
	return fd;
}

static const char *heard(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void check_at(const char *name)
{
	int fd = listen_at(name);

	ok(fd >= 0, "%s: listens", name);
	setenv("NOTIFY_SOCKET", name, 1);
	sdnotify("READY=1");
	is_str(heard(fd), "READY=1", "told as it is");
	sdnotify_reloading();
	ok(strstr(heard(fd), "RELOADING=1\nMONOTONIC_USEC=") != NULL,
	   "reloading, with the time");
	sdnotify_alive();
	is_str(heard(fd), "", "no watchdog");
	setenv("WATCHDOG_USEC", "60000000", 1);
	sdnotify_alive();
	is_str(heard(fd), "WATCHDOG=1", "a watchdog, for whoever it is");
	setenv("WATCHDOG_PID", "1", 1);
	sdnotify_alive();
	is_str(heard(fd), "", "one of somebody else");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	close(fd);
}

int main(void)
{
	char path[108];

	snprintf(path, sizeof(path), "/tmp/test_sdnotify.%d", getpid());
	check_at(path);
	unlink(path);
	snprintf(path, sizeof(path), "@test_sdnotify.%d", getpid());
	check_at(path);
	setenv("NOTIFY_SOCKET", "nonsense", 1);
	sdnotify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	sdnotify("READY=1");
	ok(true, "without a socket nothing happens");
	return done_testing();
}
