/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the way from a path to a checked struct, without the loader's trust in owners. */
#include "sofile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/instance.h"
#include "plugin/check.h"
#include "plugin/map.h"

int sofile_note(int fd, struct note *out, char *why, size_t size)
{
	const struct weir_note_desc *desc = &out->desc;
	int r = note_read(fd, out, why, size);

	if (r < 0)
		return r;
	if (desc->abi_major != WEIR_ABI_MAJOR)
		snprintf(why, size, "ABI %u.%u, need %u.x", desc->abi_major, desc->abi_minor,
			 WEIR_ABI_MAJOR);
	else if (desc->abi_minor > WEIR_ABI_MINOR)
		snprintf(why, size, "ABI %u.%u, this version has %u.%u only", desc->abi_major,
			 desc->abi_minor, WEIR_ABI_MAJOR, WEIR_ABI_MINOR);
	else if (!check_kind_name(desc->kind))
		snprintf(why, size, "of an unknown kind (%u)", desc->kind);
	else if (!check_flags_ok(desc->kind, desc->flags))
		snprintf(why, size, "has flags (%#x) that are unknown, or not for %s",
			 desc->flags, check_kind_name(desc->kind));
	else
		return 0;
	return -EINVAL;
}

int sofile_map(const char *path, struct note *note, const struct weir_plugin **out,
	       char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
	struct map_symbol sym;
	void *handle = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		snprintf(why, size, "%s", strerror(-r));
		if (fd >= 0)
			close(fd);
		return r;
	}
	r = sofile_note(fd, note, why, size);
	if (r == 0)
		r = map_open(&fd, &st, &handle, why, size);
	if (r == 0)
		r = map_find(handle, "weir_plugin", _Alignof(struct weir_plugin), &sym, why,
			     size);
	if (r == 0)
		r = check_plugin(sym.p, sym.size, &note->desc, instance_reserved, why, size);
	if (r == 0)
		*out = sym.p;
	else
		close(fd);
	return r;
}
