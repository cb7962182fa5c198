/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on credentials and namespaces, and on other processes: see act.c.
 * Ids are set by system calls, of which each changes the calling thread only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "act.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static long id_of(const char *s) { return strtol(s, NULL, 10); }
static pid_t pid_of(const char *s) { return (pid_t)strtol(s, NULL, 10); }

/* ---- credentials -----------------------------------------------------------*/

static int do_setuid(char **a) { return act_done(syscall(SYS_setuid, id_of(a[0]))); }
static int do_setgid(char **a) { return act_done(syscall(SYS_setgid, id_of(a[0]))); }

/* setresuid REAL EFFECTIVE SAVED; -1 leaves one */
static int do_setresuid(char **a)
{
	return act_done(syscall(SYS_setresuid, id_of(a[0]), id_of(a[1]), id_of(a[2])));
}

/* seteuid-back UID: and root again */
static int do_seteuid_back(char **a)
{
	if (syscall(SYS_setresuid, -1, id_of(a[0]), -1))
		return errno;
	return act_done(syscall(SYS_setresuid, -1, 0, -1));
}

/* These two return the id before, whatever happens. */
static int do_setfsuid(char **a) { setfsuid((uid_t)id_of(a[0])); return 0; }
static int do_setfsgid(char **a) { setfsgid((gid_t)id_of(a[0])); return 0; }

/* setgroups-twice GID ...: the same list, in two calls */
static int do_setgroups_twice(char **a)
{
	gid_t list[100];
	long n;

	for (n = 0; a[n] && n < 100; n++)
		list[n] = (gid_t)id_of(a[n]);
	if (syscall(SYS_setgroups, n, list))
		return errno;
	return act_done(syscall(SYS_setgroups, n, list));
}

/* capset-drop CAPABILITY: from the effective ones */
static int do_capset_drop(char **a)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	long cap = id_of(a[0]);

	if (syscall(SYS_capget, &head, data))
		return errno;
	data[cap / 32].effective &= ~(1u << cap % 32);
	return act_done(syscall(SYS_capset, &head, data));
}

static int do_bounding_drop(char **a) { return act_done(prctl(PR_CAPBSET_DROP, id_of(a[0]))); }
static int do_securebits(char **a) { return act_done(prctl(PR_SET_SECUREBITS, id_of(a[0]))); }

static void *setuid_thread(void *uid)
{
	printf("%ld\n", syscall(SYS_gettid));
	return (void *)syscall(SYS_setuid, (long)uid);
}

/* thread-setuid UID: in a second thread alone; prints its id */
static int do_thread_setuid(char **a)
{
	pthread_t t;
	void *r;

	if (pthread_create(&t, NULL, setuid_thread, (void *)id_of(a[0])) ||
	    pthread_join(t, &r) || r)
		return EPERM;
	return getuid() ? EINVAL : 0;
}

/* ---- namespaces --------------------------------------------------------------*/

static const struct ns_name {
	const char *name;
	int flag;
} ns_names[] = {
	{ "mnt", CLONE_NEWNS }, { "net", CLONE_NEWNET }, { "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC }, { "pid", CLONE_NEWPID }, { "user", CLONE_NEWUSER },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME }, { "fs", CLONE_FS },
	{ NULL, 0 }
};

static int ns_flags(const char *s)
{
	char copy[128], *word, *save;
	const struct ns_name *n;
	int flags = 0;

	snprintf(copy, sizeof(copy), "%s", s);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		for (n = ns_names; n->name; n++)
			if (!strcmp(n->name, word))
				flags |= n->flag;
	return flags;
}

/* unshare NS,... OPERATION ... */
static int do_unshare(char **a)
{
	return unshare(ns_flags(a[0])) ? errno : act_run(a + 1);
}

/* setns PID NS,... OPERATION ...: of one by its file, of several at once */
static int do_setns(char **a)
{
	char path[64];
	int fd;

	if (strchr(a[1], ',')) {
		fd = (int)syscall(SYS_pidfd_open, pid_of(a[0]), 0);
	} else {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", a[0], a[1]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 || setns(fd, ns_flags(a[1])) ? errno : act_run(a + 2);
}

/* clone NS,...: a child in new ones, which ends; prints its pid */
static int do_clone(char **a)
{
	long pid = syscall(SYS_clone, ns_flags(a[0]) | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid((pid_t)pid, NULL, 0) != pid)
		return errno;
	printf("%ld\n", pid);
	return 0;
}

/* ns NAME ...: prints their numbers */
static int do_ns(char **a)
{
	char path[64];
	struct stat st;

	for (; *a; a++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", *a);
		if (stat(path, &st))
			return errno;
		printf("%lu\n", (unsigned long)st.st_ino);
	}
	/* A child does not do it at its end. */
	fflush(stdout);
	return 0;
}

/* ---- other processes -----------------------------------------------------------*/

/* pause: prints its pid and waits for its end */
static int do_pause(char **a)
{
	(void)a;
	printf("%d\n", getpid());
	fflush(stdout);
	while (pause())
		;
	return 0;
}

/* signal PID SIGNAL */
static int do_signal(char **a) { return act_done(kill(pid_of(a[0]), (int)id_of(a[1]))); }

static int do_tgkill(char **a)
{
	return act_done(syscall(SYS_tgkill, pid_of(a[0]), pid_of(a[0]), id_of(a[1])));
}

/* signal-self SIGNAL */
static int do_signal_self(char **a) { return act_done(kill(getpid(), (int)id_of(a[0]))); }

/* attach PID: traces it, and lets it go */
static int do_attach(char **a)
{
	pid_t pid = pid_of(a[0]);

	if (ptrace(PTRACE_ATTACH, pid, 0, 0))
		return errno;
	if (waitpid(pid, NULL, __WALL) != pid)
		return errno;
	return act_done(ptrace(PTRACE_DETACH, pid, 0, 0));
}

/* proc PID FILE: reads a byte of a file in the process's folder of /proc */
static int do_proc(char **a)
{
	char path[64], c;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", a[0], a[1]);
	fd = open(path, O_RDONLY);
	/* At address 0 of a memory nothing is. */
	return fd < 0 || (read(fd, &c, 1) < 0 && errno != EIO) ? errno : 0;
}

/* vm-read PID: memory at an address where there is none */
static int do_vm_read(char **a)
{
	char c;
	struct iovec here = { &c, 1 }, there = { (void *)8, 1 };

	if (process_vm_readv(pid_of(a[0]), &here, 1, &there, 1, 0) < 0 && errno != EFAULT)
		return errno;
	return 0;
}

/* traceme: a child asks for it; prints the pid of the tracer */
static int do_traceme(char **a)
{
	int status;
	pid_t pid = fork();

	(void)a;
	if (!pid)
		_exit(act_done(ptrace(PTRACE_TRACEME, 0, 0, 0)));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return errno;
	printf("%d\n", getpid());
	return WEXITSTATUS(status);
}

const struct act_op act_cred_ops[] = {
	{ "setuid", do_setuid }, { "setgid", do_setgid }, { "setresuid", do_setresuid },
	{ "seteuid-back", do_seteuid_back }, { "setfsuid", do_setfsuid },
	{ "setfsgid", do_setfsgid }, { "setgroups-twice", do_setgroups_twice },
	{ "capset-drop", do_capset_drop }, { "bounding-drop", do_bounding_drop },
	{ "securebits", do_securebits }, { "thread-setuid", do_thread_setuid },
	{ "unshare", do_unshare }, { "setns", do_setns }, { "clone", do_clone },
	{ "ns", do_ns }, { "pause", do_pause }, { "signal", do_signal },
	{ "tgkill", do_tgkill }, { "signal-self", do_signal_self },
	{ "attach", do_attach }, { "proc", do_proc }, { "vm-read", do_vm_read },
	{ "traceme", do_traceme },
	{ NULL, NULL }
};
