/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the clients and the ring. The collector reads a struct tap, which is
 * made anew for each change; the old one and clients that have left are freed
 * when it cannot be looking at them any more. That is the control thread's
 * business (it owns the epoch), so the socket's thread hands them over.
 */
#include "tails.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/chain.h"
#include "chain/filter.h"
#include "chain/plan.h"
#include "chain/tap.h"
#include "control/args.h"
#include "control/control.h"
#include "daemon_state.h"
#include "queue/evq.h"
#include "schema/schema.h"
#include "util/macros.h"
#include "util/stat.h"

#define RING_LINES	4096u
#define PUMP_LINES	256u

/* One that streams. */
struct looker {
	struct tails *tails;
	struct control_stream *stream;
	struct tap_client client;
	uint64_t told;		/* of those dropped */
	uint32_t since;		/* serial of its first tap */
};

struct tails {
	struct daemon *dm;
	struct evq *ring;
	struct looker *lookers[TAP_CLIENTS];
	uint32_t serial;
	struct old_tap *old;	/* for the control thread; under the daemon's lock */
};

/* A tap, and on its way out the client that has left. */
struct old_tap {
	struct tap tap;		/* first */
	struct old_tap *next;
	struct looker *gone;
};

static void wake(void *arg)
{
	struct tails *t = arg;

	control_wake(t->dm->control);
}

static struct looker *looker_free(struct looker *l)
{
	if (l) {
		filter_free(l->client.filter);
		free(l);
	}
	return NULL;
}

static void on_grace(struct epoch_entry *e)
{
	struct old_tap *old = (struct old_tap *)e;

	looker_free(old->gone);
	free(old);
}

/* The collector sees those who are there now; `gone` has left. */
static int tap_publish(struct tails *t, struct looker *gone)
{
	struct old_tap *now = NULL, *old;
	unsigned i, n = 0;

	for (i = 0; i < TAP_CLIENTS; i++)
		n += t->lookers[i] != NULL;
	if (n) {
		now = calloc(1, sizeof(*now));
		if (!now)
			return -ENOMEM;
		now->tap.ring = t->ring;
		now->tap.wake = wake;
		now->tap.arg = t;
		now->tap.serial = ++t->serial;
		for (i = 0; i < TAP_CLIENTS; i++)
			if (t->lookers[i])
				now->tap.clients[i] = &t->lookers[i]->client;
	}
	old = (struct old_tap *)__atomic_exchange_n(&t->dm->services.tap, (struct tap *)now,
						    __ATOMIC_ACQ_REL);
	if (old) {
		old->gone = gone;
		pthread_mutex_lock(&t->dm->lock);
		old->next = t->old;
		t->old = old;
		pthread_mutex_unlock(&t->dm->lock);
	}
	return 0;
}

void tails_retire(struct tails *t)
{
	struct old_tap *old, *next;

	pthread_mutex_lock(&t->dm->lock);
	old = t->old;
	t->old = NULL;
	pthread_mutex_unlock(&t->dm->lock);
	for (; old; old = next) {
		next = old->next;
		epoch_retire(t->dm->epoch, &old->tap.entry, on_grace);
	}
}

/* ---- arguments ----------------------------------------------------------------------*/

static int types_read(const struct weir_schema *s, const char *const *names, size_t n,
		      uint64_t *types, char *why, size_t size)
{
	size_t i;
	uint32_t id;

	if (!n)
		memset(types, 0xff, WEIR_EV_MAX / 8);
	for (i = 0; i < n; i++) {
		for (id = 0; id < s->n_types; id++)
			if (s->types[id].name && !strcmp(s->types[id].name, names[i]))
				break;
		if (id == s->n_types) {
			snprintf(why, size, "unknown event \"%s\"", names[i]);
			return -EINVAL;
		}
		types[id / 64] |= 1ull << (id % 64);
	}
	return 0;
}

static int looker_read(struct tails *t, struct looker *l, struct json_object *args,
		       char *why, size_t size)
{
	static const char *const names[] = { "events", "where", NULL };
	const char **events = NULL, **where = NULL;
	size_t n_events = 0, n_where = 0;
	int r;

	r = control_args_only(args, names, why, size);
	if (!r)
		r = control_arg_strings(args, "events", &events, &n_events, why, size);
	if (!r)
		r = control_arg_strings(args, "where", &where, &n_where, why, size);
	if (!r) {
		pthread_mutex_lock(&t->dm->lock);
		r = types_read(chain_schema(t->dm->config->plan->chain), events, n_events,
			       l->client.types, why, size);
		if (!r && n_where)
			r = filter_new(chain_fields(t->dm->config->plan->chain), where,
				       n_where, why, size, &l->client.filter);
		pthread_mutex_unlock(&t->dm->lock);
	}
	free(events);
	free(where);
	return r;
}

/* ---- streams --------------------------------------------------------------------------*/

static void on_closed(void *arg, struct control_stream *stream)
{
	struct looker *l = arg;
	struct tails *t = l->tails;
	unsigned i;

	(void)stream;
	for (i = 0; i < TAP_CLIENTS; i++)
		if (t->lookers[i] == l)
			t->lookers[i] = NULL;
	/* Without memory the collector goes on copying for nobody. */
	tap_publish(t, l);
}

int tails_begin(struct tails *t, struct control_call *call, struct json_object *args)
{
	struct looker *l = calloc(1, sizeof(*l));
	const struct control_stream_conf conf = { .closed = on_closed, .arg = l };
	char why[256] = "";
	unsigned i;
	int r;

	if (!l)
		return -ENOMEM;
	l->tails = t;
	r = looker_read(t, l, args, why, sizeof(why));
	for (i = 0; i < TAP_CLIENTS && t->lookers[i]; i++)
		;
	if (r || i == TAP_CLIENTS) {
		control_fail(call, r ? why : "too many look on already", NULL, NULL);
		looker_free(l);
		return 0;
	}
	l->stream = control_stream_begin(call, &conf);
	if (!l->stream) {
		looker_free(l);
		return 0;
	}
	t->lookers[i] = l;
	l->since = t->serial + 1;
	tap_publish(t, NULL);
	return 0;
}

/* What the ring had no room for is told as if the stream had dropped it. */
static void dropped_tell(struct looker *l)
{
	uint64_t dropped = stat_get(&l->client.dropped);

	if (dropped > l->told)
		control_stream_dropped(l->stream, dropped - l->told);
	l->told = dropped;
}

int tails_pump(struct tails *t)
{
	struct tap_line *line;
	unsigned i, n;

	for (n = 0; n < PUMP_LINES && (line = evq_pop_sc(t->ring)); n++) {
		/* A line ends with its newline. */
		while (line->len && line->text[line->len - 1] == '\n')
			line->len--;
		for (i = 0; i < TAP_CLIENTS; i++)
			if (line->clients >> i & 1 && t->lookers[i] &&
			    line->serial >= t->lookers[i]->since)
				control_stream_event(t->lookers[i]->stream, line->text,
						     line->len);
		free(line);
	}
	for (i = 0; i < TAP_CLIENTS; i++)
		if (t->lookers[i])
			dropped_tell(t->lookers[i]);
	return n == PUMP_LINES;
}

struct tails *tails_new(struct daemon *dm)
{
	struct tails *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->dm = dm;
	t->ring = evq_new(RING_LINES);
	return t->ring ? t : tails_free(t);
}

struct tails *tails_free(struct tails *t)
{
	struct tap_line *line;

	if (!t)
		return NULL;
	while (t->ring && (line = evq_pop_sc(t->ring)))
		free(line);
	evq_free(t->ring);
	free(t);
	return NULL;
}
