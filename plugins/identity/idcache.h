/* SPDX-License-Identifier: Apache-2.0 */
/* Names by id. One thread; never larger than it was made, but for the names' texts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "idkey.h"

struct identry {
	struct idkey key;
	uint64_t found_ns, used_ns;
	uint64_t since_ns;	/* from when on it was of the same source */
	char *text;
	uint16_t len;
	uint8_t state, source;
	bool used;
};

struct idcache;

/* NULL: no memory. At least `max` entries fit if they spread well. */
struct idcache *idcache_new(uint32_t max, uint64_t seed);
/* NULL: not known. Valid until the next put or drop. */
struct identry *idcache_get(struct idcache *c, const struct idkey *key, uint64_t now_ns);
/* True if another entry was forgotten for it. Without memory nothing is kept. */
bool idcache_put(struct idcache *c, const struct idkey *key, const struct idanswer *a,
		 uint64_t now_ns);
/* Forgets what the accounts of a mount namespace said; 0: those of the host, wherever. */
void idcache_drop(struct idcache *c, uint32_t mnt);
uint32_t idcache_max(const struct idcache *c);
uint32_t idcache_count(const struct idcache *c);
/* NULL, always; c may be NULL. */
struct idcache *idcache_free(struct idcache *c);
