/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async chains: order, threads, full queues, and how they pause, end, or
 * follow one another. test_later.c has what stages do with an event.
 */
#include <sys/stat.h>

#include "chain/async.h"
#include "queue/evq.h"
#include "queue/pool.h"
#include "tap.h"
#include "toyasync.h"
#include "util/log.h"
#include "util/macros.h"

static struct toychain t;

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

#define SYNC_PART SYNC("{ plugin = \"toycode\"; ctl = @2; }, { plugin = \"toysink\"; ctl = @3; }")
#define LATE	"{ plugin = \"toylate\"; ctl = @4; }"
#define SLOW	"{ plugin = \"toyslow\"; ctl = @5; }"

static void make(const char *settings, const char *stages)
{
	char text[1024];

	snprintf(text, sizeof(text), SYNC_PART "async = { a = { %s stages = ( %s ); }; };", settings,
		 stages);
	if (toychain_make(&t, text, NULL)) {
		tap_diag("%s", t.errors);
		abort();
	}
}

static struct async *chain(void)
{
	return toyplan_async(&t.one, "a");
}

static void reset(void)
{
	memset(t.toys, 0, sizeof(t.toys));
}

/* ---- order ----------------------------------------------------------------------------*/

#define PROCESSES	50u
#define EVENTS		4000u

/* Of each process, the last number that a stage has seen. */
struct order {
	uint64_t last[PROCESSES];
	unsigned n, n_wrong;
};

static struct order orders[2];

static void order_note(struct order *o, const struct weir_event *ev)
{
	uint64_t *last = &o->last[toyasync_process(ev) % PROCESSES];

	if (__atomic_exchange_n(last, toyasync_number(ev), __ATOMIC_ACQ_REL) >= toyasync_number(ev))
		toy_count(&o->n_wrong);
	toy_count(&o->n);
}

/* A thread that finishes what stages have put off, the last one first. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct weir_event *evs[512];
	unsigned n;
	bool ends;
	const struct weir_host *host;
} heap = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };

static void *heap_main(void *arg)
{
	const struct weir_host *host;
	struct weir_event *ev;

	(void)arg;
	pthread_mutex_lock(&heap.lock);
	for (;;) {
		while (!heap.n && !heap.ends)
			pthread_cond_wait(&heap.cond, &heap.lock);
		if (!heap.n)
			break;
		ev = heap.evs[--heap.n];
		host = heap.host;
		pthread_mutex_unlock(&heap.lock);
		host->done(ev, WEIR_CONTINUE);
		pthread_mutex_lock(&heap.lock);
	}
	pthread_mutex_unlock(&heap.lock);
	return NULL;
}

static int put_off(const struct weir_host *host, struct weir_event *ev)
{
	struct weir_event *later = host->later(ev);

	if (!later)
		return WEIR_CONTINUE;
	pthread_mutex_lock(&heap.lock);
	MUST(heap.n < ARRAY_LEN(heap.evs));
	heap.host = host;
	heap.evs[heap.n++] = later;
	pthread_cond_signal(&heap.cond);
	pthread_mutex_unlock(&heap.lock);
	return WEIR_LATER;
}

static int order_late(struct toy *toy, struct weir_event *ev)
{
	order_note(&orders[0], ev);
	return toyasync_number(ev) % 3 ? WEIR_CONTINUE : put_off(toy->setup->host, ev);
}

static int order_slow(struct toy *toy, struct weir_event *ev)
{
	unsigned *inside = toy->user;

	/* Not atomic: one call at a time, whoever calls. */
	if ((*inside)++)
		toy_count(&orders[1].n_wrong);
	order_note(&orders[1], ev);
	(*inside)--;
	return WEIR_CONTINUE;
}

static void test_order(unsigned workers)
{
	unsigned inside = 0, i;
	struct async_stats s;
	char settings[64];
	pthread_t thread;

	reset();
	memset(orders, 0, sizeof(orders));
	heap.ends = false;
	t.toys[4].process = order_late;
	t.toys[5].process = order_slow;
	t.toys[5].user = &inside;
	snprintf(settings, sizeof(settings), "workers = %u; deadline = \"1h\"; queue = %u;", workers, EVENTS);
	make(settings, LATE "," SLOW);
	MUST(pthread_create(&thread, NULL, heap_main, NULL) == 0);
	for (i = 0; i < EVENTS; i++) {
		toyasync_push(&t, 1 + i % 49 * 7 % 49, 1 + i);
		if (i % 100 == 0)
			toyasync_collect(&t, NULL, 0);
	}
	toyasync_settle(&t, NULL, 0);
	s = async_stats(chain());
	is_int(orders[0].n, EVENTS, "%u workers: the first stage has seen all", workers);
	is_int(orders[1].n, EVENTS, "%u workers: the second too", workers);
	is_int(orders[0].n_wrong, 0, "%u workers: each process's in order", workers);
	is_int(orders[1].n_wrong, 0, "%u workers: behind one that puts off too, one at a time", workers);
	is_int((long long)s.in, EVENTS, "%u workers: in", workers);
	is_int((long long)s.done, EVENTS, "%u workers: done", workers);
	is_int((long long)(s.queued + s.held), 0, "%u workers: nothing is left", workers);
	pthread_mutex_lock(&heap.lock);
	heap.ends = true;
	pthread_cond_signal(&heap.cond);
	pthread_mutex_unlock(&heap.lock);
	pthread_join(thread, NULL);
	toychain_fini(&t);
}

/* ---- threads ---------------------------------------------------------------------------*/

static struct gate gate = GATE;

static int wait_at_gate(struct toy *toy, struct weir_event *ev)
{
	(void)toy;
	(void)ev;
	gate_pass(&gate);
	return WEIR_CONTINUE;
}

/* A plugin that says it can is called by all workers at once, another is not. */
static void test_parallel(void)
{
	unsigned i;

	reset();
	gate_close(&gate);
	t.toys[4].process = wait_at_gate;
	make("workers = 4;", LATE);
	for (i = 1; i < 200; i++)
		toyasync_push(&t, i, i);
	chain_flush(t.chain, true);
	gate_await(&gate, 4);
	ok(true, "PARALLEL: four at once");
	gate_open(&gate);
	toyasync_settle(&t, NULL, 0);
	is_int(t.toys[4].n_calls, 199, "then all");
	toychain_fini(&t);

	reset();
	gate_close(&gate);
	t.toys[5].process = wait_at_gate;
	make("workers = 4;", SLOW);
	for (i = 1; i < 200; i++)
		toyasync_push(&t, i, i);
	chain_flush(t.chain, true);
	gate_await(&gate, 1);
	/* The others wait for the instance, the first one perhaps to tick it. */
	ok(UNTIL(async_stats(chain()).held >= 3), "not PARALLEL: the workers are busy");
	is_int(toy_get(&t.toys[5].n_calls), 1, "one is inside");
	gate_open(&gate);
	toyasync_settle(&t, NULL, 0);
	is_int(t.toys[5].n_calls, 199, "then all");
	toychain_fini(&t);
}

static void test_ticks(void)
{
	reset();
	make("workers = 3;", LATE);
	ok(UNTIL(toy_get(&t.toys[4].n_ticks) > 0), "a stage is ticked without events");
	toychain_fini(&t);
}

/* ---- full queues ------------------------------------------------------------------------*/

#define PUSHED	100u

static uint64_t seen[PUSHED + 1];
static unsigned n_seen;

static int see_at_gate(struct toy *toy, struct weir_event *ev)
{
	(void)toy;
	gate_pass(&gate);
	if (n_seen <= PUSHED)
		seen[n_seen++] = toyasync_number(ev);
	return WEIR_CONTINUE;
}

static uint64_t lost_async(void)
{
	return toychain_lost(&t, WEIR_CLASS_CRITICAL, WEIR_EV_exec, WEIR_LOST_ASYNC);
}

/* One event is in the stage, the rest is pushed. */
static void fill(const char *settings)
{
	unsigned i;

	reset();
	n_seen = 0;
	gate_close(&gate);
	t.toys[5].process = see_at_gate;
	make(settings, SLOW);
	toyasync_push(&t, 7, 1);
	chain_flush(t.chain, true);
	gate_await(&gate, 1);
	for (i = 2; i <= PUSHED; i++)
		toyasync_push(&t, 7, i);
	chain_flush(t.chain, true);
}

static void test_overflow(const char *policy)
{
	bool oldest = !strcmp(policy, "drop_oldest"), blocks = !strcmp(policy, "block");
	uint64_t dropped, cap, first;
	struct async_stats s;
	char settings[128];
	unsigned i, wrong = 0;

	snprintf(settings, sizeof(settings), "queue = 16; overflow = \"%s\"; block = \"1ms\";", policy);
	fill(settings);
	s = async_stats(chain());
	cap = s.queued;
	dropped = PUSHED - 1 - cap;
	ok(cap >= 16 && cap < 64, "%s: the queue is full", policy);
	ok(toyasync_adds_up(chain()), "%s: it adds up", policy);
	is_int((long long)s.in, PUSHED, "%s: in", policy);
	is_int((long long)s.held, 1, "%s: one is in the stage", policy);
	is_int((long long)s.dropped_newest, oldest || blocks ? 0 : (long long)dropped, "%s: newest", policy);
	is_int((long long)s.dropped_oldest, oldest ? (long long)dropped : 0, "%s: oldest", policy);
	is_int((long long)s.dropped_block, blocks ? (long long)dropped : 0, "%s: block", policy);
	is_int((long long)(s.dropped_memory + s.dropped_end), 0, "%s: nothing else", policy);
	is_int((long long)lost_async(), (long long)dropped, "%s: each is a loss of its type", policy);
	ok(!chain_async_idle(t.chain), "%s: not idle", policy);
	gate_open(&gate);
	toyasync_settle(&t, NULL, 0);
	ok(chain_async_idle(t.chain), "%s: idle", policy);
	s = async_stats(chain());
	is_int((long long)s.done, (long long)(cap + 1), "%s: what was queued is done", policy);
	is_int(n_seen, (long long)(cap + 1), "%s: and seen", policy);
	first = oldest ? PUSHED - cap + 1 : 2;
	for (i = 1; i < n_seen; i++)
		wrong += seen[i] != first + i - 1;
	is_int(wrong, 0, "%s: the right ones, in order", policy);
	/* It works on as before. */
	toyasync_push(&t, 7, 777);
	toyasync_settle(&t, NULL, 0);
	is_int((long long)async_stats(chain()).done, (long long)(cap + 2), "%s: one more", policy);
	toychain_fini(&t);
}

static void *open_soon(void *arg)
{
	(void)arg;
	toyasync_nap();
	gate_open(&gate);
	return NULL;
}

/* The collector waits, and nothing is lost, as long as the stage goes on. */
static void test_block(void)
{
	struct async_stats s;
	pthread_t thread;
	unsigned i;

	reset();
	n_seen = 0;
	gate_close(&gate);
	t.toys[5].process = see_at_gate;
	make("queue = 16; overflow = \"block\"; block = \"10s\";", SLOW);
	MUST(pthread_create(&thread, NULL, open_soon, NULL) == 0);
	for (i = 1; i <= PUSHED; i++)
		toyasync_push(&t, 7, i);
	pthread_join(thread, NULL);
	toyasync_settle(&t, NULL, 0);
	s = async_stats(chain());
	is_int((long long)s.done, PUSHED, "block: nothing is lost");
	is_int((long long)s.dropped_block, 0, "block: nor dropped");
	toychain_fini(&t);
}

static void test_memory(void)
{
	struct async_stats s;

	reset();
	n_seen = 0;
	gate_close(&gate);
	t.toys[5].process = see_at_gate;
	make("queue = 512;", SLOW);
	pool_close(t.services.pool);
	t.services.pool = pool_new(64 * 1024);
	MUST(t.services.pool);
	for (unsigned i = 1; i <= PUSHED; i++)
		toyasync_push(&t, 7, i);
	s = async_stats(chain());
	ok(s.dropped_memory > 0 && s.dropped_memory < PUSHED, "no memory for copies: some are dropped");
	is_int((long long)lost_async(), (long long)s.dropped_memory, "which is a loss");
	chain_flush(t.chain, true);
	gate_open(&gate);
	toyasync_settle(&t, NULL, 0);
	is_int((long long)async_stats(chain()).done, (long long)(PUSHED - s.dropped_memory), "the others are done");
	is_int((long long)pool_stats(t.services.pool).n_used, 0, "and all memory is given back");
	toychain_fini(&t);
}

/* A copy for several chains is one. */
static void test_shared(void)
{
	struct pool_stats ps;

	reset();
	gate_close(&gate);
	t.toys[4].process = t.toys[5].process = wait_at_gate;
	MUST(toychain_make(&t, SYNC_PART "async = { a = { stages = ( " SLOW " ); }; b = { stages = ( " LATE
			   " ); }; c = { filter = \"process.pid = 1\"; stages = ( { plugin = \"toyemit\"; ctl = @6; } ); }; };",
			   NULL) == 0);
	toyasync_push(&t, 7, 1);
	chain_flush(t.chain, true);
	gate_await(&gate, 2);
	ps = pool_stats(t.services.pool);
	is_int((long long)ps.n_used, 1, "two chains have one copy");
	is_int((long long)async_stats(toyplan_async(&t.one, "c")).in, 0, "one whose filter does not match has none");
	gate_open(&gate);
	toyasync_settle(&t, NULL, 0);
	ps = pool_stats(t.services.pool);
	is_int((long long)ps.n_used, 0, "it is given back");
	toychain_fini(&t);
}

/* ---- what is seen -----------------------------------------------------------------------*/

static uint64_t types_seen[WEIR_EV_MAX];

static int note_type(struct toy *toy, struct weir_event *ev)
{
	(void)toy;
	__atomic_fetch_add(&types_seen[ev->type], 1, __ATOMIC_RELAXED);
	return WEIR_CONTINUE;
}

static void test_types(void)
{
	static const unsigned types[] = { WEIR_EV_exec, WEIR_EV_fork, WEIR_EV_open, WEIR_EV_snapshot,
		WEIR_EV_lost, WEIR_EV_amendment, WEIR_EV_config, WEIR_EV_stage };
	static const struct {
		const char *about, *stages;
		bool want[8];
	} ways[] = {
		{ "all events", SLOW, { 1, 1, 1, 1, 0, 0, 0, 0 } },
		{ "some", "{ plugin = \"toyslow\"; ctl = @5; events = [ \"exec\", \"lost\" ]; }",
		  { 1, 0, 0, 0, 1, 0, 0, 0 } },
		{ "the sensor's own, by name",
		  "{ plugin = \"toyslow\"; ctl = @5; events = [ \"amendment\", \"config\", \"stage\" ]; }",
		  { 0, 0, 0, 0, 0, 1, 1, 1 } },
		{ "a stage's filter", "{ plugin = \"toyslow\"; ctl = @5; filter = [ \"type != exec\", \"type != open\" ]; }",
		  { 0, 1, 0, 1, 0, 0, 0, 0 } },
	};
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(ways); i++) {
		reset();
		memset(types_seen, 0, sizeof(types_seen));
		t.toys[5].process = note_type;
		make("", ways[i].stages);
		for (j = 0; j < ARRAY_LEN(types); j++)
			toychain_run(&t, types[j], j);
		toyasync_settle(&t, NULL, 0);
		for (j = 0; j < ARRAY_LEN(types); j++)
			is_int((long long)types_seen[types[j]], ways[i].want[j], "%s: type %u", ways[i].about,
			       types[j]);
		toychain_fini(&t);
	}
}

/* ---- pauses and ends -----------------------------------------------------------------------*/

static void test_pause(void)
{
	const char *next = SYNC_PART "async = { a = { workers = 2; stages = ( " SLOW
		", { plugin = \"toyemit\"; ctl = @6; } ); }; };";
	struct toyplan two;
	unsigned i;

	reset();
	make("workers = 2;", SLOW);
	for (i = 1; i <= 10; i++)
		toyasync_push(&t, i, i);
	toyasync_settle(&t, NULL, 0);
	MUST(toyplan_build(&t, &two, next, NULL, &t.one) == 0 && toyplan_open(&t, &two) == 0);
	ok(two.plan->asyncs[0].taken && !two.plan->asyncs[0].kept, "another line for the same chain");
	ok(async_pause(chain(), INT64_C(30000000000)), "it pauses");
	for (i = 11; i <= 20; i++)
		toyasync_push(&t, i, i);
	toyasync_collect(&t, NULL, 0);
	toyasync_nap();
	is_int((long long)async_stats(chain()).queued, 10, "nothing moves");
	is_int(toy_get(&t.toys[5].n_calls), 10, "nobody is called");
	ok(async_pause(chain(), INT64_C(30000000000)), "it has paused already");
	async_resume(chain(), two.plan->asyncs[0].line);
	toyasync_settle(&t, NULL, 0);
	is_int(t.toys[5].n_calls, 20, "then it goes on");
	is_int(t.toys[6].n_calls, 10, "with the new line");
	is_int((long long)async_stats(chain()).done, 20, "the account goes on too");
	/* Again and again, in the middle of work. */
	for (i = 0; i < 200; i++) {
		toyasync_push(&t, i, 100 + i);
		chain_flush(t.chain, true);
		MUST(async_pause(chain(), INT64_C(30000000000)));
		async_resume(chain(), (i % 2 ? &t.one : &two)->plan->asyncs[0].line);
	}
	toyasync_settle(&t, NULL, 0);
	is_int(t.toys[5].n_calls, 220, "two hundred times");
	toyplan_free(&two, &t.one);
	toychain_fini(&t);
}

/* A stage that does not return holds the pause up; what paused goes on. */
static void test_pause_fails(void)
{
	char why[128];

	reset();
	gate_close(&gate);
	t.toys[5].process = wait_at_gate;
	make("workers = 2;", SLOW);
	is_str(async_blocker(chain(), why, sizeof(why)), "", "nobody blocks");
	toyasync_push(&t, 1, 1);
	chain_flush(t.chain, true);
	gate_await(&gate, 1);
	ok(!async_pause(chain(), 20000000), "it does not pause in time");
	async_blocker(chain(), why, sizeof(why));
	ok(!strncmp(why, "stage toyslow has been in process for ", 38), "it says who blocks: %s", why);
	gate_open(&gate);
	for (unsigned i = 2; i <= 50; i++)
		toyasync_push(&t, i, i);
	toyasync_settle(&t, NULL, 0);
	is_int(t.toys[5].n_calls, 50, "all go on");
	ok(async_pause(chain(), INT64_C(30000000000)), "now it pauses");
	async_resume(chain(), t.one.plan->asyncs[0].line);
	toychain_fini(&t);
}

static void test_retire(void)
{
	unsigned i;

	reset();
	gate_close(&gate);
	t.toys[5].process = wait_at_gate;
	make("queue = 64;", SLOW);
	for (i = 1; i <= 50; i++)
		toyasync_push(&t, i, i);
	chain_flush(t.chain, true);
	gate_await(&gate, 1);
	async_retire(chain());
	ok(!async_ended(chain()), "retired, but there is work");
	gate_open(&gate);
	ok(UNTIL(async_ended(chain())), "it ends");
	is_int(t.toys[5].n_calls, 50, "with all done");
	is_int((long long)async_stats(chain()).done, 50, "as it says");
	is_int((long long)toychain_lost_all(&t, WEIR_LOST_ASYNC), 0, "nothing is lost");
	ok(async_pause(chain(), 1), "one that has ended pauses at once");
	toychain_fini(&t);
}

static void test_abandon(void)
{
	struct async_stats s;
	unsigned i;

	reset();
	gate_close(&gate);
	t.toys[5].process = wait_at_gate;
	make("queue = 64;", SLOW);
	for (i = 1; i <= 50; i++)
		toyasync_push(&t, 1, i);
	chain_flush(t.chain, true);
	gate_await(&gate, 1);
	async_abandon(chain());
	toyasync_nap();
	ok(!async_ended(chain()), "given up, but the stage does not return");
	ok(!async_free(chain()), "it is not freed");
	is_int((long long)async_stats(chain()).held, 1, "it is still there");
	gate_open(&gate);
	ok(UNTIL(async_ended(chain())), "it ends when the stage does");
	s = async_stats(chain());
	is_int((long long)s.done, 1, "what was in the stage is done");
	is_int((long long)s.dropped_end, 49, "what was queued is dropped");
	is_int((long long)lost_async(), 49, "which is a loss");
	ok(toyasync_adds_up(chain()), "it adds up");
	toychain_fini(&t);
}

/* With other settings: the successor begins when its predecessor has ended. */
static void test_successor(void)
{
	const char *next = SYNC_PART "async = { a = { queue = 32; stages = ( " SLOW " ); }; };";
	struct async *old, *new;
	struct toyplan two;
	unsigned i;

	reset();
	n_seen = 0;
	gate_close(&gate);
	t.toys[5].process = see_at_gate;
	make("queue = 64;", SLOW);
	for (i = 1; i <= 20; i++)
		toyasync_push(&t, 7, i);
	chain_flush(t.chain, true);
	gate_await(&gate, 1);
	MUST(toyplan_build(&t, &two, next, NULL, &t.one) == 0 && toyplan_open(&t, &two) == 0);
	old = chain();
	new = toyplan_async(&two, "a");
	ok(old != new, "a queue of its own");
	MUST(async_start(new, two.plan->asyncs[0].line, old) == 0);
	t.chain = two.plan->chain;
	for (i = 21; i <= 40; i++)
		toyasync_push(&t, 7, i);
	chain_flush(t.chain, true);
	async_retire(old);
	toyasync_nap();
	is_int((long long)async_stats(new).queued, 20, "the new one waits");
	gate_open(&gate);
	ok(UNTIL(async_ended(old)), "the old one ends");
	is_int((long long)async_stats(new).done, 0, "the new one waits still");
	async_release(old);
	ok(UNTIL(async_idle(new)), "then it goes on");
	MUST(async_pause(new, INT64_C(30000000000)));
	async_resume(new, two.plan->asyncs[0].line);
	is_int(n_seen, 40, "all are seen");
	for (i = 0; i < n_seen && seen[i] == i + 1; i++)
		;
	is_int(i, 40, "in order, over both");
	toyplan_free(&t.one, &two);
	is_int(t.toys[5].n_close, 0, "the instance goes on");
	toyplan_free(&two, NULL);
	is_int(t.toys[5].n_close, 1, "till the end");
	toychain_fini(&t);
}

int main(void)
{
	unsigned i;

	umask(022);
	log_set_sink(silent);
	if (!ok(toychain_setup(), "the plugins are there"))
		return done_testing();
	for (i = 1; i <= 4; i++)
		test_order(i);
	test_parallel();
	test_ticks();
	test_overflow("drop_newest");
	test_overflow("drop_oldest");
	test_overflow("block");
	test_block();
	test_memory();
	test_shared();
	test_types();
	test_pause();
	test_pause_fails();
	test_retire();
	test_abandon();
	test_successor();
	toychain_teardown();
	return done_testing();
}
