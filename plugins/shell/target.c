/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define TICKS_MAX	1u	/* two roundings of one moment */

/* Field 22 of /proc/PID/stat, in ticks; 0: there is none. */
static uint64_t start_ticks(uint32_t pid)
{
	unsigned long long start = 0;
	char path[64], line[1024], *p;
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	/* The name in brackets may hold anything. */
	p = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	for (i = 2; p && i < 22; i++)
		p = strchr(p + 1, ' ');
	if (p)
		start = strtoull(p + 1, NULL, 10);
	return start;
}

static bool is_it(const struct target *t)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), is = start_ticks(t->pid);
	uint64_t want = t->start_ns / (1000000000u / hz);

	return is && (is > want ? is - want : want - is) <= TICKS_MAX;
}

static int checked(const struct target *t, int fd)
{
	struct stat st;
	int r = fd < 0 ? -errno : 0;

	if (!r && (fstat(fd, &st) || !S_ISREG(st.st_mode)))
		r = -EINVAL;
	if (!r && !is_it(t))
		r = -ESRCH;
	if (r && fd >= 0)
		close(fd);
	return r == -ENOENT ? -ESRCH : r ? r : fd;
}

int target_exe(const struct target *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/exe", t->pid);
	return checked(t, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

/* Is this line of maps an executable mapping of such a file? Then its range. */
static bool range_of(const char *line, const char *prefix, char *range, size_t size)
{
	const char *slash = strrchr(line, '/');
	char perms[8], from_to[64];

	if (!slash || strncmp(slash + 1, prefix, strlen(prefix)) ||
	    sscanf(line, "%63s %7s", from_to, perms) != 2 || !strchr(perms, 'x'))
		return false;
	snprintf(range, size, "%s", from_to);
	return true;
}

int target_library(const struct target *t, const char *prefix)
{
	char path[192], range[64] = "", *line = NULL;
	size_t cap = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/maps", t->pid);
	f = fopen(path, "re");
	if (!f)
		return -ESRCH;
	while (!*range && getline(&line, &cap, f) > 0)
		range_of(line, prefix, range, sizeof(range));
	free(line);
	fclose(f);
	if (!*range)
		return is_it(t) ? -EAGAIN : -ESRCH;
	snprintf(path, sizeof(path), "/proc/%u/map_files/%s", t->pid, range);
	return checked(t, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

bool target_has_tty(const struct target *t)
{
	unsigned maj;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/fd/0", t->pid);
	if (stat(path, &st) || !S_ISCHR(st.st_mode))
		return false;
	maj = major(st.st_rdev);
	/* tty, console, and the two ends of pseudo terminals. */
	return maj == 4 || maj == 5 || (maj >= 136 && maj <= 143) || maj == 204 || maj == 229;
}
