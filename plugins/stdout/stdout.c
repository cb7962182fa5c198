/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink `stdout`: options, policies and accounts. A batch is written with
 * as few calls as the descriptor allows. What to do when the reader does not
 * keep up is the policy's: `block` waits a little and asks to be called again,
 * so that events wait in the kernel's ring; `drop` gives up lines, counted by
 * class. A line that was begun is finished first in either case.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <weir/plugin.h>

#include "lines.h"
#include "out.h"

#define WAIT_MAX	100000000	/* ns: what plugin.h allows a sink */
#define REST_MIN	65536
#define N_IOV		64

enum { OPT_TARGET, OPT_POLICY, OPT_PATIENCE, OPT__MAX };
enum { POLICY_BLOCK, POLICY_DROP };

static const struct weir_option options[OPT__MAX] = {
	[OPT_TARGET] = {
		.name = "target", .type = WEIR_OPT_ENUM, .dflt = "stdout",
		.words = "stdout|stderr", .doc = "Where to write.",
	},
	[OPT_POLICY] = {
		.name = "policy", .type = WEIR_OPT_ENUM, .dflt = "block",
		.words = "block|drop",
		.doc = "When the reader does not keep up: block lets events wait in the "
		       "kernel's ring, drop gives up what does not fit and counts it.",
	},
	[OPT_PATIENCE] = {
		.name = "patience", .type = WEIR_OPT_TIME, .dflt = "0s", .max = WAIT_MAX,
		.doc = "How long policy drop waits for the reader before it gives up lines.",
	},
};

enum { COUNT_LINES, COUNT_BYTES, COUNT_DROPPED, COUNT_SHORT, COUNT_WAITS, COUNT__MAX };

static const struct weir_counter counters[COUNT__MAX] = {
	[COUNT_LINES] = { "lines", "lines", "Lines written, or begun and kept to be finished." },
	[COUNT_BYTES] = { "bytes", "bytes", "Bytes written." },
	[COUNT_DROPPED] = { "dropped", "lines", "Lines given up: by policy drop, or too long for a message." },
	[COUNT_SHORT] = { "short_writes", "calls", "Writes that took less than was offered." },
	[COUNT_WAITS] = { "waits", "calls", "Times it waited for the reader." },
};

struct sink {
	struct out out;
	struct lines_rest rest;
	const struct weir_setup *setup;
	uint64_t *counters;
	int64_t patience;
	bool drop;
	bool closed;
	int error;		/* of the last write since the last tick */
	int told;
	int64_t target;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* ---- writing ---------------------------------------------------------------*/

/* One write: 0, or a negative errno. */
static int put(struct sink *s, struct lines *l)
{
	struct iovec iov[N_IOV];
	size_t want = 0;
	ssize_t n;
	int i, n_iov;

	n_iov = lines_next(l, iov, N_IOV, s->out.messages);
	for (i = 0; i < n_iov; i++)
		want += iov[i].iov_len;
	n = out_write(&s->out, iov, n_iov);
	if (n < 0)
		return (int)n;
	if (!n && want)
		return -EIO;
	lines_wrote(l, (size_t)n);
	weir_count(&s->counters[COUNT_BYTES], (uint64_t)n);
	weir_count(&s->counters[COUNT_SHORT], (size_t)n < want);
	return 0;
}

static void give_up(struct sink *s, struct lines *l, struct weir_write *w)
{
	uint8_t rclass = l->items[l->at++].rclass;

	w->dropped++;
	if (rclass < WEIR_CLASS_MAX)
		w->dropped_class[rclass]++;
	weir_count(&s->counters[COUNT_DROPPED], 1);
}

/* A line that no message can hold, and of which nothing is out yet. */
static bool too_long(const struct sink *s, const struct lines *l, int r)
{
	return r == -EMSGSIZE && s->out.messages && lines_whole(l);
}

/*
 * Writes until all is out, or the time is over (-EAGAIN), or a failure. `w` is
 * for lines of a batch only.
 */
static int put_all(struct sink *s, struct lines *l, struct weir_write *w,
		   int64_t patience)
{
	int64_t end = 0, left = patience;
	int r = 0;

	while (!lines_done(l)) {
		r = put(s, l);
		if (too_long(s, l, r)) {
			give_up(s, l, w);
			r = 0;
		}
		if (r != -EAGAIN) {
			if (r)
				break;
			continue;
		}
		if (!end)
			end = now_ns() + patience;
		else
			left = end - now_ns();
		if (left <= 0)
			break;
		weir_count(&s->counters[COUNT_WAITS], 1);
		out_wait(&s->out, left);
	}
	return r;
}

static void drop_rest(struct sink *s, struct lines *l, struct weir_write *w)
{
	while (l->at < l->n)
		give_up(s, l, w);
}

static int verdict(struct sink *s, struct lines *l, int r, struct weir_write *w)
{
	switch (r) {
	case 0:
		return WEIR_WRITE_OK;
	case -EAGAIN:
		if (!s->drop)
			return WEIR_WRITE_AGAIN;
		drop_rest(s, l, w);
		return WEIR_WRITE_OK;
	case -EPIPE:
	case -ECONNRESET:
		s->closed = true;
		return WEIR_WRITE_CLOSED;
	default:
		s->error = r;
		return WEIR_WRITE_ERROR;
	}
}

static int sink_write(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	struct sink *s = inst;
	struct lines l;
	int r;

	w->done = 0;
	w->dropped = 0;
	memset(w->dropped_class, 0, sizeof(w->dropped_class));
	if (s->closed)
		return WEIR_WRITE_CLOSED;
	lines_begin(&l, &s->rest, batch);
	r = put_all(s, &l, w, s->drop ? s->patience : WAIT_MAX);
	/* A line that the reader will never see whole was not taken. */
	if (r != -EPIPE && r != -ECONNRESET)
		lines_keep(&l);
	weir_count(&s->counters[COUNT_LINES], l.at - w->dropped);
	r = verdict(s, &l, r, w);
	w->done = l.at;
	return r;
}

/* Finishes a line that was begun, as far as that goes. */
static void finish(struct sink *s, int64_t patience)
{
	static const struct weir_batch none = { .size = sizeof(none) };
	struct lines l;
	int r;

	if (s->closed)
		return;
	lines_begin(&l, &s->rest, &none);
	r = put_all(s, &l, NULL, patience);
	s->closed = r == -EPIPE || r == -ECONNRESET;
}

static void sink_tick(void *inst, uint64_t now)
{
	struct sink *s = inst;

	(void)now;
	finish(s, 0);
	/* The core says that writing fails; why, only we know. */
	if (s->error && s->error != s->told)
		weir_logf(s->setup, WEIR_LOG_ERROR, "%s", strerror(-s->error));
	s->told = s->error;
	s->error = 0;
}

/*
 * In a reload: the line that the other has begun is finished by this one, or
 * both would write into each other's lines. To another descriptor it cannot
 * be: the other finishes it when it is closed.
 */
static int sink_adopt(void *inst, void *other)
{
	struct sink *s = inst, *o = other;
	struct lines_rest rest = s->rest;

	if (s->target != o->target)
		return 0;
	s->rest = o->rest;
	o->rest = rest;
	return 0;
}

/* ---- life ------------------------------------------------------------------*/

static void sink_free(struct sink *s)
{
	free(s->rest.p);
	free(s);
}

static void sink_close(void *inst)
{
	struct sink *s = inst;

	finish(s, WAIT_MAX);
	out_close(&s->out);
	sink_free(s);
}

static void check_sigpipe(const struct weir_setup *setup)
{
	struct sigaction sa;

	if (!sigaction(SIGPIPE, NULL, &sa) && sa.sa_handler == SIG_DFL)
		weir_logf(setup, WEIR_LOG_WARNING,
			  "SIGPIPE is not ignored: a reader that goes away ends the process");
}

static int sink_open(const struct weir_setup *setup, void **inst)
{
	const struct weir_optval *opt = setup->options;
	struct sink *s = calloc(1, sizeof(*s));
	int fd, r;

	if (s)
		s->rest.p = malloc(REST_MIN);
	if (!s || !s->rest.p) {
		weir_logf(setup, WEIR_LOG_ERROR, "out of memory");
		free(s);
		return -1;
	}
	s->rest.cap = REST_MIN;
	s->setup = setup;
	s->counters = setup->counters;
	s->target = opt[OPT_TARGET].v.i;
	s->drop = opt[OPT_POLICY].v.i == POLICY_DROP;
	s->patience = opt[OPT_PATIENCE].v.i;
	fd = opt[OPT_TARGET].v.i ? STDERR_FILENO : STDOUT_FILENO;
	r = out_open(&s->out, fd);
	if (r) {
		weir_logf(setup, WEIR_LOG_ERROR, "descriptor %d: %s", fd, strerror(-r));
		sink_free(s);
		return -1;
	}
	if (s->out.mode != OUT_SOCKET && s->out.mode != OUT_PLAIN)
		check_sigpipe(setup);
	*inst = s;
	return 0;
}

WEIR_PLUGIN_DEFINE(stdout, WEIR_PLUGIN_SINK, "1.0", "Apache-2.0",
	.summary = "Writes encoded events to standard output or standard error.",
	.options = options, .n_options = OPT__MAX,
	.counters = counters, .n_counters = COUNT__MAX,
	.open = sink_open, .close = sink_close, .write = sink_write, .tick = sink_tick,
	.state = 1, .adopt = sink_adopt);
