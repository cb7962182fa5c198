/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of toy plugins: how they are built or refused, the way of an event
 * through them, what sinks may answer, and that the accounts add up.
 */
#include <errno.h>
#include <sys/stat.h>

#include "chain/chain.h"
#include "chain/stage.h"
#include "mkrec.h"
#include "tap.h"
#include "toychain.h"
#include "util/log.h"
#include "util/macros.h"

static struct toychain t;
static struct mkrec rec;

static void reset(void)
{
	memset(t.toys, 0, sizeof(t.toys));
}

/* A record of that type; its number is n. */
static int run(unsigned type, uint64_t n)
{
	mkrec_init(&rec, type);
	mkrec_number(&rec, n);
	return chain_run(t.chain, rec.rec, mkrec_end(&rec), 0);
}

static struct chain_stage_info stage(const char *name)
{
	size_t i;

	for (i = 0; i < chain_n_stages(t.chain); i++)
		if (!strcmp(chain_stage(t.chain, i).name, name))
			return chain_stage(t.chain, i);
	WRONG("no such stage");
}

static uint64_t lost(unsigned class, unsigned type, unsigned reason)
{
	static struct chain_losses l;

	chain_losses(t.chain, &l);
	return l.n[class][type][reason];
}

static uint64_t lost_all(unsigned reason)
{
	static struct chain_losses l;
	unsigned class, type;
	uint64_t n = 0;

	chain_losses(t.chain, &l);
	for (class = 0; class < WEIR_CLASS_MAX; class++)
		for (type = 0; type < WEIR_EV_MAX; type++)
			n += l.n[class][type][reason];
	return n;
}

static uint64_t number_of(const struct weir_item *it)
{
	struct weir_base base;

	memcpy(&base, it->p, sizeof(base));
	return base.seq;
}

/* ---- building ---------------------------------------------------------------*/

#define RICH	"{ plugin = \"toyrich\"; ctl = @0; }"
#define NEED	"{ plugin = \"toyneed\"; ctl = @1; }"
#define CODE	"{ plugin = \"toycode\"; ctl = @2; }"
#define SINK	"{ plugin = \"toysink\"; ctl = @3; }"
#define PLAIN	"{ plugin = \"toyplain\"; ctl = @4; }"
#define SYNC(...) "sync = (\n" __VA_ARGS__ "\n);\n"

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

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
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
	is_int((long long)stage("near").delivered, 2, "a sink takes from the nearest before it");
	is_int((long long)stage("named").delivered, 1, "or from the one it names");
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
	chain_free(t.chain);
	t.chain = NULL;
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
	struct chain_stats st;
	unsigned i;

	reset();
	t.toys[0].process = verdict_process;
	is_int(toychain_make(&t, SYNC(RICH "," PLAIN "," CODE "," SINK), NULL), 0, "verdicts: built");
	for (i = 0; i < 50; i++)
		run(WEIR_EV_exec, i);
	chain_flush(t.chain, true);
	st = chain_stats(t.chain);
	is_int((long long)st.in, 50, "in");
	is_int((long long)st.filtered, 10, "filtered");
	is_int((long long)st.passed, 40, "passed");
	is_int((long long)stage("toyrich").calls, 50, "its calls");
	is_int((long long)stage("toyrich").filtered, 10, "its filtered");
	is_int((long long)stage("toyrich").failed, 30, "its failures: FAIL and what is no verdict");
	is_int((long long)stage("toyplain").calls, 40, "the next sees what goes on");
	is_int((long long)stage("toysink").delivered, 40, "delivered");
	is_int(t.toys[2].n_calls, 40, "nothing is encoded for nobody");
	ok(stage("toyrich").sampled > 0 && stage("toyrich").sampled < 50, "some calls are timed");
	is_str(stage("toyrich").counters[0].name, "marks", "its counter");
	toychain_fini(&t);

	reset();
	t.toys[4].process = drop_all;
	is_int(toychain_make(&t, SYNC(CODE "," PLAIN "," SINK), NULL), 0, "filter behind a serializer");
	for (i = 0; i < 3; i++)
		run(WEIR_EV_exec, i);
	chain_flush(t.chain, true);
	is_int((long long)chain_stats(t.chain).filtered, 3, "all filtered");
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
		is_int((long long)chain_stats(t.chain).arena_full, i, "a refusal is counted");
	}
	toychain_fini(&t);
}

/* ---- batches ------------------------------------------------------------------------*/

static size_t encode_len;
static unsigned last_n;

static int len_encode(struct toy *toy, const struct weir_event *ev, struct weir_buf *out)
{
	(void)ev;
	if (toy->setup->host->grow(out, encode_len))
		return -1;
	memset(out->p + out->len, 'x', encode_len);
	out->len += encode_len;
	return 0;
}

static int n_write(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	uint32_t i;

	(void)toy;
	last_n = batch->n;
	for (i = 0; i < batch->n; i++)
		MUST(batch->items[i].len == encode_len && batch->items[i].p[encode_len - 1] == 'x');
	for (i = 1; i < batch->n; i++)
		MUST(batch->items[i].p == batch->items[i - 1].p + encode_len);
	w->done = 0;	/* of no account with OK */
	return WEIR_WRITE_OK;
}

static const struct {
	size_t len;
	unsigned n;	/* events after which the sink is called; 0: cannot be encoded */
} limits[] = {
	{ 1, STAGE_BATCH_ITEMS },
	{ 255, STAGE_BATCH_ITEMS },
	{ 256, STAGE_BATCH_ITEMS },
	{ 257, 1021 },
	{ 1000, 263 },
	{ STAGE_PAGE_BYTES - 1, 2 },
	{ STAGE_PAGE_BYTES, 1 },
	{ 16u << 20, 1 },
	{ (16u << 20) + 1, 0 },
	{ SIZE_MAX, 0 },
};

static void test_limits(void)
{
	unsigned i, n;

	for (i = 0; i < ARRAY_LEN(limits); i++) {
		reset();
		t.toys[2].encode = len_encode;
		t.toys[3].write = n_write;
		encode_len = limits[i].len;
		toychain_make(&t, SYNC(CODE "," SINK), NULL);
		for (n = 0; n < 3000 && !t.toys[3].n_calls && !stage("toycode").failed; n++)
			run(WEIR_EV_open, n);
		if (!limits[i].n) {
			is_int((long long)stage("toycode").failed, 1, "%zu bytes: too many", encode_len);
			is_int((long long)lost(WEIR_CLASS_BULK, WEIR_EV_open, WEIR_LOST_ENCODE), 1,
			       "it is a loss");
			encode_len = 10;
			run(WEIR_EV_open, 2);
			chain_flush(t.chain, true);
			is_int(last_n, 1, "the next one is whole");
		} else {
			is_int(n, limits[i].n, "%zu bytes: written after so many", encode_len);
			is_int(last_n, limits[i].n, "all of them");
			is_int((long long)chain_queued(t.chain), 0, "nothing queued");
			run(WEIR_EV_open, n);
			chain_flush(t.chain, true);
			is_int(last_n, 1, "the page began anew");
		}
		toychain_fini(&t);
	}
}

static int bad_encode(struct toy *toy, const struct weir_event *ev, struct weir_buf *out)
{
	const struct weir_base *b = (const void *)ev->rec;

	if (toy->setup->host->grow(out, ev->rec_size))
		return -1;
	memcpy(out->p + out->len, ev->rec, ev->rec_size);
	if (b->seq % 4 == 2)
		return 0;	/* an answer that does not fit */
	out->len += ev->rec_size;
	return b->seq % 4 == 1 ? -1 : 0;	/* against the contract: it has appended */
}

static int odd_write(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	uint64_t *sum = toy->user;
	uint32_t i;

	(void)w;
	for (i = 0; i < batch->n; i++)
		*sum += number_of(&batch->items[i]);
	return WEIR_WRITE_OK;
}

static void test_encode_fails(void)
{
	uint64_t sum = 0;
	unsigned i;

	reset();
	t.toys[2].encode = bad_encode;
	t.toys[3].write = odd_write;
	t.toys[3].user = &sum;
	toychain_make(&t, SYNC(CODE "," SINK), NULL);
	for (i = 0; i < 8; i++)
		run(i % 4 == 1 ? WEIR_EV_exec : WEIR_EV_open, i);
	chain_flush(t.chain, true);
	is_int((long long)stage("toycode").failed, 4, "failures");
	is_int((long long)lost(WEIR_CLASS_CRITICAL, WEIR_EV_exec, WEIR_LOST_ENCODE), 2, "of exec");
	is_int((long long)lost(WEIR_CLASS_BULK, WEIR_EV_open, WEIR_LOST_ENCODE), 2,
	       "of open, with nothing appended");
	is_int((long long)sum, 0 + 3 + 4 + 7, "the others arrive whole");
	is_int((long long)stage("toysink").delivered, 4, "delivered");
	is_int((long long)chain_stats(t.chain).passed, 8, "all passed");
	toychain_fini(&t);
}

/* ---- what a sink answers ----------------------------------------------------------------*/

struct answer {
	int r;
	uint32_t done, dropped;
	uint32_t class[WEIR_CLASS_MAX];
};

struct script {
	const struct answer *at;
	unsigned n;		/* left */
	uint64_t next;		/* number of the item that must come first */
	bool order_ok;
	bool stop_at_end;
};

/* Then: AGAIN with nothing done, or OK. */
static int script_write(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	struct script *s = toy->user;
	const struct answer *a = s->at;
	uint32_t i;

	for (i = 0; i < batch->n; i++)
		s->order_ok &= number_of(&batch->items[i]) == s->next + i;
	if (!s->n) {
		if (!s->stop_at_end)
			return WEIR_WRITE_OK;
		chain_stop(t.chain);
		return WEIR_WRITE_AGAIN;
	}
	w->done = a->done;
	w->dropped = a->dropped;
	memcpy(w->dropped_class, a->class, sizeof(a->class));
	s->next += a->done;
	s->at++;
	s->n--;
	return a->r;
}

#define AGAIN	WEIR_WRITE_AGAIN
#define CLOSED	WEIR_WRITE_CLOSED
#define ERROR	WEIR_WRITE_ERROR

static const struct sink_case {
	const char *about;
	struct answer answers[4];
	unsigned n_answers;
	bool wait, stop;
	/* after ten events of fork and one flush */
	unsigned calls, delivered, dropped, queued, failed;
	int r;
	unsigned lost_critical, lost_bulk, lost_fork;	/* the first two: of no type */
} sink_cases[] = {
	{ "takes all", { { 0, 0, 0, { 0 } } }, 0, true, false, 1, 10, 0, 0, 0, 0, 0, 0, 0 },
	{ "some, no wait", { { AGAIN, 4, 0, { 0 } }, { AGAIN, 0, 0, { 0 } } }, 2, false, false,
	  2, 4, 0, 6, 0, 0, 0, 0, 0 },
	{ "nothing, no wait", { { AGAIN, 0, 0, { 0 } } }, 1, false, false, 1, 0, 0, 10, 0, 0, 0, 0, 0 },
	{ "some, then the rest", { { AGAIN, 4, 0, { 0 } }, { AGAIN, 0, 0, { 0 } },
	    { AGAIN, 5, 0, { 0 } } }, 3, true, false, 4, 10, 0, 0, 0, 0, 0, 0, 0 },
	{ "AGAIN, but all done", { { AGAIN, 10, 0, { 0 } } }, 1, true, false, 1, 10, 0, 0, 0, 0, 0, 0, 0 },
	{ "says more than it got", { { AGAIN, 99, 0, { 0 } } }, 1, true, false,
	  1, 10, 0, 0, 0, 0, 0, 0, 0 },
	{ "drops by policy", { { WEIR_WRITE_OK, 10, 3, { 3 } } }, 1, true, false,
	  1, 7, 3, 0, 0, 0, 3, 0, 0 },
	{ "drops without a class", { { WEIR_WRITE_OK, 10, 3, { 0 } } }, 1, true, false,
	  1, 7, 3, 0, 0, 0, 3, 0, 0 },
	{ "drops with some classes", { { WEIR_WRITE_OK, 10, 3, { 0, 1 } } }, 1, true, false,
	  1, 7, 3, 0, 0, 0, 2, 1, 0 },
	{ "classes of more than it drops", { { WEIR_WRITE_OK, 10, 3, { 2, 900, 7 } } }, 1, true, false,
	  1, 7, 3, 0, 0, 0, 2, 1, 0 },
	{ "drops more than it took", { { AGAIN, 4, 1000, { 1000 } } }, 1, true, false,
	  2, 6, 4, 0, 0, 0, 4, 0, 0 },
	{ "closed at once", { { CLOSED, 0, 0, { 0 } } }, 1, true, false, 1, 0, 10, 0, 0, -EPIPE, 0, 0, 10 },
	{ "closed in the middle", { { CLOSED, 4, 0, { 0 } } }, 1, true, false,
	  1, 4, 6, 0, 0, -EPIPE, 0, 0, 6 },
	{ "error in the middle", { { ERROR, 4, 1, { 1 } } }, 1, true, false, 1, 3, 7, 0, 1, 0, 1, 0, 6 },
	{ "error, no wait", { { ERROR, 0, 0, { 0 } } }, 1, false, false, 1, 0, 10, 0, 1, 0, 0, 0, 10 },
	{ "an answer that is none", { { 1234, 4, 0, { 0 } } }, 1, true, false, 1, 4, 6, 0, 1, 0, 0, 0, 6 },
	{ "a negative one", { { -1, 0, 0, { 0 } } }, 1, true, false, 1, 0, 10, 0, 1, 0, 0, 0, 10 },
	{ "stopped while it waits", { { AGAIN, 3, 0, { 0 } }, { AGAIN, 0, 0, { 0 } } }, 2, true, true,
	  3, 3, 7, 0, 0, 0, 0, 0, 7 },
};

static void test_sink_case(const struct sink_case *k)
{
	struct script s = { k->answers, k->n_answers, 0, true, k->stop };
	struct chain_stage_info st;
	unsigned i;
	int r;

	reset();
	t.toys[3].write = script_write;
	t.toys[3].user = &s;
	toychain_make(&t, SYNC(CODE "," SINK), NULL);
	for (i = 0; i < 10; i++)
		run(WEIR_EV_fork, i);
	r = chain_flush(t.chain, k->wait);
	st = stage("toysink");
	is_int(r, k->r, "%s: result", k->about);
	is_int((long long)st.calls, k->calls, "%s: calls", k->about);
	is_int((long long)st.delivered, k->delivered, "%s: delivered", k->about);
	is_int((long long)st.dropped, k->dropped, "%s: dropped", k->about);
	is_int((long long)st.queued, k->queued, "%s: queued", k->about);
	is_int((long long)st.failed, k->failed, "%s: failed", k->about);
	is_int((long long)lost(0, 0, WEIR_LOST_SINK), k->lost_critical, "%s: critical lost", k->about);
	is_int((long long)lost(1, 0, WEIR_LOST_SINK), k->lost_bulk, "%s: bulk lost", k->about);
	is_int((long long)lost(0, WEIR_EV_fork, WEIR_LOST_SINK), k->lost_fork, "%s: fork lost", k->about);
	is_int((long long)lost_all(WEIR_LOST_SINK), k->dropped, "%s: each drop is a loss", k->about);
	ok(s.order_ok, "%s: the right items in the right order", k->about);
	if (k->queued) {
		s.stop_at_end = false;
		s.n = 0;
		run(WEIR_EV_fork, 10);
		is_int(chain_flush(t.chain, true), 0, "%s: later", k->about);
		is_int((long long)stage("toysink").delivered, 11, "%s: later all arrive", k->about);
		ok(s.order_ok, "%s: and in order", k->about);
	}
	toychain_fini(&t);
}

static void test_closed(void)
{
	static const struct answer closes[] = { { CLOSED, 0, 0, { 0 } } };
	struct script s1 = { closes, 1, 0, true, false }, s2 = { closes, 0, 0, true, false };
	unsigned i;

	reset();
	t.toys[3].write = t.toys[5].write = script_write;
	t.toys[3].user = &s1;
	t.toys[5].user = &s2;
	toychain_make(&t, SYNC(CODE "," SINK ", { plugin = \"toysink\"; name = \"two\"; ctl = @5; }"), NULL);
	run(WEIR_EV_exit, 0);
	is_int(chain_flush(t.chain, true), 0, "one of two is closed: it goes on");
	for (i = 0; i < 2000; i++)
		MUST(run(WEIR_EV_exit, i) == 0);
	chain_flush(t.chain, true);
	is_int(t.toys[3].n_calls, 1, "a closed sink is not called again");
	is_int((long long)stage("toysink").dropped, 2001, "what it misses is counted");
	is_int((long long)stage("two").delivered, 2001, "the other has all");
	s2 = (struct script){ closes, 1, 0, true, false };
	run(WEIR_EV_exit, 0);
	is_int(chain_flush(t.chain, true), -EPIPE, "both are closed");
	for (i = 0; i < STAGE_BATCH_ITEMS && !run(WEIR_EV_exit, i); i++)
		;
	ok(i < STAGE_BATCH_ITEMS, "chain_run says so when it flushes");
	is_int((long long)chain_queued(t.chain), 0, "nothing piles up");
	toychain_fini(&t);

	reset();
	toychain_make(&t, SYNC(RICH "," CODE), NULL);
	run(WEIR_EV_exit, 0);
	is_int(chain_flush(t.chain, true), 0, "no sinks at all: not closed");
	toychain_fini(&t);
}

static unsigned n_errors, n_infos;

static void count_log(int level, const char *text)
{
	n_errors += level == WEIR_LOG_ERROR && !strcmp(text, "toysink: writing fails; what is lost is counted");
	n_infos += level == WEIR_LOG_INFO && !strcmp(text, "toysink: writing works again");
}

static int health;

static int health_write(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	(void)toy;
	(void)batch;
	(void)w;
	return health;
}

static void test_health(void)
{
	static const struct {
		int answer;	/* -1: no event */
		unsigned n_errors, n_infos;
	} steps[] = {
		{ WEIR_WRITE_OK, 0, 0 }, { ERROR, 1, 0 }, { ERROR, 1, 0 }, { -1, 1, 0 },
		{ WEIR_WRITE_OK, 1, 1 }, { -1, 1, 1 }, { ERROR, 2, 1 }, { WEIR_WRITE_OK, 2, 2 },
	};
	size_t i;

	reset();
	n_errors = n_infos = 0;
	log_set_sink(count_log);
	t.toys[3].write = health_write;
	toychain_make(&t, SYNC(CODE "," SINK), NULL);
	for (i = 0; i < ARRAY_LEN(steps); i++) {
		health = steps[i].answer;
		if (health >= 0)
			run(WEIR_EV_exec, i);
		chain_flush(t.chain, true);
		is_int(n_errors, i ? steps[i - 1].n_errors : 0, "nothing is logged on the event path");
		chain_tick(t.chain, i);
		is_int(n_errors, steps[i].n_errors, "step %zu: errors told", i);
		is_int(n_infos, steps[i].n_infos, "step %zu: recoveries told", i);
	}
	toychain_fini(&t);
	log_set_sink(silent);
}

/* ---- at random -----------------------------------------------------------------------------*/

static uint64_t rnd_state;

static uint32_t rnd(uint32_t below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (uint32_t)(rnd_state >> 33) % below;
}

#define QUEUE	4096

struct model {
	const char *name;
	uint64_t types_sink[2], types_code[2];	/* of sink, of serializer: bits */
	struct model_code *code;
	uint64_t unseen;
	uint64_t queue[QUEUE];	/* numbers that must come */
	uint64_t head, tail;
	bool good, calm, may_close, is_closed;
};

struct model_code {
	bool failed, called;	/* of the event in the chain */
};

static struct model models[3];
static struct model_code codes[2];
static bool rnd_dropped;

static int rnd_process(struct toy *toy, struct weir_event *ev)
{
	uint32_t x = rnd(10);

	(void)toy;
	(void)ev;
	rnd_dropped = x == 0;
	return x == 0 ? WEIR_DROP : x == 1 ? WEIR_FAIL : WEIR_CONTINUE;
}

/* The number, and up to 3000 bytes behind it. */
static int rnd_encode(struct toy *toy, const struct weir_event *ev, struct weir_buf *out)
{
	const struct weir_base *b = (const void *)ev->rec;
	struct model_code *code = toy->user;
	size_t len = sizeof(*b) + rnd(3000);

	code->called = true;
	code->failed = rnd(20) == 0;
	if (toy->setup->host->grow(out, len))
		code->failed = true;
	if (code->failed)
		return -1;
	memset(out->p + out->len, 0, len);
	memcpy(out->p + out->len, b, sizeof(*b));
	out->len += len;
	return 0;
}

static int rnd_write(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	struct model *m = toy->user;
	uint32_t i, x = m->calm ? 9 : rnd(10);

	m->good &= !m->is_closed && batch->n == m->tail - m->head;
	for (i = 0; i < batch->n && m->good; i++)
		m->good = number_of(&batch->items[i]) == m->queue[(m->head + i) % QUEUE];
	w->done = rnd(batch->n + 1);
	if (x >= 5)
		w->done = batch->n;
	if (x < 8 && w->done) {
		w->dropped = rnd(w->done + 1) / 2;
		w->dropped_class[0] = rnd(w->dropped + 1);
		w->dropped_class[1] = x & 1 ? w->dropped - w->dropped_class[0] : 0;
	}
	m->head += w->done;
	if (x < 5)
		return AGAIN;
	if (x == 5) {
		m->head = m->tail;
		w->done = rnd(batch->n + 1);
		w->dropped = 0;
		return ERROR;
	}
	if (x == 6 && m->may_close && rnd(100) == 0) {
		m->is_closed = true;
		return CLOSED;
	}
	return WEIR_WRITE_OK;
}

static bool has(const uint64_t *bits, unsigned type)
{
	return bits[type / 64] >> (type % 64) & 1;
}

/* What chain_run with event n must have queued; before it flushes. */
static void model_event(unsigned type, uint64_t n)
{
	struct model *m;

	for (m = models; m < models + 3; m++) {
		if (rnd_dropped)
			continue;
		if (!has(m->types_sink, type) || !m->code->called || m->code->failed) {
			m->unseen++;
			continue;
		}
		m->queue[m->tail++ % QUEUE] = n;
	}
}

static const char *invariant(void)
{
	struct chain_stats st = chain_stats(t.chain);
	uint64_t dropped = 0, failed = 0;
	struct chain_stage_info s;
	struct model *m;

	if (st.in != st.filtered + st.passed)
		return "in = filtered + passed";
	for (m = models; m < models + 3; m++) {
		s = stage(m->name);
		if (st.passed != m->unseen + s.delivered + s.dropped + s.queued)
			return m->name;
		if (!m->good)
			return "the items";
		dropped += s.dropped;
	}
	failed = stage("a").failed + stage("b").failed;
	if (lost_all(WEIR_LOST_SINK) != dropped)
		return "sink losses";
	if (lost_all(WEIR_LOST_ENCODE) != failed)
		return "encode losses";
	return NULL;
}

/*
 * The chain itself flushes inside of chain_run, so the model must know the
 * event before: the last stage in front of the sinks tells it.
 */
static int rnd_last(struct toy *toy, struct weir_event *ev)
{
	const struct weir_base *b = (const void *)ev->rec;

	(void)toy;
	model_event(b->type, b->seq);
	return WEIR_CONTINUE;
}

static void random_setup(uint64_t seed)
{
	static const uint64_t all[2] = { UINT64_MAX, UINT64_MAX };
	const uint64_t few[2] = { 1u << WEIR_EV_exec | 1u << WEIR_EV_open, 0 };
	unsigned i;

	reset();
	memset(models, 0, sizeof(models));
	rnd_state = seed * 0x9e3779b97f4a7c15u | 1;
	for (i = 0; i < 3; i++) {
		models[i].name = (const char *[]){ "s1", "s2", "s3" }[i];
		models[i].code = &codes[i > 0];
		models[i].good = true;
		memcpy(models[i].types_sink, i == 1 ? few : all, sizeof(few));
		t.toys[4 + i].write = rnd_write;
		t.toys[4 + i].user = &models[i];
	}
	models[2].may_close = seed % 2;
	t.toys[0].process = rnd_process;
	t.toys[1].process = rnd_last;
	t.toys[2].encode = t.toys[3].encode = rnd_encode;
	t.toys[2].user = &codes[0];
	t.toys[3].user = &codes[1];
}

static void test_random(uint64_t seed)
{
	static const unsigned types[] = { WEIR_EV_exec, WEIR_EV_fork, WEIR_EV_open, WEIR_EV_connect,
					  WEIR_EV_lost };
	const char *wrong_at = NULL;
	struct model *m;
	uint64_t n;

	random_setup(seed);
	is_int(toychain_make(&t, SYNC(RICH
		", { plugin = \"toycode\"; name = \"a\"; ctl = @2; events = [ \"exec\", \"lost\" ]; }"
		", { plugin = \"toycode\"; name = \"b\"; ctl = @3; }"
		", { plugin = \"toyplain\"; ctl = @1; after = \"b\"; }"
		", { plugin = \"toysink\"; name = \"s1\"; ctl = @4; encoder = \"a\"; }"
		", { plugin = \"toysink\"; name = \"s2\"; ctl = @5; events = [ \"exec\", \"open\" ]; }"
		", { plugin = \"toysink\"; name = \"s3\"; ctl = @6; }"), NULL), 0,
	       "seed %llu: built", (unsigned long long)seed);
	for (n = 0; n < 20000 && !wrong_at; n++) {
		memset(codes, 0, sizeof(codes));
		run(types[rnd(ARRAY_LEN(types))], n);
		wrong_at = invariant();
		if (wrong_at || rnd(50))
			continue;
		chain_flush(t.chain, rnd(2));
		wrong_at = invariant();
	}
	is_str(wrong_at, NULL, "seed %llu: all accounts add up after each of %llu events",
	       (unsigned long long)seed, (unsigned long long)n);
	for (m = models; m < models + 3; m++)
		m->calm = true;
	chain_flush(t.chain, true);
	is_int((long long)chain_queued(t.chain), 0, "seed %llu: nothing is left",
	       (unsigned long long)seed);
	ok(!invariant(), "seed %llu: at the end too", (unsigned long long)seed);
	toychain_fini(&t);
}

int main(void)
{
	size_t i;

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
	test_limits();
	test_encode_fails();
	for (i = 0; i < ARRAY_LEN(sink_cases); i++)
		test_sink_case(&sink_cases[i]);
	test_closed();
	test_health();
	for (i = 1; i <= 6; i++)
		test_random(i);
	toychain_teardown();
	return done_testing();
}
