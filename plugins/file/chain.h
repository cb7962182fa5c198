/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash chain of a log that is being written: where it is, how it goes on after a restart,
 * and its anchor. Without seals all of it does nothing. One thread.
 */
#pragma once

#include <sys/types.h>

#include "fconf.h"

struct outbox;
struct target;

/* The last line has no seal: these lines are not of this chain. */
#define CHAIN_E_UNSEALED	1

struct chain {
	const struct file_conf *conf;
	struct outbox *ob;
	struct sealer *sealer;		/* NULL: no seals */
	struct seal at;			/* of the last line that is in the file */
	struct seal anchored;
	uint64_t oldest;
	int anchor_fd;			/* -1: not open */
	int error;			/* of the last anchor */
	bool begun;
};

/* 0 or a negative errno. */
int chain_init(struct chain *c, const struct file_conf *conf, struct outbox *ob);
/* Finds the end of the chain; at the first file only. 0, CHAIN_E_UNSEALED or a negative errno. */
int chain_open(struct chain *c, const struct target *file, uint64_t oldest);
/*
 * One line with its newline, and its seal; `to` has room for SEAL_TEXT_MAX more. Its length, or
 * -EBADMSG: it is no JSON object with a member, and the chain is as it was.
 */
ssize_t chain_line(struct chain *c, const char *line, size_t len, char *to);
/* Says how far the log goes. What fails is tried again with the next lines. */
void chain_anchor(struct chain *c);
void chain_oldest(struct chain *c, uint64_t oldest);
int chain_sync(struct chain *c);
void chain_close(struct chain *c);
void chain_fini(struct chain *c);
