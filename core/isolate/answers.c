/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of what the process says: answers in shared memory, and
 * lines on its stderr. A message is copied before it is looked at, for it may
 * change under our eyes. Nothing here waits.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "isolate/private.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/stat.h"

#define TURN_MAX	256u	/* answers, before others have their turn */
#define LINES_MAX	20u	/* of log, in ten seconds */
#define LINES_NS	(10 * NS_PER_S)

/* ---- values ----------------------------------------------------------------------*/

static int produced_at(const struct isolate *iso, uint16_t slot)
{
	uint32_t i;

	for (i = 0; i < iso->conf.def->n_produces; i++)
		if (iso->setup->produces[i].slot == slot)
			return (int)i;
	return -1;
}

/* Sets what the plugin has set. false: it is none of its fields, or no value. */
static bool values_set(struct isolate *iso, struct unpack *u, uint32_t n,
		       struct weir_event *ev)
{
	struct weir_value v;
	int i;

	while (n--) {
		i = produced_at(iso, unpack_slot(u));
		if (i < 0)
			return false;
		unpack_value(u, &iso->conf.def->produces[i], iso->setup->host->alloc, ev, &v);
		if (u->bad)
			return false;
		weir_set(ev, iso->setup->produces[i], &v);
	}
	return true;
}

/* ---- messages ---------------------------------------------------------------------*/

static void *part_get(struct unpack *u, size_t n)
{
	const uint8_t *p = u->p;

	if (u->left < n) {
		u->bad = true;
		return NULL;
	}
	u->p += n;
	u->left -= n;
	return (void *)(uintptr_t)p;
}

static bool on_done(struct isolate *iso, const struct msg *m, struct unpack *u)
{
	const struct msg_done *d = part_get(u, sizeof(*d));
	struct weir_event *ev = NULL;
	struct ticket *t;
	bool good;

	pthread_mutex_lock(&iso->lock);
	t = d ? ticket_find(iso, d->ticket, m->id) : NULL;
	if (t) {
		ev = t->ev;
		ticket_free(iso, t);
	}
	pthread_mutex_unlock(&iso->lock);
	if (!t)
		return false;
	good = values_set(iso, u, d->n_values, ev) && d->verdict >= WEIR_CONTINUE &&
	       d->verdict <= WEIR_FAIL;
	if (!good)
		ticket_mark(iso, ev, WEIR_ERROR);
	iso->setup->host->done(ev, good ? d->verdict : WEIR_FAIL);
	return good;
}

static bool on_emit(struct isolate *iso, const struct msg *m, struct unpack *u)
{
	const struct weir_host *h = iso->setup->host;
	const struct msg_emit *e = part_get(u, sizeof(*e));
	struct weir_event *ev, *cause = NULL;
	struct ticket *t;
	bool good;

	if (!e)
		return false;
	pthread_mutex_lock(&iso->lock);
	t = ticket_find(iso, e->ticket, m->id);
	/* It is not done before we say so. */
	cause = t ? t->ev : NULL;
	pthread_mutex_unlock(&iso->lock);
	ev = h->emit(iso->setup->ctx, e->n, cause);
	if (!ev)
		return true;
	good = values_set(iso, u, e->n_values, ev);
	h->send(iso->setup->ctx, ev);
	return good;
}

/* It cannot have dropped more than it has taken. */
static bool on_wrote(struct isolate *iso, struct unpack *u)
{
	const struct msg_wrote *w = part_get(u, sizeof(*w));
	uint64_t n;
	unsigned i;
	bool good;

	if (!w || !iso->is_sink)
		return false;
	pthread_mutex_lock(&iso->lock);
	good = down_update(iso);
	for (i = 0; i < WEIR_CLASS_MAX; i++) {
		n = MIN(w->dropped[i], iso->acked - iso->disowned);
		iso->disowned += n;
		iso->lost[i][0] += n;
		iso->n_lost += n;
	}
	iso->n_failed += w->failed != 0;
	iso->closed |= w->result == WEIR_WRITE_CLOSED;
	pthread_mutex_unlock(&iso->lock);
	return good;
}

static void on_refused(struct child *c, struct unpack *u)
{
	size_t i, n = MIN(u->left, sizeof(c->refused) - 1);

	memcpy(c->refused, u->p, n);
	c->refused[n] = 0;
	for (i = 0; c->refused[i]; i++)
		if ((unsigned char)c->refused[i] < ' ' || (unsigned char)c->refused[i] > '~')
			c->refused[i] = '?';
	if (!n)
		snprintf(c->refused, sizeof(c->refused), "it did not say why");
}

static bool message_take(struct isolate *iso, struct child *c, const struct msg *m)
{
	struct unpack u = { .p = (const uint8_t *)(m + 1), .left = m->len - sizeof(*m) };

	switch (m->kind) {
	case MSG_PAD:
	case MSG_CLOSED:
		return true;
	case MSG_READY:
		c->ready = true;
		return true;
	case MSG_REFUSED:
		on_refused(c, &u);
		return true;
	case MSG_DONE:
		return on_done(iso, m, &u);
	case MSG_EMIT:
		return on_emit(iso, m, &u);
	case MSG_WROTE:
		return on_wrote(iso, &u);
	default:
		return false;
	}
}

/* A copy of the next message; NULL: nonsense. */
static const struct msg *message_copy(struct isolate *iso, struct child *c, uint64_t head)
{
	const struct ring up = { (uint8_t *)c->up + SHM_PAGE, SHM_UP_RING };
	const struct msg *from = ring_at(&up, c->up_tail);
	struct msg *m = (struct msg *)(void *)iso->answer;
	uint32_t len = __atomic_load_n(&from->len, __ATOMIC_RELAXED);

	if (len < sizeof(*m) || len % 16 || len > head - c->up_tail ||
	    len > ring_rest(&up, c->up_tail))
		return NULL;
	*m = *from;
	if (m->kind != MSG_PAD) {
		if (len > SHM_UP_MAX)
			return NULL;
		memcpy(m, from, len);
	}
	m->len = m->kind == MSG_PAD ? sizeof(*m) : len;
	c->up_tail += len;
	return m;
}

/* Their sum over all processes. What it says is a number, no more. */
static void counters_copy(struct isolate *iso, const struct child *c)
{
	uint32_t i;

	for (i = 0; i < iso->conf.def->n_counters && i < SHM_COUNTERS; i++)
		__atomic_store_n(&iso->setup->counters[i], iso->counters_base[i] +
				 SHM_PEEK(&c->up->counters[i]), __ATOMIC_RELAXED);
}

bool answers_take(struct isolate *iso, struct child *c, bool *more)
{
	uint64_t head = SHM_LOAD(&c->up->head);
	const struct msg *m;
	unsigned n = 0;
	bool good = head - c->up_tail <= SHM_UP_RING && head % 16 == 0;

	counters_copy(iso, c);
	while (good && c->up_tail != head && n++ < TURN_MAX) {
		m = message_copy(iso, c, head);
		good = m && message_take(iso, c, m);
		SHM_STORE(&iso->down->up_tail, c->up_tail);
	}
	SHM_FENCE();
	if (n && SHM_PEEK(&c->up->room_wanted))
		down_poke(iso);
	*more = good && c->up_tail != head;
	return good;
}

/* ---- lines ---------------------------------------------------------------------------*/

static void line_end(struct isolate *iso, struct child *c)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	char *text = c->line;
	int level = WEIR_LOG_WARNING;

	if (!c->line_len)
		return;
	c->line[c->line_len] = 0;
	if (now - c->lines_at > LINES_NS) {
		c->lines_at = now;
		c->n_lines = 0;
	}
	/* "<2>text" is what the plugin has logged; all else is its stderr. */
	if (text[0] == '<' && text[1] >= '0' && text[1] <= '3' && text[2] == '>') {
		level = text[1] - '0';
		text += 3;
	}
	if (c->n_lines++ < LINES_MAX)
		log_msg(level, "%s: %s", iso->label, text);
	else if (c->n_lines == LINES_MAX + 1)
		log_warn("%s: it says more than the log takes; the rest is left out", iso->label);
	c->line_len = 0;
}

void log_take(struct isolate *iso, struct child *c)
{
	char buf[4096];
	ssize_t i, n = read(c->log_fd, buf, sizeof(buf));

	for (i = 0; i < n; i++) {
		if (buf[i] == '\n')
			line_end(iso, c);
		else if (c->line_len + 1 < sizeof(c->line))
			c->line[c->line_len++] = buf[i] >= ' ' && buf[i] < 127 ? buf[i] : '?';
	}
}
