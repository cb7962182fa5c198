/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma rules as they are read: what a file says, with modifiers, lists, maps,
 * conditions and filters resolved to one expression a rule. What fields and event
 * types they mean is not known here. One thread; everything in a set lives in its
 * arena until sigma_free(); texts are not ended by a NUL unless they are `char *`.
 *
 *	struct sigma_set *set = sigma_new(&conf);
 *
 *	for each file
 *		sigma_read(set, name, bytes, n);
 *	sigma_link(set);
 *	... set->rules, set->correlations, set->diags ...
 *	sigma_free(set);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rulediag.h"

/* ---- values ----------------------------------------------------------------------*/

enum sigma_part_kind {
	SIGMA_LITERAL,		/* these bytes */
	SIGMA_ANY,		/* `*`: any bytes, or none */
	SIGMA_ONE,		/* `?`: one character (of UTF-8; of other text one byte) */
};

struct sigma_part {
	enum sigma_part_kind kind;
	uint32_t len;		/* of a LITERAL, at least 1 */
	const char *text;
};

/*
 * A whole field is compared with the parts in order. No two LITERAL and no two ANY
 * follow each other. No parts: the empty text. One ANY alone: any text, an empty one
 * too.
 */
struct sigma_glob {
	uint32_t n;
	const struct sigma_part *parts;
};

/* What a plain scalar of YAML was; text compares with all kinds of fields. */
enum sigma_scalar { SIGMA_STRING, SIGMA_INT, SIGMA_FLOAT, SIGMA_BOOL };

enum sigma_op {
	SIGMA_TEXT,		/* glob; a field that is no text by its text, 22 as "22" */
	SIGMA_RE,		/* regex, searched anywhere */
	SIGMA_CIDR,
	SIGMA_LT, SIGMA_LTE, SIGMA_GT, SIGMA_GTE,	/* number */
	SIGMA_ABSENT,		/* null: the field is absent or null */
	SIGMA_PRESENT,		/* exists: true; `exists: false` is NOT of it */
	SIGMA_FIELDREF,		/* another field's value, as data */
	SIGMA_TIMEPART,		/* number: that part of a point of time, UTC */
	SIGMA_OP__MAX
};

enum sigma_re_flags { SIGMA_RE_I = 1, SIGMA_RE_M = 2, SIGMA_RE_S = 4 };
/* Where in the field the other field's value has to be. */
enum sigma_position { SIGMA_WHOLE, SIGMA_STARTS, SIGMA_ENDS, SIGMA_CONTAINS };
enum sigma_timepart { SIGMA_MINUTE, SIGMA_HOUR, SIGMA_DAY, SIGMA_WEEK, SIGMA_MONTH, SIGMA_YEAR };

struct sigma_cidr {
	uint8_t family;		/* 4 or 6 */
	uint8_t bits;
	uint8_t addr[16];	/* in network order; of family 4 the first four; no host bits */
};

/* A leaf: a test of one field. */
struct sigma_test {
	enum sigma_op op;
	bool cased;		/* else case does not matter, of any alphabet (simple folding) */
	bool keyword;		/* in any field: field is NULL */
	enum sigma_scalar scalar;	/* TEXT: what it was written as */
	struct ruleplace place;	/* of the value */
	const char *field;	/* as written, without modifiers */
	struct sigma_glob glob;
	const char *regex;	/* RE: as written, a NUL behind */
	uint32_t regex_len, re_flags;
	struct sigma_cidr cidr;
	double number;		/* LT to GTE, TIMEPART */
	int64_t integer;	/* the same, if is_integer */
	bool is_integer;
	enum sigma_timepart part;
	const char *other;	/* FIELDREF: the other field */
	enum sigma_position position;
	/* The value and its chain of modifiers as written, for reports: `contains|all: x`. */
	const char *written;
	bool has_modifiers;	/* `written` begins with them */
};

/* ---- expressions -----------------------------------------------------------------*/

#define SIGMA_DEPTH	160u	/* no expression has more nodes above each other */

enum sigma_node {
	SIGMA_AND, SIGMA_OR,	/* of n >= 1 others */
	SIGMA_NOT,		/* of one */
	SIGMA_LEAF,
	SIGMA_SELECTION,	/* of one: stands for a name of `detection` */
};

/*
 * A selection that the condition names several times is the same node several times. All
 * together have at most sigma_conf.max_values leaves, those of shared ones each time.
 */
struct sigma_expr {
	enum sigma_node node;
	uint32_t n;
	const struct sigma_expr *const *of;
	const struct sigma_test *test;	/* LEAF */
	const char *name;		/* SELECTION; of a filter: "filter title: name" */
	struct ruleplace place;
};

/* ---- rules -----------------------------------------------------------------------*/

struct sigma_logsource {
	const char *category, *product, *service;	/* NULL: not given */
	struct ruleplace place;
};

enum sigma_level { SIGMA_LEVEL_NONE, SIGMA_INFORMATIONAL, SIGMA_LOW, SIGMA_MEDIUM, SIGMA_HIGH,
	SIGMA_CRITICAL };

struct sigma_words {
	uint32_t n;
	const char *const *word;
};

/* What all documents with an id or a title have. */
struct sigma_meta {
	const char *id, *name, *title, *status, *description, *author, *date, *modified, *license;
	enum sigma_level level;
	struct sigma_words tags, references, falsepositives, fields;
	struct ruleplace place;		/* of the document */
};

enum sigma_action { SIGMA_OBSERVE, SIGMA_EXCLUDE, SIGMA_BLOCK, SIGMA_KILL, SIGMA_BLOCK_KILL,
	SIGMA_BLOCK_KILL_PARENT };
enum sigma_scope { SIGMA_SCOPE_GLOBAL, SIGMA_SCOPE_PROCESS, SIGMA_SCOPE_CONTAINER,
	SIGMA_SCOPE_USER };

/* `weir: set:` what a match does to variables; as the columns of `variables`. */
struct sigma_set_variable {
	const char *name, *op, *type, *value;	/* op: set, append, unset, expire */
	enum sigma_scope scope;
	uint64_t ttl_ns;		/* 0: none */
	bool inherit, is_private;
	struct ruleplace place;
};

/* `weir:` of a rule; all zero: it only observes. */
struct sigma_weir {
	enum sigma_action action;
	bool dry_run;
	bool block_unknown;	/* a cut field that might match counts as one that does */
	bool unless_in_profile;	/* not told of what a stable profile knows */
	/* Only where one of each list that is not empty holds; paths and cgroups: beginnings. */
	uint32_t n_uids;
	const uint32_t *uids;
	struct sigma_words users, cgroups, containers, paths;
	uint32_t per_minute, targets;	/* the budget; 0: without */
	uint32_t n_sets;
	const struct sigma_set_variable *sets;
	struct ruleplace place;
};

struct sigma_rule {
	struct sigma_meta meta;
	struct sigma_logsource logsource;
	const struct sigma_expr *expr;	/* with the filters that apply */
	struct sigma_weir weir;
	bool quiet;		/* only for correlations, none of which asks for it alone */
	bool refused;		/* it has an error and is to be left out */
};

enum sigma_correlation_type { SIGMA_EVENT_COUNT, SIGMA_VALUE_COUNT, SIGMA_TEMPORAL,
	SIGMA_TEMPORAL_ORDERED, SIGMA_VALUE_SUM, SIGMA_VALUE_AVG, SIGMA_VALUE_PERCENTILE };

/* A group-by field that rules call by names of their own. */
struct sigma_alias {
	const char *name;
	uint32_t n;
	struct { const char *rule, *field; } *of;
};

struct sigma_bound {
	enum sigma_op op;	/* LT to GTE; TEXT: equal; ABSENT: not equal */
	double number;
};

/* What a correlation refers to: a rule, or another correlation. */
struct sigma_ref {
	const char *text;	/* id or name, as written */
	const struct sigma_rule *rule;
	const struct sigma_correlation *correlation;
	struct ruleplace place;
};

struct sigma_correlation {
	struct sigma_meta meta;
	enum sigma_correlation_type type;
	uint32_t n_refs;
	struct sigma_ref *refs;
	struct sigma_words group_by;
	uint32_t n_aliases;
	const struct sigma_alias *aliases;
	uint64_t timespan_ns;
	/* All have to hold; of a temporal one for how many of its rules: all, unless it says. */
	uint32_t n_bounds;
	const struct sigma_bound *bounds;
	const char *field;		/* VALUE_*: whose values */
	double percentile;
	bool generate;			/* what it refers to is told by itself, too */
	struct sigma_weir weir;		/* set and action observe only */
	bool quiet, refused;
};

/* ---- sets ------------------------------------------------------------------------*/

struct sigma_conf {
	/*
	 * Lines of the file for a placeholder `%name%`, of n words in *out, which stay there
	 * until sigma_read() returns; false: there is none.
	 */
	bool (*expand)(void *arg, const char *name, struct sigma_words *out);
	void *arg;
	/* 0: the default. */
	uint32_t max_rules;	/* 65536 */
	uint32_t max_values;	/* of a rule, after modifiers: 65536 */
};

struct sigma_set {
	uint32_t n_rules, n_correlations;
	struct sigma_rule *const *rules;
	struct sigma_correlation *const *correlations;
	struct rulediags diags;
	/* the rest is sigma's own */
};

/* NULL: no memory. */
struct sigma_set *sigma_new(const struct sigma_conf *conf);
/*
 * Reads a file's bytes: rules, correlations, filters, in any number of documents; with
 * `action: global`, `reset`, `repeat`. What is wrong is in set->diags; the rule that has
 * it is there, marked as refused, if so much of it could be read. -1: no memory; else
 * how many of the documents were refused.
 */
int sigma_read(struct sigma_set *set, const char *name, const void *bytes, size_t n);
/*
 * Once, after the last file: applies filters, finds what correlations refer to, marks ids
 * that are there twice. -1: no memory.
 */
int sigma_link(struct sigma_set *set);
struct sigma_set *sigma_free(struct sigma_set *set);
