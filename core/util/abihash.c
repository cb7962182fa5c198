/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the hash of the wire ABI: FNV-1a over the rows of events.def. It names
 * pins and capture files, so how it is computed must not change.
 */
#include "util/abihash.h"

#include <weir/wire.h>

#include "util/macros.h"

/* An event where `member` is NULL, else one of its fields. */
struct abihash_row {
	const char *event;
	const char *member;
	const char *name;
	const char *values;	/* of an event: its class */
	uint32_t kind;		/* of an event: its id */
	uint32_t off;		/* of an event: its size */
};

static const struct abihash_row abihash_rows[] = {
#define EVENT_BASE(name, doc) \
	{ #name, NULL, "", "", 0, sizeof(struct weir_##name) },
#define EVENT(id, name, class, actor, doc) \
	{ #name, NULL, "", #class, id, sizeof(struct weir_##name) },
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ #ev, #member, name, #values, WEIR_KIND_##kind, \
	  offsetof(struct weir_##ev, member) },
#define ALIAS(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ #ev, #member, name, #values, WEIR_KIND_##kind, \
	  offsetof(struct weir_##ev, member) },
#include <weir/events.def>
};

static uint64_t abihash_byte(uint64_t h, uint8_t b)
{
	return (h ^ b) * 0x100000001b3u;
}

/* Its NUL too, so that "ab" "c" is not "a" "bc". */
static uint64_t abihash_str(uint64_t h, const char *s)
{
	if (!s)
		return abihash_byte(h, 0xff);
	do {
		h = abihash_byte(h, (uint8_t)*s);
	} while (*s++);
	return h;
}

static uint64_t abihash_u32(uint64_t h, uint32_t u)
{
	int i;

	for (i = 0; i < 4; i++)
		h = abihash_byte(h, (uint8_t)(u >> 8 * i));
	return h;
}

uint64_t weir_abi_hash(void)
{
	const struct abihash_row *row;
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < ARRAY_LEN(abihash_rows); i++) {
		row = &abihash_rows[i];
		h = abihash_str(h, row->event);
		h = abihash_str(h, row->member);
		h = abihash_str(h, row->name);
		h = abihash_str(h, row->values);
		h = abihash_u32(h, row->kind);
		h = abihash_u32(h, row->off);
	}
	return h;
}
