/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on processes: see act.c. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

extern char **environ;

/* exec PATH ARGV0 ... */
static int do_exec(char **a)
{
	execv(a[0], a + 1);
	return errno;
}

/* exec-env PATH VAR=VALUE ARGV0 ...: with this environment only */
static int do_exec_env(char **a)
{
	char *env[] = { a[1], NULL };

	execve(a[0], a + 2, env);
	return errno;
}

/* execat PATH ARGV0 ...: by descriptor */
static int do_execat(char **a)
{
	int fd = open(a[0], O_PATH | O_CLOEXEC);

	syscall(SYS_execveat, fd, "", a + 1, environ, AT_EMPTY_PATH);
	return errno;
}

/* memfd PATH NAME ARGV0 ...: a copy of PATH in memory */
static int do_memfd(char **a)
{
	int from = open(a[0], O_RDONLY), to = memfd_create(a[1], MFD_CLOEXEC);
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return errno;
	syscall(SYS_execveat, to, "", a + 2, environ, AT_EMPTY_PATH);
	return errno;
}

static void *exec_thread(void *arg)
{
	char **a = arg;

	printf("%ld\n", syscall(SYS_gettid));
	fflush(stdout);
	execv(a[0], a + 1);
	exit(errno);
}

/* thread-exec PATH ARGV0 ...: from a thread that is not the first */
static int do_thread_exec(char **a)
{
	pthread_t t;

	pthread_create(&t, NULL, exec_thread, a);
	pthread_join(t, NULL);
	return ECHILD;
}

/* exec-long PATH N TAG: PATH - TAG 0000 ... of N arguments of 99 bytes */
static int do_exec_long(char **a)
{
	size_t n = strtoul(a[1], NULL, 0), i;
	char **argv = calloc(n + 4, sizeof(*argv));

	argv[0] = a[0];
	argv[1] = a[2];
	argv[2] = "nothing";
	for (i = 0; i < n; i++) {
		argv[i + 3] = malloc(100);
		memset(argv[i + 3], 'x', 99);
		argv[i + 3][snprintf(argv[i + 3], 100, "%06zu", i)] = 'x';
		argv[i + 3][99] = 0;
	}
	execv(a[0], argv);
	return errno;
}

static int status_print(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, __WALL) != pid)
		return errno;
	printf("%d\n", pid);
	return 0;
}

/* fork CODE: the child exits with it */
static int do_fork(char **a)
{
	pid_t pid = fork();

	if (!pid)
		_exit(atoi(a[0]));
	return status_print(pid);
}

static int do_vfork(char **a)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(atoi(a[0]));
	return status_print(pid);
}

/* clone-parent: a brother; prints its pid */
static int do_clone_parent(char **a)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	(void)a;
	if (!pid)
		_exit(0);
	printf("%ld\n", pid);
	return pid < 0 ? errno : 0;
}

static void *leader_waits(void *arg)
{
	char state = 0;
	FILE *f;

	/* The leader is gone when it is a zombie. */
	while (state != 'Z') {
		f = fopen("/proc/self/stat", "r");
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (f)
			fclose(f);
		sched_yield();
	}
	exit((int)(long)arg);
}

/* thread-exit CODE: the first thread leaves first, another ends the process */
static int do_thread_exit(char **a)
{
	pthread_t t;

	pthread_create(&t, NULL, leader_waits, (void *)(long)atoi(a[0]));
	syscall(SYS_exit, 3);
	return 0;
}

static int do_exit(char **a)
{
	_exit(atoi(a[0]));
}

/* kill SIGNAL: itself; core dumps as the limit says */
static int do_kill(char **a)
{
	kill(getpid(), atoi(a[0]));
	return EINTR;
}

/* orphan FILE PATH ARGV0 ...: a grandchild that execs once its parent is gone */
static int do_orphan(char **a)
{
	pid_t parent, pid = fork();
	int status, p[2];
	char c;

	if (pid)
		return waitpid(pid, &status, 0) == pid ? 0 : errno;
	parent = getpid();
	if (pipe(p))
		_exit(1);
	if (!fork()) {
		close(p[1]);
		/* The end of the parent closes the pipe, a moment too soon. */
		while (read(p[0], &c, 1) > 0)
			;
		while (getppid() == parent)
			sched_yield();
		execv(a[0], a + 1);
		_exit(1);
	}
	printf("%d\n", parent);
	fflush(stdout);
	_exit(0);
}

/* storm N PATH ARGV0 ...: N times fork and exec, as fast as it goes */
static int do_storm(char **a)
{
	unsigned long i, n = strtoul(a[0], NULL, 0);
	int status;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid) {
			execv(a[1], a + 2);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return ECHILD;
	}
	return 0;
}

/* comm NAME OPERATION ...: renames the thread first */
static int do_comm(char **a)
{
	prctl(PR_SET_NAME, a[0]);
	return act_run(a + 1);
}

/* child OPERATION ...: in a child */
static int do_child(char **a)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(act_run(a));
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : errno;
}

const struct act_op act_proc_ops[] = {
	{ "exec", do_exec }, { "exec-env", do_exec_env }, { "execat", do_execat },
	{ "memfd", do_memfd }, { "thread-exec", do_thread_exec },
	{ "exec-long", do_exec_long }, { "fork", do_fork }, { "vfork", do_vfork },
	{ "clone-parent", do_clone_parent }, { "thread-exit", do_thread_exit },
	{ "exit", do_exit }, { "kill", do_kill }, { "orphan", do_orphan },
	{ "storm", do_storm }, { "comm", do_comm }, { "child", do_child },
	{ NULL, NULL }
};
