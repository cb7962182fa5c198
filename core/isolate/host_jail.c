/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what the process gives up. The order matters: the bounding set while
 * there is CAP_SETPCAP, the user then, which takes all capabilities along, and
 * the signal at the parent's death after that, for a change of user forgets it.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolate/host.h"
#include "util/macros.h"

/* Sanitizers map terabytes for their shadows. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool limits_memory = false;
#else
static const bool limits_memory = true;
#endif

#define NOFILE_MAX	256u
#define THREADS_MAX	512u	/* of the user, in all */
#define FILE_MAX	(1024u * 1024 * 1024)

static int fault(const char *what, char *why, size_t size)
{
	snprintf(why, size, "%s: %s", what, strerror(errno));
	return -1;
}

static int limit(int what, uint64_t n)
{
	struct rlimit old, r = { n, n };

	if (getrlimit((__rlimit_resource_t)what, &old) < 0)
		return -1;
	r.rlim_cur = r.rlim_max = MIN(n, (uint64_t)old.rlim_max);
	return setrlimit((__rlimit_resource_t)what, &r);
}

static int limits_set(const struct jail *j)
{
	if (limits_memory && j->memory && limit(RLIMIT_AS, j->memory) < 0)
		return -1;
	return limit(RLIMIT_CORE, 0) || limit(RLIMIT_NOFILE, NOFILE_MAX) ||
	       limit(RLIMIT_FSIZE, FILE_MAX) || limit(RLIMIT_NPROC, THREADS_MAX) ||
	       limit(RLIMIT_MSGQUEUE, 0) || limit(RLIMIT_RTPRIO, 0) ? -1 : 0;
}

/* Only root can; another user's process has nothing to win there. */
static void bounding_drop(void)
{
	unsigned long cap;

	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
	      SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
	      SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
	for (cap = 0; prctl(PR_CAPBSET_DROP, cap) == 0; cap++)
		;
}

static int user_drop(const struct jail *j)
{
	if (setgroups(0, NULL) < 0 || setresgid(j->gid, j->gid, j->gid) < 0 ||
	    setresuid(j->uid, j->uid, j->uid) < 0)
		return -1;
	if (getuid() != j->uid || geteuid() != j->uid || getegid() != j->gid) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

static int caps_drop(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &head, none);
}

int jail_enter(const struct jail *j, char *why, size_t size)
{
	umask(077);
	if (chdir("/") < 0)
		return fault("chdir", why, size);
	if (limits_set(j) < 0)
		return fault("setrlimit", why, size);
	bounding_drop();
	if (j->drop && user_drop(j) < 0)
		return fault("change of user", why, size);
	if (caps_drop() < 0)
		return fault("capset", why, size);
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fault("prctl", why, size);
	/* It may have died before the prctl; 0: it is of another pid namespace. */
	if (getppid() != (pid_t)j->daemon && getppid() != 0) {
		snprintf(why, size, "the sensor has gone");
		return -1;
	}
	return jail_filter() < 0 ? fault("seccomp", why, size) : 0;
}
