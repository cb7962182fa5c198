/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The breaker of a stage: what its calls cost, whether that is too much, and
 * whether events pass it over therefore. It knows no clock: one thread, the one
 * that calls the stage, brings samples and ticks; budget_info is for any.
 *
 *	if (budget_skips(b))
 *		continue;
 *	timed = budget_samples_all(b) || every_64th();
 *	... the call ...
 *	if (timed)
 *		budget_sample(b, ns);
 *
 * Ticks make windows: one ends at the first tick with BUDGET_SAMPLES in it, or
 * is thrown away after a minute without. It is bad if the mean is over the
 * limit, or one call was far over it; then it ends at once.
 *
 *	good   -- a bad window ----------------------------> over
 *	over   -- four good windows -----------------------> good
 *	over   -- three bad ones of four, if allowed ------> bypass
 *	bypass -- the hold-off is over --------------------> probe
 *	probe  -- at most 32 calls, a good window ---------> good
 *	probe  -- a bad window, hold-off doubled ----------> bypass
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/hist.h"

#define BUDGET_SAMPLES	8u	/* that a window needs to be judged */
#define BUDGET_PROBES	32u	/* calls that a probe lets through */
#define BUDGET_SEC_NS	INT64_C(1000000000)
#define BUDGET_HOLD_MIN_NS (5 * BUDGET_SEC_NS)
#define BUDGET_HOLD_MAX_NS (300 * BUDGET_SEC_NS)
/* Good windows so long since the last bad one: the hold-off is the first again. */
#define BUDGET_CALM_NS	(60 * BUDGET_SEC_NS)
#define BUDGET_WINDOW_NS (60 * BUDGET_SEC_NS)
/* One call over both: so many times the limit, and that time. */
#define BUDGET_FAR	100u
#define BUDGET_FAR_NS	(10 * INT64_C(1000000))

struct budget_conf {
	int64_t limit_ns;	/* mean of a call; 0: none, only statistics */
	bool bypass;		/* false: report only */
};

/* What budget_tick tells. */
enum budget_news {
	BUDGET_SAME,
	BUDGET_OVER,	/* report it */
	BUDGET_BYPASS,	/* from now on passed over; again after a failed probe */
	BUDGET_PROBE,	/* the next calls are let through */
	BUDGET_OK	/* within its limit again */
};

enum budget_state {
	BUDGET_IS_GOOD,
	BUDGET_IS_OVER,
	BUDGET_IS_BYPASSED,
	BUDGET_IS_PROBED,
	BUDGET_IS__MAX
};

struct budget {
	struct budget_conf conf;
	/* Read by other threads: relaxed, one writer. */
	uint64_t state;
	uint64_t since_ns;	/* when the state began */
	uint64_t n_bypasses;	/* failed probes not counted */
	uint64_t skipped;
	struct hist hist;	/* all samples */
	/* The window. */
	uint64_t n, sum;
	bool far;		/* a call was far over the limit */
	bool begun;
	int64_t begin_ns;	/* the tick that began it */
	/* Between windows. */
	uint8_t bad;		/* bit per window, the last one lowest */
	uint32_t probes;	/* calls that the probe still lets through */
	int64_t hold_ns;
	int64_t until_ns;	/* bypassed: when it is probed */
	int64_t calm_ns;	/* of good windows since the last bad one */
};

struct budget_info {
	const char *state;	/* "good", "over", "bypassed", "probed" */
	int64_t since_ns;	/* the tick when it began; 0: the start */
	uint64_t n_bypasses, skipped;
	uint64_t n_samples, mean_ns, p50_ns, p99_ns, max_ns;
};

/* limit_ns is not negative. */
void budget_init(struct budget *b, const struct budget_conf *conf);

static inline bool budget_may_skip(const struct budget *b)
{
	return b->state >= BUDGET_IS_BYPASSED;
}

/* Once before each call that might be made: true, and counted, if it must not be. */
static inline bool budget_skips(struct budget *b)
{
	if (!budget_may_skip(b))
		return false;
	if (b->state == BUDGET_IS_PROBED && b->probes) {
		b->probes--;
		return false;
	}
	hist_store(&b->skipped, b->skipped + 1);
	return true;
}

/* Each call that is made has to be timed now. */
static inline bool budget_samples_all(const struct budget *b)
{
	return b->state == BUDGET_IS_PROBED;
}

/* What a call cost. A negative time, from clocks that differ, is none. */
void budget_sample(struct budget *b, int64_t ns);
/* About once a second; now_ns does not go back. */
enum budget_news budget_tick(struct budget *b, int64_t now_ns);
/* Any thread. */
void budget_info(const struct budget *b, struct budget_info *out);
