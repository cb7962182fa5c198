/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the enricher `hash`, with files in a temporary folder and processes
 * that execute this very program. Events are made of what stat() shows and, as
 * the kernel does, of the inode number in fdinfo.
 */
#include "../example/fake.h"
#include "hasher.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

extern const struct weir_plugin weir_plugin;

#define SHA_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA_MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static char dir[64];

/* ---- files ---------------------------------------------------------------------*/

/* In one of a few places, for a call may have several. */
static const char *in_dir(const char *name)
{
	static char paths[8][256];
	static unsigned n;
	char *path = paths[n++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void put(const char *path, const void *p, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, p, len) != (ssize_t)len)
		fake_fail("cannot write", path);
	close(fd);
}

static uint64_t now_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return weir_find_ns(&t);
}

/* Until its last change counts as past: nothing but time does that. */
static void grow_old(const char *path)
{
	struct stat st;

	while (!stat(path, &st) &&
	       weir_find_ns(&st.st_ctim) + 25000000 > now_ns(CLOCK_REALTIME))
		usleep(1000);
}

static void link_to(const char *to, const char *path)
{
	if (symlink(to, path))
		fake_fail("cannot link", path);
}

static const char *make(const char *name, const char *text)
{
	const char *path = in_dir(name);

	put(path, text, strlen(text));
	grow_old(path);
	return path;
}

/* The executed file as the kernel would tell of it. */
static struct weir_find facts(const char *path)
{
	struct weir_find x = { .path = path };
	char name[64], line[128];
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);
	FILE *f;

	if (fd < 0 || fstat(fd, &st))
		fake_fail("cannot open", path);
	x.ino = st.st_ino;
	x.mtime_ns = weir_find_ns(&st.st_mtim);
	x.dev = major(st.st_dev) << 20 | minor(st.st_dev);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "ino: %lu", &x.ino);
	if (f)
		fclose(f);
	close(fd);
	return x;
}

/* ---- events --------------------------------------------------------------------*/

static uint64_t exec_time;	/* 0: now */

static void begin(struct fake *f, const struct weir_find *x)
{
	fake_begin(f, WEIR_EV_exec);
	fake_u64(f, "time", exec_time ? exec_time : now_ns(CLOCK_BOOTTIME));
	fake_u64(f, "process.pid", x->pid);
	fake_u64(f, "process.exe.inode", x->ino);
	fake_u64(f, "process.exe.mtime", x->mtime_ns);
	fake_u64(f, "process.exe.dev", x->dev);
	if (x->path)
		fake_str(f, "process.exe.path", x->path);
}

static void is_status(struct fake *f, const char *sha, const char *status, const char *what)
{
	is_str(fake_text(f, "process.exe.hash.sha256"), sha, "%s: digest", what);
	is_str(fake_text(f, "process.exe.hash.status"), status, "%s: status", what);
	if (!sha)
		is_int(fake_get(f, "process.exe.hash.sha256").status, WEIR_ERROR,
		       "%s: digest is an error", what);
}

static void check(struct fake *f, const struct weir_find *x, const char *sha, const char *status,
		  const char *what)
{
	uint64_t n = fake_count(f, status);

	begin(f, x);
	is_int(fake_process(f), WEIR_CONTINUE, "%s: goes on", what);
	is_status(f, sha, status, what);
	is_int((long long)fake_count(f, status), (long long)n + 1, "%s: counted", what);
}

static struct fake *open_hash(const char *options)
{
	return fake_open(&weir_plugin, options, NULL);
}

/* ---- processes -----------------------------------------------------------------*/

static char self[4096];

static bool copy_self(int to)
{
	char buf[65536];
	ssize_t n = 0;
	int fd = open(self, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			break;
	if (fd >= 0)
		close(fd);
	return fd >= 0 && !n;
}

static const char *make_program(const char *name)
{
	const char *path = in_dir(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || !copy_self(fd))
		fake_fail("cannot copy", self);
	close(fd);
	grow_old(path);
	return path;
}

/* Executes `fd`, which goes below `root` if not NULL, and waits until it is killed. */
static pid_t start(int fd, const char *root)
{
	char *argv[] = { (char *)"x", (char *)"--pause", (char *)root, NULL };
	char byte;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, 0))
		fake_fail("no pipe", "start");
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		fexecve(fd, argv, environ);
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		fake_fail("no process", "start");
	close(ends[0]);
	return pid;
}

static pid_t start_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid = start(fd, NULL);

	close(fd);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const char *sha_of(const char *path)
{
	static char hex[DIGEST_HEX + 1];
	uint8_t digest[DIGEST_LEN];
	uint64_t n;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) || digest_file(fd, &st, digest, &n) != OUTCOME_OK)
		fake_fail("cannot hash", path);
	close(fd);
	digest_hex(digest, hex);
	return hex;
}

/* ---- what is hashed ------------------------------------------------------------*/

static void test_vectors(void)
{
	static char million[1000000];
	struct fake *f = open_hash("");
	struct weir_find x;

	memset(million, 'a', sizeof(million));
	put(in_dir("million"), million, sizeof(million));
	grow_old(in_dir("million"));
	x = facts(make("abc", "abc"));
	check(f, &x, SHA_ABC, "ok", "abc");
	x = facts(make("empty", ""));
	check(f, &x, SHA_EMPTY, "ok", "nothing");
	x = facts(in_dir("million"));
	check(f, &x, SHA_MILLION, "ok", "a million");
	is_int((long long)fake_count(f, "bytes"), 1000003, "bytes");
	is_int((long long)fake_count(f, "misses"), 3, "three misses");
	is_int((long long)fake_count(f, "entries"), 3, "three are remembered");
	fake_close(f);
}

static void test_no_file(void)
{
	struct fake *f = open_hash("");

	fake_begin(f, WEIR_EV_exec);
	is_int(fake_process(f), WEIR_CONTINUE, "without a file: goes on");
	is_int(fake_get(f, "process.exe.hash.status").status, WEIR_ABSENT, "and says nothing");
	fake_close(f);
}

static void test_limits(void)
{
	struct fake *f = open_hash("max_size=3");
	struct weir_find x = facts(make("abc", "abc")), y = facts(make("abcd", "abcd"));

	check(f, &x, SHA_ABC, "ok", "as large as may be");
	check(f, &y, NULL, "too_big", "one byte more");
	f->store.arena_used = 0;
	begin(f, &x);
	f->store.arena_used = sizeof(f->store.arena);
	fake_process(f);
	is_int(fake_get(f, "process.exe.hash.sha256").status, WEIR_ERROR, "no room for the digest");
	is_int((long long)fake_count(f, "no_room"), 1, "counted");
	fake_close(f);
}

/* ---- what is not ---------------------------------------------------------------*/

static void test_swapped(void)
{
	struct fake *f = open_hash("");
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct weir_find x;
	struct stat st;

	x = facts(make("victim", "abc"));
	stat(in_dir("victim"), &st);
	make("other", "xyz");
	times[1] = st.st_mtim;
	utimensat(AT_FDCWD, in_dir("other"), times, 0);
	rename(in_dir("other"), in_dir("victim"));
	x.path = in_dir("victim");
	check(f, &x, NULL, "mismatch", "another file of the same size and mtime");
	unlink(in_dir("victim"));
	check(f, &x, NULL, "gone", "no file");
	mkfifo(in_dir("victim"), 0600);
	check(f, &x, NULL, "mismatch", "a fifo");
	unlink(in_dir("victim"));
	mkdir(in_dir("victim"), 0700);
	check(f, &x, NULL, "mismatch", "a folder");
	rmdir(in_dir("victim"));
	x = facts(make("moved", "abc"));
	link_to(in_dir("moved"), in_dir("victim"));
	x.path = in_dir("victim");
	check(f, &x, SHA_ABC, "ok", "a link to the very file");
	x.dev++;
	check(f, &x, NULL, "mismatch", "another device");
	fake_close(f);
	unlink(in_dir("victim"));
}

static void test_touched(void)
{
	struct fake *f = open_hash("");
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct weir_find x = facts(make("evil", "evil"));
	struct stat st;

	check(f, &x, sha_of(in_dir("evil")), "ok", "before");
	begin(f, &x);
	stat(in_dir("evil"), &st);
	times[1] = st.st_mtim;
	put(in_dir("evil"), "abc", 3);
	utimensat(AT_FDCWD, in_dir("evil"), times, 0);
	grow_old(in_dir("evil"));
	fake_process(f);
	is_status(f, SHA_ABC, "touched", "written, and mtime set back");
	check(f, &x, SHA_ABC, "ok", "a later exec of it");
	is_int((long long)fake_count(f, "hits"), 1, "from memory");
	fake_close(f);
}

static void test_fresh(void)
{
	struct fake *f = open_hash("");
	struct weir_find x;

	put(in_dir("fresh"), "abc", 3);
	x = facts(in_dir("fresh"));
	begin(f, &x);
	fake_process(f);
	is_str(fake_text(f, "process.exe.hash.sha256"), SHA_ABC, "a young file has a digest");
	ok(fake_count(f, "uncached") == 1 || fake_count(f, "ok") == 1, "but is not remembered");
	grow_old(in_dir("fresh"));
	check(f, &x, SHA_ABC, "ok", "it has grown old");
	fake_close(f);
}

/* digest_file() against a stat() of another time. */
static void test_changed(void)
{
	static const struct { long long size, mtime, ctime; enum outcome want; } rows[] = {
		{ 0, 0, 0, OUTCOME_OK },
		{ -1, 0, 0, OUTCOME_CHANGED },	/* it has grown */
		{ 1, 0, 0, OUTCOME_CHANGED },	/* it has shrunk */
		{ 0, 1, 0, OUTCOME_CHANGED },
		{ 0, 0, 1, OUTCOME_CHANGED },
	};
	uint8_t digest[DIGEST_LEN];
	uint64_t n;
	struct stat st;
	size_t i;
	int fd = open(make("abc", "abc"), O_RDONLY | O_CLOEXEC);

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fstat(fd, &st);
		st.st_size += rows[i].size;
		st.st_mtim.tv_sec -= rows[i].mtime;
		st.st_ctim.tv_sec -= rows[i].ctime;
		is_int(digest_file(fd, &st, digest, &n), rows[i].want, "row %zu", i);
		ok(n <= 4, "row %zu: reads no further", i);
	}
	close(fd);
	fd = open(dir, O_RDONLY | O_CLOEXEC);
	is_int(digest_file(fd, &st, digest, &n), OUTCOME_IO, "what cannot be read");
	close(fd);
}

struct grower {
	int fd;
	bool end;
};

static void *grow(void *arg)
{
	struct grower *g = arg;
	unsigned n = 0;

	while (!__atomic_load_n(&g->end, __ATOMIC_RELAXED) && write(g->fd, "abc", 3) == 3)
		if (++n % 10000 == 0 && ftruncate(g->fd, 3))
			break;
	return NULL;
}

static void test_growing(void)
{
	struct fake *f = open_hash("");
	struct grower g = { .end = false };
	struct weir_find x;
	int i, n_bad = 0;
	pthread_t t;

	exec_time = now_ns(CLOCK_BOOTTIME);
	g.fd = open(in_dir("growing"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0755);
	pthread_create(&t, NULL, grow, &g);
	for (i = 0; i < 200; i++) {
		x = facts(in_dir("growing"));
		begin(f, &x);
		fake_process(f);
		n_bad += !fake_text(f, "process.exe.hash.sha256") ==
			 !strcmp(fake_text(f, "process.exe.hash.status"), "touched");
	}
	__atomic_store_n(&g.end, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	close(g.fd);
	exec_time = 0;
	is_int(n_bad, 0, "a growing file is never `ok`");
	is_int((long long)(fake_count(f, "changed") + fake_count(f, "mismatch") +
			   fake_count(f, "touched")), 200, "it is changed, another, or touched");
	fake_close(f);
}

static void test_denied(void)
{
	struct weir_find x = facts(make("secret", "abc"));
	struct fake *f;
	int status;
	pid_t pid;

	if (getuid()) {
		tap_skip("denied", "is not root");
		return;
	}
	chmod(dir, 0711);
	chmod(in_dir("secret"), 0);
	x.path = in_dir("secret");
	pid = fork();
	if (!pid) {
		f = open_hash("");
		if (setgid(65534) || setuid(65534))
			_exit(2);
		begin(f, &x);
		fake_process(f);
		_exit(strcmp(fake_text(f, "process.exe.hash.status"), "denied") != 0);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "what may not be read is denied");
}

/* ---- processes -----------------------------------------------------------------*/

static void test_running(void)
{
	struct fake *f = open_hash("");
	struct weir_find x = facts(make_program("program"));
	char sha[DIGEST_HEX + 1];

	strcpy(sha, sha_of(x.path));
	x.pid = (uint32_t)start_path(x.path);
	exec_time = now_ns(CLOCK_BOOTTIME);
	check(f, &x, sha, "ok", "a process that runs");
	x.path = NULL;
	begin(f, &x);
	x.path = in_dir("program");
	fake_bytes(f, "process.exe.path", "gram", 4, WEIR_STR_TRUNCATED);
	fake_process(f);
	is_status(f, sha, "ok", "its path was cut");
	rename(in_dir("program"), in_dir("elsewhere"));
	check(f, &x, sha, "touched", "its file has another name");
	put(in_dir("program"), "abc", 3);
	check(f, &x, sha, "touched", "there is another of its name");
	unlink(in_dir("elsewhere"));
	check(f, &x, sha, "touched", "its file is deleted");
	stop((pid_t)x.pid);
	check(f, &x, NULL, "mismatch", "it has ended, and the file is another");
	unlink(in_dir("program"));
	check(f, &x, NULL, "gone", "it has ended, and there is none");
	exec_time = 0;
	fake_close(f);
}

static void test_ended(void)
{
	struct fake *f = open_hash("");
	struct weir_find x = facts(make_program("program"));
	char sha[DIGEST_HEX + 1];

	strcpy(sha, sha_of(x.path));
	x.pid = (uint32_t)start_path(x.path);
	check(f, &x, sha, "ok", "while it runs");
	stop((pid_t)x.pid);
	check(f, &x, sha, "ok", "when it has ended");
	is_int((long long)fake_count(f, "hits"), 1, "from memory");
	x.pid = (uint32_t)getpid();
	check(f, &x, sha, "ok", "when its pid is somebody else's");
	fake_close(f);
}

static void test_memfd(void)
{
	struct fake *f = open_hash("");
	char name[64], sha[DIGEST_HEX + 1];
	int fd = memfd_create("x", MFD_CLOEXEC);
	struct weir_find x;
	struct stat st;

	if (!copy_self(fd) || fchmod(fd, 0755))
		fake_fail("cannot copy", "memfd");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	grow_old(name);
	strcpy(sha, sha_of(name));
	stat(name, &st);
	x = (struct weir_find){ .ino = st.st_ino, .mtime_ns = weir_find_ns(&st.st_mtim),
		.dev = major(st.st_dev) << 20 | minor(st.st_dev), .path = "/memfd:x" };
	x.pid = (uint32_t)start(fd, NULL);
	close(fd);
	begin(f, &x);
	fake_u64(f, "exec.flags", WEIR_EXEC_MEMFD | WEIR_EXEC_UNREACHABLE);
	fake_process(f);
	is_status(f, sha, "ok", "a memfd that runs");
	stop((pid_t)x.pid);
	check(f, &x, NULL, "gone", "a memfd that is no more");
	fake_close(f);
}

/* A root with links that lead out of it by its own reckoning only. */
static void test_root(void)
{
	struct fake *f = open_hash("");
	struct weir_find x, out;
	int fd;

	if (getuid()) {
		tap_skip("links out of a root", "is not root");
		return;
	}
	mkdir(in_dir("root"), 0755);
	make("root/abc", "abc");
	make("outside", "xyz");
	link_to("/", in_dir("root/top"));
	link_to("../../../../../..", in_dir("root/up"));
	link_to(in_dir(""), in_dir("root/away"));
	fd = open(make_program("program"), O_RDONLY | O_CLOEXEC);
	x = facts(in_dir("root/abc"));
	x.pid = out.pid = (uint32_t)start(fd, in_dir("root"));
	close(fd);
	x.path = "/top/abc";
	check(f, &x, SHA_ABC, "ok", "a link to / stays below the root");
	x.path = "/up/up/abc";
	check(f, &x, SHA_ABC, "ok", "a link upwards, too");
	out = facts(in_dir("outside"));
	out.pid = x.pid;
	out.path = "/away/outside";
	check(f, &out, NULL, "mismatch", "a link to outside finds nothing");
	x.path = "/proc/self/root/abc";
	check(f, &x, NULL, "mismatch", "nor does a magic one");
	stop((pid_t)x.pid);
	fake_close(f);
}

/* ---- memory ----------------------------------------------------------------------*/

static void test_eviction(void)
{
	struct fake *f = open_hash("cache=2");
	struct weir_find x[3];
	char name[16];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%d", i);
		x[i] = facts(make(name, "abc"));
	}
	check(f, &x[0], SHA_ABC, "ok", "first");
	check(f, &x[1], SHA_ABC, "ok", "second");
	check(f, &x[0], SHA_ABC, "ok", "first again");
	check(f, &x[2], SHA_ABC, "ok", "third");
	is_int((long long)fake_count(f, "evicted"), 1, "one is forgotten");
	check(f, &x[0], SHA_ABC, "ok", "first is not");
	is_int((long long)fake_count(f, "hits"), 2, "it is remembered");
	check(f, &x[1], SHA_ABC, "ok", "second was");
	is_int((long long)fake_count(f, "misses"), 4, "it is read anew");
	is_int((long long)fake_count(f, "entries"), 2, "two are remembered");
	fake_close(f);
	f = open_hash("cache=0");
	check(f, &x[0], SHA_ABC, "ok", "no memory at all");
	check(f, &x[0], SHA_ABC, "ok", "again");
	is_int((long long)fake_count(f, "misses"), 2, "read twice");
	fake_close(f);
}

static void test_adopt(void)
{
	struct fake *a = open_hash("cache=8"), *b = open_hash("cache=2");
	struct weir_find x[4];
	char name[16];
	int i;

	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%d", i);
		x[i] = facts(make(name, "abc"));
		check(a, &x[i], SHA_ABC, "ok", "before");
	}
	is_int(fake_adopt(b, a), 0, "adopted");
	check(b, &x[3], SHA_ABC, "ok", "the newest");
	check(b, &x[2], SHA_ABC, "ok", "the one before");
	is_int((long long)fake_count(b, "hits"), 2, "both are remembered");
	check(b, &x[1], SHA_ABC, "ok", "an older one");
	is_int((long long)fake_count(b, "hits"), 2, "is not: the new memory is smaller");
	check(a, &x[3], SHA_ABC, "ok", "the old one goes on");
	is_int((long long)fake_count(a, "misses"), 5, "and has forgotten all");
	is_int(fake_adopt(a, b), 0, "and back");
	fake_close(b);
	check(a, &x[1], SHA_ABC, "ok", "what the new one had found out");
	is_int((long long)fake_count(a, "hits"), 1, "is remembered");
	fake_close(a);
}

/* ---- several at once --------------------------------------------------------------*/

#define N_THREADS	8
#define N_ROUNDS	50
#define N_FILES		10

struct worker {
	struct fake *f;
	struct fake_event *events[N_FILES];
	int n_bad;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct weir_value v;
	int i;

	for (i = 0; i < N_ROUNDS * N_FILES; i++) {
		w->events[i % N_FILES]->store.arena_used = 0;
		fake_process_in(w->f, w->events[i % N_FILES]);
		v = fake_get_in(w->events[i % N_FILES], "process.exe.hash.sha256");
		w->n_bad += !weir_present(&v) || v.len != 64 || memcmp(v.v.p, SHA_MILLION, 64);
	}
	return NULL;
}

/* The moves of a reload go on meanwhile; the core would wait. */
static void run_threads(const char *options, bool adopt, bool all_once)
{
	struct fake *f = open_hash(options), *g = open_hash(options);
	struct worker w[N_THREADS] = { 0 };
	pthread_t t[N_THREADS];
	struct weir_find x;
	char name[16];
	int i, j, n_bad = 0;

	for (i = 0; i < N_FILES; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		x = facts(in_dir(name));
		begin(f, &x);
		for (j = 0; j < N_THREADS; j++)
			w[j].events[i] = fake_keep(f);
	}
	for (j = 0; j < N_THREADS; j++) {
		w[j].f = f;
		pthread_create(&t[j], NULL, work, &w[j]);
	}
	for (i = 0; adopt && i < 100; i++)
		fake_adopt(i % 2 ? f : g, i % 2 ? g : f);
	for (j = 0; j < N_THREADS; j++) {
		pthread_join(t[j], NULL);
		n_bad += w[j].n_bad;
		for (i = 0; i < N_FILES; i++)
			free(w[j].events[i]);
	}
	is_int(n_bad, 0, "%s: all digests are right", options);
	is_int((long long)fake_count(f, "ok"), N_THREADS * N_ROUNDS * N_FILES, "%s: all", options);
	if (all_once)
		is_int((long long)fake_count(f, "misses"), N_FILES, "each file was read once");
	fake_close(f);
	fake_close(g);
}

static void test_threads(void)
{
	static char million[1000000];
	char name[16];
	int i;

	memset(million, 'a', sizeof(million));
	for (i = 0; i < N_FILES; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		put(in_dir(name), million, sizeof(million));
	}
	grow_old(in_dir(name));
	run_threads("wait=60s", false, true);
	run_threads("wait=60s rate=0 cache=1000", true, false);
}

/* ---- rate --------------------------------------------------------------------------*/

static void test_rate(void)
{
	struct fake *f = open_hash("rate=1 wait=0");
	struct weir_find x = facts(make("abc", "abc")), y = facts(make("abcd", "abcd"));

	check(f, &x, SHA_ABC, "ok", "the first");
	check(f, &y, NULL, "rate", "the second");
	check(f, &x, SHA_ABC, "ok", "what is remembered costs nothing");
	is_int((long long)fake_count(f, "bytes"), 3, "three bytes were read");
	fake_close(f);
	f = open_hash("rate=100 wait=10s");
	check(f, &x, SHA_ABC, "ok", "the first of those who wait");
	check(f, &y, sha_of(in_dir("abcd")), "ok", "the second");
	fake_close(f);
}

int main(int argc, char **argv)
{
	char command[128];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc == 3 && (chroot(argv[2]) || chdir("/")))
		return 1;
	if (argc >= 2)
		return write(STDOUT_FILENO, "x", 1) != 1 || pause();
	strcpy(dir, "/tmp/weir-hash.XXXXXX");
	if (n < 0 || !mkdtemp(dir))
		fake_fail("no folder", dir);
	test_vectors();
	test_no_file();
	test_limits();
	test_swapped();
	test_touched();
	test_fresh();
	test_changed();
	test_growing();
	test_denied();
	test_running();
	test_ended();
	test_memfd();
	test_root();
	test_eviction();
	test_adopt();
	test_threads();
	test_rate();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	is_int(system(command), 0, "cleaned up");
	return done_testing();
}
