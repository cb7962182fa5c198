/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests by file. Any thread; bounded. Of several that want the same file one
 * reads it, the others wait for what it finds.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "digest.h"

/* All that changes when a file does. Without holes: compared as bytes. */
struct hashcache_key {
	uint64_t ino;
	uint64_t mtime_ns;
	uint64_t ctime_ns;
	uint64_t size;
	uint64_t dev;
};

struct hashcache;
struct hashcache_entry;

enum hashcache_answer {
	HASHCACHE_HIT,		/* *digest */
	HASHCACHE_MINE,		/* *mine: find out, then hashcache_end() */
	HASHCACHE_BUSY,		/* somebody else still finds out, or no memory */
};

/* NULL: no memory. */
struct hashcache *hashcache_new(uint32_t max);
/* max_wait_ns: for somebody else. */
enum hashcache_answer hashcache_begin(struct hashcache *c, const struct hashcache_key *key,
				      uint64_t max_wait_ns, struct hashcache_entry **mine,
				      uint8_t digest[DIGEST_LEN]);
/*
 * digest: NULL if there is none; those who wait then try themselves. Returns
 * how many others were forgotten for it.
 */
uint32_t hashcache_end(struct hashcache *c, struct hashcache_entry *mine, const uint8_t *digest);
/* A new bound. It is reached with the next few entries if it is far away. */
void hashcache_limit(struct hashcache *c, uint32_t max);
uint32_t hashcache_count(struct hashcache *c);
/* Nobody may be between begin and end. NULL, always. */
struct hashcache *hashcache_free(struct hashcache *c);
