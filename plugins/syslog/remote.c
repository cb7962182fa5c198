/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way to another machine. All lines go through the spool; each stays there until the
 * peer's kernel has acknowledged its last byte. After a connection broke, it goes on behind
 * the last line that was.
 */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/sink/outbox.h"
#include "plugins/sink/spool.h"
#include "sendconf.h"
#include "tcp.h"

#define SECOND		1000000000ull
#define BACKOFF_MAX	(30 * SECOND)
#define ACK_LOOK_NS	5000000u	/* how often it looks for acknowledgements that are due */
#define LOCK_NS		50000000u
#define BATCH		65536u
#define FLIGHTS		1024u		/* batches under way */
#define LENGTH_MAX	12u		/* "1234567890 " */

struct flight {
	uint64_t end;		/* bytes of the connection up to its end */
	uint64_t number;	/* of its last line */
};

struct remote {
	struct sender *s;
	struct spool *spool;
	struct tcp tcp;
	struct flight flights[FLIGHTS];
	uint64_t flown, landed;		/* batches */
	uint64_t sent;			/* bytes of this connection */
	char *out;
	size_t out_len, out_off, out_cap;
	uint64_t out_number;		/* of the last line in `out` */
	uint64_t again_ns, backoff_ns;
	int error, spool_error;
};

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* ---- the connection ------------------------------------------------------------*/

/* Each reason once, until it is there again. Positive: of getaddrinfo. */
static void error_set(struct remote *r, int error)
{
	const struct send_conf *c = r->s->conf;

	if (error && error != r->error)
		outbox_say(r->s->ob, WEIR_LOG_WARNING, "%s port %s: %s; lines wait in the spool",
			   c->host, c->port, error > 0 ? gai_strerror(-error) : strerror(-error));
	else if (!error && r->error)
		outbox_say(r->s->ob, WEIR_LOG_INFO,
			   "%s port %s: there again; %" PRIu64 " lines wait", c->host, c->port,
			   spool_waiting(r->spool));
	r->error = error;
}

static void connect_it(struct remote *r)
{
	int e;

	if (r->tcp.fd >= 0 || !r->spool || outbox_now() < r->again_ns)
		return;
	e = tcp_connect(&r->tcp, r->s->conf->host, r->s->conf->port);
	error_set(r, e);
	if (!e) {
		weir_count(&r->s->counts[SEND_COUNT_CONNECTS], 1);
		r->sent = 0;
		return;
	}
	r->backoff_ns = r->backoff_ns ? 2 * r->backoff_ns : SECOND / 4;
	if (r->backoff_ns > BACKOFF_MAX)
		r->backoff_ns = BACKOFF_MAX;
	r->again_ns = outbox_now() + r->backoff_ns;
}

/* Batches whose last byte the peer has. */
static void acks_take(struct remote *r)
{
	uint64_t acked;

	if (r->landed == r->flown)
		return;
	acked = tcp_acked(&r->tcp);
	for (; r->landed < r->flown && r->flights[r->landed % FLIGHTS].end <= acked; r->landed++) {
		spool_ack(r->spool, r->flights[r->landed % FLIGHTS].number);
		r->backoff_ns = 0;
	}
}

static void hang_up(struct remote *r, int error)
{
	acks_take(r);
	tcp_close(&r->tcp);
	r->landed = r->flown;
	r->out_len = r->out_off = 0;
	spool_rewind(r->spool);
	error_set(r, error);
}

/* ---- lines ---------------------------------------------------------------------*/

static bool out_room(struct remote *r, size_t need)
{
	char *p;

	if (need <= r->out_cap)
		return true;
	p = realloc(r->out, need);
	if (!p)
		return false;
	r->out = p;
	r->out_cap = need;
	return true;
}

/* One message with its length before it (RFC 6587, octet counting). */
static int line_add(struct remote *r, const struct spool_line *line)
{
	char *at, length[LENGTH_MAX + 1];
	size_t n, head;

	if (!out_room(r, r->out_len + line->len + MESSAGE_HEAD_MAX + LENGTH_MAX))
		return -ENOMEM;
	at = r->out + r->out_len;
	n = message_put(at + LENGTH_MAX, &r->s->conf->message, (const char *)line->p, line->len,
			wall_ns());
	head = (size_t)snprintf(length, sizeof(length), "%zu ", n);
	memcpy(at, length, head);
	memmove(at + head, at + LENGTH_MAX, n);
	r->out_len += head + n;
	r->out_number = line->number;
	return 0;
}

/* The next batch. 0: there is one; else there is none now. */
static int batch_make(struct remote *r)
{
	struct spool_line line;
	int e = 0;

	if (r->flown - r->landed == FLIGHTS)
		return -EAGAIN;
	r->out_len = r->out_off = 0;
	while (!e && r->out_len < BATCH && (e = spool_next(r->spool, &line)) > 0)
		e = line_add(r, &line);
	if (e < 0)
		outbox_say(r->s->ob, WEIR_LOG_ERROR, "%s: %s", r->s->conf->spool, strerror(-e));
	return r->out_len ? 0 : -EAGAIN;
}

static int batches_send(struct remote *r)
{
	ssize_t n;

	for (;;) {
		if (r->out_off == r->out_len && batch_make(r))
			return 0;
		n = tcp_send(&r->tcp, r->out + r->out_off, r->out_len - r->out_off);
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		r->out_off += (size_t)n;
		r->sent += (uint64_t)n;
		if (r->out_off < r->out_len)
			continue;
		r->flights[r->flown++ % FLIGHTS] = (struct flight){ r->sent, r->out_number };
	}
}

static void exchange(struct remote *r)
{
	int e;

	acks_take(r);
	e = tcp_check(&r->tcp);
	if (!e)
		e = batches_send(r);
	if (e)
		hang_up(r, e);
}

/* ---- the spool -----------------------------------------------------------------*/

static void spool_error_set(struct remote *r, int error)
{
	if (error && error != r->spool_error)
		outbox_say(r->s->ob, WEIR_LOG_ERROR, "%s: %s", r->s->conf->spool,
			   error == -EWOULDBLOCK ? "another sink has it" : strerror(-error));
	r->spool_error = error;
}

/* After a reload the one before may still have it. */
static void spool_get(struct remote *r)
{
	if (!r->spool)
		spool_error_set(r, spool_open(r->s->conf->spool, r->s->conf->spool_size, r->s->ob,
					      &r->spool));
}

static void lot_spool(struct remote *r, struct outbox_lot *lot)
{
	uint32_t n;
	size_t len;
	int e = 0;

	while (!e && !outbox_lot_done(lot)) {
		for (n = 0, len = 0; lot->at + n < lot->n && (!n || len < BATCH); n++)
			len += lot->lines[lot->at + n].len;
		e = spool_add(r->spool, lot, n);
		if (!e)
			outbox_done(r->s->ob, n);
	}
	spool_error_set(r, e);
}

static void counts_set(struct remote *r)
{
	const struct spool_counts c = spool_counts(r->spool);
	uint64_t *to = r->s->counts;

	__atomic_store_n(&to[SEND_COUNT_LINES], c.acked, __ATOMIC_RELAXED);
	__atomic_store_n(&to[SEND_COUNT_SPOOLED], c.added, __ATOMIC_RELAXED);
	__atomic_store_n(&to[SEND_COUNT_LOST], c.lost, __ATOMIC_RELAXED);
	__atomic_store_n(&to[SEND_COUNT_DAMAGED], c.damaged, __ATOMIC_RELAXED);
	__atomic_store_n(&to[SEND_COUNT_WAITING], spool_waiting(r->spool), __ATOMIC_RELAXED);
}

/* ---- the thread ----------------------------------------------------------------*/

static void rest(struct remote *r)
{
	struct pollfd p = { .fd = r->tcp.fd, .events = POLLIN };
	uint64_t ns = SECOND;

	if (r->out_off < r->out_len)
		p.events |= POLLOUT;
	if (r->landed < r->flown)
		ns = ACK_LOOK_NS;
	else if (r->spool_error == -EWOULDBLOCK)
		ns = LOCK_NS;
	else if (r->tcp.fd < 0 && r->backoff_ns && r->backoff_ns < SECOND)
		ns = r->backoff_ns;
	outbox_wait(r->s->ob, &p, r->tcp.fd >= 0, ns);
}

/* What is in the spool is not lost: it is not waited for a peer that is away. */
static bool over(struct remote *r)
{
	if (!outbox_over(r->s->ob))
		return false;
	return !r->spool || r->tcp.fd < 0 || !spool_waiting(r->spool) || outbox_late(r->s->ob);
}

void *remote_main(void *arg)
{
	struct remote *r = calloc(1, sizeof(*r));
	struct outbox_lot *lot;

	if (!r) {
		outbox_say(((struct sender *)arg)->ob, WEIR_LOG_ERROR, "out of memory");
		return NULL;
	}
	r->s = arg;
	r->tcp.fd = -1;
	while (!over(r)) {
		spool_get(r);
		lot = outbox_take(r->s->ob);
		if (lot && r->spool)
			lot_spool(r, lot);
		connect_it(r);
		if (r->tcp.fd >= 0)
			exchange(r);
		if (r->spool)
			counts_set(r);
		rest(r);
	}
	if (r->tcp.fd >= 0)
		hang_up(r, 0);
	if (r->spool)
		spool_close(r->spool);
	free(r->out);
	free(r);
	return NULL;
}
