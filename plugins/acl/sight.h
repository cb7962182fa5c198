/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files at first sight: what they have of permissions is read beside the event
 * path, and is in the memo before they change next. Functions are for the
 * stage's thread, but for open and close; none but those waits.
 */
#pragma once

#include <weir/findfile.h>
#include <weir/helper.h>

#include "memo.h"

#define SIGHT_WAITING	32u	/* files at most */

struct sight_job;

struct sight {
	struct weir_helper helper;
	bool on;
	char *const *more;	/* names of further attributes */
	uint32_t n_more, max_size;
	uint32_t rate, left;	/* files a second; of this one */
	uint64_t second;
	struct sight_job *waiting[SIGHT_WAITING];
	uint32_t n_waiting;
};

/* What became of a file. */
enum sight_end { SIGHT_READ, SIGHT_UNREAD, SIGHT_STALE };

/* *s is zeros, but for more, n_more and max_size. False: no thread. rate 0: nothing is read. */
bool sight_open(struct sight *s, const struct weir_setup *setup, uint32_t rate);
void sight_close(struct sight *s);

/* The file was in an event of that time. False: it should be read, and will not be. */
bool sight_see(struct sight *s, struct memo *m, const struct memo_key *key,
	       const struct weir_find *file, uint64_t time);
/* What is being read of the inode is void: it has changed meanwhile, or may have. */
void sight_changed(struct sight *s, const struct memo_key *key);
/* The next one that was read goes into the memo. False: there is none. */
bool sight_take(struct sight *s, struct memo *m, enum sight_end *end);
