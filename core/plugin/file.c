/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the question whom a file can be trusted from. Every folder on the way
 * is opened from the one above it without following links, and what is
 * checked is the descriptor, so nothing can be exchanged between the check and
 * the use. That needs no openat2: each step is one name.
 */
#include "plugin/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static int owner_check(const struct stat *st, const char *what, char *why, size_t size)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	/* Who may run a binary with file capabilities must not bring code for it. */
	if (st->st_uid != 0 && (getauxval(AT_SECURE) || st->st_uid != geteuid()))
		snprintf(why, size, "%sbelongs to user %u, not to root", what,
			 (unsigned)st->st_uid);
	else if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
		snprintf(why, size, "%scan be written to by %s (mode %04o)", what,
			 st->st_mode & S_IWOTH ? "everybody" : "its group",
			 (unsigned)st->st_mode & 07777);
	else
		return 0;
	return -EPERM;
}

/* What openat says of a symbolic link depends on its flags; find out. */
static int open_fault(int dirfd, const char *name, int error, const char *what,
		      char *why, size_t size)
{
	struct stat st;

	if (error == ENOENT)
		return -ENOENT;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		snprintf(why, size, "%sis a symbolic link", what);
	else
		snprintf(why, size, "%scannot be opened: %s", what, strerror(error));
	return -error;
}

/* Opens the folder `name` of dirfd; `path` is what it is called as a whole. */
static int folder_open(int dirfd, const char *name, const char *path, char *why,
		       size_t size, int *out)
{
	int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char what[PATH_MAX + 16];
	struct stat st;
	int r;

	snprintf(what, sizeof(what), "folder %s ", path);
	if (fd < 0)
		return open_fault(dirfd, name, errno, what, why, size);
	r = fstat(fd, &st) < 0 ? -errno : owner_check(&st, what, why, size);
	if (r < 0) {
		close(fd);
		return r;
	}
	*out = fd;
	return 0;
}

/* Opens an absolute path name by name. `path` is changed and changed back. */
static int folders_open(char *path, char *why, size_t size, int *out)
{
	int fd = -1, next, r;
	char *p = path, *end;
	char saved;

	r = folder_open(AT_FDCWD, "/", "/", why, size, &fd);
	while (r == 0) {
		p += strspn(p, "/");
		if (!*p)
			break;
		end = p + strcspn(p, "/");
		saved = *end;
		*end = 0;
		r = folder_open(fd, p, path, why, size, &next);
		*end = saved;
		if (r < 0)
			break;
		close(fd);
		fd = next;
		p = end;
	}
	if (r < 0 && fd >= 0)
		close(fd);
	if (r == 0)
		*out = fd;
	return r;
}

static bool path_has_dots(const char *p)
{
	size_t n;

	for (p += strspn(p, "/"); *p; p += n, p += strspn(p, "/")) {
		n = strcspn(p, "/");
		if (*p == '.' && (n == 1 || (n == 2 && p[1] == '.')))
			return true;
	}
	return false;
}

static int regular_check(int fd, struct stat *st, char *why, size_t size)
{
	if (fstat(fd, st) < 0) {
		int r = -errno;

		snprintf(why, size, "%s", strerror(-r));
		return r;
	}
	if (!S_ISREG(st->st_mode)) {
		snprintf(why, size, "not a regular file");
		return -EINVAL;
	}
	return owner_check(st, "", why, size);
}

int file_open(const char *dir, const char *name, char *why, size_t size,
	      struct stat *st, int *out)
{
	char path[PATH_MAX];
	int dirfd = -1, fd, r;

	if (*dir != '/' || strlen(dir) >= sizeof(path) || path_has_dots(dir)) {
		snprintf(why, size, "folder %s is not an absolute path without dots", dir);
		return -EINVAL;
	}
	memcpy(path, dir, strlen(dir) + 1);
	r = folders_open(path, why, size, &dirfd);
	if (r < 0)
		return r;
	/* O_NONBLOCK: a pipe must not hang the daemon. */
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	r = fd < 0 ? open_fault(dirfd, name, errno, "", why, size) :
		     regular_check(fd, st, why, size);
	close(dirfd);
	if (r < 0 && fd >= 0)
		close(fd);
	if (r == 0)
		*out = fd;
	return r;
}
