/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attributes of files held when they were last seen: a cache of fixed
 * size, by device, inode, generation and attribute. Knows nothing of what a value
 * means. One thread.
 */
#pragma once

#include "model.h"

enum memo_state { MEMO_UNKNOWN, MEMO_NONE, MEMO_PRESENT };

struct memo_key {
	uint64_t ino;
	uint64_t gen;		/* 0: not known, and fits any */
	uint32_t dev;
	uint32_t attr;		/* memo_attr() of its name */
};

/* What is remembered; bytes are valid until the next change of the memo. */
struct memo_value {
	struct acl_bytes bytes;
	bool read;		/* from the file, by memo_read; else by memo_put */
};

struct memo;

/* n values of at most `size` bytes; NULL: no memory. */
struct memo *memo_new(uint32_t n, uint32_t size);
struct memo *memo_free(struct memo *m);	/* NULL */
bool memo_same_size(const struct memo *a, const struct memo *b);

uint32_t memo_attr(const char *name, size_t n);

/* As it was before `time`: what was read later is MEMO_UNKNOWN. */
enum memo_state memo_get(struct memo *m, const struct memo_key *k, uint64_t time,
			 struct memo_value *value);
/* MEMO_NONE: it is known that there is none. A value that is too long is forgotten. */
void memo_put(struct memo *m, const struct memo_key *k, enum memo_state state,
	      struct acl_bytes value);
/* All attributes of an inode: it is another file now. */
void memo_forget(struct memo *m, uint32_t dev, uint64_t ino);

/*
 * An inode (of k; its attr is set here) whose attributes have all been read at `time`.
 * An attribute that is not among the n has none; one without bytes has something,
 * and it is not known what. What memo_put has told stays.
 */
struct memo_attr_read {
	uint32_t attr;
	struct acl_bytes value;	/* p NULL: not known */
};
void memo_read(struct memo *m, struct memo_key *k, uint64_t time,
	       const struct memo_attr_read *attrs, uint32_t n);
/* Has it been read? */
bool memo_was_read(struct memo *m, struct memo_key *k);

uint64_t memo_entries(const struct memo *m);
uint64_t memo_evicted(const struct memo *m);
