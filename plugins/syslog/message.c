/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the header. What RFC 5424 does not permit in a field is left out of it. */
#include "message.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugins/sink/member.h"

#define TIME_LEN	20u	/* 2026-11-27T16:15:00. */
#define HOST_MAX_LEN	255u
#define APP_MAX_LEN	48u
#define MSGID_MAX_LEN	32u

/* Printable ASCII without spaces, or "-". */
static size_t word_put(char *out, const char *p, size_t len, size_t max)
{
	size_t i, n = 0;

	for (i = 0; i < len && n < max; i++)
		if (p[i] > ' ' && p[i] < 0x7f)
			out[n++] = p[i];
	if (!n)
		out[n++] = '-';
	out[n++] = ' ';
	return n;
}

/* Fractions have six digits at most there; ours have nine. */
static size_t time_put(char *out, const struct member *m, int64_t now)
{
	const time_t s = (time_t)(now / 1000000000);
	struct tm tm;
	size_t n;

	if (m->p && m->is_string && m->len == TIME_LEN + 10 && m->p[m->len - 1] == 'Z' &&
	    isdigit((unsigned char)*m->p)) {
		memcpy(out, m->p, TIME_LEN + 6);
		memcpy(out + TIME_LEN + 6, "Z ", 2);
		return TIME_LEN + 8;
	}
	n = strftime(out, 64, "%Y-%m-%dT%H:%M:%S", gmtime_r(&s, &tm));
	return n + (size_t)sprintf(out + n, ".%06uZ ", (unsigned)(now % 1000000000 / 1000));
}

size_t message_put(char *out, const struct message_conf *c, const char *line, size_t len,
		   int64_t now)
{
	static const char *const names[] = { "type", "time" };
	struct member found[2];
	size_t n;

	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	members_find(line, len, names, 2, found);
	n = (size_t)sprintf(out, "<%u>1 ", c->priority);
	n += time_put(out + n, &found[1], now);
	n += word_put(out + n, c->host, strlen(c->host), HOST_MAX_LEN);
	n += word_put(out + n, c->app, strlen(c->app), APP_MAX_LEN);
	n += (size_t)sprintf(out + n, "%u ", c->pid);
	n += word_put(out + n, found[0].p, found[0].len, MSGID_MAX_LEN);
	memcpy(out + n, "- ", 2);
	memcpy(out + n + 2, line, len);
	return n + 2 + len;
}
