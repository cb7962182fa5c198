/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes are read by the name of a descriptor that was opened with O_PATH, so
 * that the file itself is never opened: nobody's lease breaks, no audit record
 * is made, and a path that is swapped meanwhile leads nowhere else.
 */
#include "readattr.h"

#include <errno.h>
#include <sys/xattr.h>
#include <time.h>

#include "formats.h"

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return weir_find_ns(&t);
}

/* Its inode number was used again. A file system that keeps no such time is believed. */
static bool is_younger(int fd, uint64_t seen)
{
	struct statx st;
	struct timespec born;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) || !(st.stx_mask & STATX_BTIME))
		return false;
	born = (struct timespec){ .tv_sec = st.stx_btime.tv_sec, .tv_nsec = st.stx_btime.tv_nsec };
	return weir_find_ns(&born) > seen + now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME);
}

static void read_one(const char *file, const char *name, uint32_t max, uint8_t **buf,
		     struct readattr *r)
{
	ssize_t n = getxattr(file, name, *buf, max);
	struct memo_attr_read *a = &r->attrs[r->n];

	/* There is none, or there can be none. */
	if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP || errno == EINVAL))
		return;
	*a = (struct memo_attr_read){ .attr = memo_attr(name, strlen(name)) };
	if (n >= 0) {
		a->value = (struct acl_bytes){ *buf, (uint32_t)n };
		*buf += n;
	}
	r->n++;
}

enum weir_found readattr_file(const struct weir_find *x, uint64_t seen, char *const *more,
			      uint32_t n_more, uint32_t max, uint8_t *buf, struct readattr *r)
{
	enum weir_found found;
	struct stat st;
	char file[64];
	uint32_t i;
	int fd;

	found = weir_find_file(x, &fd, &st);
	if (found != WEIR_FOUND)
		return found;
	if (is_younger(fd, seen)) {
		close(fd);
		return WEIR_FOUND_OTHER;
	}
	r->n = 0;
	weir_find_name(fd, file);
	for (i = 0; acl_xattr_names[i]; i++)
		read_one(file, acl_xattr_names[i], max, &buf, r);
	for (i = 0; i < n_more; i++)
		read_one(file, more[i], max, &buf, r);
	r->time = now_ns(CLOCK_BOOTTIME);
	close(fd);
	return WEIR_FOUND;
}
