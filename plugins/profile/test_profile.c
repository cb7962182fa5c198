/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the enricher `profile`, through its callbacks. */
#include <weir/plugin.h>

#include <fcntl.h>
#include <sched.h>
#include <time.h>

static uint32_t setup_flags;
#define FAKE_LIVE	setup_flags
#include "../example/fake.h"
#include "pstore.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

#define S	1000000000ull

static const struct weir_field_def before[] = {
	{ .name = "container.id", .kind = WEIR_KIND_STR },
	{ .name = "container.runtime", .kind = WEIR_KIND_STR },
	{ .name = "container.name", .kind = WEIR_KIND_STR },
	{ .name = "container.image.name", .kind = WEIR_KIND_STR },
	{ .name = "container.image.tag", .kind = WEIR_KIND_STR },
	{ .name = "systemd.unit", .kind = WEIR_KIND_STR },
	{ .name = "systemd.owner.uid", .kind = WEIR_KIND_UID },
	{ .name = NULL },
};

static char dir[] = "/tmp/weir-profile-XXXXXX";
static uint64_t now_s;		/* of the next event */

/* ---- events ----------------------------------------------------------------------*/

static void begin(struct fake *f, uint16_t type, uint64_t key, const char *exe)
{
	fake_begin(f, type);
	fake_u64(f, "time", now_s * S);
	fake_u64(f, "process.start", 1 * S);
	fake_u64(f, "process.key", key);
	fake_u64(f, "process.euid", 0);
	fake_u64(f, "process.cgroup.id", 9);
	fake_str(f, "process.exe.path", exe);
}

static void in_image(struct fake *f, const char *image, const char *tag)
{
	fake_str(f, "container.id", "c1");
	fake_str(f, "container.runtime", "docker");
	if (image)
		fake_str(f, "container.image.name", image);
	if (tag)
		fake_str(f, "container.image.tag", tag);
}

static const char *run(struct fake *f, uint64_t key, uint64_t parent, const char *exe)
{
	begin(f, WEIR_EV_exec, key, exe);
	fake_u64(f, "process.parent.key", parent);
	in_image(f, "web", "1.4");
	fake_process(f);
	return fake_text(f, "profile.state");
}

static const char *do_file(struct fake *f, uint64_t key, const char *exe, const char *path)
{
	begin(f, WEIR_EV_unlink, key, exe);
	fake_str(f, "file.path", path);
	in_image(f, "web", "1.4");
	fake_process(f);
	return fake_text(f, "profile.state");
}

static void fork_of(struct fake *f, uint64_t key, uint64_t child, const char *exe)
{
	begin(f, WEIR_EV_fork, key, exe);
	fake_u64(f, "child.key", child);
	in_image(f, "web", "1.4");
	fake_process(f);
}

static bool is_known(struct fake *f)
{
	return fake_get(f, "profile.known").v.u;
}

static struct fake *open_one(uint32_t flags, const char *options)
{
	char text[512];

	setup_flags = flags;
	snprintf(text, sizeof(text), "state=%s %s", dir, options);
	now_s = 1000;
	return fake_open(&weir_plugin, text, before);
}

/* ---- learning --------------------------------------------------------------------*/

static void test_life(void)
{
	struct fake *f = open_one(0, "");

	is_str(run(f, 5, 1, "/usr/sbin/nginx"), "learning", "the first program is learnt");
	ok(!is_known(f), "it was not known");
	is_str(fake_text(f, "profile.name"), "image:web", "the profile");
	is_str(fake_text(f, "profile.version"), "1.4", "its version");
	fork_of(f, 5, 6, "/usr/sbin/nginx");
	is_str(do_file(f, 6, "/usr/sbin/nginx", "/var/run/nginx.pid"), "learning",
	       "a file of a child");
	now_s += 900;
	is_str(run(f, 7, 6, "/usr/sbin/nginx"), "stable", "after a quiet time");
	ok(is_known(f), "it is known");
	is_int(fake_get(f, "profile.item").status, WEIR_ABSENT, "nothing is to be told");
	fork_of(f, 6, 8, "/usr/sbin/nginx");
	is_str(run(f, 8, 6, "/bin/sh"), "stable", "a shell");
	ok(!is_known(f), "is not known");
	is_str(fake_text(f, "profile.item"), "/bin/sh", "what it is");
	is_str(fake_text(f, "profile.item_kind"), "program", "of what kind");
	is_str(fake_text(f, "profile.process"), "/usr/sbin/nginx", "who has begun it");
	is_int((int)fake_get(f, "profile.programs").v.u, 0, "and what else that did");
	is_int((int)fake_get(f, "profile.age_s").v.u, 900, "the profile's age");
	is_int((int)fake_get(f, "profile.events").v.u, 2, "events before it");
	is_str(do_file(f, 8, "/bin/sh", "/etc/x"), "stable", "what the shell does");
	ok(!is_known(f) && !fake_get(f, "profile.process_known").v.u,
	   "is that of an unknown program");
	is_str(do_file(f, 6, "/usr/sbin/nginx", "/var/run/other"), "stable", "another file");
	is_str(fake_text(f, "profile.near"), "/var/run", "in a folder that is known");
	is_int((int)fake_count(f, "unknown"), 3, "counted");
	fake_close(f);
}

static void test_drift(void)
{
	struct fake *f = open_one(0, "");

	run(f, 5, 1, "/usr/sbin/nginx");
	now_s += 900;
	run(f, 5, 1, "/usr/sbin/nginx");
	begin(f, WEIR_EV_exec, 15, "/bin/new");
	fake_u64(f, "process.cgroup.id", 10);
	in_image(f, "web", "1.5");
	fake_process(f);
	is_str(fake_text(f, "profile.state"), "learning", "a new version learns");
	ok(fake_get(f, "profile.drift").v.u, "and is told to have drifted");
	is_int(fake_get(f, "profile.process").status, WEIR_ABSENT, "nothing has begun it");
	fake_close(f);
}

static void test_warm_up(void)
{
	struct fake *f = open_one(0, "");

	run(f, 5, 1, "/usr/sbin/nginx");
	now_s += 900;
	is_str(run(f, 5, 1, "/usr/sbin/nginx"), "stable", "stable");
	begin(f, WEIR_EV_exec, 25, "/bin/init");
	fake_u64(f, "process.start", now_s * S);
	fake_u64(f, "process.cgroup.id", 11);
	in_image(f, "web", "1.4");
	fake_process(f);
	is_str(fake_text(f, "profile.state"), "warming_up", "whose beginning was never seen");
	ok(!fake_get(f, "profile.drift").v.u, "which is no drift");
	is_str(run(f, 5, 1, "/usr/sbin/nginx"), "stable", "the others stay stable");
	fake_close(f);
}

/* ---- whose -----------------------------------------------------------------------*/

static void test_pending(void)
{
	struct fake *f = open_one(0, "");

	begin(f, WEIR_EV_exec, 5, "/entry");
	in_image(f, NULL, NULL);
	f->store.added[fake_slot(f, "container.image.name") - f->n_wire].status = WEIR_PENDING;
	fake_process(f);
	is_int(fake_get(f, "profile.name").status, WEIR_ABSENT, "the image is not known yet");
	is_str(run(f, 5, 1, "/usr/sbin/nginx"), "learning", "then it is");
	is_str(fake_text(f, "profile.process"), "/entry", "and what was before is not forgotten");
	fake_close(f);
}

static const char *whose(struct fake *f, const char *unit, uint64_t uid, const char *exe)
{
	begin(f, WEIR_EV_exec, 5, exe);
	fake_str(f, "container.runtime", "none");
	if (unit)
		fake_str(f, "systemd.unit", unit);
	if (uid)
		fake_u64(f, "systemd.owner.uid", uid);
	fake_process(f);
	return fake_text(f, "profile.name");
}

static void test_whose(void)
{
	struct fake *f = open_one(0, "workloads=container,unit,user");

	is_str(whose(f, "cron.service", 0, "/x"), "unit:cron.service", "a service");
	is_str(whose(f, "getty@tty1.service", 0, "/x"), "unit:getty@.service", "of a template");
	is_str(whose(f, "session-3.scope", 1000, "/x"), "user:1000", "a user");
	is_str(whose(f, "init.scope", 0, "/x"), NULL, "none");
	fake_close(f);
	f = open_one(0, "workloads=unit");
	is_str(whose(f, "session-3.scope", 1000, "/x"), NULL, "users were not asked for");
	is_str(run(f, 5, 1, "/x"), NULL, "nor were containers");
	fake_close(f);
	f = open_one(0, "");
	is_str(run(f, 5, 1, "/usr/bin/runc"), NULL, "what a runtime does is nobody's");
	fake_close(f);
	f = open_one(0, "workloads=pod");
	ok(!f->inst && strstr(f->log, "pod"), "an unknown word is refused: %s", f->log);
	fake_close(f);
	f = open_one(0, "types=exec,smell");
	ok(!f->inst && strstr(f->log, "smell"), "of types, too: %s", f->log);
	fake_close(f);
}

/* ---- types -----------------------------------------------------------------------*/

static const struct {
	uint16_t type;
	const char *field, *text;	/* NULL: none */
	const char *number;		/* a field, NULL: none; set to: */
	uint64_t is;
	const char *item, *kind, *of;	/* NULL: it is not looked up */
} types[] = {
	{ WEIR_EV_open, "file.path", "/etc/a", "open.flags", WEIR_OPEN_READ, "/etc/a", "file",
		"file" },
	{ WEIR_EV_open, "file.path", "/etc/b", "open.flags", WEIR_OPEN_PATH, NULL, NULL, NULL },
	{ WEIR_EV_create, "file.path", "/tmp/x.Ab12Cd", NULL, 0, "/tmp/x.*", "file", "file" },
	{ WEIR_EV_create, "file.path", "/tmp/y.Ab12Cd", "create.mode", 0755, "/tmp/y.Ab12Cd",
		"file", "file" },
	{ WEIR_EV_link, "target.path", "/new", NULL, 0, "/new", "file", "file" },
	{ WEIR_EV_rename, "target.path", "/newer", NULL, 0, "/newer", "file", "file" },
	{ WEIR_EV_chmod, "file.path", "/m", NULL, 0, "/m", "file", "file" },
	{ WEIR_EV_mmap_exec, "file.path", "/lib/l.so.6", NULL, 0, "/lib/l.so.6", "file", "file" },
	{ WEIR_EV_dns_query, "dns.question.name", "a.b.Example.com", "dns.question.type", 1,
	  "b.example.com type 1", "name", "dns" },
	{ WEIR_EV_connect, "socket.path", "/run/x.sock", NULL, 0, "/run/x.sock", "socket",
		"connect" },
	{ WEIR_EV_signal, "target.process.exe.path", "/bin/b", "signal.number", 9,
		"signal 9 to /bin/b",
	  "signal", "signal" },
	{ WEIR_EV_ptrace, "target.process.exe.path", "/bin/b", NULL, 0, "/bin/b", "tracing",
		"signal" },
	{ WEIR_EV_module_load, "module.name", "evil", NULL, 0, "evil", "module", "module" },
	{ WEIR_EV_credentials, NULL, NULL, "credentials.euid", 7,
		"effective user 7, capabilities 0x0",
	  "credentials", "credentials" },
	{ WEIR_EV_mount, "file.path", "/mnt", NULL, 0, " at /mnt", "mount", "mount" },
	{ WEIR_EV_syscall, NULL, NULL, "syscall.name", 424, "pidfd_send_signal", "system call",
		"syscall" },
	{ WEIR_EV_capability, NULL, NULL, "capability.name", 21, "CAP_SYS_ADMIN", "capability",
		"capability" },
	{ WEIR_EV_unlink, NULL, NULL, NULL, 0, NULL, NULL, NULL },
	{ WEIR_EV_memfd, "memfd.name", "x", NULL, 0, NULL, NULL, NULL },
};

/* The kernel side costs something with each system call: only where it is asked for. */
static void test_default_types(void)
{
	struct fake *f = open_one(0, "");

	run(f, 5, 1, "/p");
	begin(f, WEIR_EV_syscall, 5, "/p");
	in_image(f, "web", "1.4");
	fake_u64(f, "syscall.name", 424);
	fake_process(f);
	is_str(fake_text(f, "profile.name"), "image:web", "a system call has a profile");
	is_str(fake_text(f, "profile.state"), NULL, "which does not look it up unasked");
	fake_close(f);
}

static void test_types(void)
{
	struct fake *f = open_one(0, "types=exec,file,dns,connect,bind,signal,module,credentials,"
				     "mount,syscall,capability");
	size_t i;

	run(f, 5, 1, "/p");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		begin(f, types[i].type, 5, "/p");
		in_image(f, "web", "1.4");
		if (types[i].field)
			fake_str(f, types[i].field, types[i].text);
		if (types[i].number)
			fake_u64(f, types[i].number, types[i].is);
		fake_process(f);
		is_str(fake_text(f, "profile.item"), types[i].item, "row %zu: what", i);
		is_str(fake_text(f, "profile.item_kind"), types[i].kind, "row %zu: kind", i);
		is_str(fake_text(f, "profile.type"), types[i].of, "row %zu: type", i);
		if (types[i].type == WEIR_EV_capability)
			is_str(fake_text(f, "profile.near"), NULL, "no number is near another");
	}
	fake_close(f);
}

static void test_network(void)
{
	struct weir_ip ip = { .family = 2, .addr = { 10, 1, 2, 3 } };
	struct fake *f = open_one(0, "");
	int i;

	run(f, 5, 1, "/p");
	for (i = 0; i < 3; i++) {
		ip.addr[3] = (uint8_t)(10 + i);
		ip.addr[2] = (uint8_t)(i == 2 ? 9 : 2);
		begin(f, WEIR_EV_connect, 5, "/p");
		in_image(f, "web", "1.4");
		memcpy(f->rec + f->ev.offs[fake_slot(f, "destination.ip")], &ip, sizeof(ip));
		fake_u64(f, "destination.port", 443);
		fake_u64(f, "socket.protocol", 6);
		fake_process(f);
		if (i == 1)
			ok(is_known(f), "another address of a network is known");
		else
			is_str(fake_text(f, "profile.item"), i ? "10.1.9.0/24 port 443 tcp" :
			       "10.1.2.0/24 port 443 tcp", "a network");
	}
	is_str(fake_text(f, "profile.near"), "10.1.2.0/24 port 443 tcp", "the one most like it");
	fake_close(f);
}

static void test_exec_facts(void)
{
	struct fake *f = open_one(0, "");

	run(f, 5, 1, "/p");
	now_s += 900;
	begin(f, WEIR_EV_exec, 5, "/p");
	fake_u64(f, "process.euid", 33);
	in_image(f, "web", "1.4");
	fake_process(f);
	is_str(fake_text(f, "profile.item"), "user 33", "a program of another user");
	is_str(fake_text(f, "profile.process"), "/p", "itself is known");
	begin(f, WEIR_EV_exec, 5, "/p");
	fake_str(f, "exec.script.path", "/srv/s.sh");
	in_image(f, "web", "1.4");
	fake_process(f);
	is_str(fake_text(f, "profile.item"), "/srv/s.sh", "with a script");
	is_str(fake_text(f, "profile.item_kind"), "script", "it is told so");
	begin(f, WEIR_EV_exec, 6, "/bin/busybox");
	fake_bytes(f, "process.args", "/bin/wget\0-q", 13, 0);
	in_image(f, "web", "1.4");
	fake_process(f);
	is_str(fake_text(f, "profile.item"), "/bin/busybox wget", "one of many programs in one");
	begin(f, WEIR_EV_exec, 6, "");
	fake_bytes(f, "process.exe.path", "/a", 2, WEIR_STR_TRUNCATED);
	in_image(f, "web", "1.4");
	fake_process(f);
	is_str(fake_text(f, "profile.item"), "/?",
	       "a path that is not known is not taken for known");
	begin(f, WEIR_EV_exec, 5, "/q");
	fake_u64(f, "outcome", WEIR_OUTCOME_BLOCKED);
	in_image(f, "web", "1.4");
	fake_process(f);
	is_int(fake_get(f, "profile.known").status, WEIR_ABSENT,
	       "what was blocked is not looked up");
	fake_close(f);
}

/* ---- files -----------------------------------------------------------------------*/

/* Until its profile is there. */
static const char *run_loaded(struct fake *f, uint64_t key, const char *exe)
{
	const char *state = run(f, key, 1, exe);

	while (state && !strcmp(state, "loading")) {
		sched_yield();
		state = run(f, key, 1, exe);
	}
	return state;
}

static void test_restart(void)
{
	struct fake *f = open_one(WEIR_SETUP_LIVE, "");
	char path[128];
	int fd;

	now_s = (uint64_t)time(NULL);
	is_str(run(f, 5, 1, "/usr/sbin/nginx"), "loading", "a profile is looked for");
	is_str(fake_text(f, "profile.name"), "image:web", "which one");
	is_str(run_loaded(f, 5, "/usr/sbin/nginx"), "learning", "there is none");
	is_int((int)fake_count(f, "new"), 1, "it begins");
	fake_close(f);
	f = open_one(WEIR_SETUP_LIVE, "");
	now_s = (uint64_t)time(NULL);
	is_str(run_loaded(f, 5, "/usr/sbin/nginx"), "learning", "after a restart");
	ok(is_known(f), "what was learnt is known");
	is_int((int)fake_count(f, "loaded"), 1, "from its file");
	fake_close(f);
	snprintf(path, sizeof(path), "%s/image%%3aweb.profile", dir);
	fd = open(path, O_RDWR);
	ok(fd >= 0 && pwrite(fd, "x", 1, 50) == 1, "the file is damaged");
	close(fd);
	f = open_one(WEIR_SETUP_LIVE, "");
	now_s = (uint64_t)time(NULL);
	run_loaded(f, 5, "/usr/sbin/nginx");
	is_int((int)fake_count(f, "damaged"), 1, "nothing of it is used");
	ok(strstr(f->log, "checksum"), "and it is told: %s", f->log);
	fake_close(f);
	unlink(path);
	strcat(path, ".damaged");
	is_int(unlink(path), 0, "it was set aside");
}

static void test_unload(void)
{
	struct fake *f = open_one(WEIR_SETUP_LIVE, "unload=1m");
	char path[128];

	now_s = (uint64_t)time(NULL) - 1000;
	run_loaded(f, 5, "/usr/sbin/nginx");
	weir_plugin.tick(f->inst, 0);
	is_int((int)fake_count(f, "unloaded"), 1, "one that is not used leaves the memory");
	is_str(run(f, 5, 1, "/usr/sbin/nginx"), "loading", "and is read when it is needed");
	run_loaded(f, 5, "/usr/sbin/nginx");
	ok(is_known(f), "with all that it knew");
	is_int((int)fake_count(f, "saved"), 1, "it was written");
	fake_close(f);
	snprintf(path, sizeof(path), "%s/image%%3aweb.profile", dir);
	is_int(unlink(path), 0, "its file");
}

static void test_no_room(void)
{
	struct fake *f = open_one(0, "max_profiles=1");

	run(f, 5, 1, "/p");
	begin(f, WEIR_EV_exec, 5, "/p");
	in_image(f, "other", "1");
	fake_process(f);
	is_int(fake_get(f, "profile.name").status, WEIR_ABSENT, "a second one has no place");
	is_int((int)fake_count(f, "no_room"), 1, "which is counted");
	fake_close(f);
}

static void test_adopt(void)
{
	struct fake *a = open_one(0, ""), *b = open_one(0, "max_processes=100"),
		*c = open_one(0, "max_size=1M");

	run(a, 5, 1, "/usr/sbin/nginx");
	fork_of(a, 5, 6, "/usr/sbin/nginx");
	is_int(fake_adopt(b, a), 0, "a reload");
	do_file(b, 6, "/usr/sbin/nginx", "/x");
	is_str(fake_text(b, "profile.process"), "/usr/sbin/nginx",
	       "profile and processes have moved");
	is_int((int)fake_get(b, "profile.process_known").v.u, 1, "the process is known");
	is_int(fake_adopt(c, b), 0, "another");
	is_int(fake_adopt(b, c), 0, "taken back");
	do_file(b, 6, "/usr/sbin/nginx", "/x");
	ok(is_known(b), "nothing was lost");
	fake_close(a);
	fake_close(b);
	fake_close(c);
}

static void test_adopt_loading(void)
{
	struct fake *a = open_one(WEIR_SETUP_LIVE, ""), *b = open_one(WEIR_SETUP_LIVE, "");
	char path[128];

	now_s = (uint64_t)time(NULL);
	run(a, 5, 1, "/usr/sbin/nginx");
	is_int(fake_adopt(b, a), 0, "a reload, while a profile is being read");
	is_str(run_loaded(b, 5, "/usr/sbin/nginx"), "learning", "it is asked for once more");
	fake_close(a);
	fake_close(b);
	snprintf(path, sizeof(path), "%s/image%%3aweb.profile", dir);
	is_int(unlink(path), 0, "it was saved");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	test_life();
	test_drift();
	test_warm_up();
	test_pending();
	test_whose();
	test_default_types();
	test_types();
	test_network();
	test_exec_facts();
	test_restart();
	test_unload();
	test_no_room();
	test_adopt();
	test_adopt_loading();
	is_int(rmdir(dir), 0, "no file is left");
	return done_testing();
}
