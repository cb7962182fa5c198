/* SPDX-License-Identifier: Apache-2.0 */
/* The sink and real readers: fast, slow, too many, gone. Every line has a number. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake.h"
#include "serve.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

static char dir[] = "/tmp/test_unix.XXXXXX", path[64];
static unsigned next_line;

static struct fake *open_with(const char *options)
{
	char all[256];

	next_line = 0;
	snprintf(all, sizeof(all), "path=%s %s", path, options);
	return fake_open(&weir_plugin, all, NULL);
}

static uint64_t counter(struct fake *f, unsigned which)
{
	weir_plugin.tick(f->inst, 0);
	return __atomic_load_n(&f->counters[which], __ATOMIC_RELAXED);
}

static bool reaches(struct fake *f, unsigned which, uint64_t n)
{
	unsigned i;

	for (i = 0; i < 60000 && counter(f, which) < n; i++)
		usleep(1000);
	return counter(f, which) >= n;
}

static void put(struct fake *f, unsigned n)
{
	struct weir_write w = { .size = sizeof(w) };
	char text[256];
	struct weir_item it = { (uint8_t *)text, 0, WEIR_EV_exec, 0, 0 };
	struct weir_batch b = { sizeof(b), 1, &it };

	for (; n; n--) {
		it.len = (uint32_t)snprintf(text, sizeof(text),
					    "{\"line\":%u,\"text\":\"%0100d\"}\n", next_line++, 0);
		weir_plugin.write(f->inst, &b, &w);
	}
}

/* ---- a reader --------------------------------------------------------------------*/

static int reader(int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	if (type == SOCK_DGRAM ? bind(fd, (void *)&un, sizeof(un))
			       : connect(fd, (void *)&un, sizeof(un))) {
		close(fd);
		return -1;
	}
	return fd;
}

struct got {
	unsigned lines, lost, bad, last;
	char buf[1 << 16];
	size_t len;
};

static void line_got(struct got *g, char *line)
{
	unsigned n;

	if (sscanf(line, "{\"line\":%u,", &n) == 1 && line[strlen(line) - 1] == '}') {
		g->bad += g->lines && n <= g->last;
		g->last = n;
		g->lines++;
	} else if (sscanf(line, "{\"type\":\"lost\",\"lost\":{\"count\":%u,", &n) == 1) {
		g->lost += n;
	} else {
		g->bad++;
	}
}

/* One read: 0 or less, the end or nothing now. */
static ssize_t some_get(int fd, struct got *g)
{
	ssize_t n = read(fd, g->buf + g->len, sizeof(g->buf) - 1 - g->len);
	char *nl, *at = g->buf;

	if (n <= 0)
		return n;
	g->len += (size_t)n;
	g->buf[g->len] = '\0';
	while ((nl = strchr(at, '\n'))) {
		*nl = '\0';
		line_got(g, at);
		at = nl + 1;
	}
	g->len -= (size_t)(at - g->buf);
	memmove(g->buf, at, g->len);
	return n;
}

/* Until so many lines have come or were lost. */
static void all_get(int fd, struct got *g, unsigned n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (g->lines + g->lost < n && poll(&p, 1, 60000) > 0 && some_get(fd, g) > 0)
		;
}

/* ---- tests -----------------------------------------------------------------------*/

static void test_stream(void)
{
	static struct got a, b;
	struct fake *f = open_with("type=stream buffer=64K");
	struct stat st;
	int fast, slow, late;

	ok(!stat(path, &st) && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600,
	   "a socket, for nobody else");
	put(f, 5);
	ok(reaches(f, SERVE_COUNT_UNREAD, 5), "without a reader nothing waits");
	fast = reader(SOCK_STREAM);
	slow = reader(SOCK_STREAM);
	ok(reaches(f, SERVE_COUNT_READERS, 2), "two readers");
	while (next_line < 20000) {
		put(f, 100);
		all_get(fast, &a, next_line - 5);
	}
	ok(a.lines == 20000 && !a.lost && !a.bad, "one that keeps up gets all (%u, lost %u)",
	   a.lines, a.lost);
	all_get(slow, &b, 20000);
	ok(b.lost > 1000 && b.lines > 100 && b.lines + b.lost == 20000 && !b.bad,
	   "one that does not is told how many it missed (%u of %u)", b.lost, b.lines + b.lost);
	is_int((long long)counter(f, SERVE_COUNT_LOST), b.lost, "they are counted");
	close(slow);
	put(f, 10);
	all_get(fast, &a, 20010);
	is_int(a.lines, 20010, "one that leaves harms nobody");
	late = reader(SOCK_STREAM);
	reaches(f, SERVE_COUNT_CAME, 3);
	put(f, 10);
	fake_close(f);
	memset(&b, 0, sizeof(b));
	all_get(late, &b, 20);
	all_get(fast, &a, 20021);
	ok(b.lines == 10 && a.lines == 20020,
	   "at the end all get what was written last, then the end");
	close(fast);
	close(late);
	ok(stat(path, &st) && errno == ENOENT, "and the socket is gone");
}

static void test_many(void)
{
	struct fake *f = open_with("type=stream readers=2");
	int fds[3], i;
	char c;

	for (i = 0; i < 3; i++)
		fds[i] = reader(SOCK_STREAM);
	ok(reaches(f, SERVE_COUNT_REFUSED, 1), "one reader too many is sent away");
	is_int(read(fds[2], &c, 1), 0, "and sees it");
	for (i = 0; i < 3; i++)
		close(fds[i]);
	fake_close(f);
}

static void test_messages(void)
{
	static char large[1 << 20];
	struct weir_item it = { (uint8_t *)large, sizeof(large), WEIR_EV_exec, 0, 0 };
	struct weir_batch b = { sizeof(b), 1, &it };
	struct weir_write w = { .size = sizeof(w) };
	static struct got g;
	struct fake *f = open_with("type=seqpacket");
	int fd = reader(SOCK_SEQPACKET);

	reaches(f, SERVE_COUNT_READERS, 1);
	put(f, 10);
	weir_plugin.write(f->inst, &b, &w);
	put(f, 10);
	all_get(fd, &g, 21);
	ok(g.lines == 20 && g.lost == 1 && !g.bad,
	   "seqpacket: a message a line; one that is too long is told as lost");
	close(fd);
	fake_close(f);
}

static void test_datagram(void)
{
	static struct got g;
	struct fake *f;
	int fd = reader(SOCK_DGRAM);

	f = open_with("type=datagram");
	ok(reaches(f, SERVE_COUNT_READERS, 1), "datagrams: the reader is found");
	put(f, 3000);
	all_get(fd, &g, 3000);
	ok(g.lines == 3000 && !g.bad, "and gets all, one by one");
	close(fd);
	unlink(path);
	while (counter(f, SERVE_COUNT_READERS)) {
		put(f, 1);
		usleep(1000);
	}
	fd = reader(SOCK_DGRAM);
	ok(reaches(f, SERVE_COUNT_CAME, 2), "another one that comes later, too");
	memset(&g, 0, sizeof(g));
	put(f, 5);
	all_get(fd, &g, 5);
	is_int(g.lines, 5, "gets what comes from then on");
	fake_close(f);
	close(fd);
	unlink(path);
}

static void test_replace(void)
{
	static struct got g, h;
	struct fake *old = open_with("type=stream"), *new;
	int a = reader(SOCK_STREAM), b;

	reaches(old, SERVE_COUNT_READERS, 1);
	new = open_with("type=stream buffer=1M");
	b = reader(SOCK_STREAM);
	ok(reaches(new, SERVE_COUNT_READERS, 1), "after a reload new readers come to the new one");
	put(old, 10);
	fake_close(old);
	put(new, 10);
	all_get(a, &g, 11);
	all_get(b, &h, 10);
	ok(g.lines == 10 && h.lines == 10, "and those of the old one get their rest");
	close(b);
	close(a);
	fake_close(new);
}

static void test_refused(void)
{
	struct fake *f;

	close(open(path, O_WRONLY | O_CREAT, 0600));
	f = open_with("");
	ok(!f->inst && strstr(f->log, "no socket"), "refused: %s", f->log);
	fake_close(f);
	unlink(path);
	f = fake_open(&weir_plugin, "path=sock", NULL);
	ok(!f->inst && strstr(f->log, "must begin with /"), "refused: %s", f->log);
	fake_close(f);
	f = open_with("group=nosuchgroup");
	ok(!f->inst && strstr(f->log, "no such group"), "refused: %s", f->log);
	fake_close(f);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	test_stream();
	test_many();
	test_messages();
	test_datagram();
	test_replace();
	test_refused();
	rmdir(dir);
	return done_testing();
}
