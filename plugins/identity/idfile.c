/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passwd and group have name, password and id at the same places. A line that
 * glibc would take for an entry of that id is taken; the first one counts. The
 * files may be a container's, so nothing about them is trusted.
 */
#include "idfile.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAP_MAX	128u

/* Decimal, and all of it; glibc takes blanks and a sign before it. */
static bool parse_id(const char *at, const char *end, uint32_t *id)
{
	char digits[24], *stop;
	size_t len = (size_t)(end - at);
	unsigned long v;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, at, len);
	digits[len] = 0;
	v = strtoul(digits, &stop, 10);
	*id = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	return stop != digits && !*stop;
}

static const char *stop_at(const char *at, const char *end, int c)
{
	const char *stop = memchr(at, c, (size_t)(end - at));

	return stop ? stop : end;
}

/* The name of a line if its id is this one. */
static bool take_line(const char *at, const char *end, uint32_t id, struct idanswer *a)
{
	const char *name, *colon;
	uint32_t found;
	size_t len;

	while (at < end && isspace((unsigned char)*at))
		at++;
	if (at == end || *at == '#' || *at == '+' || *at == '-')
		return false;
	name = at;
	colon = stop_at(at, end, ':');
	len = (size_t)(colon - name);
	at = colon < end ? stop_at(colon + 1, end, ':') : end;
	if (!len || at == end)
		return false;
	at++;
	if (!parse_id(at, stop_at(at, end, ':'), &found) || found != id)
		return false;
	a->state = len > IDNAME_MAX ? IDNAME_CUT : IDNAME_KNOWN;
	a->len = (uint16_t)(len > IDNAME_MAX ? IDNAME_MAX : len);
	memcpy(a->text, name, a->len);
	return true;
}

void idfile_find(const char *text, size_t len, uint32_t id, struct idanswer *a)
{
	const char *at = text, *end = text + len, *stop;

	a->state = IDNAME_NONE;
	a->len = 0;
	for (; at < end; at = stop + 1) {
		stop = stop_at(at, end, '\n');
		/* glibc's lines end at a NUL, too. */
		if (take_line(at, stop_at(at, stop, 0), id, a))
			return;
		if (stop == end)
			return;
	}
}

bool idfile_map(const char *text, size_t len, uint32_t id, uint32_t *inside, bool *same)
{
	const char *at = text, *end = text + len, *stop;
	unsigned long first, outside, n;
	char line[LINE_MAP_MAX];
	bool found = false;

	*same = true;
	for (; at < end; at = stop + 1) {
		stop = stop_at(at, end, '\n');
		if ((size_t)(stop - at) >= sizeof(line))
			return false;
		memcpy(line, at, (size_t)(stop - at));
		line[stop - at] = 0;
		if (sscanf(line, "%lu %lu %lu", &first, &outside, &n) != 3)
			return false;
		*same &= first == outside;
		if (id >= outside && id - outside < n) {
			*inside = (uint32_t)(first + (id - outside));
			found = true;
		}
		if (stop == end)
			break;
	}
	return found;
}
