/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the table behind the enricher `process`, and of its memory: what
 * goes when there is no room, and what an older event may change.
 */
#include "../example/fake.h"
#include "lineage.h"
#include "procnews.h"
#include "proctab.h"
#include "tap.h"

#define SEC	1000000000ull

static uint64_t now;	/* ns of the story */

/* The generation of a pid is its thousands: 7 and 1007 are both pid 7. */
static uint64_t key_of(unsigned pid)
{
	return pid ? (uint64_t)(1000 + pid) << 22 | pid % 1000 : 0;
}

/* ---- the table's bounds ----------------------------------------------------------*/

static uint64_t count[PROCTAB_COUNT__MAX];

static struct proctab *small(uint32_t max_processes, uint64_t max_memory)
{
	struct proctab_conf conf = {
		.max_processes = max_processes, .max_memory = max_memory,
		.max_args = 4096, .max_ancestors = 32, .keep_dead_ns = 60 * SEC,
		.seed = 42, .count = count,
	};
	const char *why;

	memset(count, 0, sizeof(count));
	now = 100 * SEC;
	return proctab_new(&conf, &why);
}

static struct proc *note(struct proctab *t, unsigned pid, unsigned ppid,
			 const char *args, enum proc_news news)
{
	struct proc_facts f = {
		.time_ns = now += 1000, .key = key_of(pid), .parent_key = key_of(ppid),
		.pid = pid, .ppid = ppid, .exe_ino = 1,
		.name = { "x", 1, false }, .exe = { "/bin/x", 6, false },
		.args = { args, (uint32_t)strlen(args), false },
		.args_size = (uint32_t)strlen(args),
	};

	return procnews_note(t, &f, news);
}

static void test_eviction_order(void)
{
	struct proctab *t = small(16, 1 << 20);
	unsigned i;

	for (i = 101; i <= 116; i++)
		note(t, i, 0, "x", PROC_SEEN);
	is_int(t->n, 16, "full");
	procnews_exit(t, note(t, 105, 0, "x", PROC_SEEN));
	procnews_exit(t, note(t, 104, 0, "x", PROC_SEEN));
	note(t, 101, 0, "x", PROC_SEEN);
	note(t, 110, 102, "x", PROC_SEEN);
	note(t, 117, 0, "x", PROC_SEEN);
	ok(!proctab_find(t, key_of(105)), "the oldest dead goes first");
	note(t, 118, 0, "x", PROC_SEEN);
	ok(!proctab_find(t, key_of(104)), "then the next dead");
	note(t, 119, 0, "x", PROC_SEEN);
	ok(!proctab_find(t, key_of(103)), "then the leaf that was not used longest");
	ok(proctab_find(t, key_of(102)) && proctab_find(t, key_of(101)),
	   "not a parent, not one in use");
	is_int(t->n, 16, "never more than that");
	is_int((int)count[PROCTAB_EVICTED_DEAD], 2, "two dead");
	is_int((int)count[PROCTAB_EVICTED_LIVE], 1, "one live");
	proctab_free(t);
}

/* Parents are thrown out under their children, and come back. */
static void test_lost_link(void)
{
	struct proctab *t = small(16, 1 << 20);
	struct proc_facts none = { 0 };
	struct proc *e;
	unsigned i;

	note(t, 101, 1, "x", PROC_SEEN);
	for (i = 102; i <= 115; i++)
		note(t, i, i - 1, "x", PROC_SEEN);
	e = note(t, 115, 114, "x", PROC_SEEN);
	is_int((int)lineage_get(t, procnews_parent(t, e, &none))->list.n, 15, "all in a row");
	note(t, 200, 300, "x", PROC_SEEN);
	e = note(t, 115, 114, "x", PROC_SEEN);
	ok(lineage_get(t, procnews_parent(t, e, &none))->list.n <= 15, "some were thrown out");
	for (i = 101; i <= 115; i++)
		note(t, i, i - 1, "x", PROC_SEEN);
	e = note(t, 115, 114, "x", PROC_SEEN);
	ok(lineage_get(t, procnews_parent(t, e, &none))->list.n >= 1, "walks whatever is there");
	is_int(t->n, 16, "full");
	proctab_free(t);
}

static void test_memory_exact(void)
{
	struct proctab *t = small(64, 1 << 20);
	size_t empty = proctab_memory(t);
	struct proc_child c = { .key = key_of(102), .parent_key = key_of(101), .pid = 102 };
	struct proc *e = note(t, 101, 0, "some arguments", PROC_SEEN);

	is_int((long long)(proctab_memory(t) - empty), sizeof(struct proc) + 2 * 64,
	       "an entry and two texts");
	procnews_fork(t, e, &c);
	is_int((long long)(proctab_memory(t) - empty), 2 * sizeof(struct proc) + 2 * 64,
	       "a fork shares the texts");
	e = note(t, 102, 101, "other arguments", PROC_EXEC);
	is_int((long long)(proctab_memory(t) - empty), 2 * sizeof(struct proc) + 3 * 64,
	       "an exec brings its arguments; the path is the same");
	lineage_get(t, proctab_find(t, key_of(101)));
	is_int((long long)(proctab_memory(t) - empty), 2 * sizeof(struct proc) + 5 * 64,
	       "a lineage of one row");
	procnews_exit(t, e);
	procnews_exit(t, note(t, 101, 0, "some arguments", PROC_SEEN));
	proctab_tick(t, 1);
	proctab_tick(t, 1 + 61 * SEC);
	is_int((long long)proctab_memory(t), (long long)empty, "all is given back");
	is_int((int)t->texts.n, 0, "no text is left");
	is_int((int)count[PROCTAB_EXPIRED], 2, "both expired");
	proctab_free(t);
}

static void test_memory_bound(void)
{
	const size_t bound = 1 << 20;
	struct proctab *t = small(1024, bound);
	char args[3000];
	unsigned i;
	bool held = true;

	memset(args, 'x', sizeof(args));
	for (i = 0; i < 5000; i++) {
		snprintf(args, sizeof(args), "%u", i);
		args[strlen(args)] = 'x';
		args[100 + i % 2800] = 0;
		note(t, 10 + i % 900, i % 7 ? 10 + i % 13 : 0, args, PROC_EXEC);
		held &= proctab_memory(t) <= bound;
		args[100 + i % 2800] = 'x';
	}
	ok(held, "never more memory than the bound");
	ok(count[PROCTAB_NO_ROOM], "texts were left out");
	is_int((int)count[PROCTAB_EVICTED_LIVE], 0, "and nobody alive was thrown out");
	proctab_free(t);
}

/* Long arguments that differ fill the pool; only the dead pay for them. */
static void test_texts_spare_the_living(void)
{
	struct proctab *t = small(128, 256 << 10);
	unsigned i, n_idle = 0;
	char args[4000];

	for (i = 100; i < 120; i++)
		note(t, i, 0, "idle", PROC_SEEN);
	memset(args, 'x', sizeof(args));
	args[sizeof(args) - 1] = 0;
	for (i = 200; i < 280; i++) {
		args[0] = (char)i;
		note(t, i, 0, args, PROC_EXEC);
	}
	for (i = 100; i < 120; i++)
		n_idle += proctab_find(t, key_of(i)) != NULL;
	is_int(n_idle, 20, "the idle stay");
	is_int((int)count[PROCTAB_EVICTED_LIVE], 0, "nobody alive pays for a text");
	ok(count[PROCTAB_NO_ROOM], "it is left out");
	ok(!proctab_find(t, key_of(279))->args, "of the last one");
	procnews_exit(t, proctab_find(t, key_of(200)));
	ok(note(t, 279, 0, args, PROC_EXEC)->args, "the dead pay");
	is_int((int)count[PROCTAB_EVICTED_DEAD], 1, "one of them");
	proctab_free(t);
}

/* Ticks run a second ahead of the events' own times. */
static void test_resync_behind_ticks(void)
{
	struct proctab *t = small(256, 1 << 20);
	unsigned i;

	for (i = 101; i <= 199; i++)
		note(t, i, 0, "x", PROC_SNAPSHOT);
	proctab_tick(t, 1);
	proctab_tick(t, 1 + 61 * SEC);
	now += 60 * SEC;
	for (i = 101; i <= 199; i++)
		note(t, i, 0, "x", PROC_RESYNC);
	proctab_tick(t, 1 + 67 * SEC);
	is_int((long long)t->resync_ns, 0, "the resync is over");
	is_int((int)count[PROCTAB_MISSED], 0, "and found all");
	proctab_free(t);
}

static void is_args(const struct proc *e, const char *want, const char *what)
{
	is_str(e->args ? (const char *)e->args->bytes : "-", want, "%s", what);
}

/* An exec that waited in the ring comes after a snapshot that is newer. */
static void test_late_exec(void)
{
	struct proctab *t = small(64, 1 << 20);

	note(t, 101, 0, "first", PROC_SNAPSHOT);
	now += 2 * SEC;
	is_args(note(t, 101, 0, "newest", PROC_SNAPSHOT), "newest", "a snapshot");
	now -= SEC;
	is_args(note(t, 101, 0, "older", PROC_EXEC), "newest", "an older exec changes nothing");
	now += SEC;
	is_args(note(t, 101, 0, "next", PROC_EXEC), "next", "a newer one does");
	now += SEC;
	note(t, 101, 0, "next", PROC_SEEN);
	now -= SEC / 2;
	is_args(note(t, 101, 0, "late", PROC_EXEC), "late",
		"an exec older than mere activity counts");
	proctab_free(t);
}
static void test_ten_thousand(void)
{
	struct proctab *t = small(65536, 32 << 20);
	struct proc_facts none = { 0 };
	struct proc *e;
	char args[256];
	unsigned i;
	size_t per;

	note(t, 1, 0, "/sbin/init", PROC_SNAPSHOT);
	for (i = 10; i < 10010; i++) {
		snprintf(args, sizeof(args),
			 "/usr/lib/some/program --number=%u --with=an/argument/of/some/length "
			 "--and=another-one --config=/etc/some/program/config.d/%u.conf", i, i);
		e = note(t, i, i < 18 ? 1 : i / 8 + 8, args, PROC_EXEC);
		lineage_get(t, procnews_parent(t, e, &none));
	}
	per = proctab_memory(t) / t->n;
	tap_diag("10,000 processes: %zu KiB in use, %zu bytes each",
		 proctab_memory(t) >> 10, per);
	ok(proctab_memory(t) < 15u << 20, "10,000 processes take less than 15 MiB");
	is_int((int)(count[PROCTAB_EVICTED_DEAD] + count[PROCTAB_EVICTED_LIVE]), 0,
	       "and nobody is thrown out");
	proctab_free(t);
}

/* ---- the pool ----------------------------------------------------------------*/

static void test_pool(void)
{
	struct procpool p;
	void *a[64], *b;
	unsigned i, n = 0;

	ok(procpool_init(&p, 1000) < 0, "too small for one block");
	ok(!procpool_init(&p, 140 << 10), "two top blocks");
	ok(!procpool_alloc(&p, PROCPOOL_MAX + 1), "nothing larger than a top block");
	for (; n < 64 && (a[n] = procpool_alloc(&p, 4096)); n++)
		memset(a[n], (int)n, 4096);
	is_int(n, 32, "the whole memory in pieces");
	is_int((long long)p.used, 128 << 10, "all counted");
	for (i = 0; i < n; i += 2)
		procpool_free(&p, a[i]);
	ok(!procpool_alloc(&p, 4097), "no two neighbours are free");
	b = procpool_alloc(&p, 1);
	is_int((long long)procpool_size(&p, b), 64, "smallest block");
	procpool_free(&p, b);
	for (i = 1; i < n; i += 2)
		procpool_free(&p, a[i]);
	is_int((long long)p.used, 0, "all given back");
	a[0] = procpool_alloc(&p, PROCPOOL_MAX);
	a[1] = procpool_alloc(&p, PROCPOOL_MAX);
	ok(a[0] && a[1], "and joined up");
	procpool_fini(&p);
}
int main(void)
{
	test_eviction_order();
	test_lost_link();
	test_memory_exact();
	test_memory_bound();
	test_texts_spare_the_living();
	test_resync_behind_ticks();
	test_late_exec();
	test_ten_thousand();
	test_pool();
	return done_testing();
}
