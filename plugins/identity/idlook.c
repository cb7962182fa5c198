/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's accounts are asked through NSS. Those of another mount namespace
 * are read below the root of a process that is in it: /proc/PID is opened first
 * and its namespaces are compared, so a pid that is used again leads nowhere
 * else; no link leads out of that root; what is there is opened without an
 * effect on it and read only if it is a regular file. If it is the very file
 * that the host has (a unit with mounts of its own), NSS is asked.
 *
 * A file speaks of the ids of the user namespace that it was made for: the
 * host's of ours, a container's of that of its processes.
 */
#include "idlook.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weir/account.h>

#include "idfile.h"

#define USER_NS_INITIAL	0xeffffffdu	/* PROC_USER_INIT_INO */
#define MAP_MAX		65536u		/* 340 lines is the most that the kernel takes */

static const char *const paths[] = { [ID_USER] = "etc/passwd", [ID_GROUP] = "etc/group" };
static const char *const maps[] = { [ID_USER] = "uid_map", [ID_GROUP] = "gid_map" };

/* ---- NSS -----------------------------------------------------------------------*/

static void find_host(const struct idkey *key, struct idanswer *a)
{
	static const uint8_t states[] = {
		[WEIR_ACCOUNT_NONE] = IDNAME_NONE, [WEIR_ACCOUNT_NAME] = IDNAME_KNOWN,
		[WEIR_ACCOUNT_CUT] = IDNAME_CUT, [WEIR_ACCOUNT_FAILED] = IDNAME_FAILED,
	};
	size_t len = 0;

	a->source = IDSOURCE_HOST;
	a->state = states[weir_account_name(key->id, key->kind == ID_GROUP, a->text,
					    sizeof(a->text), &len)];
	a->len = (uint16_t)len;
}

/* ---- files ---------------------------------------------------------------------*/

/* The process's folder, if it is the process that is meant; -1. */
static int open_process(const struct idlook *l, const struct idkey *key, uint32_t pid)
{
	struct stat mnt, user;
	char name[256];
	int fd;

	snprintf(name, sizeof(name), "%s/%u", l->proc, pid);
	fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstatat(fd, "ns/mnt", &mnt, 0) && !fstatat(fd, "ns/user", &user, 0) &&
	    (uint32_t)mnt.st_ino == key->mnt && (uint32_t)user.st_ino == key->user)
		return fd;
	close(fd);
	return -1;
}

/* A path below the root of the process, with O_PATH; -1 and errno. */
static int open_below(int proc, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), fd, err;

	if (root < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	err = errno;
	close(root);
	errno = err;
	return fd;
}

/* The whole of it, for free(); NULL: it cannot be read, or is larger. */
static char *read_fd(int fd, size_t max, size_t *len)
{
	char *buf = malloc(max + 1);
	ssize_t n = 0;

	*len = 0;
	do {
		*len += (size_t)n;
		n = buf && *len <= max ? read(fd, buf + *len, max + 1 - *len) : -1;
	} while (n > 0);
	if (!n)
		return buf;
	free(buf);
	return NULL;
}

static char *read_regular(int path_fd, const struct stat *st, size_t max, size_t *len)
{
	char name[64], *text;
	int fd;

	if (!S_ISREG(st->st_mode) || (uint64_t)st->st_size > max)
		return NULL;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	/* As large as it is now, and a page for what is being added. */
	if ((uint64_t)st->st_size + 4096 < max)
		max = (size_t)st->st_size + 4096;
	text = read_fd(fd, max, len);
	close(fd);
	return text;
}

/* The id as the process's user namespace has it; false: it has none, or who knows. */
static bool translate(int proc, const struct idkey *key, uint32_t *id, struct idanswer *a)
{
	bool same, found;
	size_t len;
	char *map;
	int fd;

	*id = key->id;
	a->source = IDSOURCE_OWN;
	if (key->user == USER_NS_INITIAL)
		return true;
	fd = openat(proc, maps[key->kind], O_RDONLY | O_CLOEXEC);
	map = fd < 0 ? NULL : read_fd(fd, MAP_MAX, &len);
	if (fd >= 0)
		close(fd);
	if (!map) {
		a->state = IDNAME_FAILED;
		a->source = IDSOURCE_UNKNOWN;
		return false;
	}
	found = idfile_map(map, len, key->id, id, &same);
	free(map);
	a->source = same && found ? IDSOURCE_OWN : IDSOURCE_MAPPED;
	a->state = IDNAME_NONE;
	return found;
}

static bool is_hosts(const struct stat *st, const char *path)
{
	char name[32];
	struct stat own;

	snprintf(name, sizeof(name), "/%s", path);
	return !stat(name, &own) && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

static void find_in_file(const struct idlook *l, const struct idkey *key, int proc, int fd,
			 struct idanswer *a)
{
	struct stat st;
	uint32_t id;
	size_t len;
	char *text;

	if (fstat(fd, &st))
		return;
	if (is_hosts(&st, paths[key->kind])) {
		find_host(key, a);
		return;
	}
	if (!translate(proc, key, &id, a))
		return;
	text = read_regular(fd, &st, l->max_size, &len);
	if (text)
		idfile_find(text, len, id, a);
	else
		a->state = IDNAME_FAILED;
	free(text);
}

static void find_own(const struct idlook *l, const struct idkey *key, int proc,
		     struct idanswer *a)
{
	int fd = open_below(proc, paths[key->kind]);

	if (fd >= 0) {
		find_in_file(l, key, proc, fd, a);
		close(fd);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		/* A container without accounts. */
		a->state = IDNAME_NONE;
		a->source = IDSOURCE_OWN;
	}
}

/* ---- both ------------------------------------------------------------------------*/

void idlook_find(const struct idlook *l, const struct idkey *key, const uint32_t pids[2],
		 struct idanswer *a)
{
	int i, proc = -1;

	*a = (struct idanswer){ .state = IDNAME_FAILED, .source = IDSOURCE_UNKNOWN };
	if (!key->mnt) {
		find_host(key, a);
		return;
	}
	for (i = 0; i < 2 && proc < 0; i++)
		proc = pids[i] ? open_process(l, key, pids[i]) : -1;
	if (proc < 0)
		return;
	find_own(l, key, proc, a);
	close(proc);
}

static uint64_t mix(uint64_t h, uint64_t n)
{
	h = (h ^ n) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 31;
}

uint64_t idlook_stamp(void)
{
	static const char *const files[] = { "/etc/passwd", "/etc/group", "/etc/nsswitch.conf" };
	struct stat st;
	uint64_t h = 1;
	unsigned i;

	for (i = 0; i < 3; i++) {
		h = mix(h, i);
		if (stat(files[i], &st))
			continue;
		h = mix(mix(h, st.st_ino), (uint64_t)st.st_size);
		h = mix(mix(h, (uint64_t)st.st_mtim.tv_sec), (uint64_t)st.st_mtim.tv_nsec);
		h = mix(mix(h, (uint64_t)st.st_ctim.tv_sec), (uint64_t)st.st_ctim.tv_nsec);
	}
	return h;
}

uint32_t idlook_ns(const struct idlook *l, uint32_t pid, const char *ns)
{
	char name[288];
	struct stat st;

	if (pid)
		snprintf(name, sizeof(name), "%s/%u/ns/%s", l->proc, pid, ns);
	else
		snprintf(name, sizeof(name), "/proc/self/ns/%s", ns);
	return stat(name, &st) ? 0 : (uint32_t)st.st_ino;
}

bool idlook_is_host(const struct idlook *l, uint32_t pid)
{
	struct stat st;
	char name[256];
	int proc, fd;
	bool is;

	snprintf(name, sizeof(name), "%s/%u", l->proc, pid);
	proc = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return false;
	fd = open_below(proc, paths[ID_USER]);
	is = fd >= 0 && !fstat(fd, &st) && is_hosts(&st, paths[ID_USER]);
	if (fd >= 0)
		close(fd);
	close(proc);
	return is;
}
