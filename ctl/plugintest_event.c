/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns events: their memory, their copies that later() gives out, those that a
 * plugin emits, and the table of services. Memory of an event is filled with
 * 0xdf before it is given back, so that who keeps it sees so.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugintest.h"
#include "util/log.h"
#include "util/macros.h"

#define ARENA_MAX	(256u * 1024)
#define GROW_MAX	(16u * 1024 * 1024)
#define LONG_ENOUGH_MS	5000
#define POISON		0xdf

struct block {
	struct block *next;
	size_t size;
	_Alignas(16) uint8_t mem[];
};

struct pt_arena {
	atomic_uint n_refs;
	struct block *blocks;
	size_t len;
};

_Thread_local bool pt_on_event_path;
_Thread_local struct pt *pt_of_thread;

uint64_t pt_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void pt_problem(struct pt *pt, bool is_error, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	unsigned i;

	/* In cycles, all has been said before. */
	if (pt->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&pt->lock);
	for (i = 0; i < pt->n_problems && strcmp(pt->problems[i].text, text); i++)
		;
	if (i == pt->n_problems && i < ARRAY_LEN(pt->problems)) {
		pt->problems[i].text = strdup(text);
		pt->problems[i].is_error = is_error;
		pt->n_problems += pt->problems[i].text != NULL;
	}
	if (i < pt->n_problems)
		pt->problems[i].n++;
	pthread_mutex_unlock(&pt->lock);
}

/* Each Nth call, or one of many by chance, the same in every run of one thread. */
bool pt_fault(struct pt *pt)
{
	static _Thread_local unsigned seed = 1;
	unsigned long n = atomic_fetch_add(&pt->n_alloc_calls, 1) + 1;
	bool fails = pt->conf.fail_every && n % pt->conf.fail_every == 0;

	if (pt->conf.fail_rate > 0)
		fails = rand_r(&seed) < pt->conf.fail_rate * RAND_MAX;
	if (fails)
		atomic_fetch_add(&pt->n_faults, 1);
	return fails;
}

/* ---- memory -------------------------------------------------------------------*/

static struct pt_arena *arena_new(void)
{
	struct pt_arena *a = calloc(1, sizeof(*a));

	if (a)
		a->n_refs = 1;
	return a;
}

static void arena_unref(struct pt_arena *a)
{
	struct block *b;

	if (!a || atomic_fetch_sub(&a->n_refs, 1) != 1)
		return;
	while ((b = a->blocks)) {
		a->blocks = b->next;
		memset(b->mem, POISON, b->size);
		free(b);
	}
	free(a);
}

static void *arena_take(struct pt_arena *a, size_t n)
{
	struct block *b;

	if (n > ARENA_MAX || a->len + n > ARENA_MAX)
		return NULL;
	b = malloc(sizeof(*b) + n);
	if (!b)
		return NULL;
	memset(b->mem, POISON, n);
	b->size = n;
	b->next = a->blocks;
	a->blocks = b;
	a->len += n;
	return b->mem;
}

struct weir_value *pt_event_added(const struct pt_event *e)
{
	return (struct weir_value *)(uintptr_t)e->ev.added;
}

static struct pt_event *event_alloc(struct pt *pt, enum pt_role role, size_t rec_size)
{
	size_t at = (rec_size + 15) & ~(size_t)15;
	struct pt_event *e;

	e = calloc(1, sizeof(*e) + at + (pt->n_added + 1) * sizeof(struct weir_value));
	if (!e)
		return NULL;
	e->arena = arena_new();
	if (!e->arena) {
		free(e);
		return NULL;
	}
	e->magic = PT_EVENT_MAGIC;
	e->role = role;
	e->pt = pt;
	e->ev.rec = e->rec;
	e->ev.rec_size = (uint32_t)rec_size;
	e->ev.added = (struct weir_value *)(void *)(e->rec + at);
	e->ev.n_wire = (uint16_t)pt->stage.schema.n_wire;
	return e;
}

struct pt_event *pt_event_new(struct pt *pt, const struct pt_record *r)
{
	const struct weir_base *base = (const void *)r->rec;
	struct pt_event *e = event_alloc(pt, PT_EVENT, r->size);

	if (!e)
		return NULL;
	memcpy(e->rec, r->rec, r->size);
	e->original = r->rec;
	e->ev.type = base->type;
	e->ev.offs = pt->stage.schema.types[base->type].offs;
	e->ev.wall_ns = r->wall_ns;
	return e;
}

struct pt_event *pt_event_free(struct pt_event *e)
{
	if (!e)
		return NULL;
	arena_unref(e->arena);
	arena_unref(e->parent);
	memset(e->ev.added, POISON, e->pt->n_added * sizeof(struct weir_value));
	memset(e->rec, POISON, e->ev.rec_size);
	e->magic = PT_GONE_MAGIC;
	free(e);
	return NULL;
}

/* ---- services -----------------------------------------------------------------*/

static struct pt_inst *inst_of(void *ctx)
{
	struct pt_inst *in;

	CAST_OBJ_NOTNULL(in, ctx, PT_INST_MAGIC);
	return in;
}

static void host_log(void *ctx, int level, const char *text)
{
	struct pt_inst *in = inst_of(ctx);

	if (pt_on_event_path)
		pt_problem(in->pt, true, "logs on the event path: \"%.200s\"", text);
	if (!in->pt->quiet)
		log_msg(level, "%s: %s", in->setup.instance, text);
}

static void *host_alloc(struct weir_event *ev, size_t n)
{
	struct pt_event *e = (struct pt_event *)ev;
	void *p;

	if (pt_fault(e->pt))
		return NULL;
	p = arena_take(e->arena, n);
	if (!p)
		atomic_fetch_add(&e->pt->n_arena_full, 1);
	return p;
}

static int host_grow(struct weir_buf *buf, size_t need)
{
	size_t cap = buf->cap ? buf->cap : 4096;
	uint8_t *p;

	if (pt_of_thread && pt_fault(pt_of_thread))
		return -1;
	while (cap - buf->len < need && cap < GROW_MAX)
		cap *= 2;
	if (cap - buf->len < need)
		return -1;
	/* Never in place, so that who keeps out->p is found out. */
	p = malloc(cap);
	if (!p)
		return -1;
	if (buf->len)
		memcpy(p, buf->p, buf->len);
	if (buf->p)
		memset(buf->p, POISON, buf->cap);
	free(buf->p);
	buf->p = p;
	buf->cap = cap;
	return 0;
}

static const struct weir_host_id *host_id(void *ctx)
{
	return &inst_of(ctx)->pt->host_id;
}

static struct pt_event *copy_make(struct pt_event *e)
{
	struct pt *pt = e->pt;
	struct pt_event *c = event_alloc(pt, PT_LATER, e->ev.rec_size);
	long ms = pt->conf.late_ms >= 0 ? pt->conf.late_ms : LONG_ENOUGH_MS;

	if (!c)
		return NULL;
	memcpy(c->rec, e->rec, e->ev.rec_size);
	memcpy(c->ev.added, e->ev.added, pt->n_added * sizeof(*e->ev.added));
	c->ev.type = e->ev.type;
	c->ev.offs = e->ev.offs;
	c->ev.wall_ns = e->ev.wall_ns;
	c->inst = e->inst;
	c->deadline_ns = pt_now_ns() + (uint64_t)ms * 1000000u;
	atomic_fetch_add(&e->arena->n_refs, 1);
	c->parent = e->arena;
	return c;
}

static struct weir_event *host_later(struct weir_event *ev)
{
	struct pt_event *e = (struct pt_event *)ev, *c;
	struct pt *pt = e->pt;
	bool full;

	if (e->role != PT_EVENT || !e->in_process) {
		pt_problem(pt, true, "later() is called outside of process");
		return NULL;
	}
	if (e->n_later) {
		pt_problem(pt, true, "later() is called twice for one event");
		return NULL;
	}
	if (pt->conf.sync || pt_fault(pt))
		return NULL;
	pthread_mutex_lock(&pt->lock);
	full = pt->n_out == PT_OUT_MAX;
	pt->n_out += !full;
	pthread_mutex_unlock(&pt->lock);
	c = full ? NULL : copy_make(e);
	if (!c)
		return NULL;
	e->n_later++;
	e->copy = c;
	return &c->ev;
}

static void host_done(struct weir_event *ev, int verdict)
{
	struct pt_event *c = (struct pt_event *)ev;
	struct pt *pt = c->pt;
	bool late;

	if (c->magic != PT_EVENT_MAGIC || c->role != PT_LATER) {
		log_error("done() of an event that is not a copy from later(), or is gone");
		abort();
	}
	if (verdict != WEIR_CONTINUE && verdict != WEIR_DROP && verdict != WEIR_FAIL)
		pt_problem(pt, true, "done() with %d, which is no verdict", verdict);
	pthread_mutex_lock(&pt->lock);
	if (c->is_done) {
		pthread_mutex_unlock(&pt->lock);
		pt_problem(pt, true, "done() is called twice for one event");
		return;
	}
	c->is_done = true;
	c->missed = pt_now_ns() >= c->deadline_ns;
	c->verdict = verdict;
	late = c->is_late;
	pt->n_out--;
	pthread_cond_broadcast(&pt->done);
	pthread_mutex_unlock(&pt->lock);
	/* Nobody waits for it any more. */
	if (late)
		pt_event_free(c);
}

/* False: too late. If it is not done yet, the copy is not ours any more. */
static bool await_done(struct pt_event *c, bool *is_done)
{
	struct timespec until = { (time_t)(c->deadline_ns / 1000000000u),
				  (long)(c->deadline_ns % 1000000000u) };
	struct pt *pt = c->pt;
	bool in_time;
	int r = 0;

	pthread_mutex_lock(&pt->lock);
	while (!c->is_done && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&pt->done, &pt->lock, &until);
	*is_done = c->is_done;
	c->is_late = !c->is_done;
	in_time = c->is_done && !c->missed;
	pthread_mutex_unlock(&pt->lock);
	return in_time;
}

int pt_event_await(struct pt_event *e, bool *late)
{
	struct weir_value *added = pt_event_added(e);
	const struct pt_stage *st = &e->pt->stage;
	struct pt_event *c = e->copy;
	uint32_t i, n_wire = e->ev.n_wire;
	uint16_t slot;
	bool is_done;
	int verdict;

	e->copy = NULL;
	*late = !await_done(c, &is_done);
	if (*late) {
		for (i = 0; i < st->def->n_produces; i++)
			added[st->produces[i].slot - n_wire] = (struct weir_value){
				.kind = st->produces[i].kind, .status = WEIR_TIMEOUT };
		if (is_done)
			pt_event_free(c);
		return WEIR_CONTINUE;
	}
	for (i = 0; i < st->def->n_produces; i++) {
		slot = (uint16_t)(st->produces[i].slot - n_wire);
		added[slot] = pt_event_added(c)[slot];
	}
	/* The values lie in the copy's memory; they change hands. */
	atomic_fetch_add(&c->arena->n_refs, 1);
	arena_unref(e->parent);
	e->parent = c->arena;
	verdict = c->verdict;
	pt_event_free(c);
	return verdict;
}

/* ---- events of the plugin's own -----------------------------------------------*/

static const struct {
	uint16_t type, kind, off;
} wire_rows[] = {
#define WEIR_EV_base 0
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ WEIR_EV_##ev, WEIR_KIND_##kind, offsetof(struct weir_##ev, member) },
#include <weir/events.def>
};

/* The base's texts lie in the tail, which has moved. */
static void texts_move(uint8_t *rec, uint32_t from, uint32_t to)
{
	struct weir_str *s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(wire_rows); i++) {
		if (wire_rows[i].type != WEIR_EV_base || wire_rows[i].kind < WEIR_KIND_STR ||
		    wire_rows[i].kind > WEIR_KIND_STRV)
			continue;
		s = (void *)(rec + wire_rows[i].off);
		if (s->off)
			s->off = s->off - from + to;
	}
}

/* With the acting process of the cause, and a reference to it. */
static void emitted_fill(struct pt_event *e, uint16_t id, const struct weir_event *cause,
			 uint32_t fixed)
{
	struct weir_amendment *rec = (void *)e->rec;
	const struct weir_base *base = cause ? (const void *)cause->rec : NULL;

	if (base) {
		memcpy(&rec->base, base, sizeof(*base));
		memcpy(e->rec + sizeof(*rec), cause->rec + fixed, cause->rec_size - fixed);
		texts_move(e->rec, fixed, sizeof(*rec));
		rec->ref_id = base->id;
		rec->ref_type = base->type;
	}
	rec->base.type = id;
	rec->base.rclass = WEIR_CLASS_USER;
	rec->base.size = e->ev.rec_size;
	e->ev.type = id;
	e->ev.offs = e->pt->stage.schema.types[id].offs;
	e->ev.wall_ns = cause ? cause->wall_ns : 0;
}

static struct weir_event *host_emit(void *ctx, uint32_t n, const struct weir_event *cause)
{
	struct pt_inst *in = inst_of(ctx);
	const struct weir_plugin *def = in->stage->def;
	struct pt_event *e;
	uint32_t fixed;

	if (!WEIR_HAS(def, n_emits) || n >= def->n_emits) {
		pt_problem(in->pt, true, "emit() of number %u, which is none of its emits", n);
		return NULL;
	}
	if (pt_fault(in->pt))
		return NULL;
	fixed = cause ? in->pt->stage.schema.types[cause->type].size : 0;
	e = event_alloc(in->pt, PT_EMIT, sizeof(struct weir_amendment) +
			(cause ? cause->rec_size - fixed : 0));
	if (!e)
		return NULL;
	e->inst = in;
	emitted_fill(e, in->stage->emits[n], cause, fixed);
	atomic_fetch_add(&in->pt->n_emit_open, 1);
	return &e->ev;
}

static int host_send(void *ctx, struct weir_event *ev)
{
	struct pt_event *e = (struct pt_event *)ev;
	struct pt *pt = inst_of(ctx)->pt;
	bool full = pt_fault(pt);

	if (e->magic != PT_EVENT_MAGIC || e->role != PT_EMIT) {
		log_error("send() of an event that is not from emit(), or is gone");
		abort();
	}
	pt_check_values(e);
	if (pt->conf.print && !pt->quiet && !full)
		pt_print_event(e);
	atomic_fetch_add(&pt->n_emitted, !full);
	atomic_fetch_sub(&pt->n_emit_open, 1);
	pt_event_free(e);
	return full ? -1 : 0;
}

const struct weir_host pt_host = {
	.size = sizeof(struct weir_host),
	.abi_major = WEIR_ABI_MAJOR,
	.abi_minor = WEIR_ABI_MINOR,
	.log = host_log,
	.alloc = host_alloc,
	.grow = host_grow,
	.host_id = host_id,
	.later = host_later,
	.done = host_done,
	.emit = host_emit,
	.send = host_send,
};
