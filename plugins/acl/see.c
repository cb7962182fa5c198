/* SPDX-License-Identifier: Apache-2.0 */
/* From events to what sight.c has to know of a file. */
#include "see.h"

void see_take(struct acl_plugin *x)
{
	enum sight_end end;

	while (sight_take(&x->sight, x->memo, &end))
		weir_count(&x->counters[end == SIGHT_READ ? N_READ : N_UNREAD], 1);
}

/* A path that is cut, or begins at no root, leads nowhere. */
static const char *path_of(const struct weir_value *v, char path[WEIR_PATH_MAX + 1])
{
	if (v->status != WEIR_PRESENT || !v->len || v->len > WEIR_PATH_MAX ||
	    *(const char *)v->v.p != '/' || memchr(v->v.p, 0, v->len))
		return NULL;
	memcpy(path, v->v.p, v->len);
	path[v->len] = 0;
	return path;
}

static void see(struct acl_plugin *x, const struct weir_event *ev, const struct memo_key *key,
		unsigned in_path, bool is_exe)
{
	struct weir_value v = weir_get(ev, x->in[in_path]);
	char path[WEIR_PATH_MAX + 1];
	struct weir_find file = { .ino = key->ino, .dev = key->dev, .is_exe = is_exe,
		.any_mtime = true, .pid = (uint32_t)weir_get_u64(ev, x->in[IN_PID], 0) };

	file.path = path_of(&v, path);
	if (!sight_see(&x->sight, x->memo, key, &file, weir_get_u64(ev, x->in[IN_TIME], 0)))
		weir_count(&x->counters[N_UNSEEN], 1);
}

void see_file(struct acl_plugin *x, const struct weir_event *ev, const struct memo_key *key)
{
	uint32_t type = (uint32_t)weir_get_u64(ev, x->in[IN_MODE], 0) & MODE_TYPE;

	if (key->ino && (type == MODE_FILE || type == MODE_DIR) &&
	    !(weir_get_u64(ev, x->in[IN_FILE_FLAGS], 0) & WEIR_FILE_UNLINKED))
		see(x, ev, key, IN_PATH, false);
}

void see_program(struct acl_plugin *x, const struct weir_event *ev)
{
	struct memo_key key = { .ino = weir_get_u64(ev, x->in[IN_EXE_INODE], 0),
		.dev = (uint32_t)weir_get_u64(ev, x->in[IN_EXE_DEV], 0) };

	if (key.ino)
		see(x, ev, &key, IN_EXE_PATH, true);
}
