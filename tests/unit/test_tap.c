/* SPDX-License-Identifier: Apache-2.0 */
/* The test header itself: what it must notice, it notices. */
#include "tap.h"

#include <fcntl.h>
#include <sys/wait.h>

/* Runs a test in a child that is mute; gives its exit status. */
static int status_of(int (*test)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(99);
		tap.n_failed = 0;
		_exit(test());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int test_good(void)
{
	ok(true, "fine");
	is_int(3, 3, "three");
	is_str(NULL, NULL, "nothing");
	return done_testing();
}

static int test_not_ok(void)
{
	ok(false, "wrong");
	return done_testing();
}

static int test_is_int(void)
{
	is_int(1, 2, "one");
	return done_testing();
}

static int test_is_str(void)
{
	is_str("a", NULL, "text");
	return done_testing();
}

static int test_leak(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ok(fd >= 0, "open");
	return done_testing();
}

int main(void)
{
	is_int(status_of(test_good), 0, "a good test passes");
	is_int(status_of(test_not_ok), 1, "ok notices");
	is_int(status_of(test_is_int), 1, "is_int notices");
	is_int(status_of(test_is_str), 1, "is_str notices");
	is_int(status_of(test_leak), 1, "a leaked descriptor is noticed");
	return done_testing();
}
