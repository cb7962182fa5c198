/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stages of async chains do with an event: finish it later, find things
 * out that leave as an amendment, and make events of their own.
 */
#include <sys/stat.h>

#include "chain/async.h"
#include "chain/event.h"
#include "mkrec.h"
#include "queue/inbox.h"
#include "source/check.h"
#include "tap.h"
#include "toyasync.h"
#include "util/log.h"
#include "util/macros.h"

static struct toychain t;
static struct event *made[64];
static size_t n_made;

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

#define CODE	"{ plugin = \"toycode\"; ctl = @2; }"
#define SINK	"{ plugin = \"toysink\"; ctl = @3; }"
#define LATE	"{ plugin = \"toylate\"; ctl = @4; }"
#define SLOW	"{ plugin = \"toyslow\"; ctl = @5; }"
#define EMIT	"{ plugin = \"toyemit\"; ctl = @6; }"

static void reset(void)
{
	memset(t.toys, 0, sizeof(t.toys));
}

static void make_text(const char *text)
{
	if (toychain_make(&t, text, NULL)) {
		tap_diag("%s", t.errors);
		abort();
	}
}

static void make(const char *settings, const char *stages)
{
	char text[1024];

	snprintf(text, sizeof(text), SYNC(CODE "," SINK) "async = { a = { %s stages = ( %s ); }; };", settings,
		 stages);
	make_text(text);
}

static struct async_stats stats(void)
{
	return async_stats(toyplan_async(&t.one, "a"));
}

static const struct instance_stats *stage(const char *name)
{
	const struct plan_change *ch = t.one.plan->changes;

	for (; ch < t.one.plan->changes + t.one.plan->n_changes; ch++)
		if (!strcmp(ch->next->name, name))
			return &ch->next->stats;
	WRONG("no such stage");
}

static void made_free(void)
{
	while (n_made)
		event_unref(made[--n_made]);
}

static void settle(void)
{
	made_free();
	n_made = toyasync_settle(&t, made, ARRAY_LEN(made));
	MUST(n_made <= ARRAY_LEN(made));
}

static void fini(void)
{
	made_free();
	toychain_fini(&t);
}

/* A field of the sync chain's end, of one of `made`. */
static struct weir_value field(size_t i, const char *name)
{
	const struct weir_schema *s = chain_schema(t.chain);
	struct weir_event ev = {
		.rec = made[i]->rec, .rec_size = made[i]->rec_size, .type = made[i]->type,
		.offs = s->types[made[i]->type].offs, .n_wire = (uint16_t)s->n_wire,
		.added = made[i]->added,
	};
	uint32_t k;

	for (k = 0; k < s->n_fields && strcmp(s->fields[k].def.name, name); k++)
		;
	MUST(k < s->n_fields);
	if (s->fields[k].handle.slot >= s->n_wire &&
	    s->fields[k].handle.slot - s->n_wire >= made[i]->n_added)
		return (struct weir_value){ 0 };
	return weir_get(&ev, s->fields[k].handle);
}

static bool is_text(size_t i, const char *name, const char *want)
{
	struct weir_value v = field(i, name);

	return weir_present(&v) && v.len == strlen(want) && !memcmp(v.v.p, want, v.len);
}

/* ---- later ----------------------------------------------------------------------------*/

static struct gate gate = GATE;

static struct {
	enum { PLAIN, NOTHING, AT_ONCE, BY_THREAD, FORGOTTEN, NEVER_ASKED, TWICE } how;
	int verdict;
	struct weir_event *kept[600];
	unsigned n_kept, n_refused;
	const struct weir_host *host;
	pthread_t thread;
	bool has_thread;
} plot;

static void find(struct toy *toy, struct weir_event *ev, const char *text)
{
	const struct weir_handle *h = toy->setup->produces;
	char *p = toy->setup->host->alloc(ev, strlen(text));

	MUST(p);
	memcpy(p, text, strlen(text));
	weir_set_u64(ev, h[0], toyasync_number(ev));
	weir_set_str(ev, h[1], p, (uint32_t)strlen(text));
}

static void *by_thread(void *arg)
{
	struct toy *toy = arg;

	gate_pass(&gate);
	find(toy, plot.kept[0], "by a thread");
	plot.host->done(plot.kept[0], plot.verdict);
	return NULL;
}

static int act(struct toy *toy, struct weir_event *ev)
{
	const struct weir_host *host = toy->setup->host;
	struct weir_event *later;

	plot.host = host;
	if (plot.how == NOTHING)
		return plot.verdict;
	if (plot.how == PLAIN) {
		find(toy, ev, "at once");
		return plot.verdict;
	}
	if (plot.how == NEVER_ASKED)
		return WEIR_LATER;
	later = host->later(ev);
	if (!later) {
		plot.n_refused++;
		return WEIR_CONTINUE;
	}
	if (plot.how == TWICE)
		plot.n_refused += !host->later(ev) + !host->later(later);
	if (plot.how == AT_ONCE || plot.how == TWICE) {
		find(toy, later, "before it returns");
		host->done(later, plot.verdict);
		return WEIR_LATER;
	}
	MUST(plot.n_kept < ARRAY_LEN(plot.kept));
	plot.kept[plot.n_kept++] = later;
	if (plot.how == BY_THREAD) {
		MUST(pthread_create(&plot.thread, NULL, by_thread, toy) == 0);
		plot.has_thread = true;
	}
	return WEIR_LATER;
}

static const struct later_case {
	const char *about;
	int how, verdict;
	unsigned n_made, done, filtered, failed, later, next;
	const char *text;	/* found out; NULL: nothing */
} cases[] = {
	{ "nothing found out", NOTHING, WEIR_CONTINUE, 0, 1, 0, 0, 0, 1, NULL },
	{ "nothing, and failed", NOTHING, WEIR_FAIL, 0, 1, 0, 1, 0, 1, NULL },
	{ "nothing, and no verdict", NOTHING, 99, 0, 1, 0, 1, 0, 1, NULL },
	{ "found out", PLAIN, WEIR_CONTINUE, 1, 1, 0, 0, 0, 1, "at once" },
	{ "found out, but failed", PLAIN, WEIR_FAIL, 1, 1, 0, 1, 0, 1, "at once" },
	{ "found out, but dropped", PLAIN, WEIR_DROP, 0, 0, 1, 0, 0, 0, NULL },
	{ "LATER without later()", NEVER_ASKED, 0, 0, 1, 0, 1, 0, 1, NULL },
	{ "done before it returns", AT_ONCE, WEIR_CONTINUE, 1, 1, 0, 0, 1, 1, "before it returns" },
	{ "done before it returns, failed", AT_ONCE, WEIR_FAIL, 1, 1, 0, 1, 1, 1, "before it returns" },
	{ "done before it returns, dropped", AT_ONCE, WEIR_DROP, 0, 0, 1, 0, 1, 0, NULL },
	{ "later() twice", TWICE, WEIR_CONTINUE, 1, 1, 0, 0, 1, 1, "before it returns" },
	{ "done by another thread", BY_THREAD, WEIR_CONTINUE, 1, 1, 0, 0, 1, 1, "by a thread" },
	{ "done by another thread, failed", BY_THREAD, WEIR_FAIL, 1, 1, 0, 1, 1, 1, "by a thread" },
	{ "done by another thread, dropped", BY_THREAD, WEIR_DROP, 0, 0, 1, 0, 1, 0, NULL },
};

static void test_case(const struct later_case *k)
{
	reset();
	memset(&plot, 0, sizeof(plot));
	plot.how = k->how;
	plot.verdict = k->verdict;
	gate_close(&gate);
	t.toys[4].process = act;
	make("deadline = \"1h\";", LATE "," SLOW);
	toyasync_push(&t, 3, 17);
	chain_flush(t.chain, true);
	if (k->how == BY_THREAD) {
		gate_await(&gate, 1);
		is_int(toy_get(&t.toys[5].n_calls), 0, "%s: the next stage waits", k->about);
		is_int((long long)stats().held, 1, "%s: it is held", k->about);
		ok(toyasync_adds_up(toyplan_async(&t.one, "a")), "%s: it adds up", k->about);
		gate_open(&gate);
	}
	settle();
	if (plot.has_thread)
		pthread_join(plot.thread, NULL);
	is_int((long long)n_made, k->n_made, "%s: amendments", k->about);
	is_int((long long)stats().amendments, k->n_made, "%s: counted", k->about);
	is_int((long long)stats().done, k->done, "%s: done", k->about);
	is_int((long long)stats().filtered, k->filtered, "%s: filtered", k->about);
	is_int((long long)stage("toylate")->calls, 1, "%s: called", k->about);
	is_int((long long)stage("toylate")->failed, k->failed, "%s: failed", k->about);
	is_int((long long)stage("toylate")->filtered, k->filtered, "%s: its filtered", k->about);
	is_int((long long)stage("toylate")->later, k->later, "%s: later", k->about);
	is_int((long long)stage("toylate")->late, 0, "%s: none too late", k->about);
	is_int(t.toys[5].n_calls, k->next, "%s: the next stage", k->about);
	if (k->how == TWICE)
		is_int(plot.n_refused, 2, "%s: refused", k->about);
	if (k->text && n_made)
		ok(is_text(0, "late.text", k->text) && field(0, "late.n").v.u == 17, "%s: what was found out",
		   k->about);
	fini();
}

/* ---- amendments ----------------------------------------------------------------------------*/

static int mark_slow(struct toy *toy, struct weir_event *ev)
{
	weir_set_u64(ev, toy->setup->produces[0], 1000 + toyasync_number(ev));
	return WEIR_CONTINUE;
}

static uint64_t amended[4];	/* as the serializer sees it: ref, late.n, slow.mark, toy.mark */
static unsigned n_encoded[2];

static int encode(struct toy *toy, const struct weir_event *ev, struct weir_buf *out)
{
	const struct weir_schema *s = toy->setup->schema;
	static const char *const names[] = { "ref.id", "late.n", "slow.mark", "toy.mark" };
	uint32_t i, k;

	n_encoded[ev->type == WEIR_EV_amendment]++;
	for (i = 0; ev->type == WEIR_EV_amendment && i < ARRAY_LEN(names); i++)
		for (k = 0; k < s->n_fields; k++)
			if (!strcmp(s->fields[k].def.name, names[i]))
				amended[i] = weir_get_u64(ev, s->fields[k].handle, 77);
	if (toy->setup->host->grow(out, 1))
		return -1;
	out->p[out->len++] = 'x';
	return 0;
}

static int mark_rich(struct toy *toy, struct weir_event *ev)
{
	weir_set_u64(ev, toy->setup->produces[0], 4);
	return WEIR_CONTINUE;
}

static uint64_t mark_seen;

static int see_mark(struct toy *toy, struct weir_event *ev)
{
	mark_seen = weir_get_u64(ev, toy->setup->wants[0], 0);
	find(toy, ev, "found");
	return WEIR_CONTINUE;
}

static void test_amendment(void)
{
	const struct weir_amendment *a;
	static struct mkrec rec;
	const struct weir_base *b = mkrec_init(&rec, WEIR_EV_exec);

	reset();
	memset(n_encoded, 0, sizeof(n_encoded));
	mkrec_sample(&rec, WEIR_EV_exec, 3);
	mkrec_number(&rec, 17);
	t.toys[0].process = mark_rich;
	t.toys[2].encode = encode;
	t.toys[4].process = see_mark;
	t.toys[5].process = mark_slow;
	make_text(SYNC("{ plugin = \"toyrich\"; ctl = @0; }, { plugin = \"toyplain\"; ctl = @1; },"
		       "{ plugin = \"toyamend\"; ctl = @7; }," CODE "," SINK)
		  "async = { a = { stages = ( " LATE "," SLOW "); }; e = { stages = ( " EMIT " ); }; };");
	toyasync_push(&t, 3, 17);
	settle();
	if (!is_int((long long)n_made, 1, "one amendment of all stages"))
		return;
	a = (const void *)made[0]->rec;
	is_int(check_record(made[0]->rec, made[0]->rec_size), CHECK_OK, "a record in order");
	is_int(made[0]->type, WEIR_EV_amendment, "its type");
	is_int((long long)a->ref_id, (long long)b->id, "the event's id");
	is_int(a->ref_type, WEIR_EV_exec, "and type");
	ok(is_text(0, "ref.by", "a"), "the chain");
	ok(a->base.key == b->key && a->base.pid == b->pid, "the process");
	ok(!a->base.args.off && !a->base.exe_path.off, "without its texts");
	ok(a->base.time > 0, "a time of its own");
	is_int((long long)made[0]->wall_ns, 42, "with the same wall clock");
	is_int((long long)mark_seen, 4, "the chain has seen what the sync chain knows");
	is_int(field(0, "toy.mark").status, WEIR_ABSENT, "which is not amended: it is there already");
	is_int((long long)field(0, "late.n").v.u, 17, "what the first stage has found");
	is_int((long long)field(0, "slow.mark").v.u, 1017, "and the second");
	is_int(field(0, "emit.n").status, WEIR_ABSENT, "nothing of another chain");
	ok(amended[0] == b->id && amended[1] == 17 && amended[2] == 1017 && amended[3] == 77,
	   "the serializer sees the same");
	is_int(n_encoded[0], 1, "one event is encoded");
	is_int(n_encoded[1], 1, "and one amendment");
	is_int(t.toys[0].n_calls, 1, "enrichers do not see it again");
	is_int(t.toys[1].n_calls, 1, "neither the next");
	is_int(t.toys[7].n_calls, 1, "but one that asks for it by name");
	is_int(t.toys[4].n_calls, 1, "nor do async chains: no end of amendments");
	is_int((long long)toychain_stats(&t, "toysink").delivered, 2, "both are written");
	fini();
}

/* A stage that was passed over says so. */
static void test_skipped(void)
{
	struct plan_change *ch;
	unsigned i;

	reset();
	t.toys[5].process = mark_slow;
	make("", LATE "," SLOW);
	/* As if it were in quarantine. */
	MUST(async_pause(toyplan_async(&t.one, "a"), INT64_C(30000000000)));
	for (i = 0; i < t.one.plan->n_changes; i++) {
		ch = &t.one.plan->changes[i];
		if (!strcmp(ch->next->name, "toylate"))
			ch->next->disabled = true;
	}
	async_resume(toyplan_async(&t.one, "a"), t.one.plan->asyncs[0].line);
	toyasync_push(&t, 3, 17);
	settle();
	is_int(t.toys[4].n_calls, 0, "passed over: not called");
	is_int((long long)n_made, 1, "passed over: amended all the same");
	is_int(field(0, "late.n").status, WEIR_SKIPPED, "passed over: its fields say so");
	is_int(field(0, "late.text").status, WEIR_SKIPPED, "passed over: each");
	is_int((long long)field(0, "slow.mark").v.u, 1017, "passed over: others are there");
	is_int((long long)stage("toylate")->skipped, 1, "passed over: counted");
	fini();
}

/* ---- too late ----------------------------------------------------------------------------------*/

static void test_too_late(void)
{
	unsigned i;

	reset();
	memset(&plot, 0, sizeof(plot));
	plot.how = FORGOTTEN;
	t.toys[4].process = act;
	t.toys[5].process = mark_slow;
	make("deadline = \"1ms\";", LATE "," SLOW);
	for (i = 1; i <= 5; i++)
		toyasync_push(&t, 3, i);
	settle();
	is_int((long long)n_made, 5, "too late: each is amended");
	for (i = 0; i < n_made; i++)
		ok(field(i, "late.n").status == WEIR_TIMEOUT && field(i, "late.text").status == WEIR_TIMEOUT &&
		   field(i, "slow.mark").v.u == 1001 + i, "too late: %u: time-out, and what others found", i);
	is_int((long long)stage("toylate")->late, 5, "too late: counted");
	is_int((long long)stage("toylate")->later, 5, "too late: of five");
	is_int((long long)stats().done, 5, "too late: all are done");
	for (i = 0; i < plot.n_kept; i++) {
		ok(toyasync_number(plot.kept[i]) == i + 1, "too late: the copy is still good");
		find(&t.toys[4], plot.kept[i], "of no effect");
		plot.host->done(plot.kept[i], i % 2 ? WEIR_DROP : WEIR_CONTINUE);
	}
	settle();
	is_int((long long)n_made, 0, "too late: done() then changes nothing");
	is_int((long long)stats().done, 5, "too late: nor the account");
	is_int((long long)stage("toylate")->filtered, 0, "too late: a verdict neither");
	fini();
}

/* Who never calls done() does not eat all memory. */
static void test_never_done(void)
{
	const unsigned n = 1500;
	unsigned i;

	reset();
	memset(&plot, 0, sizeof(plot));
	plot.how = FORGOTTEN;
	t.toys[4].process = act;
	make("deadline = \"1ms\"; queue = 2000;", LATE);
	for (i = 1; i <= n; i++) {
		toyasync_push(&t, i, i);
		if (i % 50 == 0)
			toyasync_collect(&t, NULL, 0);
		if (i % 250 == 0)
			toyasync_settle(&t, NULL, 0);
	}
	toyasync_settle(&t, NULL, 0);
	ok(plot.n_kept < ARRAY_LEN(plot.kept) && plot.n_refused > 0, "never done: at some point later() refuses");
	is_int((long long)(plot.n_kept + plot.n_refused), n, "never done: the events go on");
	is_int((long long)stats().done, n, "never done: all are done");
	for (i = 0; i < plot.n_kept; i++)
		plot.host->done(plot.kept[i], WEIR_CONTINUE);
	plot.how = AT_ONCE;
	toyasync_push(&t, 1, 9999);
	settle();
	ok(is_text(0, "late.text", "before it returns"), "never done: then it may again");
	fini();
}

static struct {
	struct weir_event *asked;
	int set;
} in_sync;

static int later_in_sync(struct toy *toy, struct weir_event *ev)
{
	in_sync.asked = toy->setup->host->later(ev);
	return in_sync.asked ? WEIR_LATER : WEIR_CONTINUE;
}

static int answer_later(struct toy *toy, struct weir_event *ev)
{
	(void)toy;
	(void)ev;
	return WEIR_LATER;
}

static void test_sync(void)
{
	reset();
	t.toys[0].process = later_in_sync;
	t.toys[1].process = answer_later;
	make_text(SYNC("{ plugin = \"toyrich\"; ctl = @0; }, { plugin = \"toyplain\"; ctl = @1; }," CODE "," SINK));
	toyasync_push(&t, 3, 1);
	ok(!in_sync.asked, "no later() in the sync chain");
	is_int((long long)toychain_stats(&t, "toyplain").failed, 1, "LATER is a failure there");
	chain_flush(t.chain, true);
	is_int((long long)toychain_stats(&t, "toysink").delivered, 1, "and the event goes on");
	fini();
}

int main(void)
{
	size_t i;

	umask(022);
	log_set_sink(silent);
	if (!ok(toychain_setup(), "the plugins are there"))
		return done_testing();
	for (i = 0; i < ARRAY_LEN(cases); i++)
		test_case(&cases[i]);
	test_amendment();
	test_skipped();
	test_too_late();
	test_never_done();
	test_sync();
	toychain_teardown();
	return done_testing();
}
