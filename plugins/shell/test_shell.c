/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin `shell`: symbols of real and of damaged files, which processes are
 * shells, and what is probed of one that runs. That lines come is shown by
 * tests/live/test_shell.sh.
 */
#define FAKE_LIVE WEIR_SETUP_LIVE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elfsym.h"
#include "../example/fake.h"
#include "shells.h"
#include "tap.h"
#include "target.h"

extern const struct weir_plugin weir_plugin;
extern char **environ;

/* ---- symbols -------------------------------------------------------------------*/

__attribute__((noinline, used)) static int test_shell_landmark(int i)
{
	return i * 4711 + 3;
}

static void test_symbols(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint8_t code[8] = { 0 };
	uint64_t offset = 0;

	is_int(elfsym_find(fd, "test_shell_landmark", &offset), 0, "a function of this program");
	ok(pread(fd, code, sizeof(code), (off_t)offset) == sizeof(code) &&
	   !memcmp(code, (const void *)(uintptr_t)test_shell_landmark, sizeof(code)),
	   "its code is there");
	is_int(elfsym_find(fd, "no_such_function", &offset), -ENOENT, "one that it has not");
	is_int(elfsym_find(fd, "", &offset), -ENOENT, "no name");
	close(fd);
	fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	is_int(elfsym_find(fd, "main", &offset), -ENOEXEC, "no ELF file");
	close(fd);
}

/* Cut anywhere, and with each byte of the header changed: an answer, always. */
static void test_damaged(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("elf", MFD_CLOEXEC);
	uint64_t offset, size;
	unsigned i, bad = 0;
	struct stat st;
	uint8_t *copy;
	int r;

	fstat(from, &st);
	size = (uint64_t)st.st_size;
	copy = malloc(size);
	if (!ok(copy && read(from, copy, size) == (ssize_t)size, "a copy"))
		return;
	for (i = 0; i < sizeof(Elf64_Ehdr); i++) {
		copy[i] ^= 0xff;
		if (pwrite(fd, copy, size, 0) != (ssize_t)size)
			break;
		r = elfsym_find(fd, "test_shell_landmark", &offset);
		bad += r > 0;
		copy[i] ^= 0xff;
	}
	is_int(i, sizeof(Elf64_Ehdr), "each byte of the header");
	if (pwrite(fd, copy, size, 0) != (ssize_t)size)
		bad++;
	for (i = 1; i < 64; i++) {
		if (ftruncate(fd, (off_t)(size - size * i / 64)))
			bad++;
		r = elfsym_find(fd, "no_such_function", &offset);
		bad += r >= 0;
	}
	is_int(bad, 0, "never taken for whole");
	free(copy);
	close(fd);
	close(from);
}

/* ---- which are shells --------------------------------------------------------------*/

static void test_kinds(void)
{
	static const struct {
		const char *path;
		uint32_t kind;
	} rows[] = {
		{ "/usr/bin/bash", WEIR_SHELL_BASH }, { "bash", WEIR_SHELL_BASH },
		{ "/bin/rbash", WEIR_SHELL_BASH }, { "/usr/bin/zsh", WEIR_SHELL_ZSH },
		{ "/usr/bin/dash", WEIR_SHELL_DASH }, { "/bin/bash/x", 0 }, { "/bin/xbash", 0 },
		{ "/bin/bash2", 0 }, { "/", 0 }, { "", 0 }, { "/usr/bin/python3", 0 },
	};
	size_t i;

	for (i = 0; i < WEIR_N_OF(rows); i++)
		is_int(shells_kind(rows[i].path, (uint32_t)strlen(rows[i].path)), rows[i].kind,
		       "kind of \"%s\"", rows[i].path);
}

static void test_input(void)
{
#define ARGS(text) text, sizeof(text)
	static const struct {
		const char *args;
		uint32_t len;
		bool reads;
	} rows[] = {
		{ ARGS("bash"), true }, { ARGS("-bash"), true }, { ARGS("bash\0-i"), true },
		{ ARGS("bash\0-l"), true }, { ARGS("bash\0--norc\0-i"), true },
		{ ARGS("bash\0script"), false }, { ARGS("bash\0-c\0ls"), false },
		{ ARGS("sh\0-ec\0ls"), false }, { ARGS("bash\0--rcfile\0/x"), true },
		{ ARGS("bash\0--rcfile"), true }, { ARGS("bash\0-o\0vi\0script"), false },
		{ ARGS("bash\0+o\0vi"), true }, { ARGS("bash\0-s\0arg"), true },
		{ ARGS("bash\0-x\0/etc/script"), false }, { ARGS("bash\0"), false },
		{ "", 0, true }, { "bash", 4, true },
	};
#undef ARGS
	size_t i;

	for (i = 0; i < WEIR_N_OF(rows); i++)
		is_int(shells_reads_input(rows[i].args, rows[i].len), rows[i].reads,
		       "row %zu: reads its input", i);
}

/* ---- processes ------------------------------------------------------------------------*/

static uint64_t start_of(pid_t pid)
{
	char path[64], line[1024], *p;
	unsigned long long ticks = 0;
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	p = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	for (i = 2; p && i < 22; i++)
		p = strchr(p + 1, ' ');
	if (p)
		ticks = strtoull(p + 1, NULL, 10);
	if (f)
		fclose(f);
	return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void test_target(void)
{
	struct target t = { (uint32_t)getpid(), start_of(getpid()) };
	struct stat a, b;
	int fd = target_exe(&t);

	ok(fd >= 0 && !fstat(fd, &a) && !stat("/proc/self/exe", &b) && a.st_ino == b.st_ino,
	   "the file of this process");
	close(fd);
	fd = target_library(&t, "libc.so");
	ok(fd >= 0 || fd == -EPERM, "its libc (%d)", fd);
	if (fd >= 0)
		close(fd);
	is_int(target_library(&t, "libnowhere"), -EAGAIN, "a library that it has not");
	t.start_ns += 10000000000u;
	is_int(target_exe(&t), -ESRCH, "another process with that pid");
	is_int(target_library(&t, "libnowhere"), -ESRCH, "nor its library");
	t.pid = 1u << 30;
	is_int(target_exe(&t), -ESRCH, "no process");
	ok(!target_has_tty(&t), "has no terminal");
}

/* ---- the plugin ---------------------------------------------------------------------------*/

/* A bash that waits for input which does not come. */
static pid_t bash_start(int *hold)
{
	char *argv[] = { (char *)"bash", NULL };
	posix_spawn_file_actions_t fa;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fds[0], 0);
	if (posix_spawn(&pid, "/bin/bash", &fa, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&fa);
	close(fds[0]);
	*hold = fds[1];
	return pid;
}

static void event(struct fake *f, uint16_t type, pid_t pid, const char *exe, const char *args,
		  uint32_t len)
{
	fake_begin(f, type);
	fake_u64(f, "process.pid", (uint64_t)pid);
	fake_u64(f, "process.key", 4711);
	fake_u64(f, "process.start", start_of(pid));
	fake_str(f, "process.exe.path", exe);
	if (args)
		fake_bytes(f, "process.args", args, len, 0);
	is_int(fake_process(f), WEIR_CONTINUE, "goes on");
}

static void test_plugin(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	uint64_t offset = 0;
	int hold = -1, fd;
	pid_t pid = bash_start(&hold);

	if (!ok(pid > 0 && f->inst, "bash runs"))
		return;
	event(f, WEIR_EV_exec, pid, "/usr/bin/true", "true", 5);
	event(f, WEIR_EV_exec, pid, "/usr/bin/bash", "bash\0-c\0ls", 11);
	is_int(f->n_probes, 0, "no shell, or one with -c: no probe");
	event(f, WEIR_EV_exec, pid, "/usr/bin/bash", "bash", 5);
	is_int(f->n_probes, 1, "a shell is probed");
	fd = open("/bin/bash", O_RDONLY | O_CLOEXEC);
	if (!elfsym_find(fd, "readline", &offset)) {
		is_int((long long)f->probed.offset, (long long)offset, "at its readline");
		is_int(f->probed.pid, 0, "in all processes");
	}
	close(fd);
	is_int((long long)f->probed.arg, WEIR_SHELL_BASH, "as bash");
	is_str(f->probed.name, "shell_line", "by the kernel's side for it");
	event(f, WEIR_EV_snapshot, pid, "/usr/bin/bash", NULL, 0);
	is_int(f->n_probes, 1, "a file once only");
	event(f, WEIR_EV_exit, pid, "/usr/bin/bash", NULL, 0);
	is_int(f->n_unprobes, 0, "and for ever");
	close(hold);
	waitpid(pid, NULL, 0);
	event(f, WEIR_EV_exec, pid, "/usr/bin/zsh", "zsh", 4);
	is_int((long long)fake_count(f, "failed"), 0, "one that has ended is no failure");
	fake_close(f);
}

static void test_refused(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	int hold = -1;
	pid_t pid = bash_start(&hold);

	f->probe_error = -ENOTSUP;
	event(f, WEIR_EV_exec, pid, "/usr/bin/bash", "bash", 5);
	is_int((long long)fake_count(f, "failed"), 1, "what cannot be probed is counted");
	ok(strstr(f->log, "shell_command"), "and why is said: %s", f->log);
	close(hold);
	waitpid(pid, NULL, 0);
	fake_close(f);
}

int main(void)
{
	test_symbols();
	test_damaged();
	test_kinds();
	test_input();
	test_target();
	test_plugin();
	test_refused();
	return done_testing();
}
