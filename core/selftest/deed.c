/* SPDX-License-Identifier: Apache-2.0 */
/* What deeds share. */
#include "selftest/deed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *deed_failed(const char *what)
{
	static char why[96];

	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	return why;
}

const char *deed_result(long r, const char *what)
{
	return r < 0 ? deed_failed(what) : NULL;
}

int deed_file(const char *name)
{
	return open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
}

pid_t deed_child(void)
{
	pid_t us = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before that. */
	while (getppid() == us)
		pause();
	_exit(0);
}

void deed_child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
