/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink on real files. Every line is an object with a number, so that one that is
 * torn, lost or swapped shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"
#include "fconf.h"
#include "pack.h"
#include "plugins/sink/seal.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

static char dir[] = "/tmp/test_file.XXXXXX", path[64];
static unsigned next_line;

/* ---- a core ----------------------------------------------------------------------*/

static struct fake *open_with(const char *fmt, ...)
{
	char options[512];
	va_list ap;
	int n = snprintf(options, sizeof(options), "path=%s ", path);

	va_start(ap, fmt);
	vsnprintf(options + n, sizeof(options) - (size_t)n, fmt, ap);
	va_end(ap);
	return fake_open(&weir_plugin, options, NULL);
}

/* What open() says of wrong settings. */
static void refused(const char *options, const char *why)
{
	struct fake *f = fake_open(&weir_plugin, options, NULL);

	ok(!f->inst && strstr(f->log, why), "refused: %s", f->log);
	fake_close(f);
}

static uint64_t counter(struct fake *f, unsigned which)
{
	weir_plugin.tick(f->inst, 0);
	return __atomic_load_n(&f->counters[which], __ATOMIC_RELAXED);
}

/* Waits until a counter is there, for a minute at most. */
static bool reaches(struct fake *f, unsigned which, uint64_t n)
{
	unsigned i;

	for (i = 0; i < 60000 && counter(f, which) < n; i++)
		usleep(1000);
	return counter(f, which) >= n;
}

/* How many of n lines were dropped. */
static unsigned put(struct fake *f, unsigned n)
{
	struct weir_write w = { .size = sizeof(w) };
	char text[256];
	struct weir_item it = { (uint8_t *)text, 0, WEIR_EV_exec, 0, 0 };
	struct weir_batch b = { sizeof(b), 1, &it };
	unsigned i, dropped = 0;

	for (i = 0; i < n; i++) {
		it.len = (uint32_t)snprintf(text, sizeof(text),
					    "{\"line\":%u,\"text\":\"%0100d\"}\n", next_line++, 0);
		do
			weir_plugin.write(f->inst, &b, &w);
		while (!w.done);
		dropped += w.dropped;
	}
	return dropped;
}

/* ---- files -----------------------------------------------------------------------*/

struct found {
	unsigned lines, torn, disorder;
	long last;
};

static void file_read(const char *name, struct found *x)
{
	FILE *f = fopen(name, "re");
	char line[1024];
	unsigned number;

	while (f && fgets(line, sizeof(line), f)) {
		x->lines++;
		x->torn += line[strlen(line) - 1] != '\n' ||
			   sscanf(line, "{\"line\":%u,", &number) != 1 || !strstr(line, "}\n");
		x->disorder += (long)number <= x->last;
		x->last = number;
	}
	if (f)
		fclose(f);
}

/* Of the rotated files, in the order of their numbers, and of the last. */
static struct found all_read(void)
{
	struct found x = { .last = -1 };
	char pattern[128];
	glob_t g;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s.0*[0-9]", path);
	glob(pattern, 0, NULL, &g);
	for (i = 0; i < g.gl_pathc; i++)
		file_read(g.gl_pathv[i], &x);
	globfree(&g);
	file_read(path, &x);
	return x;
}

static unsigned n_files(const char *suffix)
{
	char pattern[128];
	unsigned n;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s%s", path, suffix);
	glob(pattern, 0, NULL, &g);
	n = (unsigned)g.gl_pathc;
	globfree(&g);
	return n;
}

static void clean(void)
{
	char pattern[128];
	glob_t g;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/*", dir);
	glob(pattern, 0, NULL, &g);
	for (i = 0; i < g.gl_pathc; i++)
		unlink(g.gl_pathv[i]);
	globfree(&g);
	next_line = 0;
}

static void text_put(const char *name, mode_t mode, const char *text)
{
	char full[128];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", dir, name);
	f = fopen(full, "we");
	fputs(text, f);
	fclose(f);
	chmod(full, mode);
}

/* ---- tests -----------------------------------------------------------------------*/

static void test_plain(void)
{
	struct fake *f = open_with("policy=block");
	struct found x;
	struct stat st;

	put(f, 1000);
	fake_close(f);
	x = all_read();
	ok(x.lines == 1000 && !x.torn && !x.disorder, "all lines are there at the end");
	ok(!stat(path, &st) && (st.st_mode & 07777) == 0600, "for nobody else");
	f = open_with("policy=block fsync=batch");
	put(f, 10);
	ok(reaches(f, FILE_COUNT_SYNCS, 1), "fsync after a batch");
	fake_close(f);
	f = open_with("policy=block fsync=interval fsync_interval=10ms");
	put(f, 10);
	ok(reaches(f, FILE_COUNT_SYNCS, 1), "fsync after a time");
	fake_close(f);
	x = all_read();
	ok(x.lines == 1020 && !x.torn && !x.disorder, "the next sensor goes on behind them");
	clean();
}

static void test_rotate(void)
{
	struct fake *f = open_with("policy=block size=8K keep=0");
	struct found x;
	struct stat st;

	put(f, 1000);
	fake_close(f);
	x = all_read();
	ok(x.lines == 1000 && !x.torn && !x.disorder, "rotation loses, tears and swaps nothing");
	ok(n_files(".0*") > 10 && !stat(path, &st) && st.st_size <= 8192, "by size");
	f = open_with("policy=block size=8K keep=3");
	put(f, 200);
	ok(reaches(f, FILE_COUNT_LINES, 200) && counter(f, FILE_COUNT_ROTATIONS) > 1,
	   "the numbers go on");
	fake_close(f);
	x = all_read();
	is_int(n_files(".0*"), 3, "keep: the oldest go");
	ok(x.last == 1199 && !x.disorder, "not the newest");
	clean();
	f = open_with("policy=block every=1s");
	put(f, 1);
	ok(reaches(f, FILE_COUNT_ROTATIONS, 1), "by time, also when no line comes");
	fake_close(f);
	clean();
}

static void test_pack(void)
{
	struct fake *f;

	if (!packer_there()) {
		ok(true, "compress # SKIP no libzstd");
		refused("path=/tmp/x compress=zstd", "libzstd");
		return;
	}
	text_put("log.00000007", 0640, "left by a crash\n");
	text_put("log.00000008", 0640, "compressed already\n");
	text_put("log.00000008.zst", 0640, "this is\n");
	f = open_with("policy=block size=8K keep=0 compress=zstd");
	put(f, 300);
	ok(reaches(f, FILE_COUNT_LINES, 300) &&
		   reaches(f, FILE_COUNT_PACKED, counter(f, FILE_COUNT_ROTATIONS) + 2),
	   "rotated files are compressed");
	ok(!n_files(".*[0-9]") && !n_files("*tmp") && n_files(".00000007.zst") &&
		   n_files(".00000009.zst"),
	   "those of before, too, and what they were is gone");
	fake_close(f);
	clean();
}

static void test_moved(void)
{
	struct fake *f = open_with("policy=block");
	char moved[80];
	struct found x = { .last = -1 };

	put(f, 10);
	reaches(f, FILE_COUNT_LINES, 10);
	snprintf(moved, sizeof(moved), "%s-old", path);
	rename(path, moved);
	ok(reaches(f, FILE_COUNT_REOPENED, 1), "a file that was moved away is let go");
	put(f, 10);
	fake_close(f);
	file_read(moved, &x);
	ok(x.lines == 10 && x.last == 9, "what was before is in the old one");
	file_read(path, &x);
	ok(x.lines == 20 && x.last == 19 && !x.disorder, "the rest in a new one");
	clean();
	f = open_with("policy=block");
	put(f, 10);
	reaches(f, FILE_COUNT_LINES, 10);
	if (truncate(path, 0))
		abort();
	put(f, 10);
	fake_close(f);
	x = all_read();
	ok(x.lines == 10 && !x.torn && x.last == 19,
	   "one that was emptied (copytruncate) goes on at its beginning");
	clean();
}

/* A limit of the file's size stands for a full disk: a write takes a part, then none. */
static void test_full(void)
{
	struct rlimit old, limit;
	struct fake *f;
	struct found x;
	unsigned dropped;

	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 20001;
	f = open_with("policy=drop buffer=64K");
	setrlimit(RLIMIT_FSIZE, &limit);
	put(f, 100);
	reaches(f, FILE_COUNT_LINES, 100);
	dropped = put(f, 1900);
	ok(reaches(f, FILE_COUNT_ERRORS, 1) && strstr(f->log, "File too large"),
	   "a full disk is told: %s", f->log);
	x = all_read();
	ok(x.lines >= 100 && x.lines < 200 && !x.torn, "it ends with a whole line");
	ok(dropped > 1000 && counter(f, FILE_COUNT_DROPPED) == dropped,
	   "what finds no room is counted");
	setrlimit(RLIMIT_FSIZE, &old);
	ok(reaches(f, FILE_COUNT_LINES, 2000 - dropped) && strstr(f->log, "again"),
	   "with room again it goes on: %s", f->log);
	dropped += put(f, 10);
	fake_close(f);
	x = all_read();
	is_int(x.lines, 2010 - dropped, "and each line is written or counted");
	ok(!x.torn && !x.disorder && x.last == 2009, "whole, and in order");
	clean();
}

static void test_torn(void)
{
	struct fake *f;
	struct found x;

	text_put("log", 0644, "{\"line\":0,\"whole\":1}\n{\"line\":1,\"to");
	next_line = 1;
	f = open_with("policy=block");
	put(f, 1);
	ok(reaches(f, FILE_COUNT_TORN, 13), "what a crash left of a line is cut off, and told");
	fake_close(f);
	x = all_read();
	ok(x.lines == 2 && !x.torn && x.last == 1, "the line after it is whole");
	clean();
}

static void test_lock(void)
{
	struct fake *first = open_with("policy=block"), *second;
	struct found x;

	put(first, 10);
	reaches(first, FILE_COUNT_LINES, 10);
	second = open_with("policy=block");
	put(second, 10);
	next_line -= 15;
	put(first, 1);
	next_line += 14;
	reaches(first, FILE_COUNT_LINES, 11);
	is_int((long long)counter(second, FILE_COUNT_LINES), 0,
	       "two writers do not mix: the second one waits");
	fake_close(first);
	ok(reaches(second, FILE_COUNT_LINES, 10), "until the first one ends");
	fake_close(second);
	x = all_read();
	ok(x.lines == 21 && !x.torn, "both have written all");
	clean();
}

/* Lines that the seals prove, from `at` on; it is left at the last. */
static unsigned proven(struct sealer *s, struct seal *at)
{
	FILE *f = fopen(path, "re");
	unsigned n = 0;
	struct seal told;
	char line[1024];
	size_t len;

	while (f && fgets(line, sizeof(line), f)) {
		len = strlen(line) - 1;
		if (seal_read(line, &len, &told) != sealer_kind(s))
			break;
		line[len] = '}';
		sealer_next(s, at, line, len + 1);
		if (memcmp(at, &told, sizeof(told)))
			break;
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

static void test_seal(void)
{
	struct sealer *s = sealer_new(NULL, 0), *keyed = sealer_new("0123456789abcdef", 16);
	struct weir_item bad = { (const uint8_t *)"no object\n", 10, 1, 0, 0 };
	struct weir_batch b = { sizeof(b), 1, &bad };
	struct weir_write w = { .size = sizeof(w) };
	struct seal_anchor a = { 0 };
	struct seal at = { 0 };
	struct fake *f = open_with("policy=block seal=sha256");

	put(f, 10);
	fake_close(f);
	f = open_with("policy=block seal=sha256");
	put(f, 10);
	weir_plugin.write(f->inst, &b, &w);
	ok(reaches(f, FILE_COUNT_LOST, 1), "a line that can have no seal is lost, and counted");
	put(f, 10);
	fake_close(f);
	is_int(proven(s, &at), 30, "the chain goes on over a restart");
	ok(seal_anchor_load(s, path, &a) == 0 && a.last.n == 30 &&
		   !memcmp(&a.last, &at, sizeof(at)),
	   "the anchor knows its end");
	text_put("key", 0600, "0123456789abcdef\n");
	f = open_with("policy=block seal=hmac key=%s/key", dir);
	put(f, 10);
	fake_close(f);
	memset(&at, 0, sizeof(at));
	is_int(proven(keyed, &at), 10, "another kind of seal begins a chain of its own");
	is_int(n_files(".00000001"), 1, "in a file of its own");
	sealer_free(s);
	sealer_free(keyed);
	clean();
}

static void test_refused(void)
{
	char options[256];

	refused("path=log", "must begin with /");
	refused("path=/nosuch/log", "No such file");
	refused("path=/tmp", "directory");
	refused("path=/tmp/x group=nosuchgroup", "no such group");
	refused("path=/tmp/x seal=hmac", "needs a key");
	refused("path=/tmp/x key=/etc/x", "hmac");
	text_put("key", 0644, "0123456789abcdef\n");
	snprintf(options, sizeof(options), "path=/tmp/x seal=hmac key=%s/key", dir);
	refused(options, "others");
	clean();
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/log", dir);
	test_plain();
	test_rotate();
	test_pack();
	test_moved();
	test_full();
	test_torn();
	test_lock();
	test_seal();
	test_refused();
	rmdir(dir);
	return done_testing();
}
