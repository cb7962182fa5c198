/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of a sink that sends a datagram for each line to a socket of this machine. What
 * the daemon there cannot take now stays in the outbox; while there is none, it is looked for
 * each second. A line that no datagram can hold is lost, or goes as a sealed memfd.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox;

struct dgram_buf {
	char *p;
	size_t len, cap;
};

struct dgram {
	const char *path;
	struct outbox *ob;
	uint64_t *n_lines, *n_lost, *n_connects;	/* counters */
	bool memfd;		/* the daemon takes large ones so (systemd-journald) */
	/* The datagram of a line, into buf. False: no memory. */
	bool (*make)(void *arg, struct dgram_buf *buf, const char *line, size_t len);
	void *arg;
};

/* For outbox_start(), with a struct dgram. */
void *dgram_main(void *arg);
/* Room for `need` bytes more. */
bool dgram_room(struct dgram_buf *buf, size_t need);
