/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the enricher `identity`: the host's names come from the machine that
 * the test runs on, those of containers from a made-up /proc.
 */
#include <weir/plugin.h>

static uint32_t live = WEIR_SETUP_LIVE;
#define FAKE_LIVE	live

#include "../example/fake.h"
#include "idcache.h"
#include "idfile.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern const struct weir_plugin weir_plugin;

#define USER_NS_INITIAL	0xeffffffdu
#define NO_SUCH_ID	3999999999u
#define PID		77u

static char dir[64], options[256];
static uint64_t now_ns = 1000000000000u;

/* ---- files ---------------------------------------------------------------------*/

static const char *in_dir(const char *name)
{
	static char paths[8][256];
	static unsigned n;
	char *path = paths[n++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fake_fail("cannot write", name);
	close(fd);
}

static void make_folders(void)
{
	static const char *const folders[] = { "77", "77/ns", "77/root", "77/root/etc" };
	unsigned i;

	for (i = 0; i < 4; i++)
		if (mkdir(in_dir(folders[i]), 0755))
			fake_fail("cannot make", folders[i]);
	put("77/ns/mnt", "");
	put("77/ns/user", "");
	put("77/uid_map", "         0          0 4294967295\n");
	put("77/gid_map", "         0          0 4294967295\n");
	put("77/root/etc/group", "wheel:x:0:\nstaff:x:50:a,b\n");
	put("77/root/etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n");
}

static uint32_t ino(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		fake_fail("no such file", path);
	return (uint32_t)st.st_ino;
}

/* ---- instances and events ------------------------------------------------------------*/

static struct fake *open_with(const char *more)
{
	struct fake *f;

	snprintf(options, sizeof(options), "proc=%s check=1h %s", dir, more);
	f = fake_open(&weir_plugin, options, NULL);
	if (!f->inst)
		fake_fail("open", f->log);
	return f;
}

static void begin_type(struct fake *f, uint32_t type, uint32_t mnt, uint32_t user, uint32_t pid)
{
	fake_begin(f, type);
	fake_u64(f, "id", 4711);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "process.namespaces.mnt", mnt);
	fake_u64(f, "process.namespaces.user", user);
	fake_u64(f, "process.pid", pid);
}

static void begin(struct fake *f, uint32_t mnt, uint32_t user, uint32_t pid)
{
	begin_type(f, WEIR_EV_mkdir, mnt, user, pid);
}

static void begin_host(struct fake *f)
{
	begin(f, ino("/proc/self/ns/mnt"), USER_NS_INITIAL, 1);
}

static void begin_container(struct fake *f)
{
	begin(f, ino(in_dir("77/ns/mnt")), ino(in_dir("77/ns/user")), PID);
}

static void process(struct fake *f)
{
	if (fake_process(f) != WEIR_CONTINUE)
		is_int(1, 0, "goes on");
}

/* Until the answer to an event with one user has been found. */
static struct fake_event *ask(struct fake *f, uint32_t uid)
{
	const uint32_t n = f->n_sent;

	fake_u64(f, "process.uid", uid);
	process(f);
	is_int(fake_get(f, "process.user.name").status, WEIR_PENDING, "%u: pending", uid);
	return fake_wait_sent(f, n);
}

static const char *status_name(struct fake *f, const char *field)
{
	static const char *const names[] = { "absent", "present", "truncated", "pending",
		"timeout", "error", "skipped" };

	return names[fake_get(f, field).status];
}

/* ---- the host --------------------------------------------------------------------*/

static void test_host(void)
{
	struct fake *f = open_with("");
	struct fake_event *am;

	begin_host(f);
	am = ask(f, 0);
	is_int(am->ev.type, WEIR_EV_amendment, "an amendment comes");
	is_int((int)fake_get_in(am, "ref.id").v.u, 4711, "of the event");
	is_str(fake_text_in(am, "process.user.name"), "root", "with the name");
	is_str(fake_text_in(am, "process.user.source"), "host", "and the source");
	begin_host(f);
	fake_u64(f, "process.uid", 0);
	fake_u64(f, "process.euid", 0);
	fake_u64(f, "file.uid", 0);
	fake_u64(f, "process.loginuid", 0);
	process(f);
	is_str(fake_text(f, "process.user.name"), "root", "the second event has it at once");
	is_str(fake_text(f, "process.effective_user.name"), "root", "the effective user too");
	is_str(fake_text(f, "file.owner"), "root", "the owner too");
	is_str(fake_text(f, "process.login_user.name"), "root", "the login user too");
	is_str(fake_text(f, "process.user.source"), "host", "with the source");
	is_str(fake_text(f, "process.group.name"), NULL, "an absent id has no name");
	is_int((int)f->n_sent, 1, "without an amendment");

	begin_host(f);
	am = ask(f, NO_SUCH_ID);
	is_str(fake_text_in(am, "process.user.name"), NULL, "an id without an account");
	is_str(fake_text_in(am, "process.user.source"), "host", "is answered");
	begin_host(f);
	fake_u64(f, "process.uid", NO_SUCH_ID);
	process(f);
	is_str(status_name(f, "process.user.name"), "absent", "and remembered");
	is_int((int)fake_count(f, "none"), 1, "one had none");
	is_int((int)fake_count(f, "known"), 1, "one had one");
	is_int((int)fake_count(f, "entries"), 2, "both are remembered");
	fake_close(f);
}

static void test_kinds(void)
{
	struct fake *f = open_with("");
	struct fake_event *am;

	fake_begin(f, WEIR_EV_chown);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "process.namespaces.mnt", ino("/proc/self/ns/mnt"));
	fake_u64(f, "process.uid", NO_SUCH_ID);
	fake_u64(f, "process.gid", 0);
	fake_u64(f, "chown.uid", 0);
	fake_u64(f, "chown.gid", 0);
	fake_u64(f, "file.gid", NO_SUCH_ID);
	process(f);
	is_str(status_name(f, "chown.owner"), "pending", "a new owner");
	am = fake_wait_sent(f, 0);
	is_str(fake_text_in(am, "process.group.name"), "root", "a group");
	is_str(fake_text_in(am, "chown.owner"), "root", "a new owner");
	is_str(fake_text_in(am, "chown.group"), "root", "a new group");
	is_str(fake_text_in(am, "file.group"), NULL, "a group without a name");
	is_int((int)fake_count(f, "amended"), 1, "all in one amendment");
	begin_host(f);
	process(f);
	is_int((int)fake_count(f, "lookups"), 4, "each id was looked up once");
	fake_close(f);
}

static void test_replay(void)
{
	struct fake *f;

	live = 0;
	f = open_with("");
	live = WEIR_SETUP_LIVE;
	begin_host(f);
	fake_u64(f, "process.uid", 0);
	process(f);
	is_str(status_name(f, "process.user.name"), "absent", "nothing is said in a replay");
	is_str(status_name(f, "process.user.source"), "absent", "nor by whom");
	is_int((int)f->n_emitted, 0, "and nothing asked");
	fake_close(f);
}

/* ---- containers ------------------------------------------------------------------*/

static void test_container(void)
{
	struct fake *f = open_with("");
	struct fake_event *am;

	begin_container(f);
	fake_u64(f, "file.gid", 50);
	am = ask(f, 33);
	is_str(fake_text_in(am, "process.user.name"), "web", "a user of a container");
	is_str(fake_text_in(am, "file.group"), "staff", "and a group");
	is_str(fake_text_in(am, "process.user.source"), "own", "from its own files");
	begin_host(f);
	am = ask(f, NO_SUCH_ID);
	begin_container(f);
	fake_u64(f, "process.loginuid", 33);
	fake_u64(f, "process.uid", 33);
	process(f);
	is_str(status_name(f, "process.login_user.name"), "pending", "who logged in is of the host");
	fake_wait_sent(f, 2);

	/* A new passwd, which the event tells. */
	put("77/root/etc/passwd", "other:x:33:33::/:/bin/sh\n");
	fake_begin(f, WEIR_EV_rename);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "outcome", WEIR_OUTCOME_SUCCESS);
	fake_u64(f, "process.namespaces.mnt", ino(in_dir("77/ns/mnt")));
	fake_u64(f, "process.namespaces.user", ino(in_dir("77/ns/user")));
	fake_u64(f, "process.pid", PID);
	fake_str(f, "target.path", "/etc/passwd");
	am = ask(f, 33);
	is_str(fake_text_in(am, "process.user.name"), "other", "a change is noticed");
	is_int((int)fake_count(f, "changes"), 1, "and counted");
	fake_close(f);
}

/* A container before it has a root of its own: /proc/77/root leads to the host's files. */
static void test_young(void)
{
	static const uint64_t later_ms[] = { 5, 40, 200, 1000 };
	struct fake *f = open_with("");
	unsigned i;

	if (rename(in_dir("77/root"), in_dir("77/aside")) || symlink("/", in_dir("77/root")))
		fake_fail("rename", "root");
	begin_container(f);
	is_str(fake_text_in(ask(f, 0), "process.user.source"), "host", "the host's files");
	now_ns += later_ms[0] * 1000000;
	begin_container(f);
	fake_u64(f, "process.uid", 0);
	process(f);
	is_str(fake_text(f, "process.user.source"), "host", "are believed for a moment");
	for (i = 1; i < 4; i++) {
		now_ns += later_ms[i] * 1000000;
		begin_container(f);
		is_str(fake_text_in(ask(f, 0), "process.user.source"), "host", "and again");
	}
	now_ns += 1000000000;
	begin_container(f);
	fake_u64(f, "process.uid", 0);
	process(f);
	is_str(fake_text(f, "process.user.source"), "host", "for longer when it stays so");
	unlink(in_dir("77/root"));
	if (rename(in_dir("77/aside"), in_dir("77/root")))
		fake_fail("rename", "aside");
	now_ns += 10000000000u;
	begin_container(f);
	is_str(fake_text_in(ask(f, 0), "process.user.source"), "own", "but not for ever");
	fake_close(f);
}

static void test_mapped(void)
{
	static const char *const names[] = { "other", "", "root", "" };
	static const uint32_t ids[] = { 100033, 33, 100000, 165536 };
	struct fake *f = open_with("");
	struct fake_event *am;
	unsigned i;

	put("77/root/etc/passwd", "other:x:33:33::/:/bin/sh\nroot:x:0:0::/:\n");
	put("77/uid_map", "         0     100000      65536\n");
	for (i = 0; i < 4; i++) {
		begin(f, ino(in_dir("77/ns/mnt")), ino(in_dir("77/ns/user")), PID);
		am = ask(f, ids[i]);
		is_str(fake_text_in(am, "process.user.name"), *names[i] ? names[i] : NULL,
		       "%u is mapped", ids[i]);
		is_str(fake_text_in(am, "process.user.source"), "mapped", "and said to be");
	}
	put("77/uid_map", "         0          0 4294967295\n");
	fake_close(f);
}

/* The numbers of namespaces are used again. */
static void test_reused(void)
{
	struct fake *f = open_with("");
	uint32_t mnt = ino(in_dir("77/ns/mnt"));

	put("77/root/etc/passwd", "old:x:33:33::/:\n");
	begin_container(f);
	fake_u64(f, "process.cgroup.id", 1);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "old", "a container");
	put("77/root/etc/passwd", "new:x:33:33::/:\n");
	begin_container(f);
	fake_u64(f, "process.cgroup.id", 1);
	fake_u64(f, "process.uid", 33);
	process(f);
	is_str(fake_text(f, "process.user.name"), "old", "is remembered");
	begin_container(f);
	fake_u64(f, "process.cgroup.id", 2);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "new", "another cgroup, another one");
	fake_begin(f, WEIR_EV_namespace);
	fake_u64(f, "time", now_ns);
	fake_u64(f, "process.namespaces.mnt", ino("/proc/self/ns/mnt"));
	fake_u64(f, "namespace.types", 0x20000);
	fake_u64(f, "namespace.via", WEIR_NS_UNSHARE);
	fake_u64(f, "namespace.mnt", mnt);
	process(f);
	begin_container(f);
	fake_u64(f, "process.cgroup.id", 1);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "new", "a new namespace is new");
	fake_close(f);
}

/* What is mounted in a container may cover its accounts. */
static void test_mounts(void)
{
	struct fake *f = open_with("");
	uint32_t mnt = ino(in_dir("77/ns/mnt")), user = ino(in_dir("77/ns/user"));

	put("77/root/etc/passwd", "old:x:33:33::/:\n");
	begin_container(f);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "old", "before a mount");
	put("77/root/etc/passwd", "new:x:33:33::/:\n");
	begin_type(f, WEIR_EV_mount, mnt, user, PID);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "new", "a mount: asked again");
	put("77/root/etc/passwd", "newer:x:33:33::/:\n");
	begin_type(f, WEIR_EV_umount, mnt, user, PID);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "newer", "an umount: the same");
	fake_close(f);
}

static void check_error(struct fake *f, const char *what)
{
	struct fake_event *am = ask(f, 33);

	is_int(fake_get_in(am, "process.user.name").status, WEIR_ERROR, "%s", what);
}

static void test_hostile(void)
{
	struct fake *f = open_with("max_size=64");
	const char *passwd = in_dir("77/root/etc/passwd");
	char path[256];

	snprintf(path, sizeof(path), "%s", passwd);
	begin(f, ino(in_dir("77/ns/mnt")) + 1, USER_NS_INITIAL, PID);
	check_error(f, "a process in another namespace");
	begin(f, 12345, USER_NS_INITIAL, 78);
	check_error(f, "a process that is gone");
	unlink(path);
	now_ns += 60000000000u;
	if (mkfifo(path, 0644))
		fake_fail("mkfifo", path);
	begin_container(f);
	check_error(f, "a fifo");
	unlink(path);
	now_ns += 60000000000u;
	put("77/root/etc/passwd", "web:x:33:33:a long line, longer than we care to read at all, and then some::\n\n\n");
	begin_container(f);
	check_error(f, "a file that is too large");
	unlink(path);
	now_ns += 60000000000u;
	put("outside", "web:x:33:33::/:\n");
	if (symlink("../../../outside", path))
		fake_fail("symlink", path);
	begin_container(f);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), NULL, "a link that leads out");
	unlink(path);
	put("77/root/inside", "web:x:33:33::/:\n");
	if (symlink("/inside", path))
		fake_fail("symlink", path);
	now_ns += 600000000000u;
	begin_container(f);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "web", "a link within");
	unlink(path);
	fake_close(f);
}

/* ---- time, room ------------------------------------------------------------------*/

static void test_ttl(void)
{
	struct fake *f = open_with("");
	unsigned i;

	put("77/root/etc/passwd", "web:x:33:33::/:\n");
	begin_container(f);
	ask(f, 33);
	begin_container(f);
	process(f);
	put("77/root/etc/passwd", "new:x:33:33::/:\n");
	now_ns += 4000000000u;
	begin_container(f);
	fake_u64(f, "process.uid", 33);
	process(f);
	is_str(fake_text(f, "process.user.name"), "web", "a young name is believed");
	is_int((int)fake_count(f, "refreshed"), 0, "without asking");
	now_ns += 2000000000u;
	begin_container(f);
	fake_u64(f, "process.uid", 33);
	process(f);
	is_str(fake_text(f, "process.user.name"), "web", "an old one, too");
	is_int((int)fake_count(f, "refreshed"), 1, "but it is asked for");
	for (i = 0; i < 60000 && fake_count(f, "lookups") < 2; i++) {
		begin_container(f);
		process(f);
		usleep(1000);
	}
	begin_container(f);
	fake_u64(f, "process.uid", 33);
	process(f);
	is_str(fake_text(f, "process.user.name"), "new", "and then renewed");
	now_ns += 20000000000u;
	begin_container(f);
	is_str(fake_text_in(ask(f, 33), "process.user.name"), "new", "a very old one is not");
	fake_close(f);
}

/* While the helper is held, nothing but the first event's names are found out. */
static void test_full(void)
{
	struct fake *f = open_with("max_waiting=3");
	unsigned i;

	f->hold = true;
	begin_host(f);
	fake_u64(f, "process.uid", 0);
	process(f);
	fake_wait_held(f);
	for (i = 0; i < 5; i++) {
		begin_host(f);
		fake_u64(f, "process.uid", NO_SUCH_ID);
		process(f);
		is_str(status_name(f, "process.user.name"), i < 3 ? "pending" : "skipped",
		       "event %u", i);
	}
	is_int((int)fake_count(f, "skipped"), 2, "what was skipped is counted");
	is_int((int)f->n_emitted, 4, "four amendments were begun");
	begin_host(f);
	fake_u64(f, "process.uid", 0);
	process(f);
	is_str(fake_text(f, "process.user.name"), "root", "what is known is said all the same");
	fake_release(f, 4);
	fake_wait_sent(f, 3);
	for (i = 0; i < 4; i++)
		is_str(fake_text_in(fake_sent(f, i), "process.user.source"), "host", "amendment %u", i);
	begin_host(f);
	process(f);
	is_int((int)fake_count(f, "lookups"), 2, "an id that many wait for is looked up once");

	f->max_emit = 0;
	begin_host(f);
	fake_u64(f, "process.uid", NO_SUCH_ID - 1);
	process(f);
	is_str(status_name(f, "process.user.name"), "pending", "no amendment is to be had");
	is_int((int)fake_count(f, "not_amended"), 1, "which is counted");
	fake_close(f);
}

/* What the helper has not come to is answered in close. */
static void test_close(void)
{
	struct fake *f = open_with("");

	f->hold = true;
	begin_host(f);
	fake_u64(f, "process.uid", 0);
	process(f);
	fake_wait_held(f);
	begin_host(f);
	fake_u64(f, "process.uid", NO_SUCH_ID);
	process(f);
	fake_release(f, 2);
	f->plugin->close(f->inst);
	f->inst = NULL;
	is_int((int)f->n_sent, 2, "what is left is sent");
	ok(fake_get_in(fake_sent(f, 1), "process.user.name").status == WEIR_TIMEOUT ||
	   fake_get_in(fake_sent(f, 1), "process.user.source").status == WEIR_PRESENT,
	   "with an answer, or as not found in time");
	fake_close(f);
}

static void test_adopt(void)
{
	struct fake *old = open_with("ttl=10m"), *new = open_with("ttl=5m"),
		    *small = open_with("max_entries=16");

	begin_host(old);
	ask(old, 0);
	begin_host(old);
	process(old);
	is_int(fake_adopt(small, old), -1, "another size begins cold");
	is_int(fake_adopt(new, old), 0, "the same size takes over");
	begin_host(new);
	fake_u64(new, "process.uid", 0);
	process(new);
	is_str(fake_text(new, "process.user.name"), "root", "what was known");
	begin_host(old);
	ask(old, 0);
	is_int(fake_adopt(old, new), 0, "and back");
	fake_close(small);
	fake_close(old);
	fake_close(new);
}

/* ---- parts -----------------------------------------------------------------------*/

static void test_files(void)
{
	static const struct { const char *text; uint32_t id; const char *name; } rows[] = {
		{ "root:x:0:0:::\nweb:x:33:33:::\n", 33, "web" },
		{ "root:x:0:0:::\nweb:x:33:33:::", 33, "web" },
		{ "a:x:33:33:::\nb:x:33:33:::\n", 33, "a" },
		{ "+a:x:33:33:::\n-b:x:33:33:::\n#c:x:33:::\nd:x:33:::\n", 33, "d" },
		{ "  a:x:33:33:::\n", 33, "a" },
		{ ":x:33:33:::\n", 33, NULL },
		{ "a:x:\n", 0, NULL },
		{ "a:x:0\n", 0, "a" },
		{ "a:x:33x:33:::\n", 33, NULL },
		{ "a:x:4294967295:::\nb:x:99999999999:::\n", 4294967295u, "a" },
		{ "a\n\n::\n:::\n", 0, NULL },
		{ "", 0, NULL },
		{ "a:x: 33:33:::\n", 33, "a" },
	};
	struct idanswer a;
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&a, 0, sizeof(a));
		idfile_find(rows[i].text, strlen(rows[i].text), rows[i].id, &a);
		is_str(a.state == IDNAME_KNOWN ? a.text : NULL, rows[i].name, "passwd %u", i);
	}
}

static void test_maps(void)
{
	static const struct {
		const char *text; uint32_t id; bool found, same; uint32_t inside;
	} rows[] = {
		{ "0 0 4294967295\n", 5, true, true, 5 },
		{ "0 1000 1\n1 100000 65536\n", 1000, true, false, 0 },
		{ "0 1000 1\n1 100000 65536\n", 100000, true, false, 1 },
		{ "0 1000 1\n1 100000 65536\n", 165536, false, false, 0 },
		{ "0 1000 1\n1 100000 65536\n", 999, false, false, 0 },
		{ "nonsense\n", 0, false, true, 0 },
		{ "", 0, false, true, 0 },
	};
	unsigned i;
	uint32_t inside;
	bool same, found;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		inside = 0;
		found = idfile_map(rows[i].text, strlen(rows[i].text), rows[i].id, &inside, &same);
		is_int(found, rows[i].found, "map %u: found", i);
		is_int(same, rows[i].same, "map %u: same", i);
		is_int((int)inside, (int)rows[i].inside, "map %u: inside", i);
	}
}

static void test_bound(void)
{
	struct idcache *c = idcache_new(1000, 1);
	struct idanswer a = { .state = IDNAME_KNOWN, .len = 4, .text = "name" };
	struct idkey key = { .mnt = 1 };
	unsigned evicted = 0, i;

	for (i = 0; i < 100000; i++) {
		key.id = i;
		evicted += idcache_put(c, &key, &a, i);
	}
	is_int((int)idcache_count(c), (int)idcache_max(c), "a cache is full, and no more");
	is_int((int)evicted, 100000 - (int)idcache_max(c), "what is forgotten is told");
	ok(idcache_get(c, &key, i), "the last one is there");
	idcache_drop(c, 2);
	is_int((int)idcache_count(c), (int)idcache_max(c), "other accounts stay");
	idcache_drop(c, 1);
	is_int((int)idcache_count(c), 0, "these are gone");
	idcache_free(c);
}

static void clean(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		fake_fail("cannot remove", dir);
}

int main(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_identity.XXXXXX");
	if (!mkdtemp(dir))
		fake_fail("mkdtemp", dir);
	make_folders();
	test_files();
	test_maps();
	test_bound();
	test_host();
	test_kinds();
	test_replay();
	test_container();
	test_young();
	test_mapped();
	test_reused();
	test_mounts();
	test_hostile();
	test_ttl();
	test_full();
	test_close();
	test_adopt();
	clean();
	return done_testing();
}
