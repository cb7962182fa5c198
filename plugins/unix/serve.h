/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of the sink `unix`: takes lines from the outbox into the store, and lets readers
 * come, read and go.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct outbox;
struct serve;

enum serve_type { SERVE_STREAM, SERVE_SEQPACKET, SERVE_DATAGRAM };

struct serve_conf {
	char *path;
	enum serve_type type;
	size_t size;		/* of the store */
	unsigned max;		/* readers */
	mode_t mode;
	gid_t group;		/* -1: none */
};

enum { SERVE_COUNT_LINES, SERVE_COUNT_LOST, SERVE_COUNT_UNREAD, SERVE_COUNT_READERS,
	SERVE_COUNT_CAME, SERVE_COUNT_REFUSED, SERVE_COUNT__MAX };

#define SERVE_READERS_MAX	60u

/*
 * Listens (but for datagrams). 0 or a negative errno: -ENOTSOCK, there is something else at
 * that path. `conf`, `ob` and `counts` stay the caller's.
 */
int serve_new(const struct serve_conf *conf, struct outbox *ob, uint64_t *counts,
	      struct serve **out);
/* For outbox_start(). */
void *serve_main(void *arg);
struct serve *serve_free(struct serve *s);
