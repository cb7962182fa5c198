/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns events in the process of a plugin, and the services that it calls. The
 * record lies in the ring until the plugin keeps the event for later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "isolate/host.h"
#include "util/macros.h"

#define CALL_BYTES	(64u * 1024)

static struct call *call_of(struct weir_event *ev)
{
	return (struct call *)ev;
}

static struct call *call_free(struct call *c)
{
	if (c) {
		free(c->rec);
		free(c->mem);
		free(c->added);
		free(c);
	}
	return NULL;
}

static struct call *call_new(struct host *h)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->host = h;
	c->mem = malloc(CALL_BYTES);
	c->added = calloc(h->n_added + 1, sizeof(*c->added));
	return c->mem && c->added ? c : call_free(c);
}

static void *call_alloc(struct weir_event *ev, size_t n)
{
	struct call *c = call_of(ev);
	size_t room = (n + 15) & ~(size_t)15;
	uint8_t *p = c->mem + c->mem_len;

	if (room < n || room > CALL_BYTES - c->mem_len)
		return NULL;
	c->mem_len += room;
	return p;
}

/* ---- answers ---------------------------------------------------------------------*/

/* What the plugin has set, behind `size` bytes of the scratch; how many. */
static uint32_t values_pack(struct host *h, const struct call *c, size_t size)
{
	const struct weir_value *v;
	uint32_t i, n = 0;
	uint16_t slot;

	h->scratch.len = size;
	h->scratch.full = false;
	for (i = 0; i < h->def->n_produces; i++) {
		slot = h->produces[i].slot;
		v = &c->added[slot - h->schema.n_wire];
		if (v->kind != h->def->produces[i].kind)
			continue;
		pack_value(&h->scratch, slot, &h->def->produces[i], v);
		n += !h->scratch.full;
	}
	return n;
}

static void values_answer(struct call *c, unsigned kind, uint32_t a, uint32_t b)
{
	struct host *h = c->host;
	struct msg_done d = { .ticket = a, .verdict = (int32_t)b };
	struct msg_emit e = { .n = a, .ticket = b };
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	/* Of the scratch; answer() has one of its own. */
	pthread_mutex_lock(&lock);
	d.n_values = e.n_values = values_pack(h, c, sizeof(d));
	memcpy(h->scratch.p, kind == MSG_DONE ? (const void *)&d : &e, sizeof(d));
	answer(h, kind, c->id, h->scratch.p, h->scratch.len);
	pthread_mutex_unlock(&lock);
}

_Static_assert(sizeof(struct msg_done) == sizeof(struct msg_emit), "one begins both");

/* ---- services ---------------------------------------------------------------------------*/

static void service_log(void *ctx, int level, const char *text)
{
	char line[520];
	int i, n;

	(void)ctx;
	n = snprintf(line, sizeof(line), "<%d>%s", level & 3, text);
	n = MIN(n, (int)sizeof(line) - 2);
	for (i = 0; i < n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[n++] = '\n';
	/* A pipe that is full loses it. */
	if (write(SHM_FD_LOG, line, (size_t)n) < 0)
		return;
}

static int service_grow(struct weir_buf *buf, size_t need)
{
	(void)buf;
	(void)need;
	return -1;	/* for serializers */
}

static const struct weir_host_id *service_host_id(void *ctx)
{
	return &((struct host *)ctx)->id;
}

/* In process: the record is copied, for its place in the ring goes. */
static struct weir_event *service_later(struct weir_event *ev)
{
	struct call *c = call_of(ev);
	struct host *h = c->host;

	if (h->spare != c || h->kept)
		return NULL;
	c->rec = malloc(ev->rec_size);
	if (!c->rec)
		return NULL;
	ev->rec = memcpy(c->rec, ev->rec, ev->rec_size);
	h->kept = true;
	return ev;
}

static void service_done(struct weir_event *ev, int verdict)
{
	struct call *c = call_of(ev);

	if (verdict != WEIR_CONTINUE && verdict != WEIR_DROP)
		verdict = WEIR_FAIL;
	values_answer(c, MSG_DONE, c->ticket, (uint32_t)verdict);
	call_free(c);
}

static struct weir_event *service_emit(void *ctx, uint32_t n, const struct weir_event *cause)
{
	struct host *h = ctx;
	const struct call *of = (const struct call *)cause;
	struct weir_amendment *rec;
	struct call *c;

	if (!WEIR_HAS(h->def, n_emits) || n >= h->def->n_emits)
		return NULL;
	c = call_new(h);
	rec = c ? calloc(1, sizeof(*rec)) : NULL;
	if (!rec) {
		call_free(c);
		return NULL;
	}
	rec->base.type = (uint16_t)h->emits[n];
	rec->base.size = sizeof(*rec);
	c->rec = (uint8_t *)rec;
	c->emit = n;
	c->id = of ? of->id : 0;
	c->ticket = of ? of->ticket : 0;
	c->ev = (struct weir_event){
		.rec = c->rec, .rec_size = sizeof(*rec), .added = c->added,
		.offs = h->schema.types[h->emits[n]].offs, .type = rec->base.type,
		.n_wire = (uint16_t)h->schema.n_wire, .wall_ns = of ? of->ev.wall_ns : 0,
	};
	return &c->ev;
}

/* What the core makes of it is counted there. */
static int service_send(void *ctx, struct weir_event *ev)
{
	struct call *c = call_of(ev);

	(void)ctx;
	values_answer(c, MSG_EMIT, c->emit, c->ticket);
	call_free(c);
	return 0;
}

const struct weir_host host_services = {
	.size = sizeof(struct weir_host),
	.abi_major = WEIR_ABI_MAJOR,
	.abi_minor = WEIR_ABI_MINOR,
	.log = service_log,
	.alloc = call_alloc,
	.grow = service_grow,
	.host_id = service_host_id,
	.later = service_later,
	.done = service_done,
	.emit = service_emit,
	.send = service_send,
};

/* ---- process ------------------------------------------------------------------------------*/

static void wanted_get(struct host *h, struct call *c, struct unpack *u, uint32_t n)
{
	const struct weir_field_def *def;
	struct weir_value v;
	unsigned i;

	memset(c->added, 0, h->n_added * sizeof(*c->added));
	while (n-- && !u->bad) {
		i = unpack_slot(u) - h->schema.n_wire;
		def = i < h->n_added ? h->added_defs[i] : NULL;
		if (!def)
			return;
		unpack_value(u, def, call_alloc, &c->ev, &v);
		if (!u->bad)
			c->added[i] = v;
	}
}

static void event_read(struct host *h, struct call *c, const struct msg *m)
{
	const struct msg_event *e = (const struct msg_event *)(m + 1);
	const uint8_t *rec = (const uint8_t *)(e + 1);
	struct unpack u = { .p = rec + ALIGN8((size_t)e->rec_size) };

	u.left = m->len - sizeof(*m) - sizeof(*e) - ALIGN8((size_t)e->rec_size);
	c->id = m->id;
	c->ticket = e->ticket;
	c->mem_len = 0;
	c->ev = (struct weir_event){
		.rec = rec, .rec_size = e->rec_size, .type = e->type, .added = c->added,
		.wall_ns = e->wall_ns, .n_wire = (uint16_t)h->schema.n_wire,
		.offs = h->schema.types[e->type % WEIR_EV_MAX].offs,
	};
	wanted_get(h, c, &u, e->n_values);
}

void event_call(struct host *h, const struct msg *m)
{
	struct call *c;
	int r;

	while (!(c = h->spare)) {
		h->spare = call_new(h);
		if (!h->spare)
			usleep(10000);	/* no memory: the watch ends it if that lasts */
	}
	SHM_STORE(&h->up->in_hand, m->id);
	SHM_STORE(&h->up->started, m->id);
	SHM_STORE(&h->up->call, h->up->call + 1);
	event_read(h, c, m);
	h->kept = false;
	r = h->def->process(h->inst, &c->ev);
	if (h->kept)
		h->spare = NULL;	/* done() frees it; it may have */
	else
		values_answer(c, MSG_DONE, c->ticket, r == WEIR_CONTINUE || r == WEIR_DROP ?
			      (uint32_t)r : WEIR_FAIL);
	SHM_STORE(&h->up->call, h->up->call + 1);
	SHM_STORE(&h->up->in_hand, 0);
}
