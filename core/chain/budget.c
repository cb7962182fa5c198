/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the decision whether a stage costs too much. Relies on its caller for
 * all times, and on being asked by one thread.
 */
#include "chain/budget.h"

#include <string.h>

#include "util/macros.h"

#define RECENT		0xfu	/* the windows that count */
#define TOO_MANY	3	/* bad ones among them */

void budget_init(struct budget *b, const struct budget_conf *conf)
{
	MUST(conf->limit_ns >= 0);
	memset(b, 0, sizeof(*b));
	b->conf = *conf;
	b->hold_ns = BUDGET_HOLD_MIN_NS;
}

void budget_sample(struct budget *b, int64_t ns)
{
	uint64_t v = ns > 0 ? (uint64_t)ns : 0;

	hist_add(&b->hist, v);
	b->n++;
	b->sum += v;
	if (b->conf.limit_ns && ns > BUDGET_FAR_NS && ns / BUDGET_FAR >= b->conf.limit_ns)
		b->far |= ns / BUDGET_FAR > b->conf.limit_ns || ns % BUDGET_FAR;
}

static void window_begin(struct budget *b, int64_t now_ns)
{
	b->n = b->sum = 0;
	b->far = false;
	b->begun = true;
	b->begin_ns = now_ns;
}

static bool window_bad(const struct budget *b)
{
	/* The division first: then the product is no more than the sum. */
	return b->conf.limit_ns &&
	       (b->far || (b->n && b->sum / b->n >= (uint64_t)b->conf.limit_ns &&
			   b->sum > b->n * (uint64_t)b->conf.limit_ns));
}

static enum budget_news state_set(struct budget *b, enum budget_state state,
				  enum budget_news news, int64_t now_ns)
{
	hist_store(&b->state, state);
	hist_store(&b->since_ns, (uint64_t)now_ns);
	return news;
}

static enum budget_news bypass(struct budget *b, int64_t now_ns)
{
	b->until_ns = now_ns + b->hold_ns;
	return state_set(b, BUDGET_IS_BYPASSED, BUDGET_BYPASS, now_ns);
}

static enum budget_news judge_probe(struct budget *b, bool bad, int64_t now_ns)
{
	if (bad) {
		b->hold_ns = MIN(2 * b->hold_ns, BUDGET_HOLD_MAX_NS);
		return bypass(b, now_ns);
	}
	b->bad = 0;
	return state_set(b, BUDGET_IS_GOOD, BUDGET_OK, now_ns);
}

static enum budget_news judge(struct budget *b, bool bad, int64_t now_ns)
{
	b->bad = (uint8_t)((b->bad << 1 | bad) & RECENT);
	if (b->conf.bypass && __builtin_popcount(b->bad) >= TOO_MANY) {
		hist_store(&b->n_bypasses, b->n_bypasses + 1);
		return bypass(b, now_ns);
	}
	if (bad && b->state == BUDGET_IS_GOOD)
		return state_set(b, BUDGET_IS_OVER, BUDGET_OVER, now_ns);
	if (!b->bad && b->state == BUDGET_IS_OVER)
		return state_set(b, BUDGET_IS_GOOD, BUDGET_OK, now_ns);
	return BUDGET_SAME;
}

static enum budget_news window_end(struct budget *b, int64_t now_ns)
{
	bool bad = window_bad(b);
	enum budget_news news;

	b->calm_ns = bad ? 0 : b->calm_ns + (now_ns - b->begin_ns);
	if (b->calm_ns >= BUDGET_CALM_NS) {
		b->calm_ns = BUDGET_CALM_NS;
		b->hold_ns = BUDGET_HOLD_MIN_NS;
	}
	news = b->state == BUDGET_IS_PROBED ? judge_probe(b, bad, now_ns) :
					      judge(b, bad, now_ns);
	window_begin(b, now_ns);
	return news;
}

static enum budget_news tick_bypassed(struct budget *b, int64_t now_ns)
{
	if (now_ns < b->until_ns)
		return BUDGET_SAME;
	window_begin(b, now_ns);
	b->probes = BUDGET_PROBES;
	return state_set(b, BUDGET_IS_PROBED, BUDGET_PROBE, now_ns);
}

enum budget_news budget_tick(struct budget *b, int64_t now_ns)
{
	bool probed = b->state == BUDGET_IS_PROBED;

	if (b->state == BUDGET_IS_BYPASSED)
		return tick_bypassed(b, now_ns);
	if (!b->begun) {
		b->begun = true;
		b->begin_ns = now_ns;
	}
	if (b->far || b->n >= BUDGET_SAMPLES || (probed && !b->probes && b->n))
		return window_end(b, now_ns);
	if (probed && !b->probes)
		b->probes = BUDGET_PROBES;	/* let through, but none was timed */
	else if (!probed && now_ns - b->begin_ns >= BUDGET_WINDOW_NS)
		window_begin(b, now_ns);
	return BUDGET_SAME;
}

void budget_info(const struct budget *b, struct budget_info *out)
{
	static const char *const names[BUDGET_IS__MAX] = {
		[BUDGET_IS_GOOD] = "good",
		[BUDGET_IS_OVER] = "over",
		[BUDGET_IS_BYPASSED] = "bypassed",
		[BUDGET_IS_PROBED] = "probed",
	};

	*out = (struct budget_info){
		.state = names[hist_load(&b->state)],
		.since_ns = (int64_t)hist_load(&b->since_ns),
		.n_bypasses = hist_load(&b->n_bypasses),
		.skipped = hist_load(&b->skipped),
		.n_samples = hist_count(&b->hist),
		.mean_ns = hist_mean(&b->hist),
		.p50_ns = hist_quantile(&b->hist, 500),
		.p99_ns = hist_quantile(&b->hist, 990),
		.max_ns = hist_load(&b->hist.max),
	};
}
