/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker of a stage, along scripts of calls and ticks of a made-up clock. */
#include "chain/budget.h"
#include "tap.h"
#include "util/macros.h"

#define LIMIT	1000
#define GOOD	900
#define BAD	1100
#define MS	INT64_C(1000000)

/* `ticks` seconds, each with `calls` tries of `ns`; `want` is what the last tick tells. */
struct step {
	const char *what;
	unsigned ticks;
	unsigned calls;
	int64_t ns;
	enum budget_news want;
	enum budget_state state;
	unsigned hold_s;	/* 0: not looked at */
};

static int64_t now;

static unsigned calls_make(struct budget *b, unsigned n, int64_t ns)
{
	unsigned made = 0;

	while (n--) {
		if (budget_skips(b))
			continue;
		made++;
		budget_sample(b, ns);
	}
	return made;
}

static void script(const char *name, const struct budget_conf *conf, const struct step *s,
		   size_t n_steps, struct budget *b)
{
	enum budget_news news;
	unsigned k;
	size_t i;

	now = 1000 * BUDGET_SEC_NS;
	budget_init(b, conf);
	budget_tick(b, now);
	for (i = 0; i < n_steps; i++, s++) {
		bool same = true;

		news = BUDGET_SAME;
		for (k = 0; k < s->ticks; k++) {
			same &= news == BUDGET_SAME;
			calls_make(b, s->calls, s->ns);
			now += BUDGET_SEC_NS;
			news = budget_tick(b, now);
		}
		ok(same && news == s->want && b->state == s->state, "%s %zu: %s", name, i, s->what);
		if (!same || news != s->want || b->state != s->state)
			tap_diag("news %d (%s before), state %u", news, same ? "none" : "some",
				 (unsigned)b->state);
		if (s->hold_s)
			is_int(b->hold_ns / BUDGET_SEC_NS, s->hold_s, "%s %zu: hold-off", name, i);
	}
}

#define SCRIPT(name, conf, rows, b) script(name, conf, rows, ARRAY_LEN(rows), b)

static const struct budget_conf allowed = { LIMIT, true }, report = { LIMIT, false };

static void test_transitions(void)
{
	static const struct step rows[] = {
		{ "within the limit", 10, 100, GOOD, BUDGET_SAME, BUDGET_IS_GOOD },
		{ "at the limit", 10, 100, LIMIT, BUDGET_SAME, BUDGET_IS_GOOD },
		{ "over it", 1, 100, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "told once", 1, 100, BAD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "not yet good", 3, 100, GOOD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "the last bad one has left the four", 1, 100, GOOD, BUDGET_OK, BUDGET_IS_GOOD },
	};
	static const struct step four[] = {
		{ "bad", 1, 8, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "good", 1, 8, GOOD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "bad", 1, 8, BAD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "three of four", 1, 8, BAD, BUDGET_BYPASS, BUDGET_IS_BYPASSED, 5 },
		{ "held off", 4, 100, GOOD, BUDGET_SAME, BUDGET_IS_BYPASSED },
		{ "probe", 1, 100, GOOD, BUDGET_PROBE, BUDGET_IS_PROBED },
		{ "good probe", 1, 100, GOOD, BUDGET_OK, BUDGET_IS_GOOD, 5 },
		{ "a clean slate: bad", 1, 8, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "bad", 1, 8, BAD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "bad", 1, 8, BAD, BUDGET_BYPASS, BUDGET_IS_BYPASSED },
	};
	struct budget_info info;
	struct budget b;

	SCRIPT("over", &allowed, rows, &b);
	SCRIPT("bypass", &allowed, four, &b);
	budget_info(&b, &info);
	is_str(info.state, "bypassed", "state by name");
	is_int(info.n_bypasses, 2, "bypassed twice");
	is_int(info.since_ns, now, "since the last tick");
	is_int(info.skipped, 5 * 100 + 100 - BUDGET_PROBES, "calls skipped");
	is_int(info.n_samples, 4 * 8 + 32 + 3 * 8, "calls made");
	is_int(info.max_ns, BAD, "longest");
	ok(info.p50_ns <= info.p99_ns && info.p99_ns <= info.max_ns, "quantiles in order");
}

static void test_report_only(void)
{
	static const struct step rows[] = {
		{ "over", 1, 100, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "and over", 100, 100, BAD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "one call far over", 1, 1, 20 * MS, BUDGET_SAME, BUDGET_IS_OVER },
		{ "good", 4, 100, GOOD, BUDGET_OK, BUDGET_IS_GOOD },
	};
	static const struct step none[] = {
		{ "any time", 10, 100, 1000 * MS, BUDGET_SAME, BUDGET_IS_GOOD },
	};
	const struct budget_conf no_limit = { 0, true };
	struct budget_info info;
	struct budget b;

	SCRIPT("report only", &report, rows, &b);
	budget_info(&b, &info);
	is_int(info.skipped, 0, "nothing skipped");
	SCRIPT("no limit", &no_limit, none, &b);
	budget_info(&b, &info);
	is_int(info.n_samples, 1000, "no limit: statistics still");
	is_int(info.mean_ns, 1000 * MS, "no limit: mean");
}

static void test_windows(void)
{
	static const struct step rows[] = {
		{ "7 bad calls are too few", 1, 7, BAD, BUDGET_SAME, BUDGET_IS_GOOD },
		{ "an eighth at the next tick", 1, 1, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "idle: stays", 500, 0, 0, BUDGET_SAME, BUDGET_IS_OVER },
		{ "7 more", 1, 7, BAD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "idle for a minute: forgotten", 60, 0, 0, BUDGET_SAME, BUDGET_IS_OVER },
		{ "7 more", 1, 7, BAD, BUDGET_SAME, BUDGET_IS_OVER },
		{ "mean of 8 within the limit", 1, 1, 10, BUDGET_SAME, BUDGET_IS_OVER },
		{ "three good", 3, 8, GOOD, BUDGET_OK, BUDGET_IS_GOOD },
	};
	static const struct step far[] = {
		{ "100 times the limit is not over it", 1, 1, 100 * 100000, BUDGET_SAME,
		  BUDGET_IS_GOOD },
		{ "one call above", 1, 1, 100 * 100000 + 1, BUDGET_OVER, BUDGET_IS_OVER },
		{ "again", 1, 1, 50 * MS, BUDGET_SAME, BUDGET_IS_OVER },
		{ "and again", 1, 1, 50 * MS, BUDGET_BYPASS, BUDGET_IS_BYPASSED },
		{ "probe", 5, 0, 0, BUDGET_PROBE, BUDGET_IS_PROBED },
		{ "one such call and it has failed", 1, 1, 50 * MS, BUDGET_BYPASS,
		  BUDGET_IS_BYPASSED, 10 },
	};
	static const struct step small[] = {
		{ "1000 times the limit, but not 10 ms", 3, 1, MS, BUDGET_SAME, BUDGET_IS_GOOD },
	};
	const struct budget_conf far_conf = { 100000, true };
	const struct budget_conf huge = { INT64_MAX, true };
	static const struct step longest[] = {
		{ "no number overflows", 3, 2, INT64_MAX, BUDGET_SAME, BUDGET_IS_GOOD },
	};
	struct budget b;

	SCRIPT("window", &allowed, rows, &b);
	SCRIPT("far", &far_conf, far, &b);
	SCRIPT("not far", &allowed, small, &b);
	SCRIPT("huge limit", &huge, longest, &b);
	budget_init(&b, &allowed);
	budget_sample(&b, -5);
	is_int(b.hist.n[0], 1, "a negative time is none");
}

static void test_flapping(void)
{
	struct budget b;
	enum budget_news news = BUDGET_SAME;
	int i, n_over = 0, n_other = 0;

	now = 0;
	budget_init(&b, &allowed);
	for (i = 0; i < 100; i++) {
		calls_make(&b, 10, i % 2 ? GOOD : BAD);
		now += BUDGET_SEC_NS;
		news = budget_tick(&b, now);
		n_over += news == BUDGET_OVER;
		n_other += news != BUDGET_OVER && news != BUDGET_SAME;
	}
	is_int(n_over, 1, "good and bad in turn: told once");
	is_int(n_other, 0, "and not bypassed");
	is_int(b.state, BUDGET_IS_OVER, "it is over");
}

/* From a bad stage to the end of its next hold-off. */
static void fail_probe(struct budget *b, unsigned hold_s)
{
	unsigned s = 0;

	is_int(b->hold_ns / BUDGET_SEC_NS, hold_s, "hold-off of %u s", hold_s);
	do {
		now += BUDGET_SEC_NS;
		s++;
	} while (budget_tick(b, now) != BUDGET_PROBE && s < 1000);
	is_int(s, hold_s, "is waited for");
	is_int(calls_make(b, 1000, BAD), BUDGET_PROBES, "calls of a probe");
	now += BUDGET_SEC_NS;
	is_int(budget_tick(b, now), BUDGET_BYPASS, "a bad probe");
}

static void test_hold_off(void)
{
	static const unsigned holds[] = { 5, 10, 20, 40, 80, 160, 300, 300 };
	static const struct step begin[] = {
		{ "bad", 1, 100, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "bad", 2, 100, BAD, BUDGET_BYPASS, BUDGET_IS_BYPASSED },
	};
	struct budget b;
	size_t i;

	SCRIPT("doubling", &allowed, begin, &b);
	for (i = 0; i < ARRAY_LEN(holds); i++)
		fail_probe(&b, holds[i]);
	is_int(b.n_bypasses, 1, "one bypass, however many probes");
	now += 300 * BUDGET_SEC_NS;
	is_int(budget_tick(&b, now), BUDGET_PROBE, "the ninth probe");
	calls_make(&b, 100, GOOD);
	now += BUDGET_SEC_NS;
	is_int(budget_tick(&b, now), BUDGET_OK, "is good");
	/* 1 s of the probe and 58 s: not a minute yet. */
	for (i = 0; i < 58; i++) {
		calls_make(&b, 100, GOOD);
		now += BUDGET_SEC_NS;
		MUST(budget_tick(&b, now) == BUDGET_SAME);
	}
	is_int(b.hold_ns / BUDGET_SEC_NS, 300, "after 59 s the hold-off is the last one");
	calls_make(&b, 100, GOOD);
	now += BUDGET_SEC_NS;
	budget_tick(&b, now);
	is_int(b.hold_ns / BUDGET_SEC_NS, 5, "after a minute the first");
}

static void test_hold_stays(void)
{
	static const struct step rows[] = {
		{ "bad", 1, 100, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "bad", 2, 100, BAD, BUDGET_BYPASS, BUDGET_IS_BYPASSED, 5 },
		{ "probe", 5, 100, BAD, BUDGET_PROBE, BUDGET_IS_PROBED },
		{ "fails", 1, 100, BAD, BUDGET_BYPASS, BUDGET_IS_BYPASSED, 10 },
		{ "probe", 10, 100, BAD, BUDGET_PROBE, BUDGET_IS_PROBED },
		{ "good", 1, 100, GOOD, BUDGET_OK, BUDGET_IS_GOOD, 10 },
		{ "40 s good", 40, 100, GOOD, BUDGET_SAME, BUDGET_IS_GOOD, 10 },
		{ "one bad", 1, 100, BAD, BUDGET_OVER, BUDGET_IS_OVER, 10 },
		{ "40 s good again", 4, 100, GOOD, BUDGET_OK, BUDGET_IS_GOOD, 10 },
		{ "40 s good again", 36, 100, GOOD, BUDGET_SAME, BUDGET_IS_GOOD, 10 },
		{ "bad", 1, 100, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "no minute was good: held off as last", 2, 100, BAD, BUDGET_BYPASS,
		  BUDGET_IS_BYPASSED, 10 },
	};
	struct budget b;

	SCRIPT("hold-off stays", &allowed, rows, &b);
}

static void test_probe(void)
{
	static const struct step begin[] = {
		{ "bad", 1, 100, BAD, BUDGET_OVER, BUDGET_IS_OVER },
		{ "bad", 2, 100, BAD, BUDGET_BYPASS, BUDGET_IS_BYPASSED },
		{ "probe", 5, 0, 0, BUDGET_PROBE, BUDGET_IS_PROBED },
		{ "idle: goes on", 200, 0, 0, BUDGET_SAME, BUDGET_IS_PROBED },
		{ "a slow trickle", 7, 1, GOOD, BUDGET_SAME, BUDGET_IS_PROBED },
		{ "the eighth call", 1, 1, GOOD, BUDGET_OK, BUDGET_IS_GOOD },
	};
	struct budget b;
	int i, n = 0;

	SCRIPT("probe", &allowed, begin, &b);
	script("probe", &allowed, begin, 3, &b);
	for (i = 0; i < 8 * 31; i++) {
		enum budget_news want = i == 8 * 31 - 1 ? BUDGET_OK : BUDGET_SAME;

		if (i % 31 == 30)
			calls_make(&b, 1, GOOD);
		now += BUDGET_SEC_NS;
		n += budget_tick(&b, now) != want;
	}
	is_int(n, 0, "a call every half minute: no sample of a probe is thrown away");
	script("probe", &allowed, begin, 3, &b);
	ok(budget_samples_all(&b), "all calls of a probe are timed");
	for (i = 0; i < 100; i++)
		n += !budget_skips(&b);
	is_int(n, BUDGET_PROBES, "calls let through");
	is_int(budget_tick(&b, now += BUDGET_SEC_NS), BUDGET_SAME, "none of them was timed");
	ok(!budget_skips(&b), "so there are some more");
	budget_init(&b, &allowed);
	ok(!budget_samples_all(&b) && !budget_skips(&b), "a new one lets all through");
}

int main(void)
{
	test_transitions();
	test_report_only();
	test_windows();
	test_flapping();
	test_hold_off();
	test_hold_stays();
	test_probe();
	return done_testing();
}
