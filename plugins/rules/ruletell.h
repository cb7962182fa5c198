/* SPDX-License-Identifier: Apache-2.0 */
/* What matched, on the event; and the event `ruleset`. The chain's thread. */
#pragma once

#include <weir/plugin.h>

#include "rulecorr.h"
#include "rulegen.h"

enum {
	RULETELL_RULES, RULETELL_ID, RULETELL_NAME, RULETELL_LEVEL, RULETELL_DONE, RULETELL_SETS,
	RULETELL_SHADOW, RULETELL_SUPPRESSED,
	RULETELL_SET_DIGEST, RULETELL_SET_GENERATION, RULETELL_SET_RULES, RULETELL_SET_KERNEL,
	RULETELL_SET_USER, RULETELL_SET_CORRELATIONS, RULETELL_SET_REFUSED, RULETELL_SET_ERRORS,
	RULETELL_SET_SHADOW,
	RULETELL__MAX
};

#define RULETELL_HELD	64u	/* correlations that one event completes */

struct ruletell {
	const struct weir_setup *setup;
	struct weir_handle out[RULETELL__MAX];
	struct weir_event *ev;
	struct rulegen *gen;
	const struct rulegen_result *result;
	uint32_t n_held;
	const struct sigma_correlation *held[RULETELL_HELD];
};

/* A rule that matches with one of two sets only, or does something else in the other. */
struct ruletell_shadow {
	const struct sigma_meta *meta;
	const struct sigma_weir *weir;
	const char *matches;
};

extern const struct weir_field_def ruletell_produces[RULETELL__MAX];

void ruletell_init(struct ruletell *t, const struct weir_setup *setup);
/* Correlations of g's rules, over what is begun in t, which has to stay. NULL: no memory. */
struct rulecorr *ruletell_corr_new(struct ruletell *t, const struct rulegen *g);
/* An event's matches; then the correlations that hold with it; then they are told. */
void ruletell_begin(struct ruletell *t, struct weir_event *ev, struct rulegen *g,
		    const struct rulegen_result *r);
/* An event that is excluded counts for no correlation. */
void ruletell_correlate(struct ruletell *t, struct rulecorr *corr, uint64_t time_ns);
/* These differ with the set that runs beside; nothing if n is 0. */
void ruletell_shadow(struct ruletell *t, const struct ruletell_shadow *rows, uint32_t n);
/* These match, and are not told, for the event is in profile. They stay valid. */
void ruletell_suppressed(struct ruletell *t, struct weir_event *ev,
			 const struct sigma_rule *const *rules, uint32_t n);
void ruletell_end(struct ruletell *t);
/* The event `ruleset`. */
void ruletell_loaded(const struct ruletell *t, const struct rulegen *g);
