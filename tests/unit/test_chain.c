/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of toy plugins: how they are built or refused, and the way of an
 * event through them. test_batch.c has what comes behind the serializers.
 */
#include <errno.h>
#include <sys/stat.h>

#include "tap.h"
#include "toychain.h"
#include "util/log.h"
#include "util/macros.h"

static struct toychain t;

static void reset(void)
{
	memset(t.toys, 0, sizeof(t.toys));
}

static int run(unsigned type, uint64_t n)
{
	return toychain_run(&t, type, n);
}

static struct chain_stage_info stage(const char *name)
{
	return toychain_stage(&t, name);
}

static struct instance_stats stats(const char *name)
{
	return toychain_stats(&t, name);
}

/* ---- building ---------------------------------------------------------------*/

#define RICH	"{ plugin = \"toyrich\"; ctl = @0; }"
#define NEED	"{ plugin = \"toyneed\"; ctl = @1; }"
#define CODE	"{ plugin = \"toycode\"; ctl = @2; }"
#define SINK	"{ plugin = \"toysink\"; ctl = @3; }"
#define PLAIN	"{ plugin = \"toyplain\"; ctl = @4; }"

static const struct {
	const char *about, *text, *want;
} wrong[] = {
	{ "no stages", "sync = ( );",
	  "weir.conf:1: sync: no stages: without a serializer and a sink no event leaves\n" },
	{ "nothing at all", "sensor = { };",
	  "sync: no stages: without a serializer and a sink no event leaves\n" },
	{ "required field is missing", SYNC(NEED),
	  "weir.conf:2: toyneed: needs field toy.mark, which no stage before it produces\n" },
	{ "required field comes too late", SYNC(NEED ",\n" RICH),
	  "weir.conf:2: toyneed: needs field toy.mark, which no stage before it produces\n" },
	{ "two producers", SYNC(RICH ",\n{ plugin = \"toyrich\"; name = \"again\"; ctl = @1; }"),
	  "weir.conf:3: again: produces field toy.mark, which stage toyrich produces already\n"
	  "weir.conf:3: again: produces field toy.text, which stage toyrich produces already\n" },
	{ "a field of the kernel, an unknown value set",
	  SYNC(RICH ",\n{ plugin = \"toyclash\"; ctl = @1; }"),
	  "weir.conf:3: toyclash: produces field toy.mark, which stage toyrich produces already\n"
	  "weir.conf:3: toyclash: produces field process.pid, which the kernel produces already\n"
	  "weir.conf:3: toyclash: field toy.odd: unknown value set\n" },
	{ "sink without serializer", SYNC(SINK),
	  "weir.conf:2: toysink: a sink needs a serializer (such as json) before it\n" },
	{ "sink before its serializer", SYNC(SINK ",\n" CODE),
	  "weir.conf:2: toysink: a sink needs a serializer (such as json) before it\n" },
	{ "unknown encoder",
	  SYNC(CODE ",\n{ plugin = \"toysink\"; ctl = @3; encoder = \"cbor\"; }"),
	  "weir.conf:3: toysink: no serializer named \"cbor\" stands before it\n" },
	{ "an encoder that is no serializer",
	  SYNC(PLAIN ",\n" CODE ",\n{ plugin = \"toysink\"; ctl = @3; encoder = \"toyplain\"; }"),
	  "weir.conf:4: toysink: no serializer named \"toyplain\" stands before it\n" },
	{ "an enricher with an encoder",
	  SYNC("{ plugin = \"toyplain\"; ctl = @4; encoder = \"toycode\"; }"),
	  "weir.conf:2: toyplain: only a sink has an encoder\n" },
	{ "an encoder of the wrong type",
	  SYNC(CODE ",\n{ plugin = \"toysink\"; ctl = @3;\nencoder = 7; }"),
	  "weir.conf:4: toysink: encoder must be the name of a serializer, not a number\n" },
	{ "duplicate names", SYNC(PLAIN ",\n" PLAIN),
	  "weir.conf:3: a second stage \"toyplain\", the first is at weir.conf:2; give one a \"name\"\n" },
	{ "unknown key with a hint", SYNC("{ plugin = \"toyplain\"; ctl = @4;\nspede = 3; }"),
	  "weir.conf:3: toyplain: unknown option \"spede\" (did you mean \"speed\"?)\n" },
	{ "unknown key like one of all stages",
	  SYNC("{ plugin = \"toyplain\"; ctl = @4;\nevent = [ \"exec\" ]; }"),
	  "weir.conf:3: toyplain: unknown option \"event\" (did you mean \"events\"?)\n" },
	{ "a key of later versions",
	  SYNC("{ plugin = \"toyplain\"; ctl = @4;\nworkers = 3; }"),
	  "weir.conf:3: toyplain: unknown option \"workers\"\n" },
	{ "option out of range", SYNC("{ plugin = \"toyplain\"; ctl = @4;\nspeed = 10; }"),
	  "weir.conf:3: toyplain: option \"speed\" must be 1 to 9, not 10\n" },
	{ "option is missing", SYNC("{ plugin = \"toyplain\"; }"),
	  "weir.conf:2: toyplain: option \"ctl\" is missing\n" },
	{ "unknown event", SYNC("{ plugin = \"toyplain\"; ctl = @4;\nevents = [ \"exec\",\n\"exek\" ]; }"),
	  "weir.conf:4: toyplain: unknown event \"exek\"\n" },
	{ "events of the wrong type", SYNC("{ plugin = \"toyplain\"; ctl = @4;\nevents = \"exec\"; }"),
	  "weir.conf:3: toyplain: events must be an array of event names, not a string\n" },
	{ "event that is a number", SYNC("{ plugin = \"toyplain\"; ctl = @4;\nevents = [ 1 ]; }"),
	  "weir.conf:3: toyplain: events must be names of events, not a number\n" },
	{ "plugin for an event type that is not", SYNC("{ plugin = \"toyfuture\"; ctl = @4; }"),
	  "weir.conf:2: toyfuture: plugin toyfuture asks for event type \"teleport\", which does not exist\n" },
	{ "all mistakes at once",
	  SYNC("{ plugin = \"toyneed\"; ctl = @1; },\n{ plugin = \"toysink\"; ctl = @3; events = [ \"x\" ]; }"),
	  "weir.conf:2: toyneed: needs field toy.mark, which no stage before it produces\n"
	  "weir.conf:3: toysink: a sink needs a serializer (such as json) before it\n"
	  "weir.conf:3: toysink: unknown event \"x\"\n" },
};

static void test_wrong(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		reset();
		ok(toychain_make(&t, wrong[i].text, NULL) < 0, "%s: refused", wrong[i].about);
		is_str(t.errors, wrong[i].want, "%s: it says why", wrong[i].about);
		is_int(t.toys[0].n_open + t.toys[3].n_open + t.toys[4].n_open, 0,
		       "%s: nothing is opened", wrong[i].about);
		toychain_fini(&t);
	}
	ok(toychain_make(&t, SYNC("{ plugin = \"toynone\"; }"), NULL) < 0, "no such plugin");
	ok(!strncmp(t.errors, "weir.conf:2: plugin toynone: there is no toynone.so in /", 55),
	   "it says where it looked");
	toychain_fini(&t);
}

static int open_fails(struct toy *toy)
{
	(void)toy;
	return -1;
}

static void test_open_fails(void)
{
	reset();
	t.toys[2].open = open_fails;
	ok(toychain_make(&t, SYNC(RICH ",\n" CODE ",\n" SINK), NULL) < 0, "open fails");
	is_str(t.errors, "weir.conf:3: toycode: plugin toycode could not start\n", "it says which");
	is_int(t.toys[0].n_close, 1, "what was open is closed");
	is_int(t.toys[2].n_close, 0, "what did not open is not closed");
	is_int(t.toys[3].n_open, 0, "what comes behind is not opened");
	toychain_fini(&t);
}

static const struct {
	const char *about, *dropin, *want;
} order[] = {
	{ "no drop-in", NULL, "toyrich toycode toysink" },
	{ "an enricher goes before the first serializer", SYNC(PLAIN),
	  "toyrich toyplain toycode toysink" },
	{ "two keep their order", SYNC(NEED "," PLAIN),
	  "toyrich toyneed toyplain toycode toysink" },
	{ "a sink stays at the end", SYNC("{ plugin = \"toysink\"; name = \"second\"; ctl = @5; }"),
	  "toyrich toycode toysink second" },
	{ "a serializer and its sink stay at the end, an enricher does not",
	  SYNC("{ plugin = \"toycode\"; name = \"code2\"; ctl = @5; },"
	       "{ plugin = \"toysink\"; name = \"sink2\"; ctl = @6; }, " PLAIN),
	  "toyrich toyplain toycode toysink code2 sink2" },
	{ "one that says before what", SYNC("{ plugin = \"toyplain\"; ctl = @4; before = \"toyrich\"; }"),
	  "toyplain toyrich toycode toysink" },
	{ "one that says after what", SYNC("{ plugin = \"toyplain\"; ctl = @4; after = \"toycode\"; }"),
	  "toyrich toycode toyplain toysink" },
	{ "one that wants to be behind the sink", SYNC("{ plugin = \"toyplain\"; ctl = @4; after = \"toysink\"; }"),
	  "toyrich toycode toysink toyplain" },
	{ "a stage of the main file stays", SYNC("{ plugin = \"toysink\"; speed = 3; }"),
	  "toyrich toycode toysink" },
};

static const char *names(void)
{
	static char text[512];
	size_t i, n = 0;

	text[0] = 0;
	for (i = 0; i < chain_n_stages(t.chain); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "",
				      chain_stage(t.chain, i).name);
	return text;
}

static void test_order(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(order); i++) {
		reset();
		if (is_int(toychain_make(&t, SYNC(RICH "," CODE "," SINK), order[i].dropin), 0,
			   "%s: built", order[i].about))
			is_str(names(), order[i].want, "%s", order[i].about);
		else
			tap_diag("%s", t.errors);
		toychain_fini(&t);
	}
}

static void test_encoders(void)
{
	reset();
	is_int(toychain_make(&t, SYNC(
		"{ plugin = \"toycode\"; name = \"a\"; ctl = @0; events = [ \"exec\" ]; },"
		"{ plugin = \"toycode\"; name = \"b\"; ctl = @1; },"
		"{ plugin = \"toysink\"; name = \"near\"; ctl = @2; },"
		"{ plugin = \"toysink\"; name = \"named\"; ctl = @3; encoder = \"a\"; }"), NULL), 0,
	       "two serializers, two sinks");
	run(WEIR_EV_exec, 1);
	run(WEIR_EV_fork, 2);
	chain_flush(t.chain, true);
	is_int((long long)stats("near").delivered, 2, "a sink takes from the nearest before it");
	is_int((long long)stats("named").delivered, 1, "or from the one it names");
	toychain_fini(&t);
}

/* ---- the way of an event --------------------------------------------------------*/

static char trace[512];

static void trace_add(const struct toy *toy, const char *what)
{
	size_t n = strlen(trace);

	snprintf(trace + n, sizeof(trace) - n, "%s%s%s", n ? " " : "", toy->setup->instance, what);
}

static int trace_process(struct toy *toy, struct weir_event *ev)
{
	(void)ev;
	trace_add(toy, "");
	return WEIR_CONTINUE;
}

static int trace_encode(struct toy *toy, const struct weir_event *ev, struct weir_buf *out)
{
	trace_add(toy, "");
	if (toy->setup->host->grow(out, 4))
		return -1;
	memcpy(out->p + out->len, "code", 4);
	out->len += 4;
	(void)ev;
	return 0;
}

static int trace_write(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	char what[64];

	snprintf(what, sizeof(what), "(%u of type %u: %.*s)", batch->n, batch->items[0].type,
		 (int)batch->items[0].len, (const char *)batch->items[0].p);
	trace_add(toy, what);
	w->done = batch->n;
	return WEIR_WRITE_OK;
}

static void test_way(void)
{
	static const char conf[] = SYNC(
		RICH ", { plugin = \"toyplain\"; name = \"e2\"; ctl = @1; events = [ \"exec\", \"exit\" ]; },"
		"{ plugin = \"toyneed\"; ctl = @4; }, { plugin = \"toyneed\"; name = \"n2\"; ctl = @5;"
		" events = [ \"fork\", \"exit\" ]; }, { plugin = \"toyplain\"; name = \"none\"; ctl = @6;"
		" events = [ ]; }," CODE "," SINK);
	static const struct {
		unsigned type;
		const char *want;
	} ways[] = {
		{ WEIR_EV_exec, "toyrich e2 toyneed toycode toysink(1 of type 1: code)" },
		{ WEIR_EV_fork, "toyrich toyneed n2 toycode toysink(1 of type 2: code)" },
		{ WEIR_EV_exit, "toyrich e2 toycode toysink(1 of type 3: code)" },
		{ WEIR_EV_lost, "toyrich toycode toysink(1 of type 65: code)" },
	};
	size_t i;

	reset();
	for (i = 0; i < TOYS; i++)
		t.toys[i].process = trace_process;
	t.toys[2].encode = trace_encode;
	t.toys[3].write = trace_write;
	is_int(toychain_make(&t, conf, NULL), 0, "order and filters: built");
	for (i = 0; i < ARRAY_LEN(ways); i++) {
		trace[0] = 0;
		is_int(run(ways[i].type, i), 0, "runs");
		is_int(chain_flush(t.chain, true), 0, "flushes");
		is_str(trace, ways[i].want, "the way of type %u", ways[i].type);
	}
	is_int((long long)chain_queued(t.chain), 0, "nothing is left");
	chain_tick(t.chain, 1);
	for (i = 0; i < 7; i++)
		is_int(t.toys[i].n_ticks, 1, "toy %zu ticked", i);
	toyplan_free(&t.one, NULL);
	for (i = 0; i < 7; i++)
		is_int(t.toys[i].n_close, t.toys[i].n_open, "toy %zu closed", i);
	toychain_fini(&t);
}

static int verdict_process(struct toy *toy, struct weir_event *ev)
{
	static const int verdicts[] = { WEIR_CONTINUE, WEIR_DROP, WEIR_FAIL, -1, 77 };
	const struct weir_base *b = (const void *)ev->rec;

	(void)toy;
	return verdicts[b->seq % ARRAY_LEN(verdicts)];
}

static int drop_all(struct toy *toy, struct weir_event *ev)
{
	(void)toy;
	(void)ev;
	return WEIR_DROP;
}

static void test_verdicts(void)
{
	struct budget_info budget;
	struct chain_stats st;
	unsigned i;

	reset();
	t.toys[0].process = verdict_process;
	is_int(toychain_make(&t, SYNC(RICH "," PLAIN "," CODE "," SINK), NULL), 0, "verdicts: built");
	for (i = 0; i < 50; i++)
		run(WEIR_EV_exec, i);
	chain_flush(t.chain, true);
	st = t.services.stats;
	is_int((long long)st.in, 50, "in");
	is_int((long long)st.filtered, 10, "filtered");
	is_int((long long)st.passed, 40, "passed");
	is_int((long long)stats("toyrich").calls, 50, "its calls");
	is_int((long long)stats("toyrich").filtered, 10, "its filtered");
	is_int((long long)stats("toyrich").failed, 30, "its failures: FAIL and what is no verdict");
	is_int((long long)stats("toyplain").calls, 40, "the next sees what goes on");
	is_int((long long)stats("toysink").delivered, 40, "delivered");
	is_int(t.toys[2].n_calls, 40, "nothing is encoded for nobody");
	budget_info(&stage("toyrich").in->budget, &budget);
	ok(budget.n_samples > 0 && budget.n_samples < 50, "some calls are timed");
	is_str(stage("toyrich").in->def->counters[0].name, "marks", "its counter");
	toychain_fini(&t);

	reset();
	t.toys[4].process = drop_all;
	is_int(toychain_make(&t, SYNC(CODE "," PLAIN "," SINK), NULL), 0, "filter behind a serializer");
	for (i = 0; i < 3; i++)
		run(WEIR_EV_exec, i);
	chain_flush(t.chain, true);
	is_int((long long)t.services.stats.filtered, 3, "all filtered");
	is_int(t.toys[3].n_calls, 0, "what was encoded before is not written");
	toychain_fini(&t);
}

/* ---- fields ------------------------------------------------------------------------*/

static struct {
	bool set;
	int r_kernel, r_absent;
	struct weir_value mark, text;
} fields;

static int fields_rich(struct toy *toy, struct weir_event *ev)
{
	const struct weir_handle *h = toy->setup->produces;
	char *p;

	fields.r_kernel = weir_set_u64(ev, toy->setup->wants[0], 4);
	fields.r_absent = weir_set_u64(ev, toy->setup->wants[1], 4);
	if (!fields.set)
		return WEIR_CONTINUE;
	p = toy->setup->host->alloc(ev, 5);
	memcpy(p, "hello", 5);
	weir_set_u64(ev, h[0], 1);
	weir_set_u64(ev, h[0], 4711);
	weir_set_str(ev, h[1], p, 5);
	return WEIR_CONTINUE;
}

static int fields_need(struct toy *toy, struct weir_event *ev)
{
	fields.mark = weir_get(ev, toy->setup->wants[0]);
	fields.text = weir_get(ev, toy->setup->wants[1]);
	if (fields.text.status == WEIR_PRESENT &&
	    (fields.text.len != 5 || memcmp(fields.text.v.p, "hello", 5)))
		fields.text.status = WEIR_ERROR;
	fields.r_kernel |= weir_set_u64(ev, toy->setup->wants[0], 9) == 0;
	return WEIR_CONTINUE;
}

static void test_fields(void)
{
	const struct weir_schema *s;
	uint32_t i, n = 0;

	reset();
	t.toys[0].process = fields_rich;
	t.toys[1].process = fields_need;
	is_int(toychain_make(&t, SYNC(
		"{ plugin = \"toycode\"; name = \"early\"; ctl = @5; },"
		"{ plugin = \"toysink\"; name = \"s1\"; ctl = @6; }," RICH "," NEED "," CODE "," SINK),
		NULL), 0, "fields: built");
	fields.set = true;
	run(WEIR_EV_exec, 1);
	is_int(fields.r_kernel, -1, "a kernel's field, and another's, cannot be set");
	is_int(fields.r_absent, -1, "a field that does not exist cannot be set");
	is_int(fields.mark.status, WEIR_PRESENT, "toy.mark is there");
	is_int((long long)fields.mark.v.u, 4711, "the last set wins");
	is_int(fields.mark.kind, WEIR_KIND_U64, "it has its kind");
	is_int(fields.text.status, WEIR_PRESENT, "toy.text is there");
	is_int(fields.text.kind, WEIR_KIND_STR, "it has its kind");
	fields.set = false;
	run(WEIR_EV_exec, 2);
	is_int(fields.mark.status, WEIR_ABSENT, "the next event has none");
	is_int(fields.text.status, WEIR_ABSENT, "of both");
	s = chain_schema(t.chain);
	for (i = 0; i < s->n_fields; i++)
		if (s->fields[i].producer) {
			is_str(s->fields[i].producer, "toyrich", "%s has a producer",
			       s->fields[i].def.name);
			n++;
		}
	is_int(n, 2, "two fields are added");
	is_int(t.toys[5].setup->schema->n_fields + 2, s->n_fields,
	       "a serializer before them does not see them");
	is_int(t.toys[2].setup->schema->n_fields, s->n_fields, "one behind them does");
	is_str(t.toys[2].setup->host->host_id(t.toys[2].setup->ctx)->name, "toys", "host");
	toychain_fini(&t);
}

static unsigned n_allocs;

static int arena_process(struct toy *toy, struct weir_event *ev)
{
	uint8_t *p;

	for (n_allocs = 0; (p = toy->setup->host->alloc(ev, 65536)); n_allocs++)
		memset(p, 1, 65536);
	return WEIR_CONTINUE;
}

static void test_arena(void)
{
	int i;

	reset();
	t.toys[0].process = arena_process;
	is_int(toychain_make(&t, SYNC(RICH "," CODE "," SINK), NULL), 0, "arena: built");
	for (i = 1; i < 4; i++) {
		run(WEIR_EV_exec, 1);
		is_int(n_allocs, 4, "256 KiB for an event");
		is_int((long long)t.services.stats.arena_full, i, "a refusal is counted");
	}
	toychain_fini(&t);
}
static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

int main(void)
{
	umask(022);
	log_set_sink(silent);
	if (!ok(toychain_setup(), "the plugins are there"))
		return done_testing();
	test_wrong();
	test_open_fails();
	test_order();
	test_encoders();
	test_way();
	test_verdicts();
	test_fields();
	test_arena();
	toychain_teardown();
	return done_testing();
}
