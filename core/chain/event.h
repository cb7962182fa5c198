/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that outlive the moment: copies for async chains, shared by all that
 * subscribed, and those that user space makes. One block of memory holds the
 * record and all values with what they point to. Nothing in it changes once
 * it is shared.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <weir/plugin.h>

struct pool;

struct event {
	unsigned magic;
#define EVENT_MAGIC	0x8be71f4d
	unsigned n_refs;	/* atomic */
	bool pooled;
	uint16_t type;
	uint32_t rec_size;
	uint32_t n_added;
	int64_t wall_ns;
	uint8_t *rec;
	struct weir_value *added;
	const char *by;		/* interned; stage or chain that made it; NULL: the core */
	bool at_start;		/* begins the sync chain instead of behind stage `by` */
};

/*
 * What an event is made of. Of `added` only the slots in `only` are taken
 * (NULL: all). The record is copied as it is.
 */
struct event_parts {
	const void *rec;
	uint32_t rec_size;
	const struct weir_value *added;
	uint32_t n_added;
	const uint16_t *only;	/* indices into `added` */
	uint32_t n_only;
	int64_t wall_ns;
};

/*
 * A copy with one reference, from the pool (its one taking thread) or, if that
 * is NULL, from the heap (any thread). NULL: no memory.
 */
struct event *event_new(struct pool *pool, const struct event_parts *parts);
/* Any thread. */
struct event *event_ref(struct event *e);
/* NULL, always. */
struct event *event_unref(struct event *e);

static inline const struct weir_base *event_base(const struct event *e)
{
	return (const struct weir_base *)e->rec;
}

/*
 * A record of type `type` (laid out as an amendment) about `cause`, with its
 * acting process; `texts`: with that process's texts too. `buf` has room for
 * WEIR_REC_MAX bytes. The size; id, seq and time are the caller's to set.
 */
uint32_t event_about(void *buf, unsigned type, const void *cause, const char *by,
		     bool texts);
/* Appends texts, each ended by a NUL, or other bytes; as event_text. */
void event_bytes(void *buf, uint32_t *size, struct weir_str *s, const void *p, uint32_t len);
/* Appends a text to a record under construction and points `s` to it. */
void event_text(void *buf, uint32_t *size, struct weir_str *s, const char *text);
