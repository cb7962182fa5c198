/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the crash ledger, for ledger*.c. */
#pragma once

#include "plugin/ledger.h"

struct ledger {
	unsigned magic;
#define LEDGER_OBJ_MAGIC	0x1edce401
	char *path;
	int fd;				/* -1: only in memory */
	bool writable;
	uint32_t next;			/* seq of the next entry */
	struct ledger_entry slots[LEDGER_MAX];	/* entry seq is in slot seq % LEDGER_MAX */
	const struct ledger_entry *order[LEDGER_MAX];	/* oldest first */
	size_t n;
};

struct ledger_header {
	char magic[8];
	uint32_t version;
	uint32_t entry_size;
	uint32_t n_entries;
	uint8_t rest[484];
	uint64_t sum;
};

#define LEDGER_FILE_MAGIC	"WEIRCRSH"
#define LEDGER_VERSION		1u

_Static_assert(sizeof(struct ledger_entry) == 512, "a sector, and no page border inside");
_Static_assert(sizeof(struct ledger_header) == sizeof(struct ledger_entry), "as an entry");

#define LEDGER_SIZE	((LEDGER_MAX + 1) * sizeof(struct ledger_entry))

static inline uint64_t ledger_slot_offset(uint32_t seq)
{
	return (1 + seq % LEDGER_MAX) * sizeof(struct ledger_entry);
}

/* FNV-1a, going on from `h`. Signal handlers too. */
#define LEDGER_FNV	UINT64_C(0xcbf29ce484222325)
uint64_t ledger_hash(uint64_t h, const void *p, size_t n);
/* Of an entry or a header, without its last member. Never 0. */
uint64_t ledger_sum(const void *entry);

/* A text that grows at its end and is cut where it is full. Signal handlers too. */
struct ledger_line {
	char *p;
	size_t len, cap;	/* cap counts the NUL that is always there */
};
void ledger_put(struct ledger_line *t, const char *text);
void ledger_put_dec(struct ledger_line *t, uint64_t n);
void ledger_put_hex(struct ledger_line *t, uint64_t n);
/* "process of an exec event" */
void ledger_put_where(struct ledger_line *t, const struct ledger_entry *e);
/* "SIGSEGV at 0x10" */
void ledger_put_signal(struct ledger_line *t, const struct ledger_entry *e);
