/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what follows from the entries of a crash ledger: quarantine, poison, pardon. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plugin/ledger_private.h"
#include "util/macros.h"

static bool counts(const struct ledger_entry *e, const struct ledger_who *who)
{
	return !e->released_ns && !strcmp(e->build_id, who->build_id) &&
	       (*who->build_id || !strcmp(e->plugin, who->plugin));
}

/* Both are not negative. */
static bool recent(const struct ledger_entry *e, int64_t now_ns, int64_t within_ns)
{
	int64_t age = now_ns - e->wall_ns;

	return (age < 0 ? -age : age) <= within_ns;
}

struct tally {
	unsigned n;
	const struct ledger_entry *first, *last;
};

static struct tally count(const struct ledger *l, const struct ledger_who *who,
			  int64_t now_ns, int64_t within_ns)
{
	struct tally t = { 0 };
	size_t i;

	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	for (i = 0; i < l->n; i++) {
		if (!counts(l->order[i], who) ||
		    !recent(l->order[i], MAX(now_ns, 0), within_ns))
			continue;
		if (!t.n++)
			t.first = l->order[i];
		t.last = l->order[i];
	}
	return t;
}

unsigned ledger_crashes(const struct ledger *l, const struct ledger_who *who,
			int64_t now_ns, int64_t within_ns)
{
	return count(l, who, now_ns, within_ns).n;
}

bool ledger_quarantined(const struct ledger *l, const struct ledger_who *who,
			int64_t now_ns, char *why, size_t size)
{
	struct tally t = count(l, who, now_ns, LEDGER_WITHIN_NS);
	struct ledger_line line = { why, 0, size };
	char since[32] = "?";
	time_t at;
	struct tm tm;

	if (t.n < LEDGER_CRASHES)
		return false;
	at = (time_t)(t.first->wall_ns / 1000000000);
	if (gmtime_r(&at, &tm))
		strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &tm);
	ledger_put(&line, "crashed the daemon ");
	ledger_put_dec(&line, t.n);
	ledger_put(&line, " times since ");
	ledger_put(&line, since);
	ledger_put(&line, ", last in ");
	ledger_put_where(&line, t.last);
	return true;
}

static int poison_order(const void *a, const void *b)
{
	const struct ledger_poison *x = a, *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

size_t ledger_poison(const struct ledger *l, const struct ledger_who *who,
		     struct ledger_poison *out, size_t max)
{
	struct ledger_poison all[LEDGER_MAX];
	size_t i, k, n = 0;

	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	for (i = 0; i < l->n; i++) {
		const struct ledger_entry *e = l->order[i];

		if (!e->digest || !counts(e, who))
			continue;
		for (k = 0; k < n && all[k].digest != e->digest; k++)
			;
		if (k == n)
			all[n++] = (struct ledger_poison){ e->digest, 0, e->type };
		all[k].n++;
	}
	if (n)
		qsort(all, n, sizeof(*all), poison_order);
	n = MIN(n, max);
	if (n)
		memcpy(out, all, n * sizeof(*all));
	return n;
}

static int entry_write(const struct ledger *l, const struct ledger_entry *e)
{
	ssize_t n = pwrite(l->fd, e, sizeof(*e), (off_t)ledger_slot_offset(e->seq));

	return n < 0 ? -errno : n != (ssize_t)sizeof(*e) ? -EIO : 0;
}

int ledger_release(struct ledger *l, const char *name, int64_t now_ns)
{
	int n = 0, r;
	size_t i;

	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	for (i = 0; i < LEDGER_MAX; i++) {
		struct ledger_entry e = l->slots[i];

		if (!e.seq || e.released_ns || !*name ||
		    (strcmp(e.plugin, name) && strcmp(e.build_id, name)))
			continue;
		if (!l->writable || l->fd < 0)
			return -EROFS;
		e.released_ns = MAX(now_ns, 1);
		e.sum = ledger_sum(&e);
		r = entry_write(l, &e);
		if (r < 0)
			return r;
		l->slots[i] = e;
		n++;
	}
	return n && fdatasync(l->fd) < 0 ? -errno : n;
}

size_t ledger_n(const struct ledger *l)
{
	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	return l->n;
}

const struct ledger_entry *ledger_at(const struct ledger *l, size_t i)
{
	CHECK_OBJ_NOTNULL(l, LEDGER_OBJ_MAGIC);
	MUST(i < l->n);
	return l->order[i];
}
