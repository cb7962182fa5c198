/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink on real descriptors. It writes to descriptor 2 here, which each
 * test replaces, because the results go to 1. Every line carries its number
 * and its length, so that a torn, lost or swapped one shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include <weir/plugin.h>

#include "lines.h"
#include "out.h"
#include "tap.h"

#define N_ITEMS		200

extern const struct weir_plugin weir_plugin;

static uint64_t *counters;	/* shared with readers */
#define N_COUNTERS	8u
static char last_log[256];
static int real_stderr;
static struct weir_item items[N_ITEMS];
static uint8_t *arena;
static unsigned int next_line;

/* ---- a core ----------------------------------------------------------------*/

static void host_log(void *ctx, int level, const char *text)
{
	(void)ctx;
	(void)level;
	snprintf(last_log, sizeof(last_log), "%s", text);
}

static const struct weir_host host = { .size = sizeof(host), .log = host_log };

/* Opens the sink on `fd`, which becomes descriptor 2 and is closed. */
static void *open_on(int fd, bool drop, int64_t patience)
{
	struct weir_optval options[3] = {
		{ .v.i = 1 }, { .v.i = drop }, { .v.i = patience },
	};
	static struct weir_setup setup;	/* the instance keeps a pointer to it */
	void *inst = NULL;

	setup = (struct weir_setup){
		.size = sizeof(setup), .host = &host, .options = options,
		.counters = counters,
	};
	dup2(fd, 2);
	close(fd);
	memset(counters, 0, N_COUNTERS * sizeof(*counters));
	last_log[0] = 0;
	next_line = 0;
	return weir_plugin.open(&setup, &inst) ? NULL : inst;
}

static void close_it(void *inst)
{
	weir_plugin.close(inst);
	dup2(real_stderr, 2);
}

static uint64_t counter(const char *name)
{
	uint32_t i;

	for (i = 0; i < weir_plugin.n_counters; i++)
		if (!strcmp(weir_plugin.counters[i].name, name))
			return counters[i];
	abort();
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* ---- lines -----------------------------------------------------------------*/

static size_t line_make(uint8_t *p, unsigned int number, size_t len)
{
	memset(p, 'a' + (int)(number % 26), len);
	p[snprintf((char *)p, len, "%08u %08zu ", number, len)] = '.';
	p[len - 1] = '\n';
	return len;
}

/* `gap`: bytes between two items, so that they cannot be joined. */
static struct weir_batch batch_make(uint32_t n, size_t len, size_t gap)
{
	struct weir_batch b = { sizeof(b), n, items };
	uint8_t *p;
	uint32_t i;

	free(arena);
	arena = p = malloc(n * (2 * len + 64 + gap));
	for (i = 0; i < n; i++) {
		items[i].p = p;
		items[i].len = (uint32_t)line_make(p, next_line, len + next_line * 7 % 40);
		items[i].rclass = (uint8_t)(next_line % WEIR_CLASS_MAX);
		p += items[i].len + gap;
		next_line++;
	}
	return b;
}

struct check {
	char *buf;
	size_t len;
	unsigned int lines, bad;
	long last;
};

static void check_line(struct check *c, const char *s, size_t n)
{
	unsigned int number;
	size_t len, i;

	c->lines++;
	if (n < 20 || sscanf(s, "%8u %8zu", &number, &len) != 2 || len != n ||
	    (long)number <= c->last) {
		c->bad++;
		return;
	}
	c->last = number;
	for (i = 19; i < n - 1; i++)
		c->bad += s[i] != (char)('a' + number % 26);
}

static void check_bytes(struct check *c, const char *p, size_t n)
{
	char *end, *at;

	c->buf = realloc(c->buf, c->len + n + 1);
	memcpy(c->buf + c->len, p, n);
	c->len += n;
	at = c->buf;
	while ((end = memchr(at, '\n', c->len - (size_t)(at - c->buf)))) {
		check_line(c, at, (size_t)(end - at) + 1);
		at = end + 1;
	}
	c->len -= (size_t)(at - c->buf);
	memmove(c->buf, at, c->len);
}

/* Reads until the end; bytes left over are a torn line. */
static void check_all(struct check *c, int fd, size_t piece, unsigned int pause_us)
{
	char *p = malloc(piece);
	ssize_t n;

	memset(c, 0, sizeof(*c));
	c->last = -1;
	while ((n = read(fd, p, piece)) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		check_bytes(c, p, (size_t)n);
		if (pause_us)
			usleep(pause_us);
	}
	c->bad += c->len != 0;
	free(c->buf);
	free(p);
}

/* What a reader in a process of its own found. */
#define PIECE	9973u	/* bytes of a read */

struct reader {
	pid_t pid;
	int result;
};

/* Until the writer has had to wait, or has nothing more. */
static void let_it_wait(int fd)
{
	struct pollfd p = { .fd = fd };

	while (!counter("waits") && !(p.revents & POLLHUP))
		poll(&p, 1, 1);
}

static struct reader reader_start(int fd, int not_mine, unsigned int pause_us, bool late)
{
	struct reader r;
	struct check c;
	int p[2];

	if (pipe(p))
		abort();
	fflush(stdout);
	memset(counters, 0, N_COUNTERS * sizeof(*counters));
	r.pid = fork();
	if (!r.pid) {
		close(not_mine);
		if (late)
			let_it_wait(fd);
		check_all(&c, fd, PIECE, pause_us);
		if (write(p[1], &c, sizeof(c)) < 0)
			abort();
		_exit(0);
	}
	close(p[1]);
	close(fd);
	r.result = p[0];
	return r;
}

static struct check reader_end(struct reader r)
{
	struct check c;
	ssize_t n;

	do
		n = read(r.result, &c, sizeof(c));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(c))
		memset(&c, 0xff, sizeof(c));
	close(r.result);
	while (waitpid(r.pid, NULL, 0) < 0 && errno == EINTR)
		;
	return c;
}

/* ---- where to write --------------------------------------------------------*/

enum kind { PIPE, PIPE_NONBLOCK, SOCKET, SLICES, N_KINDS };
static const char *const kind_names[] = {
	"pipe", "pipe that somebody set O_NONBLOCK on", "socket", "pipe in slices",
};

static void ends(enum kind kind, int fd[2])
{
	int r = kind == SOCKET ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd) : pipe(fd);

	if (r)
		abort();
	if (kind == PIPE_NONBLOCK)
		fcntl(fd[1], F_SETFL, fcntl(fd[1], F_GETFL) | O_NONBLOCK);
}

/* Without room for one more descriptor, the pipe cannot be opened anew. */
static void *open_kind(enum kind kind, int fd, bool drop, int64_t patience)
{
	struct rlimit old, none;
	void *inst;

	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 3;
	if (kind != SLICES)
		return open_on(fd, drop, patience);
	dup2(fd, 2);
	setrlimit(RLIMIT_NOFILE, &none);
	inst = open_on(fd, drop, patience);
	setrlimit(RLIMIT_NOFILE, &old);
	return inst;
}

/* ---- tests -----------------------------------------------------------------*/

static void test_simple(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b;
	struct check c;
	int fd[2], flags;
	void *inst;

	ends(PIPE, fd);
	flags = fcntl(fd[1], F_GETFL);
	inst = open_on(fd[1], false, 0);
	b = batch_make(40, 100, 0);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "adjacent lines");
	is_int(w.done, 40, "all taken");
	b = batch_make(N_ITEMS, 100, 3);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "lines with gaps");
	b.n = 0;
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "none");
	is_int(fcntl(2, F_GETFL), flags, "flags are as they were");
	close_it(inst);
	check_all(&c, fd[0], 4096, 0);
	close(fd[0]);
	is_int(c.bad, 0, "whole and in order");
	is_int(c.lines, 40 + N_ITEMS, "all there");
	is_int((long long)counter("lines"), 40 + N_ITEMS, "counted");
	is_int((long long)counter("short_writes"), 0, "no short write");
}

/* Sends all of it, however often it takes. */
static unsigned int send_all(void *inst, struct weir_batch b, bool *late)
{
	struct weir_write w = { .size = sizeof(w) };
	unsigned int again = 0;
	int64_t start;
	int r;

	do {
		start = now_ns();
		r = weir_plugin.write(inst, &b, &w);
		*late |= now_ns() - start > 5000000000;
		b.items += w.done;
		b.n -= w.done;
		again += r == WEIR_WRITE_AGAIN;
	} while (r == WEIR_WRITE_AGAIN);
	return r == WEIR_WRITE_OK ? again : 1000000;
}

static void test_block(enum kind kind, size_t len)
{
	const char *name = kind_names[kind];
	unsigned int i, again = 0, n = len > 10000 ? 10 : 100;
	bool late = false;
	struct reader reader;
	struct check c;
	int fd[2];
	void *inst;

	ends(kind, fd);
	reader = reader_start(fd[0], fd[1], 200, true);
	inst = open_kind(kind, fd[1], false, 0);
	for (i = 0; i < 10 || (!counter("waits") && i < 1000); i++)
		again += send_all(inst, batch_make(n, len, i % 3), &late);
	n *= i;
	close_it(inst);
	c = reader_end(reader);
	ok(again < 1000000, "block: %s, lines of %zu: no error", name, len);
	ok(!late, "no call waits for long");
	is_int(c.bad, 0, "whole and in order");
	is_int(c.lines, n, "all there");
	ok(counter("waits") > 0, "waited %d times", (int)counter("waits"));
}

/* Nobody reads at all: block asks again, after its time and not before. */
static void test_stalled(enum kind kind)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b;
	uint32_t done;
	int64_t took;
	struct check c;
	int fd[2], r;
	void *inst;

	ends(kind, fd);
	inst = open_kind(kind, fd[1], false, 0);
	b = batch_make(N_ITEMS, 5000, 0);
	took = now_ns();
	r = weir_plugin.write(inst, &b, &w);
	took = now_ns() - took;
	is_int(r, WEIR_WRITE_AGAIN, "stalled %s", kind_names[kind]);
	ok(took > 90000000 && took < 400000000, "after %d ms", (int)(took / 1000000));
	ok(w.done > 5 && w.done < N_ITEMS, "%u lines taken", w.done);
	done = w.done;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	memset(&c, 0, sizeof(c));
	c.last = -1;
	while (c.lines < done) {
		char p[3000];
		ssize_t n = read(fd[0], p, sizeof(p));

		if (n > 0)
			check_bytes(&c, p, (size_t)n);
		else
			weir_plugin.tick(inst, 0);
	}
	is_int(c.bad, 0, "ticks finish the line that was begun");
	is_int((long long)c.len, 0, "and begin none");
	free(c.buf);
	close_it(inst);
	close(fd[0]);
}

static void test_drop(enum kind kind, size_t len, int64_t patience)
{
	struct weir_write w = { .size = sizeof(w) };
	unsigned int i, k, dropped = 0, by_class = 0, done = 0, rounds = 50;
	struct reader reader;
	struct weir_batch b;
	struct check c;
	int64_t took, longest = 0;
	int fd[2], bad = 0;
	void *inst;

	ends(kind, fd);
	reader = reader_start(fd[0], fd[1], 2000, false);
	inst = open_kind(kind, fd[1], true, patience);
	for (i = 0; i < rounds; i++) {
		b = batch_make(N_ITEMS, len, 0);
		took = now_ns();
		bad += weir_plugin.write(inst, &b, &w) != WEIR_WRITE_OK;
		took = now_ns() - took;
		longest = took > longest ? took : longest;
		done += w.done;
		dropped += w.dropped;
		for (k = 0; k < WEIR_CLASS_MAX; k++)
			by_class += w.dropped_class[k];
		usleep(1000);
	}
	close_it(inst);
	c = reader_end(reader);
	is_int(bad, 0, "drop: %s, patience %d ms", kind_names[kind], (int)(patience / 1000000));
	is_int(c.bad, 0, "whole and in order");
	is_int(done, rounds * N_ITEMS, "all taken");
	ok(dropped > 0, "%u dropped", dropped);
	is_int(by_class, dropped, "by class");
	is_int((long long)counter("dropped"), dropped, "counted");
	is_int(c.lines + dropped, rounds * N_ITEMS, "read or dropped");
	ok(longest < patience + 5000000000, "longest call %d us", (int)(longest / 1000));
}

static void test_closed(enum kind kind)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b;
	int fd[2];
	void *inst;

	ends(kind, fd);
	inst = open_kind(kind, fd[1], kind == SOCKET, 0);
	b = batch_make(10, 100, 0);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "%s: reader is there",
	       kind_names[kind]);
	close(fd[0]);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_CLOSED, "reader is gone");
	is_int(w.done, 0, "nothing taken");
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_CLOSED, "and stays gone");
	close_it(inst);
}

static void test_devices(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b;
	void *inst;

	inst = open_on(open("/dev/full", O_WRONLY), false, 0);
	b = batch_make(10, 100, 0);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_ERROR, "/dev/full");
	is_int(w.done, 0, "nothing taken");
	close_it(inst);
	inst = open_on(open("/dev/null", O_WRONLY), true, 0);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "/dev/null");
	close_it(inst);
	ok(!open_on(open("/dev/null", O_RDONLY), true, 0), "a descriptor for reading");
	ok(*last_log, "says why: %s", last_log);
	dup2(real_stderr, 2);
}

/* A disk that gets full in the middle of a line, and is not any more later. */
static void test_full(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct rlimit old, small;
	char path[] = "/tmp/test_stdout.XXXXXX";
	int fd = mkstemp(path), in = open(path, O_RDONLY);
	struct weir_batch b;
	struct check c;
	void *inst;

	unlink(path);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 1050;
	inst = open_on(fd, true, 0);
	b = batch_make(20, 100, 0);
	fflush(stdout);
	setrlimit(RLIMIT_FSIZE, &small);
	weir_plugin.write(inst, &b, &w);
	weir_plugin.tick(inst, 0);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(w.done >= 8 && w.done <= 10, "full after %u lines", w.done);
	b = batch_make(20, 100, 0);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "not full any more");
	is_int(w.done, 20, "all taken");
	close_it(inst);
	check_all(&c, in, 4096, 0);
	close(in);
	is_int(c.bad, 0, "whole and in order");
	is_int(c.lines, (long long)counter("lines"), "as many as counted");
}

static void test_messages(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b;
	char p[4096];
	int fd[2], i, bad = 0;
	void *inst;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd))
		abort();
	inst = open_on(fd[1], false, 0);
	b = batch_make(10, 100, 0);
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "message socket");
	for (i = 0; i < 10; i++)
		bad += read(fd[0], p, sizeof(p)) != (ssize_t)items[i].len ||
		       memcmp(p, items[i].p, items[i].len);
	is_int(bad, 0, "a line is a message");
	close_it(inst);
	close(fd[0]);
}

/* A line that is too long for a message costs only itself. */
static void test_too_long(bool drop)
{
	struct weir_write w = { .size = sizeof(w) };
	const uint32_t size = 1 << 20;
	int fd[2], i, bad = 0, small = 8192;
	uint8_t *big = malloc(size);
	struct weir_batch b;
	char p[4096];
	void *inst;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd))
		abort();
	setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	inst = open_on(fd[1], drop, 0);
	b = batch_make(5, 100, 0);
	line_make(big, 2, size);
	items[2].p = items[4].p = big;
	items[2].len = items[4].len = size;
	is_int(weir_plugin.write(inst, &b, &w), WEIR_WRITE_OK, "%s: too long for a message",
	       drop ? "drop" : "block");
	is_int(w.done, 5, "all taken");
	is_int(w.dropped, 2, "but two");
	ok(w.dropped_class[items[2].rclass] && w.dropped_class[items[4].rclass], "by class");
	for (i = 0; i < 4; i += i == 1 ? 2 : 1)
		bad += read(fd[0], p, sizeof(p)) != (ssize_t)items[i].len ||
		       memcmp(p, items[i].p, items[i].len);
	is_int(bad, 0, "the others arrive");
	is_int((long long)counter("lines"), 3, "lines counted");
	is_int((long long)counter("dropped"), 2, "dropped counted");
	b = batch_make(N_ITEMS, 1000, 0);
	items[0].p = big;
	items[0].len = size;
	is_int(weir_plugin.write(inst, &b, &w), drop ? WEIR_WRITE_OK : WEIR_WRITE_AGAIN,
	       "and then nobody reads");
	ok(drop ? w.dropped > 1 : w.dropped == 1, "%u dropped", w.dropped);
	is_int((long long)counter("dropped"), 2 + w.dropped, "each counted once");
	is_int((long long)counter("lines"), 3 + w.done - w.dropped, "the others as lines");
	close_it(inst);
	close(fd[0]);
	free(big);
}

static void test_terminal(void)
{
	struct weir_write w = { .size = sizeof(w) };
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, flags, i;
	unsigned int dropped = 0;
	struct weir_batch b;
	int64_t took = now_ns();
	void *inst;

	slave = master < 0 || grantpt(master) || unlockpt(master) ? -1 :
		open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0) {
		tap_skip("terminal", "no pseudo terminal here");
		return;
	}
	flags = fcntl(slave, F_GETFL);
	inst = open_on(slave, true, 0);
	for (i = 0; i < 20; i++) {
		b = batch_make(N_ITEMS, 300, 0);
		if (weir_plugin.write(inst, &b, &w) != WEIR_WRITE_OK)
			break;
		dropped += w.dropped;
	}
	is_int(i, 20, "terminal that nobody reads");
	ok(dropped > 0, "%u dropped", dropped);
	ok(now_ns() - took < 1000000000, "without waiting");
	is_int(fcntl(2, F_GETFL), flags, "flags are as they were");
	close(master);
	close_it(inst);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarms(bool on)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { { 0, 700 }, { 0, 700 } };

	if (!on)
		memset(&it, 0, sizeof(it));
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* All ways to split a batch into three writes. */
static void test_lines(void)
{
	struct lines_rest rest = { malloc(64), 0, 0, 64 };
	struct weir_batch b = batch_make(4, 24, 1);
	size_t total = 0, a, n;
	uint8_t want[512], got[512], *p;
	struct iovec iov[4];
	struct lines l;
	int bad = 0, k;
	uint32_t i;

	for (i = 0; i < b.n; i++) {
		memcpy(want + total, b.items[i].p, b.items[i].len);
		total += b.items[i].len;
	}
	for (a = 0; a <= total; a++) {
		rest.off = rest.len = 0;
		p = got;
		lines_begin(&l, &rest, &b);
		for (n = a; !lines_done(&l); n = 17) {
			k = lines_next(&l, iov, 1 + (int)(a % 4), a % 5 == 0);
			for (i = 0; k && i < 1; i++) {
				n = n > iov[0].iov_len ? iov[0].iov_len : n;
				memcpy(p, iov[0].iov_base, n);
				p += n;
			}
			lines_wrote(&l, n);
			if (a % 3)
				lines_keep(&l);
		}
		bad += (size_t)(p - got) != total || memcmp(want, got, total);
	}
	is_int(bad, 0, "every split");
	free(rest.p);
}

int main(void)
{
	int kind;

	signal(SIGPIPE, SIG_IGN);
	real_stderr = dup(2);
	counters = mmap(NULL, N_COUNTERS * sizeof(*counters), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counters == MAP_FAILED)
		abort();
	test_lines();
	test_simple();
	for (kind = PIPE; kind < N_KINDS; kind++) {
		test_stalled((enum kind)kind);
		test_block((enum kind)kind, 300);
		test_block((enum kind)kind, 100000);
		alarms(true);
		test_block((enum kind)kind, 2000);
		alarms(false);
		test_drop((enum kind)kind, 300, 0);
		test_drop((enum kind)kind, 6000, 3000000);
		test_closed((enum kind)kind);
	}
	test_devices();
	test_full();
	test_messages();
	test_too_long(false);
	test_too_long(true);
	test_terminal();
	close(real_stderr);
	free(arena);
	return done_testing();
}
