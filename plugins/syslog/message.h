/* SPDX-License-Identifier: Apache-2.0 */
/* A line as a message of RFC 5424. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_HEAD_MAX	512u	/* bytes that are added to a line at most */

struct message_conf {
	unsigned priority;	/* facility * 8 + severity */
	const char *host, *app;
	unsigned pid;
};

/*
 * The message of a line: header, no structured data, the line without its newline. The type of
 * the event becomes the MSGID, its time the timestamp, or now (in ns since 1970) if it has none.
 * `out` has room for MESSAGE_HEAD_MAX more than the line. Its length.
 */
size_t message_put(char *out, const struct message_conf *c, const char *line, size_t len,
		   int64_t now);
