/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other threads bring to the loop: events of user space, and another
 * chain to go on with.
 */
#include "toyloop.h"

/* ---- what user space makes ---------------------------------------------------------------*/

static struct event *post(unsigned type)
{
	struct event_parts parts = { .rec = rec.rec };
	struct event *e;

	mkrec_init(&rec, type);
	parts.rec_size = (uint32_t)mkrec_end(&rec);
	e = event_new(NULL, &parts);
	MUST(e);
	return services_post(&t.services, e) ? e : NULL;
}

static void test_inbox(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { REC, WEIR_EV_snapshot, 0 }, { SECOND, 0, 0 },
		{ REC, WEIR_EV_snapshot, 3 }, { END, 0, 0 } };
	struct collector_stats cs;
	unsigned i;

	make(steps, NULL, false, NULL);
	for (i = 0; i < 2; i++)
		post(WEIR_EV_config);
	is_int(collector_run(col), 0, "inbox: runs");
	is_int(seen.n, 5, "inbox: all are seen");
	is_int(seen.n_user, 4, "inbox: two of the source, two of ours");
	is_int((long long)user_seq, 4, "inbox: numbered together");
	is_int((long long)seen.wall, 42, "inbox: with the wall clock of now");
	cs = finish("inbox", true);
	is_int((long long)cs.made, 2, "inbox: made");

	/* More than the loop takes at once, and all before the end. */
	make(steps + 4, NULL, false, NULL);
	for (i = 0; i < 600; i++)
		post(WEIR_EV_config);
	is_int(collector_run(col), 0, "full inbox: runs");
	is_int(seen.n, 600, "full inbox: all are seen");
	finish("full inbox", true);

	make(steps + 4, NULL, false, NULL);
	while (post(WEIR_EV_config))
		;
	is_int(collector_run(col), 0, "an inbox that runs over: runs");
	cs = finish("an inbox that runs over", true);
	is_int((long long)cs.lost[WEIR_LOST_QUEUE], 1, "an inbox that runs over: a loss");
	/* The other is number 666, which cannot be encoded. */
	is_int(seen.n_lost, 2, "an inbox that runs over: announced");
	is_lost(1, WEIR_CLASS_USER, WEIR_EV_config, WEIR_LOST_QUEUE, 1, 1);
}

/* A capture has its own clock and series. */
static void test_inbox_replayed(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 10 }, { SECOND, 0, 0 }, { END, 0, 0 } };

	make(steps, NULL, true, NULL);
	post(WEIR_EV_lost);
	is_int(collector_run(col), 0, "replayed inbox: runs");
	is_int((long long)seen.lost[0].base.time, 100000500000, "replayed inbox: the records' time");
	ok(seen.lost[0].base.id == 0x1700000000000002u, "replayed inbox: their series");
	finish("replayed inbox", true);
}

/* A source that waits is woken; one that works is not. */
static void *post_it(void *arg)
{
	(void)arg;
	MUST(sem_wait(&entered) == 0);
	post(WEIR_EV_config);
	return NULL;
}

static void test_wake(void)
{
	static const struct step steps[] = {
		{ ENTER, 0, 0 }, { WAIT, 0, 0 }, { SECOND, 0, 0 }, { END, 0, 0 } };
	pthread_t thread;
	int n = 0;

	make(steps, NULL, false, NULL);
	t.services.wake = collector_wake;
	t.services.wake_arg = col;
	post(WEIR_EV_config);
	sem_getvalue(&fake.wakes, &n);
	is_int(n, 0, "wake: not before it sleeps");
	MUST(pthread_create(&thread, NULL, post_it, NULL) == 0);
	is_int(collector_run(col), 0, "wake: a source that waits is woken");
	pthread_join(thread, NULL);
	is_int(seen.n, 2, "wake: both are seen");
	finish("wake", true);
}

static int emit_again(struct toy *toy, struct weir_event *ev)
{
	const struct weir_host *host = toy->setup->host;
	struct weir_event *made = host->emit(toy->setup->ctx, 0, ev);

	if (made)
		host->send(toy->setup->ctx, made);
	return WEIR_CONTINUE;
}

/* Answers to answers belong to the stream, at its end too. */
static void test_end(void)
{
	static const struct step steps[] = { { REC, WEIR_EV_exec, 0 }, { END, 0, 0 } };
	unsigned i, n[3] = { 0 };

	for (i = 0; i < 20; i++) {
		make_text(SYNC("{ plugin = \"toycode\"; ctl = @1; }, { plugin = \"toysink\"; ctl = @2; }")
			  "async = { a = { stages = ( { plugin = \"toyemit\"; ctl = @3; } ); }; };",
			  steps, NULL, false, NULL);
		t.toys[3].process = emit_again;
		is_int(collector_run(col), 0, "the end: runs");
		n[seen.n == 4]++;
		finish("the end", true);
	}
	is_int(n[1], 20, "the end waits for answers, and for answers to these");
}

/* ---- another chain -------------------------------------------------------------------------*/

static struct {
	struct toyplan plan;
	struct collector_offer offer;
	int answer, r;
	unsigned n_adopts, n_seen;	/* events when it was asked */
	int64_t timeout;
} next;

static int next_adopt(void *arg)
{
	(void)arg;
	next.n_adopts++;
	next.n_seen = seen.n;
	return next.answer;
}

static void *offer_it(void *arg)
{
	(void)arg;
	MUST(sem_wait(&entered) == 0);
	next.r = collector_offer(col, &next.offer, next.timeout);
	return NULL;
}

static void test_offer(int answer)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { ENTER, 0, 0 }, { WAIT, 0, 0 }, { REC, WEIR_EV_exec, 1 },
		{ SECOND, 0, 0 }, { END, 0, 0 } };
	const char *about = answer ? "refused" : "taken";
	pthread_t thread;

	make(steps, NULL, false, NULL);
	t.toys[3].encode = see;
	memset(&next, 0, sizeof(next));
	next.answer = answer;
	/* In the clock that stands still, and in the one that sem_clockwait has. */
	next.timeout = INT64_MAX / 4;
	MUST(toyplan_build(&t, &next.plan, "sync = ( { plugin = \"toycode\"; name = \"new\"; ctl = @3; },"
			   " { plugin = \"toysink\"; ctl = @2; } );", NULL, &t.one) == 0);
	MUST(toyplan_open(&t, &next.plan) == 0);
	next.offer.chain = next.plan.plan->chain;
	next.offer.adopt = next_adopt;
	MUST(pthread_create(&thread, NULL, offer_it, NULL) == 0);
	is_int(collector_run(col), 0, "%s: runs", about);
	pthread_join(thread, NULL);
	is_int(next.r, answer, "%s: the answer", about);
	is_int(next.n_adopts, 1, "%s: adopt is asked once", about);
	is_int(next.n_seen, 1, "%s: between two events", about);
	is_int(toy_get(&t.toys[1].n_calls), answer ? 2 : 1, "%s: the old chain", about);
	is_int(toy_get(&t.toys[3].n_calls), answer ? 0 : 1, "%s: the new one", about);
	is_int((long long)t.services.stats.in, 2, "%s: one account", about);
	is_int(collector_offer(col, &next.offer, 1), -ESHUTDOWN, "%s: the loop has ended", about);
	toyplan_free(&next.plan, &t.one);
	finish(about, true);
}

/* In a call for so long that nobody waits for it. */
static int stay(struct toy *toy, struct weir_event *ev)
{
	(void)toy;
	(void)ev;
	MUST(sem_post(&entered) == 0);
	MUST(sem_wait(&fake.wakes) == 0);
	return WEIR_CONTINUE;
}

static const char *stuck_in[3];

static void *offer_in_vain(void *arg)
{
	(void)arg;
	MUST(sem_wait(&entered) == 0);
	stuck_in[0] = collector_stuck(col);
	stuck_in[1] = collector_stuck(col);
	/* No event of a wake-up: the stage waits for ours. */
	fake.s.ops = &deaf_ops;
	next.r = collector_offer(col, &next.offer, 1);
	fake.s.ops = &fake_ops;
	MUST(sem_post(&fake.wakes) == 0);
	return NULL;
}

static void test_offer_late(void)
{
	static const struct step steps[] = { { REC, WEIR_EV_exec, 0 }, { SECOND, 0, 0 }, { END, 0, 0 } };
	pthread_t thread;

	make(steps, NULL, false, NULL);
	t.toys[0].process = stay;
	memset(&next, 0, sizeof(next));
	next.offer.adopt = next_adopt;
	MUST(pthread_create(&thread, NULL, offer_in_vain, NULL) == 0);
	is_int(collector_run(col), 0, "too late: runs");
	pthread_join(thread, NULL);
	is_int(next.r, -ETIMEDOUT, "too late: the offer ends");
	is_int(next.n_adopts, 0, "too late: and is never taken");
	is_str(stuck_in[1], "sync/toyplain", "too late: the stage that the loop is in");
	ok(!collector_stuck(col), "too late: later it is in none");
	finish("too late", true);
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
	MUST(sem_init(&entered, 0, 0) == 0);
	test_inbox();
	test_inbox_replayed();
	test_wake();
	test_end();
	test_offer(0);
	test_offer(-EINVAL);
	test_offer_late();
	toychain_teardown();
	return done_testing();
}
