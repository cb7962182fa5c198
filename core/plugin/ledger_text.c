/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns nothing: hashes and texts of the crash ledger. All but ledger_text run
 * in a signal handler of a process whose memory may be damaged: no libc beyond
 * plain memory, no locks, nothing unbounded.
 */
#include <signal.h>
#include <string.h>

#include <weir/wire.h>

#include "plugin/ledger_private.h"
#include "util/macros.h"

uint64_t ledger_hash(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		h = (h ^ *b++) * UINT64_C(0x100000001b3);
	return h;
}

uint64_t ledger_sum(const void *entry)
{
	uint64_t h = ledger_hash(LEDGER_FNV, entry, offsetof(struct ledger_entry, sum));

	return h ? h : 1;
}

/* ---- events -----------------------------------------------------------------*/

static const uint16_t type_sizes[WEIR_EV_PLUGIN] = {
#define EVENT(id, name, class, actor, doc) [id] = sizeof(struct weir_##name),
#include <weir/events.def>
};

static const char *const type_names[WEIR_EV_PLUGIN] = {
#define EVENT(id, name, class, actor, doc) [id] = #name,
#include <weir/events.def>
};

uint64_t ledger_digest(const void *rec, size_t size)
{
	const struct weir_base *base = rec;
	uint16_t type;
	size_t fixed;
	uint64_t h;

	if (!rec || size < sizeof(*base))
		return 0;
	type = base->type;
	/* What plugins declare is laid out as an amendment. */
	fixed = type < WEIR_EV_PLUGIN ? type_sizes[type] :
		type < WEIR_EV_MAX ? sizeof(struct weir_amendment) : 0;
	if (!fixed || size < fixed || size > WEIR_REC_MAX)
		return 0;
	h = ledger_hash(LEDGER_FNV, &type, sizeof(type));
	h = ledger_hash(h, (const uint8_t *)rec + fixed, size - fixed);
	return h ? h : 1;
}

/* ---- texts --------------------------------------------------------------------*/

void ledger_put(struct ledger_line *t, const char *text)
{
	while (*text && t->len + 1 < t->cap)
		t->p[t->len++] = *text++;
	if (t->cap)
		t->p[t->len] = 0;
}

static void put_number(struct ledger_line *t, uint64_t n, unsigned radix)
{
	char digits[24], *p = digits + sizeof(digits) - 1;

	*p = 0;
	do
		*--p = "0123456789abcdef"[n % radix];
	while (n /= radix);
	ledger_put(t, p);
}

void ledger_put_dec(struct ledger_line *t, uint64_t n)
{
	put_number(t, n, 10);
}

void ledger_put_hex(struct ledger_line *t, uint64_t n)
{
	ledger_put(t, "0x");
	put_number(t, n, 16);
}

static void put_event(struct ledger_line *t, uint16_t type)
{
	const char *name = type < WEIR_EV_PLUGIN ? type_names[type] : NULL;
	const char *v = "aeiou";

	if (!name) {
		ledger_put(t, " of an event of type ");
		ledger_put_dec(t, type);
		return;
	}
	while (*v && *v != *name)
		v++;
	ledger_put(t, *v ? " of an " : " of a ");
	ledger_put(t, name);
	ledger_put(t, " event");
}

void ledger_put_where(struct ledger_line *t, const struct ledger_entry *e)
{
	static const char *const names[LEDGER__MAX] = {
		[LEDGER_OPEN] = "open",
		[LEDGER_PROCESS] = "process",
		[LEDGER_ENCODE] = "encode",
		[LEDGER_WRITE] = "write",
		[LEDGER_TICK] = "tick",
		[LEDGER_CLOSE] = "close",
		[LEDGER_ADOPT] = "adopt",
		[LEDGER_OTHER] = "another callback",
	};

	ledger_put(t, names[e->phase < LEDGER__MAX ? e->phase : LEDGER_OTHER]);
	if (e->type)
		put_event(t, e->type);
}

void ledger_put_signal(struct ledger_line *t, const struct ledger_entry *e)
{
	switch (e->signal) {
	case SIGSEGV: ledger_put(t, "SIGSEGV"); break;
	case SIGBUS: ledger_put(t, "SIGBUS"); break;
	case SIGFPE: ledger_put(t, "SIGFPE"); break;
	case SIGILL: ledger_put(t, "SIGILL"); break;
	case SIGABRT: ledger_put(t, "SIGABRT"); break;
	case SIGSYS: ledger_put(t, "SIGSYS"); break;
	default:
		ledger_put(t, "signal ");
		ledger_put_dec(t, (uint64_t)(uint32_t)e->signal);
	}
	if (e->sender && e->sender != e->pid) {
		ledger_put(t, " from process ");
		ledger_put_dec(t, e->sender);
	} else if (e->code > 0 && e->code != SI_KERNEL) {
		ledger_put(t, " at ");
		ledger_put_hex(t, e->addr);
	}
}

char *ledger_text(const struct ledger_entry *e, char *buf, size_t size)
{
	struct ledger_line t = { buf, 0, size };

	ledger_put(&t, "in ");
	ledger_put_where(&t, e);
	ledger_put(&t, ": ");
	ledger_put_signal(&t, e);
	return buf;
}
