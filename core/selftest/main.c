/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir-self-test: does what the sensor observes, once, so that it can see
 * whether it does observe it. The sensor starts it; it is of no use alone.
 *
 * usage: weir-self-test wait|run FOLDER TYPE...
 *
 * `wait` reads a byte from standard input, then executes itself with `run`: by
 * then the sensor has made sure that this process, a child of its own, is
 * observed. A line on standard output says of each type "TYPE\tok", or why its
 * operation could not be done. The last of all is its own exit.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "selftest/deed.h"

/* Whatever it waits for: it does not outlive this. */
#define SECONDS_MAX	45

static void tell(const char *type, const char *why)
{
	dprintf(STDOUT_FILENO, "%s\t%s\n", type, why ? why : "ok");
}

static bool is_asked(char **types, const char *type)
{
	for (; *types; types++)
		if (!strcmp(*types, type))
			return true;
	return false;
}

static void deeds_do(const struct deed *d, char **types)
{
	for (; d->type; d++)
		if (is_asked(types, d->type))
			tell(d->type, d->fn());
}

static bool is_known(const char *type)
{
	static const struct deed *const all[] = {
		deeds_file, deeds_net, deeds_process, deeds_last,
	};
	const struct deed *d;
	size_t i;

	if (!strcmp(type, "exec") || !strcmp(type, "exit"))
		return true;
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (d = all[i]; d->type; d++)
			if (!strcmp(d->type, type))
				return true;
	return false;
}

static int run(char **types)
{
	char **t;

	if (is_asked(types, "exec"))
		tell("exec", NULL);
	for (t = types; *t; t++)
		if (!is_known(*t))
			tell(*t, "nothing is known that makes one");
	deeds_do(deeds_file, types);
	deeds_do(deeds_net, types);
	deeds_do(deeds_process, types);
	deeds_do(deeds_last, types);
	if (is_asked(types, "exit"))
		tell("exit", NULL);
	return 0;
}

int main(int argc, char **argv)
{
	char word[] = "run", byte, path[4096];
	ssize_t n;

	alarm(SECONDS_MAX);
	if (argc < 3 || chdir(argv[2])) {
		fprintf(stderr, "usage: weir-self-test wait|run FOLDER TYPE...\n");
		return 2;
	}
	if (!strcmp(argv[1], "run"))
		return run(argv + 3);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 1;
	/* By its path, from which the kernel takes the process's name. */
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	argv[1] = word;
	execv(path, argv);
	tell("exec", deed_failed("execv"));
	return 1;
}
