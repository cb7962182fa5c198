/* SPDX-License-Identifier: Apache-2.0 */
/* Files and their permissions, in the current folder; each leaves nothing. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "selftest/deed.h"

#define NAME	"file"
#define OTHER	"other"

/* Around an operation on a file that is there. */
static const char *with_file(const char *(*fn)(void))
{
	int fd = deed_file(NAME);
	const char *why;

	if (fd < 0)
		return deed_failed("open");
	close(fd);
	why = fn();
	unlink(NAME);
	unlink(OTHER);
	return why;
}

static const char *opened(void)
{
	int fd = open(NAME, O_RDONLY | O_CLOEXEC);
	const char *why = deed_result(fd, "open");

	if (fd >= 0)
		close(fd);
	return why;
}

static const char *renamed(void)
{
	return deed_result(rename(NAME, OTHER), "rename");
}

static const char *linked(void)
{
	return deed_result(link(NAME, OTHER), "link");
}

static const char *truncated(void)
{
	return deed_result(truncate(NAME, 1), "truncate");
}

static const char *mode_changed(void)
{
	return deed_result(chmod(NAME, 0640), "chmod");
}

static const char *owner_changed(void)
{
	return deed_result(chown(NAME, geteuid(), (gid_t)-1), "chown");
}

/* Which of them a file system has differs. */
static const char *const attributes[] = { "user.weir", "trusted.weir" };

static const char *attribute_set(void)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (!setxattr(NAME, attributes[i], "1", 1, 0))
			return NULL;
	return deed_failed("setxattr");
}

static const char *attribute_removed(void)
{
	const char *why = attribute_set();
	size_t i;

	if (why)
		return why;
	for (i = 0; i < 2; i++)
		if (!removexattr(NAME, attributes[i]))
			return NULL;
	return deed_failed("removexattr");
}

/* Version 2: tag, permissions, id; one user more than the mode can tell. */
static const char *acl_set(void)
{
	static const struct {
		uint32_t version;
		struct { uint16_t tag, perm; uint32_t id; } entries[5];
	} acl = { 2, {
		{ 0x01, 6, UINT32_MAX }, { 0x02, 4, 0 }, { 0x04, 4, UINT32_MAX },
		{ 0x10, 4, UINT32_MAX }, { 0x20, 0, UINT32_MAX },
	} };

	return deed_result(setxattr(NAME, "system.posix_acl_access", &acl, sizeof(acl), 0),
			   "set ACL");
}

static const char *flags_changed(void)
{
	int fd = open(NAME, O_RDONLY | O_CLOEXEC), flags = FS_NODUMP_FL;
	const char *why;

	if (fd < 0)
		return deed_failed("open");
	why = deed_result(ioctl(fd, FS_IOC_SETFLAGS, &flags), "FS_IOC_SETFLAGS");
	close(fd);
	return why;
}

static const char *do_open(void) { return with_file(opened); }
static const char *do_rename(void) { return with_file(renamed); }
static const char *do_link(void) { return with_file(linked); }
static const char *do_truncate(void) { return with_file(truncated); }
static const char *do_chmod(void) { return with_file(mode_changed); }
static const char *do_chown(void) { return with_file(owner_changed); }
static const char *do_setxattr(void) { return with_file(attribute_set); }
static const char *do_removexattr(void) { return with_file(attribute_removed); }
static const char *do_set_acl(void) { return with_file(acl_set); }
static const char *do_chattr(void) { return with_file(flags_changed); }

static const char *do_create(void)
{
	int fd = open(NAME, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return deed_failed("create");
	close(fd);
	unlink(NAME);
	return NULL;
}

static const char *do_unlink(void)
{
	int fd = deed_file(NAME);

	if (fd < 0)
		return deed_failed("create");
	close(fd);
	return deed_result(unlink(NAME), "unlink");
}

static const char *do_symlink(void)
{
	const char *why = deed_result(symlink(NAME, OTHER), "symlink");

	unlink(OTHER);
	return why;
}

static const char *do_mkdir(void)
{
	const char *why = deed_result(mkdir(NAME, 0700), "mkdir");

	rmdir(NAME);
	return why;
}

static const char *do_rmdir(void)
{
	if (mkdir(NAME, 0700))
		return deed_failed("mkdir");
	return deed_result(rmdir(NAME), "rmdir");
}

const struct deed deeds_file[] = {
	{ "open", do_open }, { "create", do_create }, { "unlink", do_unlink },
	{ "rename", do_rename }, { "link", do_link }, { "symlink", do_symlink },
	{ "mkdir", do_mkdir }, { "rmdir", do_rmdir }, { "truncate", do_truncate },
	{ "chmod", do_chmod }, { "chown", do_chown }, { "setxattr", do_setxattr },
	{ "removexattr", do_removexattr }, { "set_acl", do_set_acl }, { "chattr", do_chattr },
	{ NULL, NULL },
};
