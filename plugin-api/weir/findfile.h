/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens the very file that an event is about, and no other. Ways to it, in this
 * order: its path below the root of the process; of an executed file the process's
 * /proc/PID/exe; its path in the caller's own mount namespace. None of them is
 * trusted: pids are used again, paths are swapped. Each is opened with O_PATH,
 * which has no effect on a fifo, a device or a lease, and taken only if it is the
 * file that the kernel told of.
 *
 * The kernel told i_ino and s_dev. Those are not always what stat() shows:
 * btrfs has a device for each subvolume, overlayfs shows inode and device of a
 * layer. Hence the inode comes from fdinfo (since 5.19; stat before), and a
 * device that differs from stat's is looked up as that of the mount.
 *
 * Any thread that may block: it takes as long as the file system does. This
 * header becomes part of the plugin: it is no part of the ABI.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What <fcntl.h> has for _GNU_SOURCE alone. */
#ifndef O_PATH
#define O_PATH		010000000
#endif
#ifndef O_NOATIME
#define O_NOATIME	01000000
#endif

/* The file as the kernel saw it. */
struct weir_find {
	uint64_t ino;
	uint64_t mtime_ns;
	uint32_t dev;		/* of its superblock: major << 20 | minor */
	uint32_t pid;		/* of a process that could see it */
	const char *path;	/* from the root of a mount namespace; NULL: not known */
	bool is_exe;		/* the process has executed it */
	bool any_mtime;		/* it may have been written to since */
};

/* Where several ways fail, the largest of these is told. */
enum weir_found {
	WEIR_FOUND,
	WEIR_FOUND_GONE,
	WEIR_FOUND_IO,
	WEIR_FOUND_DENIED,
	WEIR_FOUND_OTHER,	/* there is something, and it is not this file */
};

/* As the kernel side has it, for times before 1970 too. */
static inline uint64_t weir_find_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static inline enum weir_found weir_find_why(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case ESRCH:
		return WEIR_FOUND_GONE;
	case EACCES:
	case EPERM:
	case ELOOP:
	case EXDEV:
		return WEIR_FOUND_DENIED;
	default:
		return WEIR_FOUND_IO;
	}
}

/* ---- is it the file? ---------------------------------------------------------*/

static inline uint32_t weir_find_dev(unsigned maj, unsigned min)
{
	return maj << 20 | min;
}

static inline void weir_find_fdinfo(int fd, uint64_t *ino, int *mount)
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
static inline bool weir_find_mount(int fd, int mount, uint32_t dev)
{
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	unsigned maj, min;
	char *line = NULL;
	size_t cap = 0;
	bool found = false;
	int id, n;

	while (f && !found && getline(&line, &cap, f) > 0) {
		n = sscanf(line, "%d %*d %u:%u", &id, &maj, &min);
		found = n == 3 && id == mount && weir_find_dev(maj, min) == dev;
	}
	free(line);
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	return found;
}

static inline bool weir_find_is_of(int proc, int mount, dev_t st_dev, uint32_t dev)
{
	const int flags = O_RDONLY | O_CLOEXEC;

	if (weir_find_dev(major(st_dev), minor(st_dev)) == dev)
		return true;
	return (proc >= 0 && weir_find_mount(openat(proc, "mountinfo", flags), mount, dev)) ||
	       weir_find_mount(open("/proc/self/mountinfo", flags), mount, dev);
}

static inline bool weir_find_is(const struct weir_find *x, int fd, int proc, const struct stat *st)
{
	uint64_t ino = st->st_ino;
	int mount = -1;

	if (!x->any_mtime && weir_find_ns(&st->st_mtim) != x->mtime_ns)
		return false;
	weir_find_fdinfo(fd, &ino, &mount);
	return ino == x->ino && weir_find_is_of(proc, mount, st->st_dev, x->dev);
}

/* ---- ways ----------------------------------------------------------------------*/

struct weir_find_try {
	const struct weir_find *x;
	int proc;		/* /proc/PID, -1: no such process */
	int *fd;
	struct stat *st;
	enum weir_found worst;
};

static inline bool weir_find_fails(struct weir_find_try *t, enum weir_found why)
{
	if (why > t->worst)
		t->worst = why;
	return false;
}

/* Takes what was opened if it is the file. */
static inline bool weir_find_take(struct weir_find_try *t, int fd)
{
	if (fd < 0)
		return weir_find_fails(t, weir_find_why(errno));
	if (fstat(fd, t->st) || !weir_find_is(t->x, fd, t->proc, t->st)) {
		close(fd);
		return weir_find_fails(t, WEIR_FOUND_OTHER);
	}
	*t->fd = fd;
	return true;
}

/* No link leads out of the root. */
static inline bool weir_find_below(struct weir_find_try *t, int root)
{
	struct open_how how;
	bool good;

	if (root < 0)
		return weir_find_fails(t, weir_find_why(errno));
	memset(&how, 0, sizeof(how));
	how.flags = O_PATH | O_CLOEXEC;
	how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	good = weir_find_take(t, (int)syscall(SYS_openat2, root, t->x->path, &how, sizeof(how)));
	close(root);
	return good;
}

static inline bool weir_find_ways(struct weir_find_try *t)
{
	const int dir = O_PATH | O_DIRECTORY | O_CLOEXEC;
	const struct weir_find *x = t->x;

	if (t->proc >= 0 && x->path && weir_find_below(t, openat(t->proc, "root", dir)))
		return true;
	if (t->proc >= 0 && x->is_exe && weir_find_take(t, openat(t->proc, "exe", O_PATH | O_CLOEXEC)))
		return true;
	return x->path && weir_find_below(t, open("/", dir));
}

/* WEIR_FOUND with *fd, which is O_PATH, and *st; or why not. */
static inline enum weir_found weir_find_file(const struct weir_find *x, int *fd, struct stat *st)
{
	struct weir_find_try t;
	char name[32];
	bool found;

	snprintf(name, sizeof(name), "/proc/%u", x->pid);
	memset(&t, 0, sizeof(t));
	t.x = x;
	t.fd = fd;
	t.st = st;
	t.worst = WEIR_FOUND_GONE;
	t.proc = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	found = weir_find_ways(&t);
	if (t.proc >= 0)
		close(t.proc);
	return found ? WEIR_FOUND : t.worst;
}

/* ---- what can be done with it ----------------------------------------------------*/

/* By this name the descriptor's inode is reached again, for open and getxattr. */
static inline void weir_find_name(int path_fd, char name[64])
{
	snprintf(name, 64, "/proc/self/fd/%d", path_fd);
}

/* The same inode, now for reading; or -1. The time of the last access is left alone. */
static inline int weir_find_read(int path_fd)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char name[64];
	int fd;

	weir_find_name(path_fd, name);
	fd = open(name, flags | O_NOATIME);
	return fd < 0 && errno == EPERM ? open(name, flags) : fd;
}

#ifdef __cplusplus
}
#endif
