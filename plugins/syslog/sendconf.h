/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the sink `syslog` share: settings, counters, and its two threads, of which one
 * runs.
 */
#pragma once

#include <stdint.h>

#include "message.h"

struct outbox;

struct send_conf {
	char *path;		/* unix */
	char *host, *port;	/* tcp */
	char *spool;
	uint64_t spool_size;
	struct message_conf message;
};

enum {
	SEND_COUNT_LINES,
	SEND_COUNT_DROPPED,
	SEND_COUNT_WAITS,
	SEND_COUNT_LOST,
	SEND_COUNT_CONNECTS,
	SEND_COUNT_SPOOLED,
	SEND_COUNT_WAITING,
	SEND_COUNT_DAMAGED,
	SEND_COUNT__MAX
};

struct sender {
	const struct send_conf *conf;
	struct outbox *ob;
	uint64_t *counts;
};

/* For outbox_start(), with a struct sender. */
void *local_main(void *arg);	/* local.c: a socket of this machine */
void *remote_main(void *arg);	/* remote.c: TCP, with a spool */
