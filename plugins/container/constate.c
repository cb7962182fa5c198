/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is opened below the folder of its runtime; no link leads out of it,
 * and only a regular file is read, up to a size. Below a user's home, where the
 * user may have put anything, other file systems are not entered.
 */
#include "constate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conjson.h"

#define NAMESPACES	64u	/* of containerd that are tried */
#define PATH_LEN	1024u
#define HOME_SIZE	(1u << 20)	/* of a file that a user may have written */

/* ---- files -----------------------------------------------------------------------*/

struct search {
	const struct constate *s;
	const struct conname *name;
	const char *path;	/* of the cgroup */
	struct confacts_draft *d;
	enum constate_result worst;
};

static int open_below(const char *dir, const char *name, uint64_t resolve, int flags)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve };
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, err;

	if (at < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, at, name, &how, sizeof(how));
	err = errno;
	close(at);
	errno = err;
	return fd;
}

static char *read_all(int fd, size_t max, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	*len = 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > max)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	while (text && *len < (size_t)st.st_size) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	return text;
}

/* The text of a file, for free(), or NULL: *r says why. */
static char *load(const struct search *s, const char *dir, const char *name, uint64_t resolve,
		  size_t *len, enum constate_result *r)
{
	int fd = open_below(dir, name, resolve, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	uint64_t max = s->s->max_size;
	char *text;

	*r = CONSTATE_NONE;
	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			*r = CONSTATE_BAD;
		return NULL;
	}
	max = resolve & RESOLVE_NO_XDEV && max > HOME_SIZE ? HOME_SIZE : max;
	text = read_all(fd, max, len);
	close(fd);
	*r = text ? CONSTATE_FOUND : CONSTATE_BAD;
	return text;
}

static bool found(struct search *s, enum constate_result r)
{
	if (r != CONSTATE_FOUND && r > s->worst)
		s->worst = r;
	return r == CONSTATE_FOUND;
}

/* `name` has a %s for the id. */
__attribute__((format(printf, 3, 0)))
static bool take(struct search *s, const char *dir, const char *name, conjson_f *read,
		 uint64_t resolve)
{
	char path[PATH_LEN];
	enum constate_result r;
	size_t len;
	char *text;

	snprintf(path, sizeof(path), name, s->name->id);
	text = load(s, dir, path, resolve, &len, &r);
	if (text && read(text, len, s->name->id, s->d))
		r = CONSTATE_MALFORMED;
	free(text);
	return found(s, r);
}

/* ---- runtimes --------------------------------------------------------------------*/

static const char *dir_of(const struct search *s, enum constate_dir dir)
{
	return s->s->dirs[dir];
}

static bool try_docker(struct search *s)
{
	s->d->runtime = CGRUNTIME_DOCKER;
	return take(s, dir_of(s, CONSTATE_DOCKER), "containers/%s/config.v2.json",
		    conjson_docker, 0);
}

/* Of containers-storage, whatever driver it uses. A container of another runtime is not in it. */
static bool take_stored(struct search *s, const char *dir, const char *below, uint64_t resolve)
{
	static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };
	char path[PATH_LEN], bundle[PATH_LEN];
	enum constate_result worst = s->worst;
	unsigned i;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		snprintf(path, sizeof(path), "%s%s-containers/containers.json", below, drivers[i]);
		if (!take(s, dir, path, conjson_storage, resolve))
			continue;
		/* Its annotations, if it has been started. */
		snprintf(bundle, sizeof(bundle), "%s%s-containers/%%s/userdata/config.json", below,
			 drivers[i]);
		take(s, dir, bundle, conjson_bundle, resolve);
		s->worst = worst;
		return true;
	}
	return false;
}

static bool try_podman(struct search *s)
{
	s->d->runtime = CGRUNTIME_PODMAN;
	return take_stored(s, dir_of(s, CONSTATE_PODMAN), "", 0);
}

static bool try_crio(struct search *s)
{
	s->d->runtime = CGRUNTIME_CRIO;
	return take(s, dir_of(s, CONSTATE_CRIO), "overlay-containers/%s/userdata/config.json",
		    conjson_bundle, 0);
}

/* In whichever of its namespaces. */
static bool try_containerd(struct search *s)
{
	const char *const tasks = "io.containerd.runtime.v2.task";
	int fd = open_below(dir_of(s, CONSTATE_CONTAINERD), tasks, 0, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char path[PATH_LEN];
	struct dirent *e;
	bool got = false;
	unsigned n = 0;

	s->d->runtime = CGRUNTIME_CONTAINERD;
	while (d && !got && n < NAMESPACES && (e = readdir(d))) {
		if (e->d_name[0] == '.' || strchr(e->d_name, '%'))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%%s/config.json", tasks, e->d_name);
		got = take(s, dir_of(s, CONSTATE_CONTAINERD), path, conjson_bundle, 0);
		n++;
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return got;
}

static bool try_runc(struct search *s)
{
	s->d->runtime = CGRUNTIME_RUNC;
	return take(s, dir_of(s, CONSTATE_RUNC), "%s/state.json", conjson_runc, 0);
}

static int read_nothing(const char *text, size_t len, const char *id, struct confacts_draft *d)
{
	(void)text;
	(void)len;
	confacts_add(d, CONFACT_NAME, id, strlen(id));
	return 0;
}

static bool try_lxc(struct search *s)
{
	s->d->runtime = CGRUNTIME_LXC;
	return take(s, dir_of(s, CONSTATE_LXC), "%s/config", read_nothing, 0);
}

static bool try_machine(struct search *s)
{
	s->d->runtime = CGRUNTIME_NSPAWN;
	return take(s, dir_of(s, CONSTATE_MACHINES), "%s", conjson_machine, 0);
}

/* ---- those of users ----------------------------------------------------------------*/

static bool try_home(struct search *s, uint32_t uid)
{
	const uint64_t resolve = RESOLVE_NO_XDEV;
	struct passwd pw, *user = NULL;
	char buf[4096];

	if (getpwuid_r(uid, &pw, buf, sizeof(buf), &user) || !user || *pw.pw_dir != '/')
		return false;
	s->d->runtime = CGRUNTIME_PODMAN;
	if (s->name->runtime != CGRUNTIME_DOCKER &&
	    take_stored(s, pw.pw_dir, ".local/share/containers/storage/", resolve))
		return true;
	s->d->runtime = CGRUNTIME_DOCKER;
	return s->name->runtime != CGRUNTIME_PODMAN &&
	       take(s, pw.pw_dir, ".local/share/docker/containers/%s/config.v2.json",
		    conjson_docker, resolve);
}

/* ---- perhaps a container ------------------------------------------------------------*/

/* Its file names the very cgroup: the id is no accident. */
static bool is_cgroup_of(const struct search *s, const char *dir, const char *name)
{
	char asked[CGPATH_MAX], path[PATH_LEN];
	enum constate_result r;
	size_t len, n, m = strlen(s->path);
	char *text;
	bool is;

	snprintf(path, sizeof(path), name, s->name->id);
	text = load(s, dir, path, 0, &len, &r);
	is = text && !conjson_cgroup(text, len, asked, sizeof(asked));
	free(text);
	if (!is)
		return false;
	n = strlen(asked);
	/* runc has it with the mount point before it. */
	return n >= m && !strcmp(asked + n - m, s->path);
}

static bool try_maybe(struct search *s)
{
	char path[PATH_LEN];
	const char *slash = strrchr(s->path, '/');

	if (is_cgroup_of(s, dir_of(s, CONSTATE_RUNC), "%s/state.json"))
		return try_runc(s);
	/* /NAMESPACE/ID */
	if (!slash || slash - s->path < 2 || slash - s->path > 256 || strchr(s->path, '%'))
		return false;
	snprintf(path, sizeof(path), "io.containerd.runtime.v2.task%.*s/%%s/config.json",
		 (int)(slash - s->path), s->path);
	return is_cgroup_of(s, dir_of(s, CONSTATE_CONTAINERD), path) && try_containerd(s);
}

/* ---- all ---------------------------------------------------------------------------*/

static bool find(struct search *s)
{
	switch (s->name->runtime) {
	case CGRUNTIME_DOCKER:
		return try_docker(s);
	case CGRUNTIME_CONTAINERD:
		return try_containerd(s);
	case CGRUNTIME_CRIO:
		return try_crio(s);
	case CGRUNTIME_PODMAN:
		return try_podman(s);
	case CGRUNTIME_LXC:
		return try_lxc(s);
	case CGRUNTIME_NSPAWN:
		return try_machine(s);
	case CGRUNTIME_RUNC:
		return try_runc(s);
	case CGRUNTIME_MAYBE:
		return try_maybe(s);
	default:
		/* containerd has Docker's and runc's has both: who knows more comes first. */
		return try_docker(s) || try_crio(s) || try_podman(s) || try_containerd(s) ||
		       try_runc(s);
	}
}

enum constate_result constate_find(const struct constate *c, const struct conname *name,
				   uint32_t uid, const char *path, struct confacts_draft *d)
{
	struct search s = { .s = c, .name = name, .path = path, .d = d, .worst = CONSTATE_NONE };
	bool users = c->homes && uid != CGPATH_UID_NONE &&
		     (name->runtime == CGRUNTIME_DOCKER || name->runtime == CGRUNTIME_PODMAN ||
		      name->runtime == CGRUNTIME_ANY);

	memset(d, 0, offsetof(struct confacts_draft, text));
	if (find(&s) || (users && try_home(&s, uid)))
		return CONSTATE_FOUND;
	memset(d, 0, offsetof(struct confacts_draft, text));
	d->runtime = name->runtime;
	return s.worst;
}

const char *constate_reason(enum constate_result r)
{
	static const char *const reasons[] = {
		[CONSTATE_FOUND] = NULL, [CONSTATE_NONE] = "no state file",
		[CONSTATE_BAD] = "state file not readable",
		[CONSTATE_MALFORMED] = "state file malformed",
	};

	return reasons[r];
}
