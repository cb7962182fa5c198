/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the reader share. A function that fails has said why in diags, or the
 * arena's `failed` is set. Names of functions begin with those of their files.
 */
#pragma once

#include "rulearena.h"
#include "sigma.h"
#include "yamltree.h"

#define SIGMA_MEMORY	((size_t)1 << 30)	/* of a set */
#define SIGMA_BYTES	(8u << 20)	/* of what modifiers make of a rule's values */
#define SIGMA_VALUE_MAX	(64u << 10)
#define SIGMA_FILTERS	4096u	/* of a set */
#define SIGMA_NAMES	256u	/* selections of a rule */
#define SIGMA_NAME_MAX	128u
#define SIGMA_COND_MAX	4096u	/* bytes of a rule's conditions */
#define SIGMA_COND_DEPTH 32u
#define SIGMA_CHAIN	16u	/* modifiers of a field */
#define SIGMA_FIELD_MAX	256u

struct sigma_list {
	const struct sigma_expr **of;
	uint32_t n, cap;
};

/* With how many tests are in it, of which one may be there several times. */
struct sigma_weighed {
	const struct sigma_expr *expr;
	uint32_t n_values;
};

/* What stands behind rules, correlations and filters. */
struct sigma_rule_own {
	struct sigma_rule rule;
	uint32_t n_values;
	struct sigma_list parts;	/* its own expression and filters, if there are any */
};

struct sigma_correlation_own {
	struct sigma_correlation correlation;
	uint32_t round;		/* one more than those of the correlations that it refers to */
};

struct sigma_filter {
	struct sigma_meta meta;
	struct sigma_logsource logsource;
	struct sigma_weighed cond;
	bool is_for_all;
	uint32_t n_refs;
	struct sigma_ref *refs;
};

struct sigma_own {
	struct sigma_set set;
	struct sigma_conf conf;
	struct rulearena arena;
	uint32_t rules_cap, correlations_cap, filters_cap;
	uint32_t n_filters;
	struct sigma_filter **filters;
};

/* A document that is being read. */
struct sigma_reader {
	struct sigma_own *own;
	struct rulearena *arena;	/* the set's */
	struct rulediags *diags;
	const char *file;
	const char *rule;		/* for messages */
	uint32_t n_values;		/* so far */
	size_t n_bytes;			/* of values that modifiers made */
};

/* -1; `at` is a place. */
#define SIGMA_ERROR(r, at, ...) rulediag_error((r)->diags, (at), (r)->rule, __VA_ARGS__)
#define SIGMA_WARN(r, at, ...) rulediag_warn((r)->diags, (at), (r)->rule, __VA_ARGS__)

/* ---- sigmatake.c: scalars, words and maps of YAML --------------------------------*/

struct sigma_key {
	const char *name;
	unsigned id;
};

/* Index of text in n words; -1: none. */
int sigmatake_word(const char *text, const char *const *words, unsigned n);
/* "a, b or c" for messages, cut to size. */
const char *sigmatake_list(const char *const *words, unsigned n, char *buf, size_t size);
/*
 * A scalar's text in the set's arena; NULL: it is none (told; what: "title"), or nothing
 * (told only if it `must` be there).
 */
const char *sigmatake_text(struct sigma_reader *r, const struct yamltree *node,
			   const char *what, bool must);
/* A scalar or a list of scalars, none of them nothing. */
int sigmatake_words(struct sigma_reader *r, const struct yamltree *node, const char *what,
		    struct sigma_words *out);
int sigmatake_bool(struct sigma_reader *r, const struct yamltree *node, const char *what,
		   bool *out);
int sigmatake_u32(struct sigma_reader *r, const struct yamltree *node, const char *what,
		  uint32_t least, uint32_t most, uint32_t *out);
/* A number and a unit: 90m; nothing but what fits, and not 0. */
int sigmatake_time(struct sigma_reader *r, const struct yamltree *node, const char *what,
		   uint64_t *ns);
/*
 * Tells what is no map, and keys that are none of n; `over` is what they are below.
 */
int sigmatake_map(struct sigma_reader *r, const struct yamltree *node, const char *over,
		  const char *const *keys, unsigned n);

/* ---- sigmaexpr.c: nodes of expressions; NULL: no memory --------------------------*/

bool sigmaexpr_add(struct sigma_reader *r, struct sigma_list *list,
		   const struct sigma_expr *one);
/* Of one alone, that one. The list must not be empty. */
const struct sigma_expr *sigmaexpr_join(struct sigma_reader *r, enum sigma_node node,
					const struct sigma_list *list,
					const struct ruleplace *at);
const struct sigma_expr *sigmaexpr_not(struct sigma_reader *r, const struct sigma_expr *one);
const struct sigma_expr *sigmaexpr_name(struct sigma_reader *r, const char *name,
					const struct sigma_expr *one,
					const struct ruleplace *at);
/* Counts it among the rule's values, of which there may be too many. */
const struct sigma_expr *sigmaexpr_leaf(struct sigma_reader *r, const struct sigma_test *test);

/* ---- sigmadetect.c, sigmacond.c --------------------------------------------------*/

struct sigma_name {
	const char *name;
	const char *called;	/* in expressions */
	struct sigma_weighed is;
	struct ruleplace place;
	bool is_used;
};

struct sigma_names {
	uint32_t n, cap;
	struct sigma_name *of;
	const char *prefix;	/* of what they are called; NULL: none */
};

/* One key of `detection`. NULL: it is wrong. */
const struct sigma_expr *sigmadetect_selection(struct sigma_reader *r,
					       const struct yamltree *node);
/*
 * All keys of a map but those of `others`, and its condition over them; only one if it is
 * a filter's. 0: *out holds.
 */
int sigmadetect_all(struct sigma_reader *r, const struct yamltree *map, const char *over,
		    const char *const *others, unsigned n_others, bool one_condition,
		    const char *prefix, struct sigma_weighed *out);
/* A text with a condition, or a list of them, one of which has to hold. 0: *out holds. */
int sigmacond_read(struct sigma_reader *r, const struct yamltree *node, bool only_one,
		   struct sigma_names *names, struct sigma_weighed *out);

/* ---- documents -------------------------------------------------------------------*/

void sigmameta_read(struct sigma_reader *r, const struct yamltree *doc,
		    struct sigma_meta *out);
void sigmameta_logsource(struct sigma_reader *r, const struct yamltree *doc,
			 struct sigma_logsource *out);
/* Title, else id; NULL: neither can be read. */
const char *sigmameta_called(struct sigma_reader *r, const struct yamltree *doc);

void sigmaweir_read(struct sigma_reader *r, const struct yamltree *doc, bool is_correlation,
		    struct sigma_weir *out);
void sigmaset_read(struct sigma_reader *r, const struct yamltree *node,
		   struct sigma_weir *out);
void sigmacorr_read(struct sigma_reader *r, const struct yamltree *doc,
		    struct sigma_correlation *out);
/* What others are called by. -1: it is wrong. */
int sigmacorr_refs(struct sigma_reader *r, const struct yamltree *node, const char *what,
		   struct sigma_ref **refs, uint32_t *n);

/* ---- sigmaref.c ------------------------------------------------------------------*/

/* Who has which id or name. */
struct sigma_index;

/* Tells and refuses what has an id or name of another. NULL: no memory. */
struct sigma_index *sigmaref_index(struct sigma_own *own);
/* What a reference means, into it, even if that is refused; false: nothing. */
bool sigmaref_find(const struct sigma_index *index, struct sigma_ref *ref);

/* ---- sigmachain.c ----------------------------------------------------------------*/

/* What correlations refer to; those for which that is nothing good are refused. */
void sigmachain_link(struct sigma_own *own, const struct sigma_index *index);
