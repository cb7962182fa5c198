/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules made into the image that the matcher reads (bpf/match.bpf.h): one program for
 * each rule and group of event types. One thread; lives as long as the sigma_set that
 * it was made of.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match.bpf.h"
#include "rulemap.h"
#include "sigma.h"

/* A type of no event of ours: who brings names of Sigma only. */
#define RULESET_ANY_TYPE	127u

/* A field that rules ask for. Its index is that of match_field. */
struct ruleset_field {
	const char *name;		/* ours; if we have no such, as in the rule */
	uint16_t kind;			/* enum weir_kind; 0: no field of the record */
	const char *values;		/* set of values.def, if it is of one */
	uint8_t item;			/* of a list, from 1 on; 0: the whole field */
	bool keywords;			/* all texts of an event, with 0xff between two */
	uint32_t n_aliases;
	const char **aliases;		/* as rules call it */
};

enum ruleset_place {
	RULESET_KERNEL,
	RULESET_USER,		/* `why` says what the kernel has not */
};

/* By index of match_rule. */
struct ruleset_program {
	const struct sigma_rule *rule;
	uint32_t rule_index;
	enum ruleset_place place;
	const char *why;	/* a constant, or a field's name */
	const char *missing;	/* a field that these events have not; NULL: none */
	struct ruleplace missing_at;
	bool any_type;		/* it is the one for RULESET_ANY_TYPE */
	bool unguarded;		/* looked at for each event of its types */
	uint32_t n_guards;
};

struct ruleset_conf {
	const struct rulemap *map;
	/*
	 * For tests of rules: what we have no event or field for is taken as it is named, and
	 * each rule has a program for RULESET_ANY_TYPE beside those for our types.
	 */
	bool lenient;
	bool parts;		/* of rules: what none of their events can be is no mistake */
	/*
	 * Made of the same sigma_set before: of its programs only those of that place, in
	 * the same order. NULL: all.
	 */
	const struct ruleset *like;
	enum ruleset_place place;
};

struct ruleset {
	struct match_image image;
	struct match_field *fields;
	struct match_automaton *automata;
	struct match_cell *cells;
	struct match_out *outs;
	struct match_bit *bits;
	uint32_t *list;
	struct match_test *tests;
	struct match_dfa *dfas;
	uint16_t *next;
	uint32_t *ops;
	struct match_rule *rules;
	uint32_t n_automata, n_cells, n_outs, n_list, n_tests, n_dfas, n_next, n_ops;
	struct ruleset_field *names;	/* by field */
	struct ruleset_program *programs;	/* by rule of the image */
	uint32_t n_strings, n_states;
	uint32_t n_numbers;	/* rules of the sigma_set: match_rule.number is less */
};

/*
 * What cannot be made is in diags, and the rule is marked as refused; the others are
 * there. NULL: no memory.
 */
struct ruleset *ruleset_new(struct sigma_set *set, const struct ruleset_conf *conf,
			    struct rulediags *diags);
/* By the name that a rule or an event uses; UINT32_MAX: nobody asks for it. */
uint32_t ruleset_field(const struct ruleset *s, const char *name);
/* The field's name, or that of the list that it is an item of, in buf. */
const char *ruleset_whole(const struct ruleset_field *f, char buf[64]);
struct ruleset *ruleset_free(struct ruleset *s);
