/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that stages make: what they carry, where they enter the sync chain,
 * and the bounds: rate, answers to answers, a full queue. What a stage masks.
 */
#include <sys/stat.h>

#include "chain/async.h"
#include "chain/event.h"
#include "mkrec.h"
#include "queue/inbox.h"
#include "tap.h"
#include "toyasync.h"
#include "util/log.h"
#include "util/macros.h"

static struct toychain t;
static unsigned n_wakes;

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

static void on_wake(void *arg)
{
	toy_count(arg);
}

#define RICH	"{ plugin = \"toyrich\"; ctl = @0; }"
#define PLAIN	"{ plugin = \"toyplain\"; ctl = @1; }"
#define CODE	"{ plugin = \"toycode\"; ctl = @2; }"
#define SINK	"{ plugin = \"toysink\"; ctl = @3; }"
#define EMIT	"{ plugin = \"toyemit\"; ctl = @6; }"
#define AMEND	"{ plugin = \"toyamend\"; ctl = @7; }"

static void make(const char *text)
{
	if (toychain_make(&t, text, NULL)) {
		tap_diag("%s", t.errors);
		abort();
	}
	n_wakes = 0;
	t.services.wake = on_wake;
	t.services.wake_arg = &n_wakes;
}

static const struct instance_stats *emitter(void)
{
	const struct plan_change *ch = t.one.plan->changes;

	while (strcmp(ch->next->name, "toyemit"))
		ch++;
	return &ch->next->stats;
}

static int emit(struct toy *toy, const struct weir_event *cause, uint32_t n, const char *text)
{
	const struct weir_host *host = toy->setup->host;
	struct weir_event *ev = host->emit(toy->setup->ctx, n, cause);
	char *p;

	if (!ev)
		return -2;
	p = host->alloc(ev, strlen(text));
	MUST(p && !host->alloc(ev, 1 << 20));
	memcpy(p, text, strlen(text));
	weir_set_u64(ev, toy->setup->produces[0], 4711);
	weir_set_str(ev, toy->setup->produces[1], p, (uint32_t)strlen(text));
	memset(p, *text, strlen(text));
	return host->send(toy->setup->ctx, ev);
}

static int emit_always(struct toy *toy, struct weir_event *ev)
{
	emit(toy, ev, 0, "aaa");
	return WEIR_CONTINUE;
}

/* Only for what comes from the kernel. */
static int emit_once(struct toy *toy, struct weir_event *ev)
{
	if (ev->type < WEIR_EV_PLUGIN)
		emit(toy, ev, 1, "bbb");
	return WEIR_CONTINUE;
}

static uint64_t seen_n;
static char seen_text[16];

/* toyamend wants emit.n and emit.text as its last two. */
static int see(struct toy *toy, struct weir_event *ev)
{
	struct weir_value v = weir_get(ev, toy->setup->wants[4]);

	seen_n = weir_get_u64(ev, toy->setup->wants[3], 0);
	snprintf(seen_text, sizeof(seen_text), "%.*s", (int)v.len, v.v.p ? (const char *)v.v.p : "");
	return WEIR_CONTINUE;
}

static unsigned written[WEIR_EV_MAX];

static int note_types(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	uint32_t i;

	(void)toy;
	(void)w;
	for (i = 0; i < batch->n; i++)
		written[batch->items[i].type]++;
	return WEIR_WRITE_OK;
}

static void reset(void)
{
	memset(t.toys, 0, sizeof(t.toys));
	memset(written, 0, sizeof(written));
	seen_n = 0;
	seen_text[0] = 0;
	t.toys[3].write = note_types;
	t.toys[7].process = see;
}

static void test_sync(void)
{
	const struct weir_amendment *a;
	static struct mkrec rec;
	const struct weir_base *b = mkrec_init(&rec, WEIR_EV_exec);
	struct event *made[4];
	size_t n;

	reset();
	mkrec_sample(&rec, WEIR_EV_exec, 3);
	mkrec_number(&rec, 17);
	t.toys[6].process = emit_once;
	make(SYNC(RICH "," EMIT "," PLAIN "," AMEND "," CODE "," SINK));
	toyasync_push(&t, 3, 17);
	is_int(n_wakes, 1, "sync: the collector is woken");
	n = toyasync_collect(&t, made, ARRAY_LEN(made));
	if (!is_int((long long)n, 1, "sync: one event"))
		return;
	a = (const void *)made[0]->rec;
	is_int(made[0]->type, WEIR_EV_PLUGIN + 1, "sync: its type is the plugin's second");
	is_int(a->base.type, WEIR_EV_PLUGIN + 1, "sync: as its record says");
	is_int(a->base.rclass, WEIR_CLASS_USER, "sync: its class");
	is_int((long long)a->ref_id, (long long)b->id, "sync: the event that caused it");
	is_int(a->ref_type, WEIR_EV_exec, "sync: its type");
	is_int(a->ref_hops, 1, "sync: the first answer");
	ok(!strncmp((const char *)a + a->ref_by.off, "toyemit", 7) && a->ref_by.len == 7, "sync: who made it");
	ok(a->base.key == b->key && a->base.uid == b->uid, "sync: the acting process");
	ok(a->base.args.len == b->args.len && a->base.exe_path.len == b->exe_path.len &&
	   !memcmp((const char *)a + a->base.args.off, rec.rec + b->args.off, b->args.len),
	   "sync: with its texts");
	is_int((long long)made[0]->wall_ns, 42, "sync: the wall clock of its cause");
	is_str(made[0]->by, "toyemit", "sync: by the stage");
	is_int(t.toys[0].n_calls, 1, "sync: stages before it do not see it");
	is_int(t.toys[6].n_calls, 1, "sync: nor does it itself");
	is_int(t.toys[1].n_calls, 2, "sync: those behind it do");
	is_int(t.toys[7].n_calls, 0, "sync: one that asks for another type does not");
	is_int(written[WEIR_EV_exec] + written[WEIR_EV_PLUGIN + 1], 2, "sync: both are written");
	is_int((long long)emitter()->emitted, 1, "sync: counted");
	is_int((long long)emitter()->emit_dropped, 0, "sync: none dropped");
	event_unref(made[0]);
	toychain_fini(&t);
}

/* From an async chain it begins at the start; its own chain sees it, too. */
static void test_async(void)
{
	reset();
	t.toys[6].process = emit_always;
	make(SYNC(RICH "," CODE "," AMEND "," SINK) "async = { a = { stages = ( " EMIT " ); }; };");
	toyasync_push(&t, 3, 17);
	toyasync_settle(&t, NULL, 0);
	is_int(written[WEIR_EV_PLUGIN], 3, "async: an answer, one to it, one to that");
	is_int((long long)emitter()->emitted, 3, "async: three are made");
	is_int((long long)emitter()->emit_dropped, 1, "async: the fourth is refused");
	is_int(t.toys[6].n_calls, 4, "async: its own chain sees them");
	is_int(t.toys[0].n_calls, 4, "async: the sync chain from its beginning");
	is_int(t.toys[7].n_calls, 3, "async: one that asks for them by name");
	is_int((long long)seen_n, 4711, "async: their fields: a number");
	is_str(seen_text, "aaa", "async: a text");
	toychain_fini(&t);
}

static void test_rate(void)
{
	unsigned i, n = 0, bad = 0;
	int r;

	reset();
	make(SYNC(EMIT "," CODE "," SINK));
	for (i = 0; i < 3000; i++) {
		r = emit(&t.toys[6], NULL, 0, "x");
		n += r == 0;
		bad += r == -1;
	}
	ok(n >= 1000 && n < 3000, "rate: a thousand at once, then as many a second: %u", n);
	is_int(bad, 0, "rate: what is made is sent");
	is_int((long long)emitter()->emitted, n, "rate: counted");
	is_int((long long)emitter()->emit_dropped, 3000 - n, "rate: the others too");
	is_int((long long)toyasync_collect(&t, NULL, 0), n, "rate: they arrive");
	is_int(written[WEIR_EV_PLUGIN], n, "rate: and are written");
	toychain_fini(&t);
}

static void test_refused(void)
{
	struct event_parts parts = { 0 };
	static struct mkrec rec;
	struct event *e;

	reset();
	make(SYNC(EMIT "," CODE "," SINK));
	is_int(emit(&t.toys[6], NULL, 2, "x"), -2, "a number that it does not declare");
	is_int(emit(&t.toys[6], NULL, UINT32_MAX, "x"), -2, "far from it");
	is_int((long long)emitter()->emit_dropped, 2, "are counted");
	parts.rec = rec.rec;
	parts.rec_size = (uint32_t)mkrec_sample(&rec, WEIR_EV_snapshot, 1);
	e = event_new(NULL, &parts);
	while (inbox_push(t.services.inbox, e))
		event_ref(e);
	is_int(emit(&t.toys[6], NULL, 0, "x"), -1, "the queue is full: send says so");
	is_int((long long)emitter()->emit_dropped, 3, "which is counted");
	is_int((long long)toychain_lost(&t, WEIR_CLASS_USER, WEIR_EV_PLUGIN, WEIR_LOST_QUEUE), 1,
	       "and a loss");
	event_unref(e);
	while ((e = inbox_pop_sc(t.services.inbox)))
		event_unref(e);
	is_int(emit(&t.toys[6], NULL, 0, "x"), 0, "then there is room");
	/* What is left there the end frees. */
	toychain_fini(&t);
}

/* ---- amendments of the sync chain, masks ---------------------------------------------*/

static struct weir_event *kept[2];

/* The first event is answered later, the second with nothing. */
static int amend_kept(struct toy *toy, struct weir_event *ev)
{
	if (ev->type == WEIR_EV_exec)
		kept[toy->n_calls - 1] = toy->setup->host->amend(toy->setup->ctx, ev);
	return WEIR_CONTINUE;
}

static void test_amend(void)
{
	const struct weir_amendment *a;
	struct event *made[4];

	reset();
	t.toys[6].process = amend_kept;
	make(SYNC(RICH "," EMIT "," AMEND "," CODE "," SINK));
	toyasync_push(&t, 3, 17);
	toyasync_push(&t, 3, 18);
	if (!ok(kept[0] && kept[1], "amend: two are given out"))
		return;
	weir_set_u64(kept[0], t.toys[6].setup->produces[0], 5);
	is_int(t.toys[6].setup->host->send(t.toys[6].setup->ctx, kept[0]), 0, "amend: sent");
	is_int(t.toys[6].setup->host->send(t.toys[6].setup->ctx, kept[1]), 0,
	       "amend: one that says nothing is taken");
	if (!is_int((long long)toyasync_collect(&t, made, ARRAY_LEN(made)), 1,
		    "amend: and goes nowhere"))
		return;
	a = (const void *)made[0]->rec;
	is_int(a->base.type, WEIR_EV_amendment, "amend: its type");
	is_int(a->ref_type, WEIR_EV_exec, "amend: of what");
	is_int(a->ref_hops, 1, "amend: the first answer");
	ok(!strncmp((const char *)a + a->ref_by.off, "toyemit", 7), "amend: by whom");
	is_int(t.toys[0].n_calls, 2, "amend: stages before do not see it");
	is_int(t.toys[7].n_calls, 1, "amend: those behind do");
	is_int(written[WEIR_EV_amendment], 1, "amend: written");
	event_unref(made[0]);
	toychain_fini(&t);
}

static struct weir_handle handle_of(const struct toy *toy, const char *name)
{
	const struct weir_schema *s = toy->setup->schema;
	uint32_t i;

	for (i = 0; i < s->n_fields; i++)
		if (!strcmp(s->fields[i].def.name, name))
			return s->fields[i].handle;
	return (struct weir_handle){ 0 };
}

static int mask_with(struct toy *toy, struct weir_event *ev, const char *name, uint32_t kind,
		     const char *text)
{
	struct weir_value v = { .kind = (uint8_t)kind, .status = WEIR_PRESENT,
				.len = (uint32_t)strlen(text), .v.p = text };

	return toy->setup->host->mask(toy->setup->ctx, ev, handle_of(toy, name), &v);
}

static int mask_some(struct toy *toy, struct weir_event *ev)
{
	struct weir_value cwd = weir_get(ev, handle_of(toy, "process.cwd"));
	static char longer[5000];

	memset(longer, 'x', sizeof(longer) - 1);
	is_int(mask_with(toy, ev, "process.cwd", WEIR_KIND_STR, "/x"), 0, "mask: a text");
	is_int(mask_with(toy, ev, "process.cwd", WEIR_KIND_STR, longer), -1, "mask: none longer");
	is_int(mask_with(toy, ev, "process.cwd", WEIR_KIND_STRV, "/x"), -1, "mask: none of another kind");
	is_int(mask_with(toy, ev, "process.pid", WEIR_KIND_U32, ""), -1, "mask: no number");
	is_int(mask_with(toy, ev, "no.such", WEIR_KIND_STR, ""), -1, "mask: not what is not there");
	is_int(mask_with(toy, ev, "file.path", WEIR_KIND_STR, ""), -1, "mask: nor what this type has not");
	is_int(mask_with(toy, ev, "toy.text", WEIR_KIND_STR, "masked, and longer"), 0,
	       "mask: what a stage has added");
	ok(cwd.len > 2, "mask: the text was longer");
	return WEIR_CONTINUE;
}

static char seen_cwd[16], seen_rich[32];

static void text_take(char *buf, size_t size, struct weir_value v)
{
	snprintf(buf, size, "%.*s", (int)v.len, v.v.p ? (const char *)v.v.p : "");
}

static int see_masked(struct toy *toy, struct weir_event *ev)
{
	text_take(seen_cwd, sizeof(seen_cwd), weir_get(ev, handle_of(toy, "process.cwd")));
	text_take(seen_rich, sizeof(seen_rich), weir_get(ev, handle_of(toy, "toy.text")));
	/* PLAIN has not said that it masks. */
	is_int(mask_with(toy, ev, "process.cwd", WEIR_KIND_STR, ""), -1, "mask: not by any plugin");
	return WEIR_CONTINUE;
}

static int rich_set(struct toy *toy, struct weir_event *ev)
{
	weir_set_str(ev, toy->setup->produces[1], "secret", 6);
	return WEIR_CONTINUE;
}

static void test_mask(void)
{
	static struct mkrec rec;
	static uint8_t before[WEIR_REC_MAX];
	size_t size = mkrec_sample(&rec, WEIR_EV_exec, 3);

	memcpy(before, rec.rec, size);
	reset();
	t.toys[0].process = rich_set;
	t.toys[6].process = mask_some;
	t.toys[1].process = see_masked;
	make(SYNC(RICH "," EMIT "," PLAIN "," CODE "," SINK));
	chain_run(t.chain, rec.rec, size, 42);
	is_str(seen_cwd, "/x", "mask: stages behind see it so");
	is_str(seen_rich, "masked, and longer", "mask: that, too");
	ok(!memcmp(before, rec.rec, size), "mask: the record is as it was");
	toychain_fini(&t);
}

/* ---- threads ------------------------------------------------------------------------*/

static struct gate gate = GATE;

static int emit_at_gate(struct toy *toy, struct weir_event *ev)
{
	emit(toy, NULL, 0, "c");
	(void)ev;
	gate_pass(&gate);
	return WEIR_CONTINUE;
}

/*
 * A plugin that is called under its lock, because there are several workers,
 * may emit there; and others may while it blocks.
 */
static void test_locked(void)
{
	unsigned i;

	reset();
	gate_close(&gate);
	t.toys[6].process = emit_at_gate;
	make(SYNC(CODE "," SINK) "async = { a = { workers = 3; stages = ( { plugin = \"toyemit\"; ctl = @6;"
	     " events = [ \"exec\" ]; } ); }; };");
	toyasync_push(&t, 1, 1);
	chain_flush(t.chain, true);
	gate_await(&gate, 1);
	ok(true, "emit in process, under the lock");
	is_int(emit(&t.toys[6], NULL, 0, "d"), 0, "and from another thread meanwhile");
	gate_open(&gate);
	for (i = 2; i <= 100; i++)
		toyasync_push(&t, i, i);
	toyasync_settle(&t, NULL, 0);
	is_int((long long)emitter()->emitted, 101, "all are made");
	is_int(written[WEIR_EV_PLUGIN], 101, "and written");
	toychain_fini(&t);
}

static void *emit_hundred(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < 100; i++)
		emit(&t.toys[6], NULL, i % 2, "e");
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4];
	size_t n = 0;
	unsigned i;

	reset();
	make(SYNC(EMIT "," CODE "," SINK));
	for (i = 0; i < 4; i++)
		MUST(pthread_create(&threads[i], NULL, emit_hundred, NULL) == 0);
	for (i = 0; i < 50; i++)
		n += toyasync_collect(&t, NULL, 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	n += toyasync_collect(&t, NULL, 0);
	is_int((long long)n, 400, "four threads emit");
	is_int((long long)emitter()->emitted, 400, "counted");
	is_int(written[WEIR_EV_PLUGIN] + written[WEIR_EV_PLUGIN + 1], 400, "and written");
	toychain_fini(&t);
}

int main(void)
{
	umask(022);
	log_set_sink(silent);
	if (!ok(toychain_setup(), "the plugins are there"))
		return done_testing();
	test_sync();
	test_async();
	test_rate();
	test_refused();
	test_amend();
	test_mask();
	test_locked();
	test_threads();
	toychain_teardown();
	return done_testing();
}
