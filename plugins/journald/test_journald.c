/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries, and how they leave: as a datagram, and what is too large for one as a memfd.
 * tests/replay/journald.sh has the real journal.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake.h"
#include "fields.h"
#include "plugins/sink/dgram.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

static void entry_is(bool json, const char *line, const char *want, size_t len, const char *what)
{
	const struct fields_conf c = { 6, "weir", json };
	struct dgram_buf buf = { 0 };

	ok(fields_make(&c, &buf, line, strlen(line)) && buf.len == len && !memcmp(buf.p, want, len),
	   "%s", what);
	if (buf.len != len)
		tap_diag("%.*s", (int)buf.len, buf.p);
	free(buf.p);
}
#define ENTRY(json, line, want, what) entry_is(json, line, want, sizeof(want) - 1, what)
#define HEAD "PRIORITY=6\nSYSLOG_IDENTIFIER=weir\n"

static void test_fields(void)
{
	ENTRY(false,
	      "{\"type\":\"exec\",\"process\":{\"name\":\"sh\",\"pid\":7,\"exe\":{\"path\":\"/bin/"
	      "sh\"}}}\n",
	      HEAD "MESSAGE=exec: "
		   "sh[7]\nWEIR_TYPE=exec\nWEIR_PROCESS_NAME=sh\nWEIR_PROCESS_PID=7\nWEIR_PROCESS_"
		   "EXE_PATH=/bin/sh\n",
	      "members become fields");
	ENTRY(true, "{\"type\":\"x\",\"args\":[\"a\",true,{\"b\":1}],\"no\":null}",
	      HEAD "MESSAGE=x\nWEIR_TYPE=x\nWEIR_ARGS=a\nWEIR_ARGS=true\nWEIR_ARGS={\"b\":1}\n"
	      "WEIR_JSON={\"type\":\"x\",\"args\":[\"a\",true,{\"b\":1}],\"no\":null}\n",
	      "elements a field each, and the whole line");
	ENTRY(false, "{\"text\":\"a\\nPRIORITY=0\"}",
	      HEAD "MESSAGE=event\nWEIR_TEXT\n\14\0\0\0\0\0\0\0a\nPRIORITY=0\n",
	      "a newline makes no field");
	ENTRY(false,
	      "{\"a_name_that_is_much_longer_than_what_the_journal_takes_as_a_name_\":1,\"b-c\":2}",
	      HEAD "MESSAGE=event\nWEIR_B_C=2\n", "names that the journal does not take");
	ENTRY(false, "no object\n", HEAD "MESSAGE=no object\n", "what is no object is a message");
}

static void put(struct fake *f, char *text, size_t len)
{
	struct weir_item it = { (uint8_t *)text, (uint32_t)len, WEIR_EV_exec, 0, 0 };
	struct weir_batch b = { sizeof(b), 1, &it };
	struct weir_write w = { .size = sizeof(w) };

	weir_plugin.write(f->inst, &b, &w);
}

/* Bytes of a datagram, or of the file that came with it. */
static ssize_t get(int fd, char *p, size_t size, bool *memfd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { p, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct pollfd q = { .fd = fd, .events = POLLIN };
	ssize_t n = poll(&q, 1, 60000) > 0 ? recvmsg(fd, &msg, MSG_CMSG_CLOEXEC) : -1;
	struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	int file;

	*memfd = c != NULL;
	if (!c)
		return n;
	memcpy(&file, CMSG_DATA(c), sizeof(file));
	ok(fcntl(file, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL),
	   "sealed");
	n = pread(file, p, size, 0);
	close(file);
	return n;
}

static void test_send(void)
{
	static char large[3 << 20], got[8 << 20];
	char dir[] = "/tmp/test_journald.XXXXXX", options[256], small[] = "{\"type\":\"exec\"}\n";
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct fake *f;
	bool memfd;
	ssize_t n;

	if (!mkdtemp(dir))
		abort();
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/socket", dir);
	if (bind(fd, (void *)&un, sizeof(un)))
		abort();
	snprintf(options, sizeof(options), "path=%s policy=block json=false", un.sun_path);
	f = fake_open(&weir_plugin, options, NULL);
	put(f, small, strlen(small));
	n = get(fd, got, sizeof(got), &memfd);
	ok(n > 0 && !memfd && !strncmp(got, HEAD "MESSAGE=exec\n", strlen(HEAD) + 13),
	   "a line is a datagram");
	memset(large, 'x', sizeof(large));
	memcpy(large, "{\"t\":\"", 6);
	memcpy(large + sizeof(large) - 3, "\"}\n", 3);
	put(f, large, sizeof(large));
	n = get(fd, got, sizeof(got), &memfd);
	ok(memfd && n > (ssize_t)sizeof(large) - 10, "a large one a file (%zd bytes)", n);
	fake_close(f);
	close(fd);
	unlink(un.sun_path);
	rmdir(dir);
	f = fake_open(&weir_plugin, "path=socket", NULL);
	ok(!f->inst && strstr(f->log, "must begin with /"), "refused: %s", f->log);
	fake_close(f);
}

int main(void)
{
	test_fields();
	test_send();
	return done_testing();
}
