/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reader: where it is among the lines, and what it is told when it was too slow. It never
 * holds up anybody else. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct store;

struct reader {
	int fd;
	bool messages;		/* each write is a message: one line */
	uint64_t next;		/* line that it gets next */
	char *rest;		/* the end of a line that was begun, or a line that tells a loss */
	uint32_t rest_len, rest_off;
	uint64_t lost, lost_told;
	uint64_t n_lines, n_lost;	/* since they were last asked for */
};

/* Takes over the descriptor, which does not block. It gets what comes from now on. */
void reader_init(struct reader *r, int fd, bool messages, const struct store *s);
/* Sends what it takes. 0: all is sent; -EAGAIN: later; else it is gone. */
int reader_pump(struct reader *r, const struct store *s);
void reader_fini(struct reader *r);
