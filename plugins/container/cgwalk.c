/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The id of a cgroup is the inode number of its folder. The file system takes it
 * as a handle, so a single one is found without a walk (Linux 5.5 and
 * CAP_DAC_READ_SEARCH); else all folders are gone through.
 */
#include "cgwalk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define HANDLE_KERNFS	0xfe	/* FILEID_KERNFS */
#define DEPTH		64u	/* of folders */
#define WALK_MAX	1048576u

static bool is_unified(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;
}

void cgwalk_open(struct cgwalk *w, const char *dir)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int below;

	w->fd = open(dir, flags);
	if (w->fd < 0 || is_unified(w->fd))
		return;
	below = openat(w->fd, "unified", flags);
	if (below >= 0) {
		close(w->fd);
		w->fd = below;
	}
}

void cgwalk_close(struct cgwalk *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* ---- all -------------------------------------------------------------------------*/

struct walk {
	uint32_t n, max;
	void (*fn)(void *arg, uint64_t id, const char *path);
	void *arg;
	size_t len;
	char path[CGPATH_MAX + 1];
};

static void walk_folder(struct walk *w, int fd, unsigned depth);

static void walk_entry(struct walk *w, int dir, const char *name, unsigned depth)
{
	const size_t len = w->len, more = strlen(name) + 1;
	int fd;

	if (len + more > CGPATH_MAX)
		return;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	w->path[len] = '/';
	memcpy(w->path + len + 1, name, more);
	w->len = len + more;
	walk_folder(w, fd, depth + 1);
	w->len = len;
	w->path[len] = 0;
}

/* Closes fd. */
static void walk_folder(struct walk *w, int fd, unsigned depth)
{
	struct dirent *e;
	struct stat st;
	DIR *d;

	if (w->n < w->max && !fstat(fd, &st)) {
		w->fn(w->arg, st.st_ino, w->len ? w->path : "/");
		w->n++;
	}
	d = depth < DEPTH ? fdopendir(fd) : NULL;
	if (!d) {
		close(fd);
		return;
	}
	while (w->n < w->max && (e = readdir(d)))
		if ((e->d_type == DT_DIR || e->d_type == DT_UNKNOWN) && strcmp(e->d_name, ".") &&
		    strcmp(e->d_name, ".."))
			walk_entry(w, dirfd(d), e->d_name, depth);
	closedir(d);
}

uint32_t cgwalk_all(const struct cgwalk *w, uint32_t max,
		    void (*fn)(void *arg, uint64_t id, const char *path), void *arg)
{
	struct walk *walk = w->fd < 0 ? NULL : calloc(1, sizeof(*walk));
	uint32_t n;
	int fd;

	if (!walk)
		return 0;
	walk->max = max;
	walk->fn = fn;
	walk->arg = arg;
	fd = openat(w->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		walk_folder(walk, fd, 0);
	n = walk->n;
	free(walk);
	return n;
}

/* ---- one -------------------------------------------------------------------------*/

/* What the root is called, with nothing behind it if it is "/". */
static size_t root_len(int fd)
{
	char name[64], path[CGPATH_MAX + 1];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path));
	return n > 1 ? (size_t)n : 0;
}

static int path_of(const struct cgwalk *w, int fd, char path[CGPATH_MAX + 1])
{
	const size_t root = root_len(w->fd);
	char name[64], whole[CGPATH_MAX + 256];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, whole, sizeof(whole) - 1);
	if (n < (ssize_t)root || (size_t)n - root > CGPATH_MAX)
		return -ENAMETOOLONG;
	whole[n] = 0;
	/* It was removed meanwhile. */
	if (n > 10 && !strcmp(whole + n - 10, " (deleted)"))
		return -ENOENT;
	strcpy(path, whole[root] ? whole + root : "/");
	return 0;
}

static int find_by_handle(const struct cgwalk *w, uint64_t id, char path[CGPATH_MAX + 1])
{
	/* What the handle holds follows its head. */
	struct {
		struct file_handle head;
		uint64_t id;
	} h = { .head = { .handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS }, .id = id };
	int fd, r;

	fd = open_by_handle_at(w->fd, &h.head, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ESTALE ? -ENOENT : -errno;
	r = path_of(w, fd, path);
	close(fd);
	return r;
}

struct wanted {
	uint64_t id;
	char *path;
	bool found;
};

static void take_wanted(void *arg, uint64_t id, const char *path)
{
	struct wanted *wanted = arg;

	if (id != wanted->id || wanted->found)
		return;
	strcpy(wanted->path, path);
	wanted->found = true;
}

int cgwalk_find(const struct cgwalk *w, uint64_t id, char path[CGPATH_MAX + 1])
{
	struct wanted wanted = { .id = id, .path = path };
	int r;

	if (w->fd < 0)
		return -ENOTSUP;
	if (is_unified(w->fd)) {
		r = find_by_handle(w, id, path);
		if (!r || r == -ENOENT)
			return r;
	}
	cgwalk_all(w, WALK_MAX, take_wanted, &wanted);
	return wanted.found ? 0 : -ENOENT;
}
