/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the numbers of rotated files. */
#include "rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugins/sink/logfiles.h"

int rotate_init(struct rotate *r, const char *path, uint32_t keep)
{
	struct logfiles l;
	int error = logfiles_find(path, &l);

	if (error)
		return error;
	r->path = path;
	r->keep = keep;
	r->oldest = l.n ? l.files[0].number : 1;
	r->next = l.n ? l.files[l.n - 1].number + 1 : 1;
	logfiles_fini(&l);
	return 0;
}

int rotate_away(struct rotate *r)
{
	char to[PATH_MAX];

	do {
		if (!logfile_name(to, sizeof(to), r->path, r->next, false))
			return -ENAMETOOLONG;
		if (!renameat2(AT_FDCWD, r->path, AT_FDCWD, to, RENAME_NOREPLACE)) {
			r->next++;
			return 0;
		}
	} while (errno == EEXIST && ++r->next);
	return -errno;
}

static int file_remove(const struct rotate *r, const struct logfile *f)
{
	char name[PATH_MAX];
	int packed;

	for (packed = 0; packed < 2; packed++) {
		if (!logfile_name(name, sizeof(name), r->path, f->number, packed))
			return -ENAMETOOLONG;
		if (unlink(name) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int rotate_prune(struct rotate *r)
{
	struct logfiles l;
	size_t i, n;
	int error;

	if (!r->keep)
		return 0;
	error = logfiles_find(r->path, &l);
	if (error)
		return error;
	n = l.n > r->keep ? l.n - r->keep : 0;
	for (i = 0; i < n && !error; i++) {
		error = file_remove(r, &l.files[i]);
		if (!error)
			r->oldest = l.files[i].number + 1;
	}
	logfiles_fini(&l);
	return error ? error : (int)n;
}

int rotate_sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, r;

	r = snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		     slash ? path : ".");
	if (r < 0 || (size_t)r >= sizeof(dir))
		return -ENAMETOOLONG;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fsync(fd) ? -errno : 0;
	close(fd);
	return r;
}
