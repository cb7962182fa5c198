/* SPDX-License-Identifier: Apache-2.0 */
/* Owns a walk over the members of an object. */
#include "plugins/sink/member.h"

#include <string.h>

struct walk {
	const char *p, *end;
};

static void space_skip(struct walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t'))
		w->p++;
}

/* At a quote: to behind the other one. */
static bool string_skip(struct walk *w)
{
	for (w->p++; w->p < w->end; w->p++) {
		if (*w->p == '\\')
			w->p++;
		else if (*w->p == '"')
			break;
	}
	return w->p++ < w->end;
}

/* To behind a value: a string, an object or array with all that is in it, or a word. */
static bool value_skip(struct walk *w)
{
	unsigned depth = 0;

	do {
		if (w->p >= w->end)
			return false;
		if (*w->p == '"') {
			if (!string_skip(w))
				return false;
			continue;
		}
		if (*w->p == '{' || *w->p == '[')
			depth++;
		else if (depth && (*w->p == '}' || *w->p == ']'))
			depth--;
		else if (!depth && (*w->p == ',' || *w->p == '}'))
			return true;
		w->p++;
	} while (depth || (w->p < w->end && *w->p != ',' && *w->p != '}'));
	return true;
}

static void take(struct member *m, const char *from, const char *to)
{
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	m->is_string = to - from >= 2 && *from == '"';
	m->p = from + m->is_string;
	m->len = (size_t)(to - from) - 2 * (size_t)m->is_string;
}

/* One member: false at the end. */
static bool member_next(struct walk *w, struct member *name, struct member *value)
{
	const char *from = w->p;

	space_skip(w);
	from = w->p;
	if (w->p >= w->end || *w->p != '"' || !string_skip(w))
		return false;
	take(name, from, w->p);
	space_skip(w);
	if (w->p >= w->end || *w->p++ != ':')
		return false;
	space_skip(w);
	from = w->p;
	if (!value_skip(w))
		return false;
	take(value, from, w->p);
	if (w->p < w->end && *w->p == ',')
		w->p++;
	return true;
}

void members_find(const char *line, size_t len, const char *const *names, unsigned n,
		  struct member *found)
{
	struct walk w = { line, line + len };
	struct member name, value;
	unsigned i, left = n;

	memset(found, 0, n * sizeof(*found));
	space_skip(&w);
	if (w.p >= w.end || *w.p++ != '{')
		return;
	while (left && member_next(&w, &name, &value)) {
		for (i = 0; i < n; i++) {
			if (found[i].p || strlen(names[i]) != name.len ||
			    memcmp(names[i], name.p, name.len))
				continue;
			found[i] = value;
			left--;
		}
	}
}

bool member_find(const char *line, size_t len, const char *name, struct member *found)
{
	members_find(line, len, &name, 1, found);
	return found->p != NULL;
}

bool member_u64(const struct member *m, uint64_t *value)
{
	uint64_t v = 0;
	unsigned digit;
	size_t i;

	if (!m->p || !m->len || m->len > 20)
		return false;
	for (i = 0; i < m->len; i++) {
		digit = (unsigned)m->p[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*value = v;
	return true;
}
