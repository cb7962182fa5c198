/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to an executed file, in this order: its path below the root of the
 * process, the process's /proc/PID/exe, its path in the sensor's own mount
 * namespace. None of them is trusted: pids are used again, paths are swapped.
 * Each is first opened with O_PATH, which has no effect on a fifo, a device or
 * a lease, and read only if it is the file that the kernel told of.
 *
 * The kernel told i_ino and s_dev. Those are not always what stat() shows:
 * btrfs has a device for each subvolume, overlayfs shows inode and device of a
 * layer. Hence the inode comes from fdinfo (since 5.19; stat before), and a
 * device that differs from stat's is looked up as that of the mount.
 */
#include "exefile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int below(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static enum outcome why(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case ESRCH:
		return OUTCOME_GONE;
	case EACCES:
	case EPERM:
	case ELOOP:
	case EXDEV:
		return OUTCOME_DENIED;
	default:
		return OUTCOME_IO;
	}
}

/* ---- is it the file? ---------------------------------------------------------*/

static uint32_t dev_of(unsigned maj, unsigned min)
{
	return maj << 20 | min;
}

static void read_fdinfo(int fd, uint64_t *ino, int *mount)
{
	char name[64], line[128];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "ino:", 4))
			*ino = strtoull(line + 4, NULL, 10);
		if (!strncmp(line, "mnt_id:", 7))
			*mount = atoi(line + 7);
	}
	if (f)
		fclose(f);
}

/* Is `mount` in this mountinfo, and of device `dev`? */
static bool is_mount_in(int fd, int mount, uint32_t dev)
{
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	unsigned maj, min;
	char *line = NULL;
	size_t cap = 0;
	bool found = false;
	int id, n;

	while (f && !found && getline(&line, &cap, f) > 0) {
		n = sscanf(line, "%d %*d %u:%u", &id, &maj, &min);
		found = n == 3 && id == mount && dev_of(maj, min) == dev;
	}
	free(line);
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	return found;
}

static bool is_of_dev(int proc, int mount, dev_t st_dev, uint32_t dev)
{
	const int flags = O_RDONLY | O_CLOEXEC;

	if (dev_of(major(st_dev), minor(st_dev)) == dev)
		return true;
	return (proc >= 0 && is_mount_in(openat(proc, "mountinfo", flags), mount, dev)) ||
	       is_mount_in(open("/proc/self/mountinfo", flags), mount, dev);
}

static bool is_it(const struct exefile *x, int fd, int proc, const struct stat *st)
{
	uint64_t ino = st->st_ino;
	int mount = -1;

	if (!S_ISREG(st->st_mode) || exefile_ns(&st->st_mtim) != x->mtime_ns)
		return false;
	read_fdinfo(fd, &ino, &mount);
	return ino == x->ino && is_of_dev(proc, mount, st->st_dev, x->dev);
}

/* ---- ways ----------------------------------------------------------------------*/

struct search {
	const struct exefile *x;
	int proc;		/* /proc/PID, -1: no such process */
	int *fd;
	struct stat *st;
	enum outcome worst;
};

static bool fails(struct search *s, enum outcome o)
{
	if (o > s->worst)
		s->worst = o;
	return false;
}

/* The same inode, now for reading. The time of the last access is left alone. */
static int reopen(int path_fd)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, flags | O_NOATIME);
	return fd < 0 && errno == EPERM ? open(name, flags) : fd;
}

/* Takes what was opened if it is the file. */
static bool take(struct search *s, int fd)
{
	int to;

	if (fd < 0)
		return fails(s, why(errno));
	if (fstat(fd, s->st) || !is_it(s->x, fd, s->proc, s->st)) {
		close(fd);
		return fails(s, OUTCOME_MISMATCH);
	}
	to = reopen(fd);
	close(fd);
	if (to < 0)
		return fails(s, why(errno));
	*s->fd = to;
	return true;
}

static bool take_below(struct search *s, int root)
{
	bool good;

	if (root < 0)
		return fails(s, why(errno));
	good = take(s, below(root, s->x->path));
	close(root);
	return good;
}

static bool find(struct search *s)
{
	const int dir = O_PATH | O_DIRECTORY | O_CLOEXEC;

	if (s->proc >= 0 && s->x->path && take_below(s, openat(s->proc, "root", dir)))
		return true;
	if (s->proc >= 0 && take(s, openat(s->proc, "exe", O_PATH | O_CLOEXEC)))
		return true;
	return s->x->path && take_below(s, open("/", dir));
}

enum outcome exefile_open(const struct exefile *x, int *fd, struct stat *st)
{
	struct search s = { .x = x, .fd = fd, .st = st, .worst = OUTCOME_GONE };
	char name[32];
	bool found;

	snprintf(name, sizeof(name), "/proc/%u", x->pid);
	s.proc = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	found = find(&s);
	if (s.proc >= 0)
		close(s.proc);
	return found ? OUTCOME_OK : s.worst;
}
