/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crash ledger: which build of which plugin has taken the daemon down, in
 * what, and with which event; kept over restarts, so that the next start can
 * leave that plugin out, or keep that event from it.
 *
 * All functions belong to the control thread, but for those that say so. At
 * most LEDGER_MAX crashes are known; a new one takes the place of the oldest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_PATH	WEIR_STATEDIR "/crashes"
#define LEDGER_MAX	64u

/* Quarantine: so many crashes of a build within that time. */
#define LEDGER_CRASHES	2u
#define LEDGER_WITHIN_NS (3600 * INT64_C(1000000000))
/* Poison: an event that was there at so many crashes of a build. */
#define LEDGER_POISON	2u

enum ledger_phase {
	LEDGER_OPEN,
	LEDGER_PROCESS,
	LEDGER_ENCODE,
	LEDGER_WRITE,
	LEDGER_TICK,
	LEDGER_CLOSE,
	LEDGER_ADOPT,
	LEDGER_OTHER,
	LEDGER__MAX
};

/* Whom a crash is put down to. Made when an instance is; all texts end with NUL. */
struct ledger_who {
	char build_id[65];	/* hex; "": the file has none, and the name counts */
	char plugin[32];
	char instance[64];
};

/* As in the file, too: LEDGER_MAX of them behind a header of the same size. */
struct ledger_entry {
	uint32_t seq;		/* counts up; 0: no entry */
	int32_t signal;
	int32_t code;		/* si_code */
	uint32_t sender;	/* process that sent the signal; 0: none did */
	int64_t wall_ns;	/* since 1970 */
	int64_t released_ns;	/* forgiven then; 0: not */
	uint64_t addr;		/* that could not be reached */
	uint64_t digest;	/* of the event; 0: there was none or it is not known */
	uint32_t pid, tid;
	uint16_t type;		/* of the event; 0: there was none */
	uint8_t phase;
	uint8_t pad[5];
	char build_id[72];
	char plugin[32];
	char instance[64];
	char version[64];	/* of the daemon */
	uint8_t rest[208];
	uint64_t sum;		/* ledger_sum */
};

/* ---- the file ---------------------------------------------------------------*/

struct ledger;

/*
 * Reads the file, or begins one (its folder too, but not the folder's). What
 * is damaged, cut short, somebody else's or not ours is reported, moved aside
 * as PATH.bad, and begun anew with the entries that are whole. It never fails
 * because of the file: a ledger that cannot be written is reported and empty.
 * `read_only`: nothing is made, moved or written. NULL: no memory.
 */
struct ledger *ledger_open(const char *path, bool read_only);
/* Disarms it. NULL, always; l may be NULL. */
struct ledger *ledger_close(struct ledger *l);

/*
 * Crashes of that build up to `within_ns` before now_ns (CLOCK_REALTIME; or
 * behind it, for clocks are set back) that are not forgiven.
 */
unsigned ledger_crashes(const struct ledger *l, const struct ledger_who *who,
			int64_t now_ns, int64_t within_ns);
/*
 * LEDGER_CRASHES of them within LEDGER_WITHIN_NS? Then `why` is "crashed the
 * daemon 2 times since TIME, last in process of an exec event".
 */
bool ledger_quarantined(const struct ledger *l, const struct ledger_who *who,
			int64_t now_ns, char *why, size_t size);

struct ledger_poison {
	uint64_t digest;
	unsigned n;		/* crashes with it; see LEDGER_POISON */
	uint16_t type;		/* only events of this type can have this digest */
};

/*
 * The events during which that build crashed and was not forgiven, whenever
 * that was, those with most crashes first. How many were written, <= max.
 */
size_t ledger_poison(const struct ledger *l, const struct ledger_who *who,
		     struct ledger_poison *out, size_t max);

/*
 * Forgives the crashes of a plugin or a build. How many; or a negative errno
 * and the file may still tell some of them.
 */
int ledger_release(struct ledger *l, const char *plugin_or_build_id, int64_t now_ns);

/* For a report: entries, forgiven ones too, oldest first; valid until the next call. */
size_t ledger_n(const struct ledger *l);
const struct ledger_entry *ledger_at(const struct ledger *l, size_t i);
/* "in process of an exec event: SIGSEGV at 0x10". Returns buf. */
char *ledger_text(const struct ledger_entry *e, char *buf, size_t size);

/* ---- events -----------------------------------------------------------------*/

/*
 * Equal for two occurrences of the same event: made of the type and the texts
 * (all behind the fixed part), not of numbers, times, pids or keys. 0: no type
 * that is known, or shorter than that. Any thread, signal handlers too.
 */
uint64_t ledger_digest(const void *rec, size_t size);

/* ---- marks: what a thread is in -----------------------------------------------*/

struct ledger_mark {
	const struct ledger_who *who;	/* NULL: in the core */
	const void *rec;		/* the event, NULL: none */
	uint32_t rec_size;
	uint8_t phase;
};

/* initial-exec: a signal handler cannot ask the linker for memory. */
extern _Thread_local struct ledger_mark ledger_mark
	__attribute__((tls_model("initial-exec")));

/*
 * Around each call of a plugin. `who` and `rec` stay valid until ledger_leave;
 * marks do not nest.
 */
static inline void ledger_enter(const struct ledger_who *who, enum ledger_phase phase,
				const void *rec, size_t size)
{
	ledger_mark.rec = rec;
	ledger_mark.rec_size = (uint32_t)size;
	ledger_mark.phase = (uint8_t)phase;
	/* The control thread looks what this one is in. */
	__atomic_store_n(&ledger_mark.who, who, __ATOMIC_RELAXED);
}

static inline void ledger_leave(void)
{
	__atomic_store_n(&ledger_mark.who, NULL, __ATOMIC_RELAXED);
}

/* ---- signals ------------------------------------------------------------------*/

/*
 * From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGSYS are told on
 * stderr and, if the thread is marked, in the file; then they do what they did
 * before. Not in children of fork. Of one ledger at a time. 0 or a negative
 * errno.
 */
int ledger_arm(struct ledger *l);
void ledger_disarm(struct ledger *l);

/*
 * A stack for the handler, for the calling thread: without it a stack that
 * overflows ends the process untold. 0 or a negative errno.
 */
int ledger_thread_init(void);
/* Same thread; harmless if it was not initialized. */
void ledger_thread_fini(void);
