/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the enricher `process`: stories of events through its callbacks. A
 * process is a number, of which its key and pid are made. test_proctab.c has
 * the table's own bounds.
 */
#include "../example/fake.h"
#include "lineage.h"
#include "procnews.h"
#include "proctab.h"
#include "tap.h"

/* Rows of a table name only what they are about. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define SEC	1000000000ull

extern const struct weir_plugin weir_plugin;

/* ---- stories -----------------------------------------------------------------*/

/*
 * One step: an event and what it must carry. Texts of `want` (NULL: do not
 * look; "-": absent): the parent's executable, the ancestors' pids and names
 * as "3:sh 2:init", the lineage, the original parent's pid and executable.
 */
enum op {
	OP_END,
	OP_EXEC,
	OP_FORK,
	OP_EXIT,
	OP_OPEN,
	OP_SNAPSHOT,
	OP_RESYNC,
	OP_TICK,	/* `pid` seconds pass */
	OP_TIME,	/* the stream's time is set to `pid` seconds */
};

struct step {
	enum op op;
	unsigned pid, ppid;
	const char *name;	/* executable is /bin/<name>; of a fork: none */
	const char *args;	/* of a fork: none */
	unsigned child, child_parent;	/* of a fork */
	const char *parent, *ancestors, *lineage, *original;
};

struct story {
	const char *title, *options;
	struct step steps[16];
	const char *counter;
	unsigned count;
};

static uint64_t now;	/* ns of the story */

/* The generation of a pid is its thousands: 7 and 1007 are both pid 7. */
static uint64_t key_of(unsigned pid)
{
	return pid ? (uint64_t)(1000 + pid) << 22 | pid % 1000 : 0;
}

static uint64_t ino_of(const char *name)
{
	uint64_t h = 5381;

	while (*name)
		h = h * 33 + (uint8_t)*name++;
	return h;
}

static void put_args(struct fake *f, const char *text)
{
	char buf[8192];
	uint32_t i, len = (uint32_t)strlen(text) + 1;

	for (i = 0; i < len; i++)
		buf[i] = text[i] == ' ' ? 0 : text[i];
	fake_bytes(f, "process.args", buf, len, 0);
	fake_u64(f, "process.args_size", len);
}

static void put_process(struct fake *f, const struct step *s)
{
	char path[128];

	fake_u64(f, "time", now);
	fake_u64(f, "process.key", key_of(s->pid));
	fake_u64(f, "process.pid", s->pid % 1000);
	fake_u64(f, "process.parent.key", key_of(s->ppid));
	fake_u64(f, "process.parent.pid", s->ppid % 1000);
	fake_u64(f, "process.start", key_of(s->pid) >> 22 << 16);
	fake_u64(f, "process.uid", s->pid);
	if (!s->name)
		return;
	snprintf(path, sizeof(path), "/bin/%s", s->name);
	fake_str(f, "process.name", s->name);
	if (s->args && !strcmp(s->args, "kthread"))
		return;
	fake_str(f, "process.exe.path", path);
	fake_u64(f, "process.exe.inode", ino_of(s->name));
	put_args(f, s->args ? s->args : s->name);
}

static void put_fork(struct fake *f, const struct step *s)
{
	unsigned parent = s->child_parent ? s->child_parent : s->pid;

	fake_u64(f, "child.key", key_of(s->child));
	fake_u64(f, "child.pid", s->child % 1000);
	fake_u64(f, "child.start", key_of(s->child) >> 22 << 16);
	fake_u64(f, "child.parent.key", key_of(parent));
}

static int run(struct fake *f, const struct step *s)
{
	static const uint16_t types[] = {
		[OP_EXEC] = WEIR_EV_exec, [OP_FORK] = WEIR_EV_fork,
		[OP_EXIT] = WEIR_EV_exit, [OP_OPEN] = WEIR_EV_open,
		[OP_SNAPSHOT] = WEIR_EV_snapshot, [OP_RESYNC] = WEIR_EV_snapshot,
	};

	now += 1000;
	fake_begin(f, types[s->op]);
	put_process(f, s);
	if (s->op == OP_FORK)
		put_fork(f, s);
	if (s->op == OP_SNAPSHOT)
		fake_u64(f, "snapshot.reason", WEIR_SNAPSHOT_START);
	if (s->op == OP_RESYNC)
		fake_u64(f, "snapshot.reason", WEIR_SNAPSHOT_RESYNC);
	return fake_process(f);
}

static const char *ancestors(struct fake *f)
{
	static char text[8192];
	struct weir_value v = fake_get(f, "process.ancestors");
	const struct weir_value *row;
	size_t at = 0;
	uint32_t i;

	if (!v.status)
		return "-";
	text[0] = 0;
	for (i = 0; i < v.v.list->n; i++) {
		row = v.v.list->values + (size_t)i * v.v.list->n_cols;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u:%.*s", i ? " " : "",
				       (unsigned)row[LINEAGE_PID].v.u,
				       row[LINEAGE_NAME].status ? (int)row[LINEAGE_NAME].len : 1,
				       row[LINEAGE_NAME].status ?
				       (const char *)row[LINEAGE_NAME].v.p : "?");
	}
	return text;
}

static const char *original(struct fake *f)
{
	static char text[256];
	struct weir_value pid = fake_get(f, "process.original_parent.pid");
	struct weir_value key = fake_get(f, "process.original_parent.key");
	const char *exe = fake_text(f, "process.original_parent.exe.path");

	if (!weir_present(&key))
		return "-";
	snprintf(text, sizeof(text), "%u %.200s", (unsigned)pid.v.u, exe ? exe : "?");
	return text;
}

static void check(struct fake *f, const struct story *t, unsigned i)
{
	const struct step *s = &t->steps[i];
	const char *parent = fake_text(f, "process.parent.exe.path");

	if (s->parent)
		is_str(parent ? parent : "-", s->parent, "%s, step %u: parent", t->title, i);
	if (s->ancestors)
		is_str(ancestors(f), s->ancestors, "%s, step %u: ancestors", t->title, i);
	if (s->lineage)
		is_str(fake_text(f, "process.lineage"), s->lineage,
		       "%s, step %u: lineage", t->title, i);
	if (s->original)
		is_str(original(f), s->original, "%s, step %u: original parent", t->title, i);
}

static void tell(const struct story *t)
{
	struct fake *f = fake_open(&weir_plugin, t->options ? t->options : "", NULL);
	const struct step *s;
	unsigned i;
	uint64_t clock = 77 * SEC;

	now = 100 * SEC;
	if (!f->inst) {
		ok(false, "%s: %s", t->title, f->log);
		fake_close(f);
		return;
	}
	f->plugin->tick(f->inst, clock);
	for (i = 0; (s = &t->steps[i])->op != OP_END; i++) {
		if (s->op == OP_TICK) {
			clock += s->pid * SEC;
			now += s->pid * SEC;
			f->plugin->tick(f->inst, clock);
		} else if (s->op == OP_TIME) {
			now = s->pid * SEC;
		} else if (run(f, s) != WEIR_CONTINUE) {
			ok(false, "%s, step %u: verdict", t->title, i);
		} else {
			check(f, t, i);
		}
	}
	if (t->counter)
		is_int((long long)fake_count(f, t->counter), t->count, "%s: %s", t->title,
		       t->counter);
	fake_close(f);
}

#define INIT	{ OP_SNAPSHOT, 1, 0, "init", .ancestors = "", .lineage = "complete" }
#define SSHD	{ OP_SNAPSHOT, 5, 1, "sshd", .parent = "/bin/init", .ancestors = "1:init" }
#define SH	{ OP_SNAPSHOT, 7, 5, "sh", "sh -i", .parent = "/bin/sshd", \
		  .ancestors = "5:sshd 1:init", .lineage = "complete" }

static const struct story stories[] = {
	{ "fork, exec, exit", NULL, {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8, .parent = "/bin/sshd" },
		{ OP_OPEN, 8, 7, "sh", "sh -i", .parent = "/bin/sh",
		  .ancestors = "7:sh 5:sshd 1:init", .lineage = "complete" },
		{ OP_EXEC, 8, 7, "ls", .parent = "/bin/sh",
		  .ancestors = "7:sh 5:sshd 1:init", .original = "-" },
		{ OP_FORK, 8, 7, "ls", .child = 9 },
		{ OP_OPEN, 9, 8, "ls", .parent = "/bin/ls", .ancestors = "8:ls 7:sh 5:sshd 1:init" },
		{ OP_EXIT, 8, 7, "ls", .parent = "/bin/sh", .ancestors = "7:sh 5:sshd 1:init" },
	}, "entries", 5 },
	{ "a daemon is given to init", NULL, {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8 },
		{ OP_EXEC, 8, 7, "launch" },
		{ OP_FORK, 8, 7, "launch", .child = 9 },
		{ OP_OPEN, 9, 8, "launch", .original = "-" },
		{ OP_EXIT, 8, 7, "launch" },
		{ OP_EXEC, 9, 1, "daemon", .parent = "/bin/init", .ancestors = "1:init",
		  .lineage = "complete", .original = "8 /bin/launch" },
		{ OP_TICK, 100 },
		{ OP_EXEC, 9, 1, "daemon2", .original = "8 /bin/launch" },
	}, "reparented", 1 },
	{ "given away twice: the first parent stays the original", NULL, {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8 },
		{ OP_OPEN, 8, 5, "sh", "sh -i", .original = "7 /bin/sh", .ancestors = "5:sshd 1:init" },
		{ OP_OPEN, 8, 1, "sh", "sh -i", .original = "7 /bin/sh", .ancestors = "1:init" },
		{ OP_FORK, 8, 1, "sh", "sh -i", 9 },
		{ OP_OPEN, 9, 8, "sh", "sh -i", .original = "-", .ancestors = "8:sh 1:init" },
	}, "reparented", 2 },
	{ "CLONE_PARENT", NULL, {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8, 5 },
		{ OP_OPEN, 8, 5, "sh", "sh -i", .parent = "/bin/sshd", .original = "-" },
	}, "reparented", 0 },
	{ "a pid is used again", NULL, {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8 },
		{ OP_EXIT, 7, 5, "sh", "sh -i" },
		{ OP_FORK, 5, 1, "sshd", NULL, 1007 },
		{ OP_EXEC, 1007, 5, "cat", .parent = "/bin/sshd" },
		{ OP_FORK, 1007, 5, "cat", NULL, 9 },
		{ OP_OPEN, 9, 1007, "cat", NULL, .parent = "/bin/cat" },
		{ OP_OPEN, 8, 7, "sh", "sh -i", .parent = "/bin/sh",
		  .ancestors = "7:sh 5:sshd 1:init" },
	}, "entries", 6 },
	{ "nothing is known of the parent", NULL, {
		{ OP_EXEC, 8, 7, "ls", .parent = "-", .ancestors = "7:?", .lineage = "broken" },
		{ OP_OPEN, 8, 7, "ls", .parent = "-", .ancestors = "7:?", .lineage = "broken" },
		{ OP_OPEN, 9, 8, "cat", .parent = "/bin/ls", .ancestors = "8:ls 7:?",
		  .lineage = "broken" },
		{ OP_SNAPSHOT, 7, 5, "sh", .ancestors = "5:?" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 7:sh 5:?", .lineage = "broken" },
		{ OP_SNAPSHOT, 5, 1, "sshd", .ancestors = "1:?", .lineage = "complete" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 7:sh 5:sshd 1:?",
		  .lineage = "complete" },
		{ OP_SNAPSHOT, 1, 0, "init" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 7:sh 5:sshd 1:init",
		  .lineage = "complete" },
	}, "unknown_parents", 3 },
	{ "no parent is named", NULL, {
		{ OP_EXEC, 8, 0, "ls", .parent = "-", .ancestors = "", .lineage = "broken" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls", .lineage = "broken" },
		{ OP_OPEN, 8, 1, "ls", .ancestors = "1:?", .lineage = "complete", .original = "-" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 1:?", .lineage = "complete" },
	}, "reparented", 0 },
	{ "a cycle of two", NULL, {
		{ OP_EXEC, 8, 9, "a" },
		{ OP_EXEC, 9, 8, "b", .parent = "/bin/a", .ancestors = "8:a 9:b", .lineage = "broken" },
		{ OP_OPEN, 8, 9, "a", .parent = "/bin/b", .ancestors = "9:b 8:a", .lineage = "broken" },
		{ OP_OPEN, 10, 8, "c", .ancestors = "8:a 9:b", .lineage = "broken" },
		{ OP_EXIT, 8, 9, "a" }, { OP_EXIT, 9, 8, "b" }, { OP_TICK, 100 },
	}, "entries", 3 },
	{ "its own parent", NULL, {
		{ OP_EXEC, 8, 8, "a", .ancestors = "8:a", .lineage = "broken" },
		{ OP_FORK, 8, 8, "a", .child = 8 },
		{ OP_EXEC, 8, 1, "a", .ancestors = "1:?", .lineage = "complete" },
	}, "entries", 2 },
	{ "an ancestor's exec shows at once", NULL, {
		INIT, SSHD, SH,
		{ OP_OPEN, 8, 7, "ls", .ancestors = "7:sh 5:sshd 1:init" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 7:sh 5:sshd 1:init" },
		{ OP_EXEC, 5, 1, "dropbear" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 7:sh 5:dropbear 1:init" },
		{ OP_OPEN, 8, 7, "ls", .ancestors = "7:sh 5:dropbear 1:init" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 7:sh 5:dropbear 1:init" },
		{ OP_OPEN, 7, 1, "sh", "sh -i" },
		{ OP_OPEN, 9, 8, "cat", .ancestors = "8:ls 7:sh 1:init", .original = "-" },
	}, "lineages", 9 },
	{ "more ancestors than are wanted", "max_ancestors=2", {
		INIT, SSHD, SH,
		{ OP_OPEN, 8, 7, "ls", .ancestors = "7:sh 5:sshd", .lineage = "cut" },
		{ OP_OPEN, 30, 20, "x", .ancestors = "20:?", .lineage = "broken" },
		{ OP_OPEN, 31, 30, "x", .ancestors = "30:x 20:?", .lineage = "broken" },
		{ OP_OPEN, 32, 31, "x", .ancestors = "31:x 30:x", .lineage = "cut" },
	} },
	{ "late events of the dead", "keep_dead=60s", {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8 },
		{ OP_EXIT, 8, 7, "ls" },
		{ OP_TICK, 30 },
		{ OP_OPEN, 8, 7, "ls", .parent = "/bin/sh", .ancestors = "7:sh 5:sshd 1:init" },
		{ OP_TICK, 20 },
		{ OP_TICK, 20 },
	}, "entries", 3 },
	{ "the dead stay as long as they have children", "keep_dead=1s", {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8 },
		{ OP_EXIT, 7, 5, "sh", "sh -i" },
		{ OP_TICK, 100 },
		{ OP_OPEN, 8, 7, "sh", "sh -i", .ancestors = "7:sh 5:sshd 1:init" },
		{ OP_OPEN, 8, 1, "sh", "sh -i", .ancestors = "1:init", .original = "7 /bin/sh" },
		{ OP_TICK, 1 },
	}, "expired", 1 },
	{ "the child acts before its fork is told", NULL, {
		INIT, SSHD, SH,
		{ OP_OPEN, 8, 1, "ls", .ancestors = "1:init", .original = "-" },
		{ OP_FORK, 7, 5, "sh", "sh -i", 8 },
		{ OP_OPEN, 8, 1, "ls", .ancestors = "1:init", .original = "7 /bin/sh" },
		{ OP_FORK, 5, 1, "sshd", NULL, 8 },
		{ OP_OPEN, 8, 1, "ls", .original = "7 /bin/sh" },
	} },
	{ "an event from before does not turn back", NULL, {
		INIT, SSHD, SH,
		{ OP_FORK, 7, 5, "sh", "sh -i", 8 },
		{ OP_EXEC, 8, 1, "ls" },
		{ OP_FORK, 8, 1, "ls", NULL, 9 },
		{ OP_TIME, 50 },
		{ OP_OPEN, 8, 7, "sh", "sh -i", .parent = "/bin/sh", .original = "-" },
		{ OP_TIME, 200 },
		{ OP_OPEN, 9, 8, "ls", .parent = "/bin/ls", .ancestors = "8:ls 1:init" },
		{ OP_OPEN, 8, 1, "ls", .parent = "/bin/init", .original = "7 /bin/sh" },
	}, "reparented", 1 },
	{ "an exec was lost", NULL, {
		INIT, SSHD, SH,
		{ OP_OPEN, 8, 7, "ls", .parent = "/bin/sh" },
		{ OP_OPEN, 7, 5, "zsh" },
		{ OP_OPEN, 8, 7, "ls", .parent = "/bin/zsh", .ancestors = "7:zsh 5:sshd 1:init" },
		{ OP_OPEN, 7, 5, NULL },
		{ OP_OPEN, 8, 7, "ls", .parent = "/bin/zsh" },
	} },
	{ "snapshots twice", NULL, {
		INIT, SSHD, SH, INIT, SSHD, SH, { OP_RESYNC, 7, 5, "sh", "sh -i" },
	}, "snapshots", 7 },
	{ "a resync finds one missing", "keep_dead=10s", {
		INIT, SSHD, SH,
		{ OP_SNAPSHOT, 8, 5, "gone" },
		{ OP_TICK, 60 },
		{ OP_RESYNC, 1, 0, "init" }, { OP_RESYNC, 5, 1, "sshd" }, { OP_RESYNC, 7, 5, "sh", "sh -i" },
		{ OP_TICK, 3 }, { OP_OPEN, 5, 1, "sshd" }, { OP_TICK, 3 }, { OP_TICK, 11 },
	}, "entries", 3 },
	{ "a resync was wrong", "keep_dead=10s", {
		INIT, SSHD, SH,
		{ OP_TICK, 60 },
		{ OP_RESYNC, 1, 0, "init" },
		{ OP_TICK, 6 },
		{ OP_OPEN, 7, 5, "sh", "sh -i", .ancestors = "5:sshd 1:init" },
		{ OP_TICK, 100 },
		{ OP_OPEN, 7, 5, "sh", "sh -i", .ancestors = "5:sshd 1:init" },
	}, "missed_exits", 2 },
	{ "kernel threads", NULL, {
		{ OP_SNAPSHOT, 2, 0, "kthreadd", "kthread", .ancestors = "", .lineage = "complete" },
		{ OP_SNAPSHOT, 40, 2, "kworker/0:1", "kthread", .parent = "-",
		  .ancestors = "2:kthreadd", .lineage = "complete" },
		{ OP_EXEC, 41, 40, "modprobe", .parent = "-", .ancestors = "40:kworker/0:1 2:kthreadd",
		  .lineage = "complete" },
	} },
	{ "an exit of somebody unknown", "keep_dead=1s", {
		{ OP_EXIT, 8, 1, "ls", .ancestors = "1:?", .lineage = "complete" },
		{ OP_EXIT, 8, 1, "ls" },
		{ OP_TICK, 2 }, { OP_TICK, 2 },
	}, "entries", 0 },
};

static void test_stories(void)
{
	size_t i;

	for (i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		tell(&stories[i]);
}

/* ---- single matters ------------------------------------------------------------*/

static void test_parent_fields(void)
{
	static const struct step sh = { OP_SNAPSHOT, 7, 5, "sh", "sh -c x" };
	static const struct step ls = { OP_EXEC, 8, 7, "ls" };
	struct fake *f = fake_open(&weir_plugin, "", NULL);

	run(f, &sh);
	run(f, &ls);
	is_str(fake_text(f, "process.parent.name"), "sh", "parent's name");
	is_str(fake_text(f, "process.parent.args"), "sh -c x", "parent's arguments");
	is_int((long long)fake_get(f, "process.parent.uid").v.u, 7, "parent's user");
	is_int((long long)fake_get(f, "process.parent.start").v.u,
	       (long long)(key_of(7) >> 22 << 16), "parent's start");
	fake_begin(f, WEIR_EV_lost);
	is_int(fake_process(f), WEIR_CONTINUE, "an event without a process goes on");
	is_str(ancestors(f), "-", "and gets nothing");
	fake_close(f);
}

/* A rule has refused it: the process is what it was. */
static void test_refused_exec(void)
{
	static const struct step sh = { OP_EXEC, 7, 5, "sh", "sh -c x" };
	static const struct step evil = { OP_EXEC, 7, 5, "evil", "evil" };
	static const struct step ls = { OP_EXEC, 8, 7, "ls" };
	struct fake *f = fake_open(&weir_plugin, "", NULL);

	run(f, &sh);
	now += 1000;
	fake_begin(f, WEIR_EV_exec);
	put_process(f, &evil);
	fake_u64(f, "outcome", WEIR_OUTCOME_BLOCKED);
	is_int(fake_process(f), WEIR_CONTINUE, "an exec that was refused goes on");
	run(f, &ls);
	is_str(fake_text(f, "process.parent.name"), "sh", "its process kept its image");
	is_str(fake_text(f, "process.parent.args"), "sh -c x", "and its arguments");
	fake_close(f);
}

static void test_args_cut(void)
{
	struct step sh = { OP_SNAPSHOT, 7, 5, "sh", NULL };
	static const struct step ls = { OP_EXEC, 8, 7, "ls" };
	struct fake *f = fake_open(&weir_plugin, "max_args=64", NULL);
	struct weir_value v;
	char args[101];

	memset(args, 'a', 100);
	args[100] = 0;
	sh.args = args;
	run(f, &sh);
	run(f, &ls);
	v = fake_get(f, "process.parent.args");
	is_int(v.status, WEIR_TRUNCATED, "cut arguments say so");
	is_int(v.len, 64, "cut to max_args");
	ok(!((const char *)v.v.p)[63] && !memcmp(v.v.p, args, 63), "and end with a NUL");
	args[63] = 0;
	run(f, &sh);
	sh.op = OP_EXEC;
	run(f, &sh);
	run(f, &ls);
	v = fake_get(f, "process.parent.args");
	is_int(v.status, WEIR_PRESENT, "arguments of just that size are whole");
	is_int(v.len, 64, "with all their bytes");
	fake_close(f);
}

static void test_refused(void)
{
	struct fake *f = fake_open(&weir_plugin, "max_memory=1M", NULL);

	ok(!f->inst, "a bound that the tables alone exceed is refused");
	is_str(f->log, "max_memory is too small for max_processes", "with a reason");
	fake_close(f);
	f = fake_open(&weir_plugin, "max_memory=512K max_processes=16", NULL);
	ok(f->inst, "a small table opens");
	fake_close(f);
}

static void test_no_room(void)
{
	struct fake *f = fake_open(&weir_plugin, "max_memory=256K max_processes=16 max_args=32K",
				   NULL);
	struct step s = { OP_EXEC, 7, 1, "sh", NULL };
	static const struct step ls = { OP_OPEN, 99, 12, "ls" };
	char args[8000];
	unsigned i;

	memset(args, 'x', sizeof(args) - 1);
	args[sizeof(args) - 1] = 0;
	s.args = args;
	for (i = 0; i < 200; i++) {
		s.pid = 7 + i % 6;
		snprintf(args, sizeof(args), "%u", i);
		args[strlen(args)] = 'x';
		run(f, &s);
	}
	run(f, &ls);
	is_str(fake_text(f, "process.parent.exe.path"), "/bin/sh", "goes on without room");
	ok(fake_count(f, "memory") <= 256 << 10, "within its bound");
	fake_close(f);
}

static unsigned rnd(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16 & 0x7fff;
}

/* Any order of anything; the sanitizers and the pool's poison look on. */
static void test_disorder(void)
{
	static const char *const names[] = { "a", "bb", "a-longer-name", NULL };
	struct fake *f = fake_open(&weir_plugin,
				   "max_memory=256K max_processes=24 keep_dead=1s max_ancestors=4",
				   NULL);
	unsigned state = 1, i, n_bad = 0;
	uint64_t clock = 1;
	struct step s;

	now = 100 * SEC;
	for (i = 0; i < 60000; i++) {
		s = (struct step){ .op = OP_EXEC + rnd(&state) % 6, .pid = rnd(&state) % 60,
			.ppid = rnd(&state) % 60, .name = names[rnd(&state) % 4],
			.child = rnd(&state) % 60, .child_parent = rnd(&state) % 60 };
		now += rnd(&state) % 3 ? 1000 : 0;
		if (rnd(&state) % 50 == 0)
			now -= now / 1000;
		n_bad += run(f, &s) != WEIR_CONTINUE;
		if (s.pid)
			n_bad += strlen(ancestors(f)) > 1000;
		fake_text(f, "process.parent.args");
		fake_text(f, "process.original_parent.exe.path");
		if (rnd(&state) % 100 == 0)
			f->plugin->tick(f->inst, clock += SEC / 2);
	}
	is_int(n_bad, 0, "60,000 events in disorder");
	ok(fake_count(f, "entries") <= 24, "bounded");
	fake_close(f);
}
int main(void)
{
	test_stories();
	test_parent_fields();
	test_refused_exec();
	test_args_cut();
	test_refused();
	test_no_room();
	test_disorder();
	return done_testing();
}
