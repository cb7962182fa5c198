/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program that does one thing to the kernel, for the live tests:
 *
 *	act TAG OPERATION [ARGUMENT ...]
 *
 * TAG is for the test to know the process by. Exits with the errno of what
 * failed, or 0. act_proc.c has the operations on processes, act_cred.c those on
 * their credentials and namespaces and on other processes, act_net.c those on
 * sockets, act_dns.c those with datagrams and DNS, act_sys.c those on memory,
 * mounts, modules and BPF, act_uring.c those through io_uring; those on files
 * are here. "as UID", "chroot DIR" and "bind FROM TO"
 * (in a new mount namespace) go before another operation.
 */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

int act_done(long r)
{
	return r < 0 ? errno : 0;
}

static unsigned long number(const char *s)
{
	return strtoul(s, NULL, 0);
}

/* ---- files -----------------------------------------------------------------*/

static int flags_of(const char *s)
{
	static const struct { const char *name; int flag; } names[] = {
		{ "rd", O_RDONLY }, { "wr", O_WRONLY }, { "rdwr", O_RDWR },
		{ "creat", O_CREAT }, { "excl", O_EXCL }, { "trunc", O_TRUNC },
		{ "append", O_APPEND }, { "nofollow", O_NOFOLLOW },
		{ "directory", O_DIRECTORY }, { "cloexec", O_CLOEXEC },
		{ "nonblock", O_NONBLOCK }, { "noatime", O_NOATIME },
		{ "sync", O_SYNC }, { "path", O_PATH }, { "tmpfile", O_TMPFILE },
	};
	char copy[128], *word, *save;
	int flags = 0;
	size_t i;

	snprintf(copy, sizeof(copy), "%s", s);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		for (i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (!strcmp(names[i].name, word))
				flags |= names[i].flag;
	return flags;
}

/* open PATH FLAG,... [MODE] */
static int do_open(char **a)
{
	return act_done(open(a[0], flags_of(a[1]), a[2] ? strtoul(a[2], NULL, 8) : 0));
}

/* mknod PATH fifo|sock|file|char MODE [MAJOR MINOR] */
static int do_mknod(char **a)
{
	mode_t type = a[1][0] == 'f' && a[1][2] == 'f' ? S_IFIFO :
		      a[1][0] == 'f' ? S_IFREG : a[1][0] == 's' ? S_IFSOCK : S_IFCHR;
	dev_t dev = a[3] ? makedev(number(a[3]), number(a[4])) : 0;

	return act_done(mknod(a[0], type | strtoul(a[2], NULL, 8), dev));
}

static int do_unlink(char **a) { return act_done(unlink(a[0])); }
static int do_rmdir(char **a) { return act_done(rmdir(a[0])); }
static int do_link(char **a) { return act_done(link(a[0], a[1])); }
static int do_symlink(char **a) { return act_done(symlink(a[0], a[1])); }
static int do_mkdir(char **a) { return act_done(mkdir(a[0], strtoul(a[1], NULL, 8))); }

/* rename FROM TO [noreplace|exchange|whiteout] */
static int do_rename(char **a)
{
	unsigned flags = !a[2] ? 0 : a[2][0] == 'n' ? RENAME_NOREPLACE :
			 a[2][0] == 'e' ? RENAME_EXCHANGE : RENAME_WHITEOUT;

	return act_done(syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], flags));
}

static int do_truncate(char **a) { return act_done(truncate(a[0], (off_t)number(a[1]))); }

static int do_ftruncate(char **a)
{
	return act_done(ftruncate(open(a[0], O_WRONLY), (off_t)number(a[1])));
}

static int do_chmod(char **a) { return act_done(chmod(a[0], strtoul(a[1], NULL, 8))); }

static int do_fchmod(char **a)
{
	return act_done(fchmod(open(a[0], O_RDONLY), strtoul(a[1], NULL, 8)));
}

/* fchmodat DIR NAME MODE */
static int do_fchmodat(char **a)
{
	return act_done(fchmodat(open(a[0], O_PATH), a[1], strtoul(a[2], NULL, 8), 0));
}

static uid_t id_of(const char *s) { return (uid_t)strtol(s, NULL, 10); }

static int do_chown(char **a) { return act_done(chown(a[0], id_of(a[1]), id_of(a[2]))); }
static int do_lchown(char **a) { return act_done(lchown(a[0], id_of(a[1]), id_of(a[2]))); }

static int do_fchown(char **a)
{
	return act_done(fchown(open(a[0], O_RDONLY), id_of(a[1]), id_of(a[2])));
}

/* fchownat DIR NAME UID GID */
static int do_fchownat(char **a)
{
	return act_done(fchownat(open(a[0], O_PATH), a[1], id_of(a[2]), id_of(a[3]), 0));
}

/* ---- attributes --------------------------------------------------------------*/

/* A value: text, or bytes as 0x... */
static size_t value_of(const char *s, uint8_t *out, size_t max)
{
	size_t n = 0;
	unsigned byte;

	if (strncmp(s, "0x", 2)) {
		n = strlen(s);
		memcpy(out, s, n < max ? n : max);
		return n;
	}
	for (s += 2; n < max && sscanf(s, "%2x", &byte) == 1; s += 2)
		out[n++] = (uint8_t)byte;
	return n;
}

static int xattr_flags(const char *s)
{
	return !s ? 0 : s[0] == 'c' ? XATTR_CREATE : XATTR_REPLACE;
}

/* setxattr PATH NAME VALUE [create|replace] */
static int do_setxattr(char **a)
{
	uint8_t v[4096];

	return act_done(setxattr(a[0], a[1], v, value_of(a[2], v, sizeof(v)),
				 xattr_flags(a[3])));
}

static int do_fsetxattr(char **a)
{
	uint8_t v[4096];
	int fd = open(a[0], O_RDONLY);

	return act_done(fsetxattr(fd, a[1], v, value_of(a[2], v, sizeof(v)),
				  xattr_flags(a[3])));
}

/* setxattr-long PATH NAME BYTES */
static int do_setxattr_long(char **a)
{
	size_t n = number(a[2]);
	char *v = malloc(n);

	memset(v, 'v', n);
	return act_done(setxattr(a[0], a[1], v, n, 0));
}

static int do_removexattr(char **a) { return act_done(removexattr(a[0], a[1])); }

/* chattr PATH FLAGS: FS_*_FL; chattr-x PATH FLAGS: FS_XFLAG_* */
static int do_chattr(char **a)
{
	unsigned flags = (unsigned)number(a[1]);

	return act_done(ioctl(open(a[0], O_RDONLY), FS_IOC_SETFLAGS, &flags));
}

static int do_chattr_x(char **a)
{
	struct fsxattr x = { .fsx_xflags = (unsigned)number(a[1]) };

	return act_done(ioctl(open(a[0], O_RDONLY), FS_IOC_FSSETXATTR, &x));
}

/* ---- deep folders ---------------------------------------------------------------*/

/* The folder DIR/N.../N, DEPTH times a name of LENGTH times 'd'; made on the way. */
static int deep_open(const char *dir, unsigned depth, unsigned length, int make)
{
	int fd = open(dir, O_PATH), next;
	char name[256];

	memset(name, 'd', length);
	name[length] = 0;
	for (; depth && fd >= 0; depth--) {
		if (make && mkdirat(fd, name, 0755))
			return -1;
		next = openat(fd, name, O_PATH);
		close(fd);
		fd = next;
	}
	return fd;
}

/* deep-make DIR DEPTH LENGTH */
static int do_deep_make(char **a)
{
	return act_done(deep_open(a[0], number(a[1]), number(a[2]), 1));
}

/* deep-mkdir DIR DEPTH LENGTH NAME: one more folder at the bottom */
static int do_deep_mkdir(char **a)
{
	int fd = deep_open(a[0], number(a[1]), number(a[2]), 0);

	return fd < 0 ? errno : act_done(mkdirat(fd, a[3], 0755));
}

/* ---- many ------------------------------------------------------------------------*/

/* flood DIR N: N files made and removed */
static int do_flood(char **a)
{
	unsigned long i, n = number(a[1]);
	char path[256];
	int fd;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/flood%lu", a[0], i);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		if (fd < 0 || close(fd) || unlink(path))
			return errno;
	}
	return 0;
}

/*
 * hammer DIR TASKS N: TASKS processes, each N rounds of operations on names
 * that tell process and round: p<pid>.<round>.<operation>
 */
static int hammer_round(const char *dir, long pid, unsigned long i)
{
	char a[300], b[300];

#define NAME(buf, what) snprintf(buf, sizeof(buf), "%s/p%ld.%lu." what, dir, pid, i)
	NAME(a, "mkdir");
	NAME(b, "file");
	if (mkdir(a, 0755) || rmdir(a) || mknod(b, S_IFREG | 0600, 0))
		return errno;
	if (chmod(b, 0644) || truncate(b, (off_t)i + 1) || chown(b, (uid_t)(i & 0xffff), 0))
		return errno;
	if (setxattr(b, "security.weir", a, strlen(a), 0))
		return errno;
	NAME(a, "link");
	if (link(b, a) || unlink(a))
		return errno;
	NAME(a, "moved");
	if (rename(b, a) || unlink(a))
		return errno;
	NAME(a, "symlink");
	if (symlink(b, a) || unlink(a))
		return errno;
	return 0;
#undef NAME
}

static int do_hammer(char **a)
{
	unsigned long i, n = number(a[2]);
	unsigned tasks = number(a[1]);
	int status, bad = 0;

	while (tasks--) {
		pid_t pid = fork();

		if (pid)
			continue;
		for (i = 0; i < n && !bad; i++)
			bad = hammer_round(a[0], getpid(), i);
		_exit(bad);
	}
	while (wait(&status) > 0)
		bad |= status;
	return bad ? EIO : 0;
}

/* ---- before another operation ------------------------------------------------------*/

static int do_as(char **a)
{
	uid_t id = id_of(a[0]);

	if (setgroups(0, NULL) || setresgid(id, id, id) || setresuid(id, id, id))
		return errno;
	return act_run(a + 1);
}

static int do_chroot(char **a)
{
	if (chroot(a[0]) || chdir("/"))
		return errno;
	return act_run(a + 1);
}

static int do_bind(char **a)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(a[0], a[1], NULL, MS_BIND, NULL))
		return errno;
	return act_run(a + 2);
}

static int do_chdir(char **a)
{
	return chdir(a[0]) ? errno : act_run(a + 1);
}

static int do_nothing(char **a)
{
	(void)a;
	return 0;
}

const struct act_op act_file_ops[] = {
	{ "nothing", do_nothing }, { "open", do_open }, { "mknod", do_mknod },
	{ "unlink", do_unlink }, { "rmdir", do_rmdir }, { "link", do_link },
	{ "symlink", do_symlink }, { "mkdir", do_mkdir }, { "rename", do_rename },
	{ "truncate", do_truncate }, { "ftruncate", do_ftruncate },
	{ "chmod", do_chmod }, { "fchmod", do_fchmod }, { "fchmodat", do_fchmodat },
	{ "chown", do_chown }, { "lchown", do_lchown }, { "fchown", do_fchown },
	{ "fchownat", do_fchownat }, { "setxattr", do_setxattr },
	{ "fsetxattr", do_fsetxattr }, { "setxattr-long", do_setxattr_long },
	{ "removexattr", do_removexattr }, { "chattr", do_chattr },
	{ "chattr-x", do_chattr_x }, { "deep-make", do_deep_make },
	{ "deep-mkdir", do_deep_mkdir }, { "flood", do_flood },
	{ "hammer", do_hammer }, { "as", do_as }, { "chroot", do_chroot },
	{ "bind", do_bind }, { "chdir", do_chdir },
	{ NULL, NULL }
};

int act_run(char **argv)
{
	static const struct act_op *const tables[] = {
		act_file_ops, act_proc_ops, act_net_ops, act_cred_ops, act_dns_ops,
		act_sys_ops, act_uring_ops,
	};
	const struct act_op *op;
	size_t i;

	for (i = 0; argv[0] && i < sizeof(tables) / sizeof(*tables); i++)
		for (op = tables[i]; op->name; op++)
			if (!strcmp(op->name, argv[0]))
				return op->run(argv + 1);
	fprintf(stderr, "act: no operation %s\n", argv[0] ? argv[0] : "given");
	return 255;
}

int main(int argc, char **argv)
{
	umask(022);
	return argc < 3 ? 255 : act_run(argv + 2);
}
