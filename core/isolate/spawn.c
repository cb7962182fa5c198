/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the making of the shared memory and of the process, and its end. The
 * process is known by its pidfd and reaped by nobody else. What the child gets
 * for reading and writing together (a pipe's end, `up`) is new each time:
 * somebody may have kept the old one. None of it can make us wait: our ends of
 * the pipes are descriptions of their own, and we wake it with a futex.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolate/private.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/stat.h"

#define HOST_PATH	WEIR_LIBEXECDIR "/weir-plugin-host"
/* Above all that the child is to have. */
#define FD_MIN		64
#define REAP_MS		10000

/* From the header, if the system's is older. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif
#ifndef P_PIDFD
#define P_PIDFD			3
#endif

/* ---- memory -------------------------------------------------------------------*/

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Takes fd over; it is -1 on error, with errno. */
static int fd_high(int fd)
{
	int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return up;
}

static int memory_new(const char *name, size_t size, int seals, void **mem, int *out)
{
	int fd = fd_high(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
	int r = fd < 0 ? -errno : 0;
	void *p = MAP_FAILED;

	if (!r && ftruncate(fd, (off_t)size) < 0)
		r = -errno;
	if (!r) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		r = p == MAP_FAILED ? -errno : 0;
	}
	seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	if (!r && fcntl(fd, F_ADD_SEALS, seals) < 0)
		r = -errno;
	if (r) {
		if (p != MAP_FAILED)
			munmap(p, size);
		fd_close(&fd);
		return r;
	}
	*mem = p;
	*out = fd;
	return 0;
}

int spawn_down(struct isolate *iso, const struct pack *setup)
{
	size_t ring_at = (SHM_PAGE + setup->len + SHM_PAGE - 1) & ~(size_t)(SHM_PAGE - 1);
	void *mem;
	int r;

	iso->down_size = ring_at + SHM_DOWN_RING;
	r = memory_new("weir-requests", iso->down_size, F_SEAL_FUTURE_WRITE, &mem,
		       &iso->down_fd);
	if (r)
		return r;
	iso->down = mem;
	iso->down->version = SHM_VERSION;
	iso->down->daemon = (uint32_t)getpid();
	iso->down->setup_len = (uint32_t)setup->len;
	iso->down->ring_at = (uint32_t)ring_at;
	memcpy((uint8_t *)mem + SHM_PAGE, setup->p, setup->len);
	iso->ring = (struct ring){ (uint8_t *)mem + ring_at, SHM_DOWN_RING };
	return 0;
}

/* ---- birth ----------------------------------------------------------------------*/

/* Only what sanitizers read; a plugin's process has no environment. */
static char *const *environment(char **buf, size_t n)
{
	static const char *const names[] = { "ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS=" };
	size_t i, used = 0;
	char **e;

	for (e = environ; e && *e; e++)
		for (i = 0; i < ARRAY_LEN(names) && used + 1 < n; i++)
			if (!strncmp(*e, names[i], strlen(names[i])))
				buf[used++] = *e;
	buf[used] = NULL;
	return buf;
}

static const char *host_path(void)
{
	const char *path = secure_getenv("WEIR_PLUGIN_HOST");

	return path && *path == '/' ? path : HOST_PATH;
}

static int actions_make(posix_spawn_file_actions_t *fa, const struct isolate *iso,
			const struct child *c, int log, int wake)
{
	int r;

	r = posix_spawn_file_actions_addopen(fa, 0, "/dev/null", O_RDONLY, 0);
	/* A sink may be the one that writes there. */
	if (!iso->is_sink)
		r = r ? r : posix_spawn_file_actions_addopen(fa, 1, "/dev/null", O_WRONLY, 0);
	r = r ? r : posix_spawn_file_actions_adddup2(fa, log, SHM_FD_LOG);
	r = r ? r : posix_spawn_file_actions_adddup2(fa, iso->conf.fd, SHM_FD_PLUGIN);
	r = r ? r : posix_spawn_file_actions_adddup2(fa, iso->down_fd, SHM_FD_DOWN);
	r = r ? r : posix_spawn_file_actions_adddup2(fa, c->up_fd, SHM_FD_UP);
	return r ? r : posix_spawn_file_actions_adddup2(fa, wake, SHM_FD_WAKE);
}

static int process_make(const struct isolate *iso, struct child *c, int log, int wake)
{
	char name[sizeof(iso->label)], *argv[] = { (char[]){ "weir-plugin-host" }, name, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	char *env[8];
	int r;

	snprintf(name, sizeof(name), "%s", iso->label);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	r = actions_make(&fa, iso, c, log, wake);
	if (!r)
		r = posix_spawn(&c->pid, host_path(), &fa, &attr, argv,
				environment(env, ARRAY_LEN(env)));
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	if (r) {
		c->pid = 0;
		log_error("%s: %s: %s", iso->label, host_path(), strerror(r));
		return -r;
	}
	/* Nobody else waits for it, so the number is its own still. */
	c->pidfd = fd_high((int)syscall(SYS_pidfd_open, c->pid, 0));
	return c->pidfd < 0 ? -errno : 0;
}

/* Ours does not wait; the other end is for the child. */
static int pipe_make(int *ours, int *other)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	*ours = fd_high(fd[0]);
	*other = fd_high(fd[1]);
	return *ours < 0 || *other < 0 ? -EMFILE : 0;
}

int spawn_child(struct isolate *iso, struct child *c)
{
	int log = -1, wake = -1, r;
	void *mem;

	*c = (struct child){ .pidfd = -1, .wake_fd = -1, .log_fd = -1, .up_fd = -1 };
	r = memory_new("weir-answers", SHM_UP_SIZE, 0, &mem, &c->up_fd);
	if (!r) {
		c->up = mem;
		c->up->tail = iso->tail;
		r = pipe_make(&c->wake_fd, &wake);
	}
	if (!r)
		r = pipe_make(&c->log_fd, &log);
	if (!r)
		r = process_make(iso, c, log, wake);
	fd_close(&log);
	fd_close(&wake);
	c->born_ns = clock_ns(CLOCK_MONOTONIC);
	c->cpu_known = !r && clock_getcpuclockid(c->pid, &c->clock) == 0;
	return r;
}

/* ---- death -------------------------------------------------------------------------*/

static void signal_send(const struct child *c)
{
	if (c->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
	else if (c->pid > 0)
		kill(c->pid, SIGKILL);
}

void child_kill(struct child *c, const char *reason)
{
	if (!c->kill_reason)
		c->kill_reason = reason;
	signal_send(c);
}

static void how_text(const struct child *c, const siginfo_t *si, char *how, size_t size)
{
	if (c->refused[0])
		snprintf(how, size, "%s", c->refused);
	else if (c->kill_reason)
		snprintf(how, size, "it was ended: it %s", c->kill_reason);
	else if (si->si_code == CLD_EXITED)
		snprintf(how, size, "it has ended itself, with status %d", si->si_status);
	else
		snprintf(how, size, "signal %d (%s)", si->si_status,
			 strsignal(si->si_status));
}

/* Not for ever: a process that the kernel does not let go stays a zombie. */
static bool wait_gone(const struct child *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	return c->pidfd < 0 || poll(&p, 1, REAP_MS) > 0;
}

void spawn_reap(struct isolate *iso, struct child *c, char *how, size_t size)
{
	siginfo_t si = { 0 };
	int r = 0;

	snprintf(how, size, "it could not be started");
	signal_send(c);
	if (c->pid > 0 && wait_gone(c)) {
		do {
			r = waitid(c->pidfd >= 0 ? (idtype_t)P_PIDFD : P_PID,
				   (id_t)(c->pidfd >= 0 ? c->pidfd : c->pid), &si, WEXITED);
		} while (r < 0 && errno == EINTR);
		how_text(c, &si, how, size);
	} else if (c->pid > 0) {
		log_error("%s: process %d cannot be killed", iso->label, (int)c->pid);
		snprintf(how, size, "it cannot be killed");
	}
	fd_close(&c->pidfd);
	fd_close(&c->wake_fd);
	fd_close(&c->log_fd);
	fd_close(&c->up_fd);
	if (c->up)
		munmap(c->up, SHM_UP_SIZE);
	c->up = NULL;
}
