/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of ruleset_new(), for the files that take part in it. */
#pragma once

#include "ruleset.h"

#define RULEBUILD_OPS_MAX	16384u	/* of a program */
#define RULEBUILD_DFA_NEXT	4194304u	/* next states of all automata of single patterns */

/* A text as the automaton of a field gets it. */
struct rulestring {
	const char *text;
	uint32_t len;
	uint8_t flags;		/* enum ruleac_flags */
};

struct rulebuild {
	struct ruleset *out;
	const struct ruleset_conf *conf;
	struct rulediags *diags;
	/* Room in the arrays of `out`. */
	struct {
		uint32_t fields, bits, tests, dfas, ops, rules, list, names, programs;
	} cap;
	struct rulebits *strings;
	struct rulepatterns *patterns;
	/* The rule at work. */
	struct sigma_rule *rule;
	const struct rulemap_events *events;	/* NULL: none of ours */
	struct ruleset_program *program;
	bool any_type;
	/* The field asked for last, which mostly is asked for again. */
	const char *last_name;
	const struct rulemap_events *last_events;
	uint32_t last_field;
	uint32_t n_programs;	/* begun so far */
	bool failed;		/* the rule cannot be made: it is in diags */
	bool no_memory;
};

/*
 * Room for one more in an array of elements of `size`; false: no memory. Then
 * b->no_memory is set, and nobody needs to look at it before the end.
 */
bool rulebuild_grow(struct rulebuild *b, void *array, uint32_t *cap, uint32_t n, size_t size);
#define RULEBUILD_GROW(b, array, n, member) \
	rulebuild_grow(b, &(b)->out->array, &(b)->cap.member, n, sizeof(*(b)->out->array))

/* ---- rulename.c: fields ------------------------------------------------------------*/

/* The field of that name for the events at work; UINT32_MAX: failed, or no memory. */
uint32_t rulename_field(struct rulebuild *b, const char *name, const struct ruleplace *at);
uint32_t rulename_keywords(struct rulebuild *b);
/* Does the name stand for that field of ours? */
bool rulename_is(const struct rulebuild *b, const char *name, const char *ours);
/*
 * The words, with blanks between, that the name stands for in these events, whatever they
 * hold; NULL: it is a field.
 */
const char *rulename_constant(const struct rulebuild *b, const char *name);
/* False: a number, address or the like. Fields that we have not are texts. */
bool rulename_is_text(const struct rulebuild *b, uint32_t field);
bool rulename_is_number(const struct rulebuild *b, uint32_t field);
bool rulename_is_address(const struct rulebuild *b, uint32_t field);

/* ---- rulebits.c: texts, and the automata of all fields -------------------------------*/

struct rulebits *rulebits_new(void);
/* One bit for all of these; UINT32_MAX: no memory, or too many. */
uint32_t rulebits_get(struct rulebuild *b, uint32_t field, bool cased,
		      const struct rulestring *strings, uint32_t n);
/* The more, the rarer are its texts. */
double rulebits_weight(const struct rulebuild *b, uint32_t bit);
/* Makes the automata. */
bool rulebits_build(struct rulebuild *b);
void rulebits_free(struct rulebits *bits);

/* ---- rulepattern.c: automata that there are --------------------------------------------*/

struct rulepatterns *rulepatterns_new(void);
/*
 * The number of the automaton for a regular expression or a glob, for the caller to fill in
 * if it is MATCH_NONE: there is none yet. NULL: no memory.
 */
uint32_t *rulepatterns_get(struct rulebuild *b, const struct sigma_test *t, uint32_t field);
void rulepatterns_free(struct rulepatterns *patterns);

/* ---- ruleleaf.c: tests ---------------------------------------------------------------*/

/* The texts of a leaf, if an automaton of all texts can find it; false: it cannot. */
bool ruleleaf_string(const struct rulebuild *b, const struct sigma_test *t, uint32_t field,
		     struct rulestring *out);
/* A test of what is the same in all of these events. */
bool ruleleaf_holds(const struct sigma_test *t, const char *words);
/* Appends the operations for a leaf. */
void ruleleaf_emit(struct rulebuild *b, const struct sigma_test *t);
/* Appends a test as an operation. */
void ruleleaf_test(struct rulebuild *b, const struct match_test *t);
void rulebuild_op(struct rulebuild *b, enum match_op kind, uint32_t n);
/* The program is for user space. */
void rulebuild_user(struct rulebuild *b, const char *why);

/* ---- rulenumber.c --------------------------------------------------------------------*/

/* A glob without wildcards that is written as numbers are. */
bool rulenumber_decimal(const struct sigma_glob *g, int64_t *out);
/* A user of this host; and one whose name is a glob without wildcards. */
bool rulenumber_uid(const char *name, uint32_t *uid);
bool rulenumber_user(const struct sigma_glob *g, uint32_t *uid);
/* An address as a test. */
bool rulenumber_address(const struct sigma_glob *g, struct match_test *out);
/*
 * A word or text that stands for a number in the sensor's own events: a device, a mode, a
 * value with a name. False: it does not, or the events are those of a test, which are texts.
 */
bool rulenumber_behind(const struct rulebuild *b, const struct sigma_test *t, uint32_t field,
		       struct match_test *m);

/* ---- rulescope.c ---------------------------------------------------------------------*/

/* Behind the operations of the condition. */
void rulescope_emit(struct rulebuild *b);

/* ---- ruleguard.c ---------------------------------------------------------------------*/

/*
 * The guards of all programs: bits of which one is set, or unknown, wherever the program can
 * be true. Found in its operations; makes the lists that bits and fields point into.
 */
bool ruleguard_all(struct rulebuild *b);
