/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One generation of rules as it runs: what was read, what the kernel has of it, and the
 * matchers for what the kernel has not. Shared by the instances of a reload; all calls but
 * the first and the last are made on the chain's thread.
 */
#pragma once

#include <weir/plugin.h>

#include "rulelive.h"
#include "ruleload.h"
#include "rulematch.h"
#include "rulewhy.h"

struct rulegen_half {
	struct ruleset *set;
	struct rulematch *match;
	struct rulelive *live;
	uint64_t types[2];		/* of events that its rules are for */
};

struct rulegen {
	uint32_t refs;
	struct ruleload load;
	struct rulegen_half kernel, user;	/* by where the programs run */
	int number;			/* in the kernel; 0: it has none of it */
	uint64_t judged;		/* types that the kernel judges */
	uint32_t n_rules, n_kernel, n_refused, n_errors;
	bool shadow;
	bool *hit;			/* by rule: of the event at work */
	struct rulewhy *why;
};

struct rulegen_conf {
	const struct weir_setup *setup;
	const char *const *paths;
	const char *const *never;
	uint32_t n_paths, n_never;
	const char *map_file, *placeholder_dir;		/* NULL: none */
	bool strict;			/* one bad rule refuses all */
	bool may_miss;			/* a path that is not there has no rules */
	bool shadow;			/* they are not for the kernel, and do nothing */
};

/* Of a match: `truth` MATCH_UNKNOWN where a cut text may have matched. */
struct rulegen_match {
	const struct sigma_rule *rule;
	uint32_t index;			/* of it in the set */
	uint32_t truth;
	bool by_kernel;
};
#define RULEGEN_MATCHES	256u

struct rulegen_result {
	uint32_t n;
	bool more;			/* there were more than these */
	bool excluded;
	uint32_t told;			/* enum match_told_flags */
	struct rulegen_match matches[RULEGEN_MATCHES];
};

/* Reads, compiles and brings to the kernel. NULL: logged why. */
struct rulegen *rulegen_new(const struct rulegen_conf *conf);
/* What an event matches; told: by the kernel, of this generation; NULL: it has not judged. */
void rulegen_run(struct rulegen *g, const struct weir_event *ev, const struct match_told *told,
		 uint32_t n_words, struct rulegen_result *out);
struct rulegen *rulegen_ref(struct rulegen *g);
struct rulegen *rulegen_unref(struct rulegen *g);
