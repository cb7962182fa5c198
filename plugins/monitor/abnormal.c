/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at an event; on the event path, so a field that is not in this type of
 * event costs a load and a branch, a text of the record two.
 */
#include "abnormal.h"

#include <string.h>

const char *const abnormal_words[ABNORMAL__MAX] = {
	[ABNORMAL_PATH] = "path_not_resolved",
	[ABNORMAL_PROCESS] = "no_process",
	[ABNORMAL_LINEAGE] = "broken_lineage",
	[ABNORMAL_TRUNCATED] = "truncated",
	[ABNORMAL_UNREADABLE] = "unreadable",
	[ABNORMAL_REFUSED] = "record_refused",
};

const char *const abnormal_names[ABNORMAL_IN__MAX] = {
	[ABNORMAL_IN_TIME] = "time",
	[ABNORMAL_IN_KEY] = "process.key",
	[ABNORMAL_IN_PID] = "process.pid",
	[ABNORMAL_IN_LINEAGE] = "process.lineage",
	[ABNORMAL_IN_EXE] = "process.exe.path",
	[ABNORMAL_IN_EXEC_FLAGS] = "exec.flags",
	[ABNORMAL_IN_FILE] = "file.path",
	[ABNORMAL_IN_FILE_FLAGS] = "file.flags",
	[ABNORMAL_IN_LOST_REASON] = "lost.reason",
	[ABNORMAL_IN_LOST_COUNT] = "lost.count",
};

/* Types whose process fields hold who did it. */
static const bool has_actor[WEIR_EV_MAX] = {
#define EVENT(id, name, class, actor, doc) [id] = actor,
#include <weir/events.def>
};

static uint32_t get32(const struct abnormal *a, const struct weir_event *ev, unsigned in)
{
	const uint32_t *at = weir_wire_at(ev, a->in[in]);

	return at ? *at : 0;
}

static uint64_t get64(const struct abnormal *a, const struct weir_event *ev, unsigned in)
{
	const uint64_t *at = weir_wire_at(ev, a->in[in]);

	return at ? *at : 0;
}

/* The marks of a text of the record; of another value, its status as one. */
static uint32_t marks(const struct weir_event *ev, struct weir_handle h)
{
	const struct weir_str *s;
	struct weir_value v;

	if (h.slot < ev->n_wire && h.kind >= WEIR_KIND_STR && h.kind <= WEIR_KIND_STRV) {
		s = weir_wire_at(ev, h);
		return s ? s->len & ~WEIR_STR_LEN : 0;
	}
	v = weir_get(ev, h);
	return v.status == WEIR_TRUNCATED ? WEIR_STR_TRUNCATED :
	       v.status == WEIR_ERROR ? WEIR_STR_ERROR : 0;
}

static void path_found(struct abnormal_found *f, const char *field, const char *why)
{
	f->errors |= 1u << ABNORMAL_PATH;
	f->path = field;
	f->path_why = why;
}

/* A memfd has no place in any namespace, and is none that is missing. */
static void look_paths(const struct abnormal *a, const struct weir_event *ev,
		       struct abnormal_found *f)
{
	uint32_t exec = get32(a, ev, ABNORMAL_IN_EXEC_FLAGS);

	if (exec & WEIR_EXEC_UNREACHABLE && !(exec & WEIR_EXEC_MEMFD))
		path_found(f, "process.exe.path", "unreachable");
	if (marks(ev, a->in[ABNORMAL_IN_EXE]) & WEIR_STR_ERROR)
		path_found(f, "process.exe.path", "error");
	if (get32(a, ev, ABNORMAL_IN_FILE_FLAGS) & WEIR_FILE_UNREACHABLE)
		path_found(f, "file.path", "unreachable");
	if (marks(ev, a->in[ABNORMAL_IN_FILE]) & WEIR_STR_ERROR)
		path_found(f, "file.path", "error");
}

static void look_process(const struct abnormal *a, const struct weir_event *ev,
			 struct abnormal_found *f)
{
	struct weir_value v;

	if (!get64(a, ev, ABNORMAL_IN_KEY))
		f->process_why = "no key";
	else if (!get32(a, ev, ABNORMAL_IN_PID))
		f->process_why = "no pid";
	if (f->process_why)
		f->errors |= 1u << ABNORMAL_PROCESS;
	if (!a->in[ABNORMAL_IN_LINEAGE].slot)
		return;
	v = weir_get(ev, a->in[ABNORMAL_IN_LINEAGE]);
	if (!weir_present(&v) || (v.len == 8 && !memcmp(v.v.p, "complete", 8)))
		return;
	f->errors |= 1u << ABNORMAL_LINEAGE;
	f->lineage = v.v.p;
	f->lineage_len = v.len;
}

static bool same(struct weir_handle a, struct weir_handle b)
{
	return a.slot == b.slot;
}

static void look_fields(const struct abnormal *a, const struct weir_event *ev,
			struct abnormal_found *f)
{
	uint32_t i, m;

	for (i = 0; i < a->n_fields; i++) {
		m = marks(ev, a->fields[i].handle);
		if (!m)
			continue;
		if (m & WEIR_STR_TRUNCATED)
			f->truncated |= 1u << i;
		/* Of these two it is told as a path. */
		if (m & WEIR_STR_ERROR && !same(a->fields[i].handle, a->in[ABNORMAL_IN_EXE]) &&
		    !same(a->fields[i].handle, a->in[ABNORMAL_IN_FILE]))
			f->unreadable |= 1u << i;
	}
	f->errors |= (f->truncated ? 1u << ABNORMAL_TRUNCATED : 0) |
		     (f->unreadable ? 1u << ABNORMAL_UNREADABLE : 0);
}

bool abnormal_look(const struct abnormal *a, const struct weir_event *ev,
		   struct abnormal_found *f)
{
	memset(f, 0, sizeof(*f));
	if (ev->type == WEIR_EV_lost &&
	    get32(a, ev, ABNORMAL_IN_LOST_REASON) == WEIR_LOST_BAD_RECORD) {
		f->errors = 1u << ABNORMAL_REFUSED;
		f->refused = get64(a, ev, ABNORMAL_IN_LOST_COUNT);
	}
	if (ev->type >= WEIR_EV_KERNEL_MAX)
		return f->errors != 0;
	look_paths(a, ev, f);
	if (has_actor[ev->type])
		look_process(a, ev, f);
	look_fields(a, ev, f);
	return f->errors != 0;
}
