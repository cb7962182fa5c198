/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the serializers of a sync chain to its sinks: what fits into a batch,
 * what sinks may answer, and that the accounts add up.
 */
#include <errno.h>
#include <sys/stat.h>

#include "chain/stage.h"
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

static uint64_t lost(unsigned class, unsigned type, unsigned reason)
{
	return toychain_lost(&t, class, type, reason);
}

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

#define RICH	"{ plugin = \"toyrich\"; ctl = @0; }"
#define CODE	"{ plugin = \"toycode\"; ctl = @2; }"
#define SINK	"{ plugin = \"toysink\"; ctl = @3; }"

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
		for (n = 0; n < 3000 && !t.toys[3].n_calls && !stats("toycode").failed; n++)
			run(WEIR_EV_open, n);
		if (!limits[i].n) {
			is_int((long long)stats("toycode").failed, 1, "%zu bytes: too many", encode_len);
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
		*sum += toychain_number(&batch->items[i]);
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
	is_int((long long)stats("toycode").failed, 4, "failures");
	is_int((long long)lost(WEIR_CLASS_CRITICAL, WEIR_EV_exec, WEIR_LOST_ENCODE), 2, "of exec");
	is_int((long long)lost(WEIR_CLASS_BULK, WEIR_EV_open, WEIR_LOST_ENCODE), 2,
	       "of open, with nothing appended");
	is_int((long long)sum, 0 + 3 + 4 + 7, "the others arrive whole");
	is_int((long long)stats("toysink").delivered, 4, "delivered");
	is_int((long long)t.services.stats.passed, 8, "all passed");
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
		s->order_ok &= toychain_number(&batch->items[i]) == s->next + i;
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
	struct instance_stats st;
	unsigned i;
	int r;

	reset();
	t.toys[3].write = script_write;
	t.toys[3].user = &s;
	toychain_make(&t, SYNC(CODE "," SINK), NULL);
	for (i = 0; i < 10; i++)
		run(WEIR_EV_fork, i);
	r = chain_flush(t.chain, k->wait);
	st = stats("toysink");
	is_int(r, k->r, "%s: result", k->about);
	is_int((long long)st.calls, k->calls, "%s: calls", k->about);
	is_int((long long)st.delivered, k->delivered, "%s: delivered", k->about);
	is_int((long long)st.dropped, k->dropped, "%s: dropped", k->about);
	is_int((long long)stage("toysink").queued, k->queued, "%s: queued", k->about);
	is_int((long long)st.failed, k->failed, "%s: failed", k->about);
	is_int((long long)lost(0, 0, WEIR_LOST_SINK), k->lost_critical, "%s: critical lost", k->about);
	is_int((long long)lost(1, 0, WEIR_LOST_SINK), k->lost_bulk, "%s: bulk lost", k->about);
	is_int((long long)lost(0, WEIR_EV_fork, WEIR_LOST_SINK), k->lost_fork, "%s: fork lost", k->about);
	is_int((long long)toychain_lost_all(&t, WEIR_LOST_SINK), k->dropped, "%s: each drop is a loss", k->about);
	ok(s.order_ok, "%s: the right items in the right order", k->about);
	if (k->queued) {
		s.stop_at_end = false;
		s.n = 0;
		run(WEIR_EV_fork, 10);
		is_int(chain_flush(t.chain, true), 0, "%s: later", k->about);
		is_int((long long)stats("toysink").delivered, 11, "%s: later all arrive", k->about);
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
	is_int((long long)stats("toysink").dropped, 2001, "what it misses is counted");
	is_int((long long)stats("two").delivered, 2001, "the other has all");
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
		m->good = toychain_number(&batch->items[i]) == m->queue[(m->head + i) % QUEUE];
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
	struct chain_stats st = t.services.stats;
	uint64_t dropped = 0, failed = 0;
	struct instance_stats s;
	struct model *m;

	if (st.in != st.filtered + st.passed)
		return "in = filtered + passed";
	for (m = models; m < models + 3; m++) {
		s = stats(m->name);
		if (st.passed != m->unseen + s.delivered + s.dropped + stage(m->name).queued)
			return m->name;
		if (!m->good)
			return "the items";
		dropped += s.dropped;
	}
	failed = stats("a").failed + stats("b").failed;
	if (toychain_lost_all(&t, WEIR_LOST_SINK) != dropped)
		return "sink losses";
	if (toychain_lost_all(&t, WEIR_LOST_ENCODE) != failed)
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
