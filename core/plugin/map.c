/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns dlopen. What it gets is a descriptor, as /proc/PID/fd/N: a path that
 * was replaced by rename would give the file that is mapped already. glibc
 * knows a library by that name, so an N that served another one would give
 * that other one; hence numbers only grow. It knows it by device and inode
 * too, so what was overwritten in place cannot be mapped anew. PID rather than
 * `self` lets a debugger that attaches find the file as long as N is open.
 */
#include "plugin/map.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FD_MIN	100

/* Of the process, as glibc's list of names is. */
static int fd_next = FD_MIN;

/* dlerror begins with the name that dlopen was given, which says nothing. */
static int dl_fault(const char *name, char *why, size_t size)
{
	const char *text = dlerror();
	size_t n = strlen(name);

	if (!text)
		text = "unknown error";
	if (!strncmp(text, name, n) && !strncmp(text + n, ": ", 2))
		text += n + 2;
	snprintf(why, size, "%s", text);
	return -EINVAL;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * A name for fd. In a container, /proc may be that of other pid numbers,
 * where ours is somebody else: what the name leads to is compared.
 */
static int fd_name(int fd, const struct stat *want, char *name, size_t name_size,
		   char *why, size_t size)
{
	struct stat st;

	snprintf(name, name_size, "/proc/%d/fd/%d", (int)getpid(), fd);
	if (stat(name, &st) == 0 && same_file(&st, want))
		return 0;
	snprintf(name, name_size, "/proc/self/fd/%d", fd);
	if (stat(name, &st) == 0 && same_file(&st, want))
		return 0;
	snprintf(why, size, "cannot be mapped without /proc");
	return -ENOENT;
}

int map_open(int *fd, const struct stat *st, void **handle, char *why, size_t size)
{
	char name[64];
	void *h;
	int up, r;

	up = fcntl(*fd, F_DUPFD_CLOEXEC, fd_next);
	if (up < 0) {
		r = -errno;
		snprintf(why, size, "no descriptor from %d on: %s", fd_next, strerror(-r));
		return r;
	}
	close(*fd);
	*fd = up;
	r = fd_name(up, st, name, sizeof(name), why, size);
	if (r < 0)
		return r;
	h = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!h)
		return dl_fault(name, why, size);
	fd_next = up + 1;
	*handle = h;
	return 0;
}

int map_find(void *handle, const char *name, size_t align, struct map_symbol *out,
	     char *why, size_t size)
{
	const void *p = dlsym(handle, name);
	struct link_map *own = NULL, *map = NULL;
	const ElfW(Sym) *sym = NULL;
	Dl_info info;

	/* dlsym searches what the library depends on, too. */
	if (p && (dlinfo(handle, RTLD_DI_LINKMAP, &own) < 0 ||
		  !dladdr1(p, &info, (void **)&map, RTLD_DL_LINKMAP) ||
		  !dladdr1(p, &info, (void **)&sym, RTLD_DL_SYMENT) || map != own))
		p = NULL;
	if (!p || !sym || ELF64_ST_TYPE(sym->st_info) != STT_OBJECT ||
	    (uintptr_t)p % align) {
		snprintf(why, size, "exports no data \"%s\"", name);
		return -EINVAL;
	}
	out->p = p;
	out->size = sym->st_size;
	out->base = (uintptr_t)info.dli_fbase;
	return 0;
}
