/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collector between a source, which is a script, and a chain of toys, with a
 * clock that is the test's; for the tests that include it.
 */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "chain/event.h"
#include "collector.h"
#include "mkrec.h"
#include "queue/epoch.h"
#include "queue/inbox.h"
#include "source/capture.h"
#include "source/source.h"
#include "tap.h"
#include "toychain.h"
#include "util/log.h"
#include "util/macros.h"

/* ---- the clock --------------------------------------------------------------------*/

static _Atomic uint64_t fake_ns = 5000000000ull;

/* In place of libc's, for the core too. */
int clock_gettime(clockid_t id, struct timespec *ts);
int clock_gettime(clockid_t id, struct timespec *ts)
{
	uint64_t ns = fake_ns + (id == CLOCK_BOOTTIME ? 1000000000ull : 0);

	ts->tv_sec = (time_t)(ns / 1000000000u);
	ts->tv_nsec = (long)(ns % 1000000000u);
	return 0;
}

/* ---- a source that follows a script --------------------------------------------------*/

enum act {
	END,		/* -ESHUTDOWN, again and again; drain begins here */
	REC,		/* a record of `type` with number `n` */
	BAD,		/* one that the check refuses; n: 0 short, 1 size, 2 class 9 */
	LOSE,		/* the source has lost n of `type`, ring_full */
	FILTER,		/* the same, left out on purpose */
	SECOND,		/* a second goes by; poll returns 0 */
	FAIL,		/* poll returns -n */
	SIGNAL,		/* a signal's handler stops the collector */
	WAIT,		/* until another thread has called wake */
	ENTER,		/* tells that thread that we are here */
};

struct step {
	enum act act;
	unsigned type;
	uint64_t n;
};

struct fake {
	struct source s;
	const struct step *at;
	const struct step *rest;	/* what drain hands out; ends with END */
	struct source_losses losses;
	sem_t wakes;
	unsigned n_polls, n_drains;
	int64_t wall;
};

static struct fake fake;
static struct toychain t;
static struct mkrec rec;
static struct collector *col;
static struct epoch *ep;
static uint64_t user_seq;
static sem_t entered;

static int give(const struct step *st, source_record_f *fn, void *ctx)
{
	struct weir_base *b;
	size_t size;

	mkrec_init(&rec, st->act == REC ? st->type : WEIR_EV_exec);
	mkrec_number(&rec, st->act == REC ? st->n : 7);
	size = mkrec_end(&rec);
	b = (void *)rec.rec;
	b->id = 0x1700000000000000u + (b->seq << 2 | b->rclass);
	if (st->act == BAD && st->n == 0)
		size = 16;
	if (st->act == BAD && st->n == 1)
		b->size += 8;
	if (st->act == BAD && st->n == 2)
		b->rclass = 9;
	if (st->act == BAD && st->n == 3)
		b->rclass = WEIR_CLASS_BULK;
	return fn(ctx, rec.rec, size);
}

__attribute__((unused)) static void on_signal(int sig)
{
	(void)sig;
	collector_stop(col);
}

static uint64_t *losses_at(const struct step *st)
{
	struct weir_base *b;

	b = mkrec_init(&rec, st->type ? st->type : WEIR_EV_exec);
	return st->act == FILTER ? &fake.losses.filtered[b->rclass][st->type] :
		&fake.losses.n[b->rclass][st->type][WEIR_LOST_RING_FULL];
}

/* One step; 1: a record, 0: not. */
static int step(const struct step *st, source_record_f *fn, void *ctx)
{
	int r;

	switch (st->act) {
	case REC:
	case BAD:
		r = give(st, fn, ctx);
		return r < 0 ? r : 1;
	case LOSE:
	case FILTER:
		*losses_at(st) += st->n;
		return 0;
	case SECOND:
		fake_ns += 1000000000u;
		return 0;
	case FAIL:
		return -(int)st->n;
	case SIGNAL:
		raise(SIGUSR1);
		return 0;
	case WAIT:
		MUST(sem_wait(&fake.wakes) == 0);
		return 0;
	case ENTER:
		/* Goes on with what is next in this poll. */
		MUST(sem_post(&entered) == 0);
		return 1;
	default:
		return -ESHUTDOWN;
	}
}

static int fake_poll(struct source *s, int timeout_ms, source_record_f *fn, void *ctx)
{
	int r, n = 0;

	(void)s;
	MUST(timeout_ms > 0 || inbox_len(t.services.inbox));
	fake.n_polls++;
	do {
		r = step(fake.at, fn, ctx);
		if (r >= 0)
			fake.at++;
		n += r > 0;
	} while (r > 0);
	return r < 0 && !n ? r : r < 0 && r != -ESHUTDOWN ? r : n;
}

static int fake_drain(struct source *s, source_record_f *fn, void *ctx)
{
	int r, n = 0;

	(void)s;
	fake.n_drains++;
	for (; fake.rest && fake.rest->act != END; fake.rest++) {
		r = step(fake.rest, fn, ctx);
		if (r < 0)
			return r;
		n += r;
	}
	return n;
}

static void fake_losses(struct source *s, struct source_losses *out)
{
	(void)s;
	*out = fake.losses;
}

static void fake_wake(struct source *s)
{
	(void)s;
	sem_post(&fake.wakes);
}

static int64_t fake_wall(struct source *s)
{
	(void)s;
	return fake.wall;
}

static const struct weir_host_id *fake_host(struct source *s)
{
	(void)s;
	return &t.host;
}

static void deaf_wake(struct source *s)
{
	(void)s;
}

__attribute__((unused)) static const struct source_ops deaf_ops = { .name = "deaf", .wake = deaf_wake };

static const struct source_ops fake_ops = {
	.name = "fake", .poll = fake_poll, .drain = fake_drain, .losses = fake_losses,
	.wake = fake_wake, .wall_ns = fake_wall, .host_id = fake_host,
};

/* ---- what comes out ----------------------------------------------------------------------*/

#define SEEN_MAX	256

static struct {
	unsigned n;		/* events */
	unsigned n_lost;
	struct weir_lost lost[SEEN_MAX];
	uint64_t user[SEEN_MAX];	/* numbers of class `user` */
	unsigned n_user;
	int64_t wall;
} seen;

static int see(struct toy *toy, const struct weir_event *ev, struct weir_buf *out)
{
	const struct weir_base *b = (const void *)ev->rec;

	seen.n++;
	seen.wall = ev->wall_ns;
	if (b->rclass == WEIR_CLASS_USER && seen.n_user < SEEN_MAX)
		seen.user[seen.n_user++] = b->seq;
	if (ev->type == WEIR_EV_lost && seen.n_lost < SEEN_MAX)
		memcpy(&seen.lost[seen.n_lost++], ev->rec, sizeof(struct weir_lost));
	/* The test's way to say: this one cannot be encoded. */
	if (b->seq == 666 || toy->setup->host->grow(out, 8))
		return -1;
	memcpy(out->p + out->len, &b->seq, 8);
	out->len += 8;
	return 0;
}

static const char conf[] =
	"sync = ( { plugin = \"toyplain\"; ctl = @0; }, { plugin = \"toycode\"; ctl = @1; },"
	" { plugin = \"toysink\"; ctl = @2; } );";

static int (*write_next)(struct toy *, const struct weir_batch *, struct weir_write *);

static void make_text(const char *text, const struct step *steps, const struct step *rest,
		      bool replayed, struct capture_writer *writer)
{
	struct collector_conf cc = {
		.source = &fake.s, .services = &t.services, .writer = writer, .replayed = replayed,
		.id_base = 1ull << 60, .user_seq = &user_seq,
	};

	memset(&fake, 0, sizeof(fake));
	memset(&seen, 0, sizeof(seen));
	memset(t.toys, 0, sizeof(t.toys));
	user_seq = 0;
	fake.s.ops = &fake_ops;
	fake.at = steps;
	fake.rest = rest;
	fake.wall = 42;
	MUST(sem_init(&fake.wakes, 0, 0) == 0);
	t.toys[1].encode = see;
	t.toys[2].write = write_next;
	write_next = NULL;
	MUST(toychain_make(&t, text, NULL) == 0);
	cc.chain = t.chain;
	cc.epoch = ep = epoch_new();
	col = collector_new(&cc);
	MUST(col);
}

static void make(const struct step *steps, const struct step *rest, bool replayed,
		 struct capture_writer *writer)
{
	make_text(conf, steps, rest, replayed, writer);
}

/* The accounts at the end, and all is taken apart. */
static struct collector_stats finish(const char *about, bool complete)
{
	struct collector_stats cs = collector_stats(col);
	struct chain_stats st = t.services.stats;
	unsigned i;

	is_int((long long)(cs.received + cs.made), (long long)(cs.refused + st.in),
	       "%s: received + made = refused + in", about);
	is_int((long long)st.in, (long long)(st.filtered + st.passed),
	       "%s: in = filtered + passed", about);
	for (i = 0; complete && i < seen.n_user && seen.user[i] == i; i++)
		;
	if (complete)
		is_int(i, seen.n_user, "%s: user numbers without gaps", about);
	if (complete)
		is_int((long long)chain_queued(t.chain), 0, "%s: nothing queued", about);
	collector_free(col);
	epoch_free(ep);
	toychain_fini(&t);
	sem_destroy(&fake.wakes);
	return cs;
}

__attribute__((unused))
static void is_lost(unsigned i, unsigned class, unsigned type, unsigned reason, uint64_t count,
		    uint64_t total)
{
	const struct weir_lost *l = &seen.lost[i];

	if (!ok(i < seen.n_lost, "announcement %u is there", i))
		return;
	is_int(l->lost_class, class, "announcement %u: class", i);
	is_int(l->lost_type, type, "announcement %u: type", i);
	is_int(l->lost_reason, reason, "announcement %u: reason", i);
	is_int((long long)l->lost_count, (long long)count, "announcement %u: count", i);
	is_int((long long)l->lost_total, (long long)total, "announcement %u: total", i);
}
