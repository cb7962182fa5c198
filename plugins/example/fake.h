/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core for tests of enrichers: opens one instance of a plugin, feeds it with
 * made-up records, shows what it added and which events it made itself. Needs
 * nothing but <weir/...>. Its schema has fields and no types, and it hands over
 * every type of event.
 *
 *	struct fake *f = fake_open(&weir_plugin, "uids=7,8 note=hello", NULL);
 *
 *	fake_begin(f, WEIR_EV_exec);
 *	fake_u64(f, "process.uid", 7);
 *	fake_str(f, "process.exe.path", "/bin/true");
 *	is_int(fake_process(f), WEIR_CONTINUE, "...");
 *	is_str(fake_text(f, "example.note"), "hello", "...");
 *	fake_close(f);
 *
 * Options are words, separated by spaces: name=value; a list's words by commas.
 * Fields that a stage before would have added are given as the last argument
 * of fake_open, ended by a row without a name, and set like any others.
 * A name that does not exist ends the test.
 *
 * Async chains: fake_keep() copies the event that was begun, so that several
 * threads each process one of their own (fake_process_in). What later() gave
 * out is fake_later(f, i), what was sent is fake_sent(f, i); the functions that
 * end in _in read such an event. f->max_later and f->max_emit say from when on
 * the host answers NULL, f->queue_full makes send() fail, f->hold makes it wait; amendments of the sync
 * chain are sent events of type WEIR_EV_amendment.
 */
#pragma once

#include <pthread.h>
#include <stdlib.h>

#include <weir/plugin.h>

#ifndef FAKE_LIVE
#define FAKE_LIVE	0u	/* WEIR_SETUP_LIVE where a test wants it */
#endif
#ifndef FAKE_STATS
#define FAKE_STATS	NULL	/* a function of the test's in place of host->stats */
#endif
#define FAKE_SLOTS	512u
#define FAKE_WORDS	64u
#define FAKE_EVENTS	256u

struct fake_row {
	int type;		/* -1: every event */
	uint32_t kind;
	size_t off;
	const char *name;
};

struct fake;

/* What an event has besides its record; found by weir_event.added. */
struct fake_store {
	struct weir_value added[FAKE_SLOTS];
	_Alignas(16) uint8_t arena[WEIR_REC_MAX];
	size_t arena_used;
	struct fake *fake;
};

/* An event beside the one that was begun. */
struct fake_event {
	struct weir_event ev;
	struct fake_store store;
	uint32_t number;	/* of one that was emitted: in `emits` */
	int verdict;		/* of one from later(): by done(), -1 before */
	_Alignas(8) uint8_t rec[WEIR_REC_MAX];
};

struct fake {
	const struct weir_plugin *plugin;
	void *inst;
	const char *slots[FAKE_SLOTS];	/* names; 0 is no field */
	uint8_t kinds[FAKE_SLOTS];
	struct weir_field fields[FAKE_SLOTS];	/* by slot; those of the plugin's own are not */
	uint32_t n_slots, n_wire;
	uint16_t offs[WEIR_EV_MAX][FAKE_SLOTS];
	uint32_t sizes[WEIR_EV_MAX];
	struct weir_event ev;
	struct fake_store store;
	_Alignas(8) uint8_t rec[WEIR_REC_MAX];
	pthread_mutex_t lock;	/* of the next three */
	pthread_cond_t is_done;
	struct fake_event *laters[FAKE_EVENTS], *sent[FAKE_EVENTS];
	uint32_t n_later, n_done, n_sent, n_emitted;
	uint32_t max_later, max_emit;
	uint32_t n_held, n_released;
	bool queue_full, hold;
	struct weir_probe probed;	/* the last; its fd may be closed by now */
	uint32_t n_probes, n_unprobes;
	int probe_error;	/* what probe() answers instead of a number; 0: none */
	uint64_t counters[FAKE_WORDS];
	struct weir_optval opts[FAKE_WORDS];
	struct weir_handle wants[FAKE_WORDS], produces[FAKE_WORDS];
	const char *words[FAKE_WORDS][FAKE_WORDS];
	char *texts[FAKE_WORDS];
	struct weir_host host;
	struct weir_setup setup;
	struct weir_schema schema;
	char log[512];
	char text[WEIR_REC_MAX];
};

#define EVENT(id, name, class, actor, doc) FAKE_TYPE_##name = id,
enum {
	FAKE_TYPE_base = -1,
#include <weir/events.def>
};

static const struct fake_row fake_rows[] = {
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ FAKE_TYPE_##ev, WEIR_KIND_##kind, offsetof(struct weir_##ev, member), name },
#define ALIAS(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	{ FAKE_TYPE_##ev, WEIR_KIND_##kind, offsetof(struct weir_##ev, member), name },
#include <weir/events.def>
};

static inline void fake_fail(const char *what, const char *name)
{
	printf("Bail out! fake: %s: %s\n", what, name);
	exit(EXIT_FAILURE);
}

static inline uint16_t fake_slot(const struct fake *f, const char *name)
{
	uint16_t i;

	for (i = 1; i < f->n_slots; i++)
		if (!strcmp(f->slots[i], name))
			return i;
	return 0;
}

static inline uint16_t fake_slot_new(struct fake *f, const char *name, uint32_t kind)
{
	uint16_t slot = fake_slot(f, name);

	if (slot)
		return slot;
	if (f->n_slots == FAKE_SLOTS)
		fake_fail("too many fields", name);
	f->slots[f->n_slots] = name;
	f->kinds[f->n_slots] = (uint8_t)kind;
	return (uint16_t)f->n_slots++;
}

static inline void fake_schema(struct fake *f)
{
	const struct fake_row *r;
	uint16_t slot;
	int type;

	f->n_slots = 1;
	for (r = fake_rows; r < fake_rows + WEIR_N_OF(fake_rows); r++) {
		if (!*r->name)
			continue;
		slot = fake_slot_new(f, r->name, r->kind);
		for (type = 0; type < WEIR_EV_MAX; type++)
			if (r->type == -1 || r->type == type)
				f->offs[type][slot] = (uint16_t)r->off;
	}
	for (type = WEIR_EV_PLUGIN; type < WEIR_EV_MAX; type++)
		memcpy(f->offs[type], f->offs[WEIR_EV_amendment], sizeof(f->offs[type]));
	f->n_wire = f->n_slots;
#define EVENT(id, name, class, actor, doc) f->sizes[id] = sizeof(struct weir_##name);
#include <weir/events.def>
}

static inline struct weir_handle fake_handle(const struct fake *f, const char *name)
{
	uint16_t slot = fake_slot(f, name);

	return (struct weir_handle){ slot, f->kinds[slot], 0 };
}

/* ---- options -----------------------------------------------------------------*/

/* Which of its words. */
static inline int64_t fake_word(const struct weir_option *o, const char *text)
{
	const char *at = o->words;
	int64_t n;

	for (n = 0; at; n++) {
		if (!strncmp(at, text, strlen(text)) && strchr("|", at[strlen(text)]))
			return n;
		at = strchr(at, '|');
		at += at != NULL;
	}
	fake_fail("no such word", text);
	return -1;
}

static inline int64_t fake_number(const struct weir_option *o, const char *text)
{
	static const struct { const char *unit; int64_t times; } units[] = {
		{ "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
		{ "ms", 1000000 }, { "s", 1000000000 },
		{ "m", 60000000000 }, { "h", 3600000000000 },
	};
	char *end;
	int64_t n = strtoll(text, &end, 10);
	unsigned i;

	if (o->type == WEIR_OPT_BOOL)
		return !strcmp(text, "true");
	if (o->type == WEIR_OPT_ENUM)
		return fake_word(o, text);
	if (o->type == WEIR_OPT_TIME && !*end)
		return n * 1000000000;
	for (i = 0; *end && i < WEIR_N_OF(units); i++)
		if (!strcmp(end, units[i].unit))
			return n * units[i].times;
	return n;
}

static inline void fake_option(struct fake *f, uint32_t i, const char *text)
{
	const struct weir_option *o = &f->plugin->options[i];
	struct weir_optval *v = &f->opts[i];
	char *at;

	free(f->texts[i]);
	f->texts[i] = strdup(text ? text : "");
	v->n = 0;
	if (o->type == WEIR_OPT_STR) {
		v->v.s = f->texts[i];
	} else if (o->type == WEIR_OPT_STRLIST) {
		v->v.list = f->words[i];
		for (at = strtok(f->texts[i], ","); at && v->n < FAKE_WORDS; at = strtok(NULL, ","))
			f->words[i][v->n++] = at;
	} else {
		v->v.i = fake_number(o, f->texts[i]);
	}
}

static inline void fake_options(struct fake *f, const char *text)
{
	const char *const spaces = " \n";
	char *copy = strdup(text), *word, *value, *rest = NULL;
	uint32_t i;

	for (i = 0; i < f->plugin->n_options; i++)
		fake_option(f, i, f->plugin->options[i].dflt);
	for (word = strtok_r(copy, spaces, &rest); word; word = strtok_r(NULL, spaces, &rest)) {
		value = strchr(word, '=');
		if (!value)
			fake_fail("no value", word);
		*value++ = 0;
		for (i = 0; i < f->plugin->n_options; i++)
			if (!strcmp(f->plugin->options[i].name, word))
				break;
		if (i == f->plugin->n_options)
			fake_fail("no such option", word);
		fake_option(f, i, value);
		f->opts[i].set = 1;
	}
	free(copy);
}

/* ---- life --------------------------------------------------------------------*/

static inline void fake_log(void *ctx, int level, const char *text)
{
	struct fake *f = ctx;

	(void)level;
	snprintf(f->log, sizeof(f->log), "%s", text);
}

static inline void *fake_alloc(struct weir_event *ev, size_t n)
{
	struct fake_store *s = (struct fake_store *)(void *)ev->added;
	void *at = s->arena + s->arena_used;

	n = (n + 15) & ~(size_t)15;
	if (n > sizeof(s->arena) - s->arena_used)
		return NULL;
	s->arena_used += n;
	return at;
}

static inline const struct weir_host_id *fake_host_id(void *ctx)
{
	static const struct weir_host_id id = { "0123456789abcdef0123456789abcdef", "host", "boot" };

	(void)ctx;
	return &id;
}

static inline struct fake_event *fake_event_new(struct fake *f, uint16_t type, uint32_t size)
{
	struct fake_event *e = calloc(1, sizeof(*e));

	if (!e)
		fake_fail("out of memory", f->plugin->name);
	e->store.fake = f;
	e->verdict = -1;
	e->ev = (struct weir_event){ .rec = e->rec, .offs = f->offs[type], .added = e->store.added,
		.rec_size = size, .type = type, .n_wire = (uint16_t)f->n_wire };
	return e;
}

static inline struct fake_event *fake_event_of(struct weir_event *ev)
{
	return (struct fake_event *)(void *)((char *)ev - offsetof(struct fake_event, ev));
}

static inline struct fake_event *fake_copy(const struct weir_event *ev)
{
	struct fake_store *s = (struct fake_store *)(void *)ev->added;
	struct fake_event *e = fake_event_new(s->fake, ev->type, ev->rec_size);

	e->ev.wall_ns = ev->wall_ns;
	memcpy(e->rec, ev->rec, ev->rec_size);
	memcpy(e->store.added, s->added, sizeof(s->added));
	return e;
}

/* ---- later, done, emit, send -----------------------------------------------------*/

static inline struct weir_event *fake_host_later(struct weir_event *ev)
{
	struct fake *f = ((struct fake_store *)(void *)ev->added)->fake;
	struct fake_event *e = NULL;

	pthread_mutex_lock(&f->lock);
	if (f->n_later - f->n_done < f->max_later && f->n_later < FAKE_EVENTS) {
		e = fake_copy(ev);
		f->laters[f->n_later++] = e;
	}
	pthread_mutex_unlock(&f->lock);
	return e ? &e->ev : NULL;
}

static inline void fake_host_done(struct weir_event *later, int verdict)
{
	struct fake_event *e = fake_event_of(later);
	struct fake *f = e->store.fake;

	pthread_mutex_lock(&f->lock);
	if (e->verdict != -1)
		fake_fail("done() twice", f->plugin->name);
	e->verdict = verdict;
	f->n_done++;
	pthread_cond_broadcast(&f->is_done);
	pthread_mutex_unlock(&f->lock);
}

/* The process of `cause`: its fields, and its texts behind our record. */
static inline void fake_put_cause(struct fake_event *e, const struct weir_event *cause)
{
	const struct fake_row *r;
	uint32_t tail = ((struct fake_store *)(void *)cause->added)->fake->sizes[cause->type];
	struct weir_amendment *a = (struct weir_amendment *)(void *)e->rec;
	struct weir_str *s;

	memcpy(a, cause->rec, sizeof(a->base));
	memcpy(e->rec + e->ev.rec_size, cause->rec + tail, cause->rec_size - tail);
	for (r = fake_rows; r < fake_rows + WEIR_N_OF(fake_rows); r++) {
		s = (struct weir_str *)(void *)(e->rec + r->off);
		if (r->type == -1 && r->kind >= WEIR_KIND_STR && r->kind <= WEIR_KIND_STRV && s->off)
			s->off = s->off - tail + e->ev.rec_size;
	}
	e->ev.rec_size += cause->rec_size - tail;
	a->ref_id = ((const struct weir_base *)(const void *)cause->rec)->id;
	a->ref_type = cause->type;
}

static inline bool fake_may_emit(struct fake *f)
{
	bool full;

	pthread_mutex_lock(&f->lock);
	full = f->n_emitted >= f->max_emit;
	f->n_emitted += !full;
	pthread_mutex_unlock(&f->lock);
	return !full;
}

static inline struct weir_event *fake_host_emit(void *ctx, uint32_t n,
						const struct weir_event *cause)
{
	const uint16_t type = (uint16_t)(WEIR_EV_PLUGIN + n);
	struct fake *f = ctx;
	struct fake_event *e;

	if (n >= f->plugin->n_emits)
		fake_fail("no such event to emit", f->plugin->name);
	if (!fake_may_emit(f))
		return NULL;
	e = fake_event_new(f, type, sizeof(struct weir_amendment));
	e->number = n;
	if (cause)
		fake_put_cause(e, cause);
	((struct weir_base *)(void *)e->rec)->type = type;
	return &e->ev;
}

static inline struct weir_event *fake_host_amend(void *ctx, const struct weir_event *ev)
{
	struct fake *f = ctx;
	struct fake_event *e;

	if (!fake_may_emit(f))
		return NULL;
	e = fake_event_new(f, WEIR_EV_amendment, sizeof(struct weir_amendment));
	fake_put_cause(e, ev);
	((struct weir_base *)(void *)e->rec)->type = WEIR_EV_amendment;
	return &e->ev;
}

/* An amendment without a field is none. */
static inline bool fake_says(const struct fake_event *e)
{
	uint32_t i;

	for (i = 0; i < FAKE_SLOTS; i++)
		if (e->store.added[i].status != WEIR_ABSENT)
			return true;
	return e->ev.type != WEIR_EV_amendment;
}

/* Under the lock: while f->hold is set, each send() waits for one fake_release(). */
static inline void fake_wait_released(struct fake *f)
{
	if (!f->hold)
		return;
	f->n_held++;
	pthread_cond_broadcast(&f->is_done);
	while (!f->n_released)
		pthread_cond_wait(&f->is_done, &f->lock);
	f->n_released--;
}

static inline int fake_host_send(void *ctx, struct weir_event *ev)
{
	struct fake_event *e = fake_event_of(ev);
	struct fake *f = ctx;
	bool full;

	if (!fake_says(e)) {
		free(e);
		return 0;
	}
	pthread_mutex_lock(&f->lock);
	fake_wait_released(f);
	full = f->queue_full || f->n_sent == FAKE_EVENTS;
	if (!full)
		f->sent[f->n_sent++] = e;
	pthread_cond_broadcast(&f->is_done);
	pthread_mutex_unlock(&f->lock);
	if (full)
		free(e);
	return full ? -1 : 0;
}

/* Of a field of the record: in place, for the record is ours. */
static inline int fake_host_mask(void *ctx, struct weir_event *ev, struct weir_handle h,
				 const struct weir_value *v)
{
	const struct fake *f = ctx;
	struct weir_value old = weir_get(ev, h);
	struct weir_str *s;

	if (!(f->plugin->flags & WEIR_PLUGIN_MASKS) || !h.slot || v->kind != h.kind ||
	    old.status == WEIR_ABSENT)
		return -1;
	if (h.slot >= ev->n_wire) {
		ev->added[h.slot - ev->n_wire] = *v;
		return 0;
	}
	if (h.kind < WEIR_KIND_STR || h.kind > WEIR_KIND_STRV || v->len > old.len)
		return -1;
	s = (struct weir_str *)(uintptr_t)(ev->rec + ev->offs[h.slot]);
	memcpy((uint8_t *)(uintptr_t)ev->rec + s->off, v->v.p, v->len);
	s->len = (s->len & ~WEIR_STR_LEN) | v->len;
	return 0;
}

static inline int fake_host_probe(void *ctx, const struct weir_probe *probe)
{
	struct fake *f = ctx;

	f->probed = *probe;
	if (f->probe_error)
		return f->probe_error;
	return (int)f->n_probes++;
}

static inline void fake_host_unprobe(void *ctx, int number)
{
	struct fake *f = ctx;

	if (number < 0 || (uint32_t)number >= f->n_probes)
		fake_fail("unprobe() of what was not probed", f->plugin->name);
	f->n_unprobes++;
}

/* What was sent so far is forgotten. */
static inline void fake_forget(struct fake *f)
{
	while (f->n_sent)
		free(f->sent[--f->n_sent]);
}

/* ---- life of an instance -----------------------------------------------------*/

static inline void fake_resolve(struct fake *f, const struct weir_field_def *before)
{
	const struct weir_plugin *p = f->plugin;
	uint32_t i;

	for (; before && before->name; before++)
		f->fields[fake_slot_new(f, before->name, before->kind)].def = *before;
	for (i = 1; i < f->n_slots; i++) {
		f->fields[i].def.name = f->slots[i];
		f->fields[i].def.kind = f->kinds[i];
		f->fields[i].handle = (struct weir_handle){ (uint16_t)i, f->kinds[i], 0 };
	}
	f->schema.fields = f->fields + 1;
	f->schema.n_fields = f->n_slots - 1;
	for (i = 0; i < p->n_wants; i++) {
		f->wants[i] = fake_handle(f, p->wants[i].name);
		if (!f->wants[i].slot && p->wants[i].flags & WEIR_WANT_REQUIRED)
			fake_fail("no such field", p->wants[i].name);
	}
	for (i = 0; i < p->n_produces; i++) {
		fake_slot_new(f, p->produces[i].name, p->produces[i].kind);
		f->produces[i] = fake_handle(f, p->produces[i].name);
		f->produces[i].flags = WEIR_HANDLE_WRITE;
	}
}

static inline void fake_close(struct fake *f)
{
	uint32_t i;

	if (f->inst)
		f->plugin->close(f->inst);
	if (f->n_later != f->n_done)
		fake_fail("later() without done()", f->plugin->name);
	while (f->n_later)
		free(f->laters[--f->n_later]);
	fake_forget(f);
	for (i = 0; i < FAKE_WORDS; i++)
		free(f->texts[i]);
	free(f);
}

/* An instance; f->inst is NULL and f->log says why if open() refused. */
static inline struct fake *fake_open(const struct weir_plugin *plugin,
				     const char *options,
				     const struct weir_field_def *before)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		fake_fail("out of memory", plugin->name);
	f->plugin = plugin;
	f->store.fake = f;
	f->max_later = f->max_emit = FAKE_EVENTS;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->is_done, NULL);
	fake_schema(f);
	fake_resolve(f, before);
	fake_options(f, options);
	f->host = (struct weir_host){ .size = sizeof(f->host),
		.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR, .log = fake_log,
		.alloc = fake_alloc, .host_id = fake_host_id, .later = fake_host_later,
		.done = fake_host_done, .emit = fake_host_emit, .send = fake_host_send,
		.amend = fake_host_amend, .mask = fake_host_mask, .stats = FAKE_STATS,
		.probe = fake_host_probe, .unprobe = fake_host_unprobe };
	f->schema.size = sizeof(f->schema);
	f->schema.n_wire = f->n_wire;
	f->setup = (struct weir_setup){ .size = sizeof(f->setup), .host = &f->host, .ctx = f,
		.instance = plugin->name, .options = f->opts, .wants = f->wants,
		.produces = f->produces, .schema = &f->schema, .counters = f->counters,
		.flags = FAKE_LIVE };
	if (plugin->open(&f->setup, &f->inst))
		f->inst = NULL;
	memset(f->opts, 0, sizeof(f->opts));
	return f;
}

/* As in a reload: `to` takes over from `from`. */
static inline int fake_adopt(struct fake *to, struct fake *from)
{
	if (!to->plugin->adopt || !to->plugin->state || to->plugin->state != from->plugin->state)
		fake_fail("cannot adopt", to->plugin->name);
	return to->plugin->adopt(to->inst, from->inst);
}

/* ---- events ------------------------------------------------------------------*/

/* A record with all fields absent. */
static inline void fake_begin(struct fake *f, uint16_t type)
{
	struct weir_base *base = (struct weir_base *)(void *)f->rec;
	uint32_t none = UINT32_MAX;
	uint16_t i;

	memset(f->rec, 0, f->sizes[type]);
	memset(f->store.added, 0, f->n_slots * sizeof(f->store.added[0]));
	for (i = 1; i < f->n_wire; i++)
		if (f->kinds[i] == WEIR_KIND_UID && f->offs[type][i])
			memcpy(f->rec + f->offs[type][i], &none, sizeof(none));
	base->type = type;
	f->store.arena_used = 0;
	f->ev = (struct weir_event){ .rec = f->rec, .offs = f->offs[type], .added = f->store.added,
		.rec_size = f->sizes[type], .type = type, .n_wire = (uint16_t)f->n_wire };
}

static inline void *fake_at(struct fake *f, const char *name, uint8_t *kind)
{
	uint16_t slot = fake_slot(f, name);

	if (!slot || (slot < f->n_wire && !f->ev.offs[slot]))
		fake_fail("no such field", name);
	*kind = f->kinds[slot];
	if (slot < f->n_wire)
		return (uint8_t *)f->rec + f->ev.offs[slot];
	f->store.added[slot - f->n_wire].kind = *kind;
	f->store.added[slot - f->n_wire].status = WEIR_PRESENT;
	return NULL;
}

static inline void fake_u64(struct fake *f, const char *name, uint64_t v)
{
	uint8_t kind;
	void *at = fake_at(f, name, &kind);
	size_t n = 4;

	if (!at) {
		f->store.added[fake_slot(f, name) - f->n_wire].v.u = v;
		return;
	}
	if (kind == WEIR_KIND_U8)
		n = 1;
	else if (kind == WEIR_KIND_U16)
		n = 2;
	else if (kind == WEIR_KIND_U64 || kind == WEIR_KIND_KEY || kind == WEIR_KIND_HEX ||
		 kind == WEIR_KIND_TIME || kind == WEIR_KIND_TIMEW)
		n = 8;
	/* Little-endian, as all machines that this runs on. */
	memcpy(at, &v, n);
}

/* marks: WEIR_STR_*. The bytes of an added field must outlive the event. */
static inline void fake_bytes(struct fake *f, const char *name, const void *p,
			      uint32_t len, uint32_t marks)
{
	uint8_t kind;
	struct weir_str *s = fake_at(f, name, &kind);
	struct weir_value *v;

	if (!s) {
		v = &f->store.added[fake_slot(f, name) - f->n_wire];
		v->v.p = p;
		v->len = len;
		return;
	}
	if (len > WEIR_REC_MAX - f->ev.rec_size)
		fake_fail("record is full", name);
	s->off = f->ev.rec_size;
	s->len = len | marks;
	memcpy(f->rec + s->off, p, len);
	f->ev.rec_size += len;
}

static inline void fake_str(struct fake *f, const char *name, const char *text)
{
	fake_bytes(f, name, text, (uint32_t)strlen(text), 0);
}

static inline int fake_process(struct fake *f)
{
	((struct weir_base *)(void *)f->rec)->size = f->ev.rec_size;
	return f->plugin->process(f->inst, &f->ev);
}

/* A copy of the event as it was begun, for another thread; free() it. */
static inline struct fake_event *fake_keep(struct fake *f)
{
	((struct weir_base *)(void *)f->rec)->size = f->ev.rec_size;
	return fake_copy(&f->ev);
}

static inline int fake_process_in(struct fake *f, struct fake_event *e)
{
	return f->plugin->process(f->inst, &e->ev);
}

/* ---- results -----------------------------------------------------------------*/

static inline struct fake_event *fake_sent(struct fake *f, uint32_t i)
{
	if (i >= f->n_sent)
		fake_fail("no such event was sent", f->plugin->name);
	return f->sent[i];
}

/* The same, when it was sent. */
static inline struct fake_event *fake_wait_sent(struct fake *f, uint32_t i)
{
	pthread_mutex_lock(&f->lock);
	while (f->n_sent <= i)
		pthread_cond_wait(&f->is_done, &f->lock);
	pthread_mutex_unlock(&f->lock);
	return fake_sent(f, i);
}

/* Until some thread is in send(), which f->hold keeps there. */
static inline void fake_wait_held(struct fake *f)
{
	pthread_mutex_lock(&f->lock);
	while (!f->n_held)
		pthread_cond_wait(&f->is_done, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static inline void fake_release(struct fake *f, uint32_t n)
{
	pthread_mutex_lock(&f->lock);
	f->n_released += n;
	pthread_cond_broadcast(&f->is_done);
	pthread_mutex_unlock(&f->lock);
}

/* The i-th event that later() gave out, when done() was called for it. */
static inline struct fake_event *fake_later(struct fake *f, uint32_t i)
{
	pthread_mutex_lock(&f->lock);
	if (i >= f->n_later)
		fake_fail("later() was not called", f->plugin->name);
	while (f->laters[i]->verdict == -1)
		pthread_cond_wait(&f->is_done, &f->lock);
	pthread_mutex_unlock(&f->lock);
	return f->laters[i];
}

static inline struct weir_value fake_get_from(struct fake *f, const struct weir_event *ev,
					      const char *name)
{
	struct weir_handle h = fake_handle(f, name);

	if (!h.slot)
		fake_fail("no such field", name);
	return weir_get(ev, h);
}

static inline struct weir_value fake_get(struct fake *f, const char *name)
{
	return fake_get_from(f, &f->ev, name);
}

static inline struct weir_value fake_get_in(struct fake_event *e, const char *name)
{
	return fake_get_from(e->store.fake, &e->ev, name);
}

static inline const char *fake_text_of_list(struct fake *f, const struct weir_list *l)
{
	size_t at = 0;
	uint32_t i;

	f->text[0] = 0;
	for (i = 0; i < l->n && at < sizeof(f->text); i++)
		at += (size_t)snprintf(f->text + at, sizeof(f->text) - at, "%s%.*s", i ? "; " : "",
				       (int)l->values[i].len, (const char *)l->values[i].v.p);
	return f->text;
}

/* NULL if absent. An STRV's texts are joined by spaces, a list's by "; ". */
static inline const char *fake_text_of(struct fake *f, const struct weir_value *v)
{
	uint32_t i, len = v->len < sizeof(f->text) ? v->len : sizeof(f->text) - 1;

	if (!weir_present(v))
		return NULL;
	if (v->kind == WEIR_KIND_LIST)
		return fake_text_of_list(f, v->v.list);
	memcpy(f->text, v->v.p, len);
	for (i = 0; i < len; i++)
		if (!f->text[i])
			f->text[i] = ' ';
	if (v->kind == WEIR_KIND_STRV && len)
		len--;
	f->text[len] = 0;
	return f->text;
}

static inline const char *fake_text(struct fake *f, const char *name)
{
	struct weir_value v = fake_get(f, name);

	return fake_text_of(f, &v);
}

/* Valid until the next text is read, of any event; one thread. */
static inline const char *fake_text_in(struct fake_event *e, const char *name)
{
	struct weir_value v = fake_get_in(e, name);

	return fake_text_of(e->store.fake, &v);
}

static inline uint64_t fake_count(const struct fake *f, const char *counter)
{
	uint32_t i;

	for (i = 0; i < f->plugin->n_counters; i++)
		if (!strcmp(f->plugin->counters[i].name, counter))
			return __atomic_load_n(&f->counters[i], __ATOMIC_RELAXED);
	fake_fail("no such counter", counter);
	return 0;
}
