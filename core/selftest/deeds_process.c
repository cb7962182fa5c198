/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, memory, and the kernel's own objects. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/deed.h"

static const char *do_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return deed_failed("fork");
	return deed_result(waitpid(pid, NULL, 0), "waitpid");
}

static const char *do_signal(void)
{
	pid_t pid = deed_child();
	const char *why;

	if (pid < 0)
		return deed_failed("fork");
	why = deed_result(kill(pid, SIGTERM), "kill");
	deed_child_end(pid);
	return why;
}

static const char *do_ptrace(void)
{
	pid_t pid = deed_child();
	const char *why;

	if (pid < 0)
		return deed_failed("fork");
	why = deed_result(ptrace(PTRACE_SEIZE, pid, NULL, NULL), "ptrace");
	deed_child_end(pid);
	return why;
}

static const char *do_memfd(void)
{
	int fd = memfd_create("weir-self-test", MFD_CLOEXEC);
	const char *why = deed_result(fd, "memfd_create");

	if (fd >= 0)
		close(fd);
	return why;
}

/* Its own program, which is on a file system that programs may be on. */
static const char *do_mmap_exec(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	const char *why = NULL;
	void *p;

	if (fd < 0)
		return deed_failed("open");
	p = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		why = deed_failed("mmap");
	else
		munmap(p, page);
	close(fd);
	return why;
}

static const char *do_mprotect_exec(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *why;

	if (p == MAP_FAILED)
		return deed_failed("mmap");
	why = deed_result(mprotect(p, page, PROT_READ | PROT_EXEC), "mprotect");
	munmap(p, page);
	return why;
}

static const char *do_bpf(void)
{
	union bpf_attr attr;
	const char *why;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	snprintf(attr.map_name, sizeof(attr.map_name), "weir_self_test");
	fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	why = deed_result(fd, "bpf");
	if (fd >= 0)
		close((int)fd);
	return why;
}

static const char *do_cgroup(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;
	char path[64];
	size_t i;

	for (i = 0; i < 2; i++) {
		if (statfs(roots[i], &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		snprintf(path, sizeof(path), "%s/weir-self-test-%d", roots[i], (int)getpid());
		if (mkdir(path, 0700))
			return deed_failed("mkdir of a cgroup");
		return deed_result(rmdir(path), "rmdir of a cgroup");
	}
	return "there are no cgroups of version 2";
}

static const char *never(void)
{
	return "never done";
}

static const char *typed(void)
{
	return "takes somebody who types";
}

const struct deed deeds_process[] = {
	{ "fork", do_fork }, { "memfd", do_memfd }, { "mmap_exec", do_mmap_exec },
	{ "mprotect_exec", do_mprotect_exec }, { "signal", do_signal }, { "ptrace", do_ptrace },
	{ "bpf", do_bpf }, { "cgroup_mkdir", do_cgroup }, { "cgroup_rmdir", do_cgroup },
	{ "module_load", never }, { "shell_command", typed }, { NULL, NULL },
};
