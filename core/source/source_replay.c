/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the replay of a capture file: when its records are handed out, and
 * what it says of losses, its own damage included. Relies on capture.c for
 * the file. One thread, but for wake().
 */
#include "source/source.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "source/capture.h"
#include "util/log.h"
#include "util/macros.h"

#define SOURCE_REPLAY_MAGIC	0x2e91a5d3
#define SOURCE_REPLAY_BATCH	256	/* records handed out by one poll */

struct source_replay {
	struct source source;
	struct capture_reader *capture;
	int wake_fd;
	bool realtime;
	bool started;		/* the first record has set the pace */
	bool pending;		/* `frame` is a record whose time has not come */
	struct capture_frame frame;
	uint64_t began_ns;	/* clock when the first record went out */
	uint64_t first_ns;	/* that record's time */
	int64_t wall_ns;
	struct source_losses losses;	/* as the file tells */
};

static struct source_replay *source_replay_of(struct source *s)
{
	CHECK_OBJ_NOTNULL(s, SOURCE_REPLAY_MAGIC);
	return (struct source_replay *)s;
}

static uint64_t source_replay_now(void)
{
	struct timespec ts;

	AZ(clock_gettime(CLOCK_MONOTONIC, &ts));
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* When the pending record is to go out, 0: at once. */
static uint64_t source_replay_due(struct source_replay *p)
{
	const struct weir_base *base = p->frame.data;

	if (!p->realtime || p->frame.size < sizeof(*base))
		return 0;
	if (!p->started) {
		p->started = true;
		p->began_ns = source_replay_now();
		p->first_ns = base->time;
	}
	if (base->time <= p->first_ns)
		return 0;
	return p->began_ns + (base->time - p->first_ns);
}

/*
 * Sleeps until `until` (UINT64_MAX: no end) or, if asked, the file has bytes:
 * then it is positive. -EINTR: woken.
 */
static int source_replay_wait(struct source_replay *p, uint64_t until, bool for_bytes)
{
	struct pollfd fds[2] = {
		{ .fd = p->wake_fd, .events = POLLIN },
		{ .fd = for_bytes ? capture_fd(p->capture) : -1, .events = POLLIN },
	};
	uint64_t now = source_replay_now(), left = until > now ? until - now : 0;
	struct timespec ts = {
		.tv_sec = (time_t)(left / 1000000000u),
		.tv_nsec = (long)(left % 1000000000u),
	};
	uint64_t drop;
	int n;

	n = ppoll(fds, ARRAY_LEN(fds), until == UINT64_MAX ? NULL : &ts, NULL);
	if (n < 0)
		return -errno;
	if (fds[0].revents) {
		if (read(p->wake_fd, &drop, sizeof(drop)) < 0)
			errno = 0;	/* it only says that somebody woke us */
		return -EINTR;
	}
	return n;
}

static void source_replay_take(struct source_replay *p)
{
	switch (p->frame.kind) {
	case CAPTURE_RECORD:
		p->pending = true;
		break;
	case CAPTURE_CLOCK:
		if (p->frame.size == sizeof(p->wall_ns))
			memcpy(&p->wall_ns, p->frame.data, sizeof(p->wall_ns));
		break;
	case CAPTURE_LOSSES:
		capture_read_losses(&p->frame, &p->losses);
		break;
	case CAPTURE_END:
		break;
	}
}

/* Goes on to the next record. 1: its time has come; else as of poll(). */
static int source_replay_ready(struct source_replay *p, uint64_t until)
{
	uint64_t due;
	int r;

	while (!p->pending) {
		r = capture_next(p->capture, &p->frame);
		if (r == CAPTURE_E_MORE) {
			r = source_replay_wait(p, until, true);
			if (r <= 0)
				return r;
			r = capture_fill(p->capture);
		} else if (r == 0) {
			source_replay_take(p);
		}
		if (r < 0)
			return r;
	}
	due = source_replay_due(p);
	if (due && due > source_replay_now()) {
		r = source_replay_wait(p, MIN(due, until), false);
		if (r < 0 || due > until)
			return r;
	}
	return 1;
}

static int source_replay_poll(struct source *s, int timeout_ms,
			      source_record_f *fn, void *ctx)
{
	struct source_replay *p = source_replay_of(s);
	uint64_t until = UINT64_MAX;
	int n, r = 0;

	if (timeout_ms >= 0)
		until = source_replay_now() + (uint64_t)timeout_ms * 1000000u;
	for (n = 0; n < SOURCE_REPLAY_BATCH; n++) {
		/* Only the first record is worth waiting for. */
		r = source_replay_ready(p, n ? 0 : until);
		if (r <= 0)
			break;
		p->pending = false;
		r = fn(ctx, p->frame.data, p->frame.size);
		if (r < 0)
			return r;
	}
	/* An error behind records comes again with the next call. */
	if (n)
		return n;
	return r == -EINTR ? 0 : r;
}

/* The rest of a file is of no interest to who stops in the middle of it. */
static int source_replay_drain(struct source *s, source_record_f *fn, void *ctx)
{
	(void)s;
	(void)fn;
	(void)ctx;
	return 0;
}

static void source_replay_losses(struct source *s, struct source_losses *out)
{
	struct source_replay *p = source_replay_of(s);
	const struct capture_damage *d = capture_damage(p->capture);
	unsigned c;

	*out = p->losses;
	for (c = 0; c < WEIR_CLASS_MAX; c++)
		out->n[c][0][WEIR_LOST_CAPTURE] += d->n_records[c];
}

static void source_replay_wake(struct source *s)
{
	struct source_replay *p = source_replay_of(s);
	uint64_t one = 1;
	int saved = errno;

	if (write(p->wake_fd, &one, sizeof(one)) < 0)
		errno = saved;	/* it is full of wakes: that will do */
}

static int64_t source_replay_wall_ns(struct source *s)
{
	return source_replay_of(s)->wall_ns;
}

static const struct weir_host_id *source_replay_host_id(struct source *s)
{
	return &capture_info(source_replay_of(s)->capture)->host;
}

static void source_replay_free(struct source *s)
{
	struct source_replay *p = source_replay_of(s);

	capture_close(p->capture);
	close(p->wake_fd);
	p->source.magic = 0;
	free(p);
}

static const struct source_ops source_replay_ops = {
	.name = "replay",
	.poll = source_replay_poll,
	.drain = source_replay_drain,
	.losses = source_replay_losses,
	.wake = source_replay_wake,
	.wall_ns = source_replay_wall_ns,
	.host_id = source_replay_host_id,
	.free = source_replay_free,
};

int source_replay_new(struct source **out, const struct source_replay_conf *conf)
{
	struct source_replay *p;
	int r;

	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->source.magic = SOURCE_REPLAY_MAGIC;
	p->source.ops = &source_replay_ops;
	p->realtime = conf->realtime;
	r = capture_open(&p->capture, conf->path);
	if (r < 0)
		goto err;
	p->wall_ns = capture_info(p->capture)->wall_ns;
	p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->wake_fd < 0) {
		r = -errno;
		log_error("no eventfd: %s", strerror(-r));
		capture_close(p->capture);
		goto err;
	}
	*out = &p->source;
	return 0;
err:
	free(p);
	return r;
}
