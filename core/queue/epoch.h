/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that readers may still be looking at while the writer takes them out
 * of a structure: they are freed once no reader can. One writer thread for each
 * epoch, and named readers of one thread each. Readers never wait.
 *
 * A reader finds objects only between epoch_enter and epoch_leave, and keeps no
 * pointer beyond. The writer takes an object out with an atomic store, then
 * calls epoch_retire. Sections are short: all that is retired waits for them.
 */
#pragma once

#include <ck_epoch.h>

#include "queue/tsan.h"

struct epoch;

#define EPOCH_NAME_LEN	32

/* Use only through the functions below. */
struct epoch_reader {
	struct ck_epoch_record record;
	struct epoch *epoch;
	struct epoch_reader *next;
	_Bool used;
	char name[EPOCH_NAME_LEN];
};

struct epoch_entry;
typedef void epoch_fn_f(struct epoch_entry *e);

/* Part of an object that can be retired. Holds nothing before. */
struct epoch_entry {
	struct ck_epoch_entry ck;
	epoch_fn_f *fn;
};

/* NULL: no memory. */
struct epoch *epoch_new(void);
/*
 * Any thread. The name is copied, and cut to EPOCH_NAME_LEN - 1 bytes. NULL: no
 * memory. The memory of a reader is used again, and freed with the epoch.
 */
struct epoch_reader *epoch_reader_new(struct epoch *ep, const char *name);
/* Any thread, the reader being in no section. NULL, always. */
struct epoch_reader *epoch_reader_free(struct epoch_reader *r);

/*
 * Writer. The object can be found no more by who enters from now on; fn is
 * called with it by epoch_poll or epoch_free, once all who were in a section
 * have left it. fn may retire others.
 */
void epoch_retire(struct epoch *ep, struct epoch_entry *e, epoch_fn_f *fn);
/*
 * Writer. Calls the fn of all entries that no reader can see any more, in no
 * particular order. How many are still waiting: none if no reader is inside,
 * and after three calls none of those retired before, if each reader has left
 * its section between any two. Never waits.
 */
unsigned epoch_poll(struct epoch *ep);
/*
 * Writer. A reader that entries have to wait for: it is inside since before the
 * last progress of epoch_poll. NULL: none, or nothing waits. How long it has
 * been inside is not known. The name is good until epoch_reader_free.
 */
const char *epoch_blocker(struct epoch *ep);
/*
 * Writer. Calls the fn of all that wait; no reader is in a section, or uses the
 * epoch again. Frees the readers, too. NULL, always.
 */
struct epoch *epoch_free(struct epoch *ep);

/* Reader. Sections may be nested; the outermost counts. */
static inline void epoch_enter(struct epoch_reader *r)
{
	ck_epoch_begin(&r->record, 0);
	/*
	 * The load of the global epoch before the loads of the section, or
	 * else the record may claim a newer view of memory than the section
	 * has. Nothing on x86; libck 0.7.1 lacks it for arm64 (ck 1faa673).
	 */
	ck_pr_fence_load();
}

/* Reader. */
static inline void epoch_leave(struct epoch_reader *r)
{
	TSAN_RELEASE(r->epoch);
	ck_epoch_end(&r->record, 0);
}
