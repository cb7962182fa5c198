/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the plugins that are mapped, for as long as the process lives.
 *
 * A file is opened once, checked through its descriptor, and that is what is
 * mapped (map.c), so what was checked is what runs. An entry keeps the
 * descriptor open: its inode cannot become another file's, so device and inode
 * tell whether a file is mapped already.
 *
 * Nothing is ever unmapped: a thread-local destructor, an atexit handler or a
 * thread that the plugin left behind would run into the hole. A few hundred
 * KiB for each upgrade without restart is the price.
 */
#include "plugin/loader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/diag.h"
#include "plugin/check.h"
#include "plugin/file.h"
#include "plugin/map.h"
#include "util/log.h"
#include "util/macros.h"

#define WHY_MAX		512

/* What the loader knows of a file, beyond what others see of it. */
struct entry {
	struct plugin plugin;
	struct entry *next;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	int fd;
	char *path;
	char *refused;		/* mapped, but no good: the reason */
};

struct loader {
	struct entry *entries;
	const char *const *reserved;
};

struct loader *loader_new(const char *const *reserved)
{
	struct loader *l = calloc(1, sizeof(*l));

	if (l)
		l->reserved = reserved;
	return l;
}

static struct entry *entry_free(struct entry *e)
{
	if (!e)
		return NULL;
	if (e->fd >= 0)
		close(e->fd);
	free(e->path);
	free(e->refused);
	free(e);
	return NULL;
}

struct loader *loader_free(struct loader *l)
{
	struct entry *e;

	while (l && (e = l->entries)) {
		AZ(e->plugin.n_refs);
		l->entries = e->next;
		entry_free(e);
	}
	free(l);
	return NULL;
}

struct plugin *plugin_ref(struct plugin *p)
{
	CHECK_OBJ_NOTNULL(p, PLUGIN_MAGIC);
	p->n_refs++;
	return p;
}

int plugin_fd(const struct plugin *p)
{
	return ((const struct entry *)p)->fd;
}

struct plugin *plugin_unref(struct plugin *p)
{
	if (!p)
		return NULL;
	CHECK_OBJ_NOTNULL(p, PLUGIN_MAGIC);
	AN(p->n_refs);
	p->n_refs--;
	return NULL;
}

/* ---- from the file to the struct -------------------------------------------*/

static int note_check(const struct note *note, const char *name, char *why,
		      size_t size)
{
	const struct weir_note_desc *desc = &note->desc;

	if (desc->abi_major != WEIR_ABI_MAJOR)
		snprintf(why, size, "ABI %u.%u, need %u.x", desc->abi_major,
			 desc->abi_minor, WEIR_ABI_MAJOR);
	else if (desc->abi_minor > WEIR_ABI_MINOR)
		snprintf(why, size, "ABI %u.%u, this version has %u.%u only",
			 desc->abi_major, desc->abi_minor, WEIR_ABI_MAJOR,
			 WEIR_ABI_MINOR);
	else if (!check_kind_name(desc->kind))
		snprintf(why, size, "of an unknown kind (%u)", desc->kind);
	else if (!check_flags_ok(desc->kind, desc->flags))
		snprintf(why, size, "has unknown flags (%#x)", desc->flags);
	else if (strcmp(desc->name, name))
		snprintf(why, size, "its name is \"%s\"", desc->name);
	else
		return 0;
	return -EINVAL;
}

static int entry_load(const struct loader *l, struct entry *e, const struct stat *st,
		      char *why, size_t size)
{
	struct map_symbol sym;
	void *handle = NULL;
	int r;

	r = map_open(&e->fd, st, &handle, why, size);
	if (r < 0)
		return r;
	r = map_find(handle, "weir_plugin", _Alignof(struct weir_plugin), &sym,
		     why, size);
	if (r == 0) {
		e->plugin.base = sym.base;
		r = check_plugin(sym.p, sym.size, &e->plugin.note.desc, l->reserved,
				 why, size);
	}
	if (r == 0) {
		e->plugin.def = sym.p;
		return 0;
	}
	/* It is mapped and stays so; asked again, it gets the same answer. */
	e->refused = strdup(why);
	return e->refused ? 0 : -ENOMEM;
}

/* ---- files that are known already ------------------------------------------*/

static struct entry *entry_find(const struct loader *l, const struct stat *st)
{
	struct entry *e;

	for (e = l->entries; e; e = e->next)
		if (e->dev == st->st_dev && e->ino == st->st_ino)
			return e;
	return NULL;
}

/* Same inode: has it the contents that were mapped? */
static bool entry_is_intact(const struct entry *e, const struct stat *st,
			    const struct note *note)
{
	if (*note->build_id)
		return e->size == st->st_size &&
		       !strcmp(e->plugin.note.build_id, note->build_id);
	return e->size == st->st_size && e->mtime.tv_sec == st->st_mtim.tv_sec &&
	       e->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

static struct entry *entry_new(const char *path, const struct stat *st,
			       const struct note *note)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->plugin.magic = PLUGIN_MAGIC;
	e->plugin.note = *note;
	e->dev = st->st_dev;
	e->ino = st->st_ino;
	e->size = st->st_size;
	e->mtime = st->st_mtim;
	e->fd = -1;
	e->path = strdup(path);
	e->plugin.path = e->path;
	return e->path ? e : entry_free(e);
}

/* Takes fd over. What it maps, it keeps, even if it is no good. */
static int entry_make(struct loader *l, int fd, const char *path,
		      const struct stat *st, const struct note *note,
		      char *why, size_t size, struct entry **out)
{
	struct entry *e = entry_new(path, st, note);
	int r;

	if (!e) {
		close(fd);
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	e->fd = fd;
	r = entry_load(l, e, st, why, size);
	if (r < 0) {
		entry_free(e);
		return r;
	}
	e->next = l->entries;
	l->entries = e;
	*out = e;
	return 0;
}

/* Takes fd over. */
static int file_use(struct loader *l, int fd, const char *name, const char *path,
		    const struct stat *st, char *why, size_t size,
		    struct entry **out)
{
	struct entry *e = NULL;
	struct note note;
	int r;

	r = note_read(fd, &note, why, size);
	if (r == 0)
		r = note_check(&note, name, why, size);
	if (r == 0)
		e = entry_find(l, st);
	if (e && !entry_is_intact(e, st, &note)) {
		snprintf(why, size, "was changed in place while it is in use; "
			 "install it by rename");
		r = -EBUSY;
	}
	if (r == 0 && !e)
		r = entry_make(l, fd, path, st, &note, why, size, &e);
	else
		close(fd);
	if (r == 0 && e->refused) {
		snprintf(why, size, "%s", e->refused);
		r = -EINVAL;
	}
	if (r == 0)
		*out = e;
	return r;
}

/* ---- search ----------------------------------------------------------------*/

/* Of what may be in a path and in the note. */
static bool name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n && !name[n] && n < sizeof(((struct weir_note_desc *)0)->name);
}

static int ask_fault(const struct loader_ask *ask, struct diag *d, int r,
		     const char *path, const char *why)
{
	diag_error(d, ask->file, ask->line, "plugin %s: %s%s%s", ask->name, path,
		   *path ? ": " : "", why);
	return r;
}

static int not_found(const struct loader_ask *ask, struct diag *d)
{
	char why[WHY_MAX];
	size_t i, n;

	n = (size_t)snprintf(why, sizeof(why), "there is no %s.so in", ask->name);
	for (i = 0; i < ask->n_dirs && n < sizeof(why); i++)
		n += (size_t)snprintf(why + n, sizeof(why) - n, "%s %s",
				      i ? "," : "", ask->dirs[i]);
	if (!ask->n_dirs)
		snprintf(why, sizeof(why), "there is no folder to look in");
	return ask_fault(ask, d, -ENOENT, "", why);
}

int loader_open(struct loader *l, const struct loader_ask *ask, struct diag *d,
		struct plugin **out)
{
	char file[64], path[PATH_MAX + 64], why[WHY_MAX] = "";
	struct entry *e = NULL;
	struct stat st;
	int fd = -1, r = -ENOENT;
	size_t i;

	if (!name_ok(ask->name))
		return ask_fault(ask, d, -EINVAL, "", "not a plugin's name");
	snprintf(file, sizeof(file), "%s.so", ask->name);
	for (i = 0; i < ask->n_dirs && r == -ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/%s", ask->dirs[i], file);
		r = file_open(ask->dirs[i], file, why, sizeof(why), &st, &fd);
	}
	if (r == -ENOENT)
		return not_found(ask, d);
	if (r == 0)
		r = file_use(l, fd, ask->name, path, &st, why, sizeof(why), &e);
	if (r < 0)
		return ask_fault(ask, d, r, path, why);
	if (!e->plugin.n_refs)
		log_debug("plugin %s: %s, version %s, build-id %s, at %#lx",
			  ask->name, e->plugin.path, e->plugin.note.desc.version,
			  e->plugin.note.build_id, (unsigned long)e->plugin.base);
	*out = plugin_ref(&e->plugin);
	return 0;
}
