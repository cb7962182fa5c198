/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the enricher `acl`: stories of events, and what each of them says. */
#include <pwd.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static uint32_t live;
#define FAKE_LIVE live
#include "../example/fake.h"
#include <weir/findfile.h>

#include "memo.h"
#include "sidmap.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

#define UO	"01000600ffffffff"
#define GO	"04000400ffffffff"
#define OTHER	"20000400ffffffff"
#define U1001	"02000700e9030000"
#define MASK	"10000500ffffffff"
#define ACL3	"02000000" UO GO OTHER
#define ACL5	"02000000" UO U1001 GO MASK OTHER
#define CAP	"0100000200002000000000000000000000000000"
/* DACL: Everyone, full control; then NULL. */
#define SD	"01000480 00000000 00000000 00000000 14000000 02001c00 01000000 00001400 ff011f00 010100000000000100000000"
#define SD_NULL	"01000480 00000000 00000000 00000000 00000000"

#define UNTOLD	99	/* an outcome that no hook told */

/* One event, and what it must carry: "-": absent, NULL: do not look. */
struct step {
	uint16_t type;
	uint32_t inode, mode;
	const char *name;	/* xattr's, or access/default */
	const char *value;	/* hex; NULL: removed */
	const char *old;	/* set_acl: hex, "none", or NULL: unknown */
	uint32_t a, b, c, d;	/* chmod, chattr: old, new; chown: old and new uid, gid */
	uint16_t outcome;
	const char *status, *old_status, *summary, *change, *risk;
};

static uint32_t from_hex(const char *hex, uint8_t *out)
{
	uint32_t n = 0;
	unsigned byte;

	for (; *hex; hex += 2) {
		while (*hex == ' ')
			hex++;
		if (sscanf(hex, "%2x", &byte) == 1)
			out[n++] = (uint8_t)byte;
	}
	return n;
}

static void put_value(struct fake *f, const char *field, const char *hex, uint32_t marks)
{
	uint8_t bytes[512];

	fake_bytes(f, field, bytes, from_hex(hex, bytes), marks);
}

static void begin(struct fake *f, const struct step *s)
{
	uint8_t bytes[512];

	fake_begin(f, s->type);
	fake_u64(f, "outcome", s->outcome == UNTOLD ? WEIR_OUTCOME_UNKNOWN :
		 s->outcome ? s->outcome : WEIR_OUTCOME_SUCCESS);
	fake_u64(f, "file.inode", s->inode);
	fake_u64(f, "file.dev", 8 << 20 | 1);
	fake_u64(f, "file.mode", s->mode ? s->mode : 0100644);
	fake_u64(f, "file.uid", 0);
	fake_u64(f, "file.gid", 0);
	fake_u64(f, "file.nlink", 1);
	switch (s->type) {
	case WEIR_EV_chmod:
		fake_u64(f, "chmod.old_mode", s->a);
		fake_u64(f, "chmod.mode", s->b);
		break;
	case WEIR_EV_chown:
		fake_u64(f, "chown.old_uid", s->a);
		fake_u64(f, "chown.old_gid", s->b);
		fake_u64(f, "chown.uid", s->c);
		fake_u64(f, "chown.gid", s->d);
		break;
	case WEIR_EV_chattr:
		fake_u64(f, "chattr.old_flags", s->a);
		fake_u64(f, "chattr.flags", s->b);
		break;
	case WEIR_EV_setxattr:
		fake_str(f, "xattr.name", s->name);
		put_value(f, "xattr.value", s->value, 0);
		fake_u64(f, "xattr.size", from_hex(s->value, bytes));
		break;
	case WEIR_EV_removexattr:
		fake_str(f, "xattr.name", s->name);
		break;
	case WEIR_EV_set_acl:
		fake_u64(f, "acl.kind", s->name[0] == 'd' ? WEIR_ACL_DEFAULT : WEIR_ACL_ACCESS);
		fake_u64(f, "acl.action", s->value ? WEIR_ACL_SET : WEIR_ACL_REMOVE);
		fake_u64(f, "acl.old_state", !s->old ? WEIR_OLD_UNKNOWN :
			 strcmp(s->old, "none") ? WEIR_OLD_PRESENT : WEIR_OLD_NONE);
		if (s->value)
			put_value(f, "acl.value", s->value, 0);
		if (s->old && strcmp(s->old, "none"))
			put_value(f, "acl.old_value", s->old, 0);
		break;
	}
}

static void check(struct fake *f, const char *field, const char *want, const char *title)
{
	const char *got = fake_text(f, field);

	if (want)
		is_str(got ? got : "-", want, "%s: %s", title, field);
}

static void check_step(struct fake *f, const struct step *s, const char *title)
{
	begin(f, s);
	is_int(fake_process(f), WEIR_CONTINUE, "%s", title);
	check(f, "acl.status", s->status, title);
	check(f, "acl.old_status", s->old_status, title);
	check(f, "acl.summary", s->summary, title);
	check(f, "acl.change", s->change, title);
	check(f, "acl.risk", s->risk, title);
}

static const struct {
	const char *title;
	struct step steps[5];
} stories[] = {
	{ "chmod", {
		{ WEIR_EV_chmod, 1, .a = 0100755, .b = 0104755, .status = "ok", .old_status = "kernel",
		  .summary = "Mode 0755 -> 4755 (-rwsr-xr-x): setuid added: the program runs as its owner root (0)",
		  .change = "setuid added: the program runs as its owner root (0)", .risk = "setuid_root" },
		{ WEIR_EV_chmod, 1, .a = 0104755, .b = 0104755, .status = "ok",
		  .summary = "Mode 4755 (-rwsr-xr-x): no change", .change = "-", .risk = "-" },
		{ WEIR_EV_chmod, 1, .a = 0100644, .b = 0100666, .outcome = WEIR_OUTCOME_FAILURE,
		  .summary = "Refused: Mode 0644 -> 0666 (-rw-rw-rw-): group gains write; others gain write",
		  .risk = "world_writable" } } },
	{ "chown takes set-id bits", {
		{ WEIR_EV_setxattr, 2, .name = "security.capability", .value = CAP, .status = "ok",
		  .old_status = "unknown", .risk = "capability:cap_sys_admin",
		  .summary = "File capabilities: cap_sys_admin (permitted, effective)" },
		{ WEIR_EV_chown, 2, .mode = 0106755, .a = 0, .b = 0, .c = 33, .d = ACL_NO_ID,
		  .summary = "Mode 6755 -> 0755 (-rwxr-xr-x): set-id bits removed by the kernel; file capabilities "
		  "removed by the kernel; setuid removed; setgid removed; owner root (0) -> 33",
		  .old_status = "kernel", .risk = "-" },
		{ WEIR_EV_setxattr, 2, .name = "security.capability", .value = CAP, .status = "ok",
		  .old_status = "remembered",
		  .summary = "File capabilities: cap_sys_admin (permitted, effective); was: none" },
		{ WEIR_EV_chown, 3, .mode = 042755, .a = 0, .b = 0, .c = ACL_NO_ID, .d = 33,
		  .summary = "Mode 2755 (drwxr-sr-x): group root (0) -> 33" } } },
	{ "inode flags", {
		{ WEIR_EV_chattr, 9, .a = 0x10, .b = 0x80020, .status = "ok", .old_status = "kernel",
		  .summary = "File attributes: immutable removed; append only added",
		  .change = "immutable removed; append only added", .risk = "immutable_removed" },
		{ WEIR_EV_chattr, 9, .a = 0x20, .b = 0x80040, .outcome = WEIR_OUTCOME_FAILURE,
		  .summary = "Refused: File attributes: append only removed", .risk = "append_only_removed" },
		{ WEIR_EV_chattr, 9, .a = 0, .b = 0x80040, .change = "-", .risk = "-",
		  .summary = "File attributes: no change" } } },
	{ "a POSIX ACL", {
		{ WEIR_EV_set_acl, 4, .name = "access", .value = ACL5, .old = "none", .status = "ok",
		  .old_status = "kernel", .summary = "Access ACL: access ACL added; user 1001 added with rwx "
		  "(effective r-x); mask added with r-x" },
		{ WEIR_EV_chmod, 4, .a = 0100654, .b = 0100644, .summary = "Mode 0654 -> 0644 (-rw-r--r--): "
		  "by the mask of the ACL, user 1001 has r--, had r-x; group loses execute" },
		{ WEIR_EV_set_acl, 4, .name = "access", .value = ACL5, .status = "ok", .old_status = "remembered",
		  .summary = "Access ACL: mask r-- -> r-x; by the mask, user 1001 gains execute" },
		{ WEIR_EV_set_acl, 4, .name = "access", .value = NULL, .old = ACL5, .status = "removed",
		  .old_status = "kernel", .summary = "Access ACL: access ACL removed; user 1001 removed, had rwx "
		  "(effective r-x); mask removed, had r-x" },
		{ WEIR_EV_set_acl, 4, .mode = 040755, .name = "default", .value = ACL5, .old_status = "unknown",
		  .summary = "Default ACL: owner rw-, user 1001 rwx, owning group r--, mask r-x and 1 more",
		  .change = "-" } } },
	{ "descriptors", {
		{ WEIR_EV_setxattr, 5, .name = "system.ntfs_security", .value = SD, .old_status = "unknown",
		  .risk = "everyone_full_control", .summary = "Owner not set; DACL: 1 entry: allow Everyone "
		  "(S-1-1-0) Full control" },
		{ WEIR_EV_setxattr, 5, .name = "system.ntfs_security", .value = SD_NULL, .old_status = "remembered",
		  .risk = "null_dacl", .summary = "Security descriptor: DACL set -> none: everyone has full access; "
		  "removed: allow Everyone (S-1-1-0) Full control" },
		{ WEIR_EV_setxattr, 5, .name = "system.ntfs_security", .value = "0200", .status = "malformed",
		  .old_status = "remembered", .summary = "Security descriptor: no security descriptor of revision 1",
		  .change = "-", .risk = "-" },
		{ WEIR_EV_removexattr, 5, .name = "system.ntfs_security", .status = "removed" } } },
	{ "the file is another one", {
		{ WEIR_EV_setxattr, 6, .name = "security.selinux", .value = "753a723a61", .old_status = "unknown" },
		{ WEIR_EV_unlink, 6, .status = "-" },
		{ WEIR_EV_setxattr, 6, .name = "security.selinux", .value = "753a723a62", .old_status = "unknown",
		  .summary = "SELinux label: u:r:b" },
		{ WEIR_EV_setxattr, 6, .name = "security.selinux", .value = "753a723a63", .old_status = "remembered",
		  .summary = "SELinux label: type b -> c" },
		{ WEIR_EV_removexattr, 6, .name = "security.selinux", .status = "removed",
		  .summary = "SELinux label: label removed" } } },
	{ "what is refused, or not known, is not remembered", {
		{ WEIR_EV_setxattr, 7, .name = "security.selinux", .value = "753a723a61", .old_status = "unknown" },
		{ WEIR_EV_setxattr, 7, .name = "security.selinux", .value = "753a723a62",
		  .outcome = WEIR_OUTCOME_FAILURE, .old_status = "remembered",
		  .summary = "Refused: SELinux label: type a -> b" },
		{ WEIR_EV_setxattr, 7, .name = "security.selinux", .value = "753a723a63",
		  .outcome = UNTOLD, .old_status = "remembered" },
		{ WEIR_EV_setxattr, 7, .name = "security.selinux", .value = "753a723a64", .old_status = "unknown" } } },
	{ "no concern", {
		{ WEIR_EV_setxattr, 8, .name = "user.x", .value = "00", .status = "-", .summary = "-" },
		{ WEIR_EV_setxattr, 8, .name = "security.ima", .value = "00", .status = "ok",
		  .summary = "Integrity metadata changed" } } },
};

static void test_stories(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		struct fake *f = fake_open(&weir_plugin, "", NULL);

		for (k = 0; k < 5 && stories[i].steps[k].type; k++)
			check_step(f, &stories[i].steps[k], stories[i].title);
		fake_close(f);
	}
}

static void test_texts(void)
{
	struct step s = { WEIR_EV_set_acl, 1, .name = "access", .value = ACL5, .old = ACL3 };
	struct fake *f = fake_open(&weir_plugin, "", NULL);

	check_step(f, &s, "texts");
	is_str(fake_text(f, "acl.text"), "Access ACL (mask r-x)\n  owner        rw-\n"
	       "  user 1001    rwx  effective r-x\n  owning group r--\n  others       r--", "new");
	is_str(fake_text(f, "acl.old_text"), "Access ACL\n  owner        rw-\n  owning group r--\n"
	       "  others       r--", "old");
	is_str(fake_text(f, "acl.format"), "posix_acl", "format");
	fake_close(f);
}

static void test_limits(void)
{
	struct step s = { WEIR_EV_setxattr, 1, .name = "system.ntfs_security", .value = SD };
	struct fake *f = fake_open(&weir_plugin, "max_size=64 max_text=256 remember=8", NULL);
	uint8_t large[100] = { 1 };
	struct weir_value v;

	begin(f, &s);
	fake_process(f);
	v = fake_get(f, "acl.text");
	is_int(v.status, WEIR_PRESENT, "a short text is whole");
	fake_begin(f, WEIR_EV_setxattr);
	fake_str(f, "xattr.name", "system.ntfs_security");
	fake_bytes(f, "xattr.value", large, 40, WEIR_STR_TRUNCATED);
	fake_u64(f, "xattr.size", 5000);
	fake_process(f);
	is_str(fake_text(f, "acl.status"), "truncated", "a part of a value is not malformed");
	is_str(fake_text(f, "acl.summary"), "Security descriptor of 5000 bytes, of which 40 are known",
	       "and says so");
	fake_begin(f, WEIR_EV_setxattr);
	fake_str(f, "xattr.name", "system.ntfs_security");
	fake_bytes(f, "xattr.value", large, 100, 0);
	fake_u64(f, "xattr.size", 100);
	fake_process(f);
	is_str(fake_text(f, "acl.status"), "too_large", "a large value");
	is_int((int)fake_count(f, "too_large"), 1, "is counted");
	fake_close(f);

	f = fake_open(&weir_plugin, "min_size=65", NULL);
	begin(f, &s);
	fake_process(f);
	ok(!fake_text(f, "acl.status"), "a small value is left to another instance");
	s = (struct step){ WEIR_EV_chmod, 1, .a = 0100644, .b = 0100600 };
	begin(f, &s);
	fake_process(f);
	ok(!fake_text(f, "acl.status"), "and so are modes");
	fake_close(f);
}

static void test_no_room(void)
{
	struct step s = { WEIR_EV_set_acl, 1, .name = "access", .value = ACL5, .old = "none" };
	struct fake *f = fake_open(&weir_plugin, "", NULL);

	begin(f, &s);
	f->store.arena_used = sizeof(f->store.arena) - 64;
	is_int(fake_process(f), WEIR_CONTINUE, "an event without memory");
	is_int(fake_get(f, "acl.text").status, WEIR_ERROR, "says that a text is missing");
	is_int(fake_get(f, "acl.change").status, WEIR_ERROR, "and a list");
	ok(fake_count(f, "no_room") >= 2, "and it is counted");
	fake_close(f);
}

static void test_renamed(void)
{
	struct step s = { WEIR_EV_setxattr, 1, .name = "user.NTACL", .value = "0700", .status = "malformed" };
	struct fake *f = fake_open(&weir_plugin, "ntacl=user.other,user.NTACL", NULL);

	check_step(f, &s, "an attribute of another name");
	is_str(fake_text(f, "acl.format"), "ntacl", "is an NTACL");
	is_str(fake_text(f, "acl.rule"), "N1", "and breaks a rule");
	fake_close(f);
}

static void test_adopt(void)
{
	struct step s = { WEIR_EV_setxattr, 9, .name = "security.selinux", .value = "753a723a61" };
	struct fake *a = fake_open(&weir_plugin, "", NULL), *b = fake_open(&weir_plugin, "max_text=1024", NULL);
	struct fake *c = fake_open(&weir_plugin, "remember=16", NULL);

	check_step(a, &s, "before");
	is_int(fake_adopt(b, a), 0, "a new instance takes over");
	s.old_status = "remembered";
	check_step(b, &s, "after");
	is_int(fake_adopt(c, b), -1, "but not into another size");
	fake_close(a);
	fake_close(b);
	fake_close(c);
}

/* ---- files at first sight -------------------------------------------------------------------*/

static void test_memo_read(void)
{
	struct memo_attr_read attrs[] = { { 1, { (const uint8_t *)"one", 3 } },
		{ 2, { (const uint8_t *)"of twenty bytes here", 20 } }, { 3, { NULL, 0 } } };
	struct memo_key k = { .dev = 1, .ino = 1, .gen = 7 }, other = { .dev = 1, .ino = 1, .gen = 8 };
	struct memo *m = memo_new(16, 16);
	struct memo_value got = { .read = false };

	ok(!memo_was_read(m, &k), "a file that was not read");
	memo_read(m, &k, 100, attrs, 3);
	ok(memo_was_read(m, &k), "now it was");
	ok(!memo_was_read(m, &other), "but not another generation of it");
	k.attr = 1;
	ok(memo_get(m, &k, 100, &got) == MEMO_PRESENT && got.read && got.bytes.len == 3, "a value");
	is_int(memo_get(m, &k, 99, &got), MEMO_UNKNOWN, "is unknown for what was before");
	k.gen = 0;
	is_int(memo_get(m, &k, 100, &got), MEMO_PRESENT, "a generation that is not known fits");
	k.gen = 7;
	k.attr = 2;
	is_int(memo_get(m, &k, 100, &got), MEMO_UNKNOWN, "one that is too long is not known");
	k.attr = 3;
	is_int(memo_get(m, &k, 100, &got), MEMO_UNKNOWN, "nor one that could not be read");
	k.attr = 4;
	ok(memo_get(m, &k, 100, &got) == MEMO_NONE && got.read, "what it had not, it has not");
	is_int(memo_get(m, &k, 99, &got), MEMO_UNKNOWN, "before, that is not known");
	memo_put(m, &k, MEMO_UNKNOWN, (struct acl_bytes){ 0 });
	is_int(memo_get(m, &k, 100, &got), MEMO_UNKNOWN, "nor after a change of unknown outcome");
	k.attr = 1;
	memo_put(m, &k, MEMO_PRESENT, attrs[0].value);
	memo_read(m, &k, 200, attrs, 0);
	k.attr = 1;
	ok(memo_get(m, &k, 150, &got) == MEMO_PRESENT && !got.read, "what an event told, stays");
	memo_free(m);
}

static uint64_t boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return weir_find_ns(&t);
}

/* An event about the file at `path`, which is there. */
static void begin_real(struct fake *f, uint16_t type, const char *path, uint64_t time)
{
	struct stat st;

	if (stat(path, &st))
		fake_fail("cannot stat", path);
	fake_begin(f, type);
	fake_u64(f, "time", time);
	fake_u64(f, "outcome", WEIR_OUTCOME_SUCCESS);
	fake_u64(f, "process.pid", (uint64_t)getpid());
	fake_str(f, "file.path", path);
	fake_u64(f, "file.inode", st.st_ino);
	fake_u64(f, "file.dev", weir_find_dev(major(st.st_dev), minor(st.st_dev)));
	fake_u64(f, "file.mode", st.st_mode);
	fake_u64(f, "file.nlink", 1);
}

/* Files come back when an event comes by. */
static void wait_for(struct fake *f, const char *counter, uint64_t n)
{
	int i;

	for (i = 0; i < 10000 && fake_count(f, counter) < n; i++) {
		fake_begin(f, WEIR_EV_rmdir);
		fake_process(f);
		usleep(1000);
	}
	is_int((int)fake_count(f, counter), (int)n, "%s: %d", counter, (int)n);
}

static void change_real(struct fake *f, const char *path, const char *name, uint64_t time)
{
	begin_real(f, WEIR_EV_setxattr, path, time);
	fake_str(f, "xattr.name", name);
	put_value(f, "xattr.value", "0100010000000200" SD_NULL, 0);
	fake_u64(f, "xattr.size", 28);
	fake_process(f);
}

static void test_sight(void)
{
	char path[] = "/tmp/test_acl.XXXXXX", sd[512];
	uint64_t before = boot_ns();
	int fd = mkstemp(path);
	struct fake *f;

	live = WEIR_SETUP_LIVE;
	f = fake_open(&weir_plugin, "ntacl=user.A,user.B,user.C", NULL);
	live = 0;
	if (fd < 0 || fsetxattr(fd, "user.A", sd, from_hex("0300 0300 0000 0000", (uint8_t *)sd), 0)) {
		tap_skip("a file at first sight", "no attributes on the file system of /tmp");
	} else {
		begin_real(f, WEIR_EV_open, path, boot_ns());
		is_int(fake_process(f), WEIR_CONTINUE, "a file is opened");
		ok(!fake_text(f, "acl.status"), "which is no change");
		wait_for(f, "read", 1);
		change_real(f, path, "user.B", before);
		is_str(fake_text(f, "acl.old_status"), "unknown", "what was before reading is not known");
		change_real(f, path, "user.C", boot_ns());
		is_str(fake_text(f, "acl.old_status"), "read", "what was after is: there was none");
		is_str(fake_text(f, "acl.old_text"), "Security descriptor: none", "and this is told");
		change_real(f, path, "user.B", boot_ns());
		is_str(fake_text(f, "acl.old_status"), "remembered", "a change is remembered");
		is_int((int)fake_count(f, "read"), 1, "it is read once");
		unlink(path);
		begin_real(f, WEIR_EV_open, "/proc/self/exe", 1);
		fake_str(f, "file.path", path);
		fake_process(f);
		wait_for(f, "unread", 1);
	}
	close(fd);
	unlink(path);
	fake_close(f);
}

/* ---- names of ids -----------------------------------------------------------------------------*/

static uint32_t my_ns(void)
{
	struct stat st;

	return stat("/proc/self/ns/mnt", &st) ? 0 : (uint32_t)st.st_ino;
}

/* uid 1 is daemon on every Debian; nobody has the other one. */
static void chown_by(struct fake *f, uint32_t ns, uint32_t uid, const char *change)
{
	struct step s = { WEIR_EV_chown, 1, .mode = 0100644, .a = 0, .b = 0, .c = uid, .d = ACL_NO_ID };

	begin(f, &s);
	fake_u64(f, "process.namespaces.mnt", ns);
	fake_process(f);
	is_str(fake_text(f, "acl.change"), change, "%s", change);
}

static void test_names(void)
{
	struct passwd *pw = getpwuid(1);
	char named[128];
	struct fake *f;
	int i;

	live = WEIR_SETUP_LIVE;
	f = fake_open(&weir_plugin, "read=0", NULL);
	live = 0;
	snprintf(named, sizeof(named), "owner root (0) -> %s (1)", pw ? pw->pw_name : "-");
	chown_by(f, my_ns(), 1, "owner root (0) -> 1");
	for (i = 0; i < 10000 && !strstr(fake_text(f, "acl.summary"), named); i++) {
		struct step s = { WEIR_EV_chown, 1, .mode = 0100644, .c = 1, .d = ACL_NO_ID };

		begin(f, &s);
		fake_u64(f, "process.namespaces.mnt", my_ns());
		fake_process(f);
		usleep(1000);
	}
	chown_by(f, my_ns(), 1, named);
	chown_by(f, my_ns() + 1, 1, "owner root (0) -> 1");
	is_int((int)fake_count(f, "names"), 3, "each id is asked about once: user 0 and 1, group 0");
	fake_close(f);
	f = fake_open(&weir_plugin, "names=false", NULL);
	chown_by(f, my_ns(), 1, "owner root (0) -> 1");
	is_int((int)fake_count(f, "names"), 0, "nobody is asked");
	fake_close(f);
}

/* An owner of a domain: S-1-5-21-7-8-9-1105, or -1106. */
static const char *owned_by(struct fake *f, const char *rid)
{
	struct step s = { WEIR_EV_setxattr, 1, .name = "system.ntfs_security" };
	char sd[128];

	snprintf(sd, sizeof(sd), "01000080 14000000 00000000 00000000 00000000 0105000000000005"
		 "15000000070000000800000009000000%s", rid);
	s.value = sd;
	begin(f, &s);
	fake_process(f);
	return fake_text(f, "acl.text");
}

static void test_winbind(void)
{
	const char *build = getenv("WEIR_BUILD");
	char options[512];
	struct fake *f;
	int i;

	live = WEIR_SETUP_LIVE;
	snprintf(options, sizeof(options), "read=0 winbind=%s/tests/tools/.libs/wbcfake.so",
		 build ? build : ".");
	f = fake_open(&weir_plugin, options, NULL);
	ok(strstr(owned_by(f, "51040000"), "Owner: S-1-5-21-7-8-9-1105\n") != NULL,
	   "an account that was not asked for yet");
	owned_by(f, "52040000");
	for (i = 0; i < 10000 && !strstr(owned_by(f, "51040000"), "alice"); i++)
		usleep(1000);
	ok(strstr(owned_by(f, "51040000"), "Owner: CORP\\alice (S-1-5-21-7-8-9-1105)\n") != NULL,
	   "an account of a domain");
	ok(strstr(owned_by(f, "52040000"), "Owner: S-1-5-21-7-8-9-1106\n") != NULL,
	   "one that winbind has not");
	fake_close(f);
	f = fake_open(&weir_plugin, "winbind=/nothing.so", NULL);
	ok(!f->inst && strstr(f->log, "winbind: /nothing.so: "), "a library that is not there");
	fake_close(f);
	f = fake_open(&weir_plugin, "names=false winbind=libwbclient.so.0", NULL);
	ok(!f->inst && strstr(f->log, "winbind needs names = true"), "without names");
	fake_close(f);
	live = 0;
}

/* ---- names of SIDs -------------------------------------------------------------------------*/

static const char *map_text(const char *text, struct sidmap *m, int *line)
{
	const char *why = NULL;

	*line = sidmap_parse(m, strdup(text), strlen(text), &why);
	return why ? why : "";
}

static void test_sidmap(void)
{
	static const struct { const char *text, *why; int line; } bad[] = {
		{ "S-1-5-21-1-2-3", "a SID without a name", 1 },
		{ "\nCORP S-1-5-21-1-2-3", "a line does not begin with a SID", 2 },
		{ "BA x", "a line does not begin with a SID", 1 },
		{ "S-1-5-21-1-2-3x y", "a SID without a name", 1 },
		{ "S-1-5-21-1-2-3 a\x01", "a name is too long or no text", 1 },
		{ "S-1-5-21-1-2-3 a\xff", "a name is too long or no text", 1 },
	};
	static const uint8_t corp[] = { 1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0 };
	uint8_t user[28], admins[28];
	struct sid s = { .p = user };
	char text[128];
	struct sidmap m;
	struct put o;
	size_t i;
	int line;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		is_str(map_text(bad[i].text, &m, &line), bad[i].why, "a map: %s", bad[i].why);
		is_int(line, bad[i].line, "in line %d", bad[i].line);
		sidmap_fini(&m);
	}
	is_str(map_text("# names\n\nS-1-5-21-1-2-3-1105 CORP\\alice b\r\n  S-1-5-21-1-2-3\tCORP\n", &m, &line), "",
	       "a map that is fine");
	is_int(m.names.n, 2, "two names");
	memcpy(user, corp, sizeof(corp));
	user[1] = 5;
	le32_put(user + 24, 1105);
	memcpy(admins, user, sizeof(user));
	le32_put(admins + 24, 512);
	put_init(&o, text, sizeof(text) - 1);
	sid_put_full(&o, &s, &m.names);
	PUT(&o, ", ");
	s.p = admins;
	sid_put_full(&o, &s, &m.names);
	text[o.len] = 0;
	is_str(text, "CORP\\alice b (S-1-5-21-1-2-3-1105), CORP\\Domain Admins (S-1-5-21-1-2-3-512)",
	       "an account's name, and a domain's");
	sidmap_fini(&m);
}

static void test_open(void)
{
	char path[] = "/tmp/weir-sids-XXXXXX", options[64];
	int fd = mkstemp(path);
	struct fake *f;

	ok(fd >= 0 && write(fd, "S-1-1-0 All\nX y\n", 16) == 16, "a file of names");
	close(fd);
	snprintf(options, sizeof(options), "sids=%s", path);
	f = fake_open(&weir_plugin, options, NULL);
	ok(!f->inst && strstr(f->log, ":2: a line does not begin with a SID"), "a wrong one is refused");
	fake_close(f);
	f = fake_open(&weir_plugin, "sids=/tmp", NULL);
	ok(!f->inst, "a folder, too");
	fake_close(f);
	unlink(path);
	f = fake_open(&weir_plugin, options, NULL);
	ok(!f->inst && strstr(f->log, "No such file"), "and one that is not there");
	fake_close(f);
}

/* ---- memory of values ------------------------------------------------------------------------*/

static void test_memo(void)
{
	struct memo *m = memo_new(16, 8);
	struct acl_bytes v = { (const uint8_t *)"12345678", 8 };
	struct memo_key k = { .dev = 1, .ino = 1, .attr = 1 };
	struct memo_value got;
	unsigned i, n = 0;

	is_int(memo_get(m, &k, 10, &got), MEMO_UNKNOWN, "nothing is known");
	memo_put(m, &k, MEMO_PRESENT, v);
	ok(memo_get(m, &k, 10, &got) == MEMO_PRESENT && got.bytes.len == 8 && !memcmp(got.bytes.p, "12345678", 8),
	   "a value");
	memo_put(m, &k, MEMO_NONE, (struct acl_bytes){ 0 });
	is_int(memo_get(m, &k, 10, &got), MEMO_NONE, "it is gone");
	v.len = 9;
	v.p = (const uint8_t *)"123456789";
	memo_put(m, &k, MEMO_PRESENT, v);
	is_int(memo_get(m, &k, 10, &got), MEMO_UNKNOWN, "one that is too long is not known");
	v.len = 4;
	for (k.ino = 1; k.ino <= 100; k.ino++)
		memo_put(m, &k, MEMO_PRESENT, v);
	for (k.ino = 1; k.ino <= 100; k.ino++)
		n += memo_get(m, &k, 10, &got) == MEMO_PRESENT;
	ok(n <= 16 && n >= 8, "at most so many are kept");
	is_int((long long)memo_entries(m), n, "and counted");
	is_int((long long)(memo_entries(m) + memo_evicted(m)), 100, "with those that went");
	k.ino = 100;
	for (i = 1; i < 4; i++) {
		k.attr = i;
		memo_put(m, &k, MEMO_PRESENT, v);
	}
	memo_forget(m, 1, 100);
	for (n = 0, i = 1; i < 4; i++) {
		k.attr = i;
		n += memo_get(m, &k, 10, &got) != MEMO_UNKNOWN;
	}
	is_int(n, 0, "all attributes of an inode are forgotten");
	memo_free(m);
}

int main(void)
{
	test_stories();
	test_texts();
	test_limits();
	test_no_room();
	test_renamed();
	test_adopt();
	test_sidmap();
	test_open();
	test_memo();
	test_memo_read();
	test_sight();
	test_names();
	test_winbind();
	return done_testing();
}
