/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins in memory: found, trusted, known and checked. One thread, the
 * control thread, for all functions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

#include "plugin/note.h"

struct diag;
struct loader;

/* One file that has been mapped. It stays mapped till the process ends. */
struct plugin {
	unsigned magic;
#define PLUGIN_MAGIC	0x7c1e5b09
	unsigned n_refs;
	const struct weir_plugin *def;	/* checked; valid for ever */
	const char *path;		/* where it was found; may be another file now */
	struct note note;		/* name, version, licence, build-id */
	uintptr_t base;			/* where it is mapped, for post-mortem */
};

/*
 * NULL: no memory. `reserved` are names that no plugin may give an option
 * (ends with NULL; may be NULL; must outlive the loader).
 */
struct loader *loader_new(const char *const *reserved);

/*
 * Where to look for NAME.so: in each of the folders in order, which must be
 * absolute; and the place in the configuration that asks.
 */
struct loader_ask {
	const char *name;
	const char *const *dirs;
	size_t n_dirs;
	const char *file;
	int line;
};

/*
 * Gives a reference to the plugin; a file that is loaded already is the same
 * object, a file that has replaced it is another one. 0; or a negative errno
 * and one line in `d` with the file and the reason. Code of the plugin
 * (constructors) runs only if the file, its folders and its note are in order.
 */
int loader_open(struct loader *l, const struct loader_ask *ask, struct diag *d,
		struct plugin **out);

/* Of the file that was checked; open as long as the loader. */
int plugin_fd(const struct plugin *p);
struct plugin *plugin_ref(struct plugin *p);
/* NULL, always; p may be NULL. Nothing is unmapped. */
struct plugin *plugin_unref(struct plugin *p);

/* NULL, always. No plugin object may be in use. */
struct loader *loader_free(struct loader *l);
