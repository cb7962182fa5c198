/* SPDX-License-Identifier: Apache-2.0 */
/* A key of a selection: the field and its chain of modifiers, `CommandLine|contains|all`. */
#pragma once

#include "sigmapriv.h"

enum sigmamod_id {
	SIGMAMOD_ALL, SIGMAMOD_NEQ,
	SIGMAMOD_CONTAINS, SIGMAMOD_STARTSWITH, SIGMAMOD_ENDSWITH,
	SIGMAMOD_CASED, SIGMAMOD_WINDASH, SIGMAMOD_EXPAND,
	SIGMAMOD_WIDE, SIGMAMOD_UTF16, SIGMAMOD_UTF16LE, SIGMAMOD_UTF16BE,
	SIGMAMOD_BASE64, SIGMAMOD_BASE64OFFSET,
	SIGMAMOD_RE, SIGMAMOD_I, SIGMAMOD_M, SIGMAMOD_S,
	SIGMAMOD_CIDR, SIGMAMOD_EXISTS, SIGMAMOD_FIELDREF,
	SIGMAMOD_LT, SIGMAMOD_LTE, SIGMAMOD_GT, SIGMAMOD_GTE,
	SIGMAMOD_MINUTE, SIGMAMOD_HOUR, SIGMAMOD_DAY, SIGMAMOD_WEEK, SIGMAMOD_MONTH,
	SIGMAMOD_YEAR,
	SIGMAMOD__MAX
};

#define SIGMAMOD_BIT(id)	(1u << SIGMAMOD_##id)
#define SIGMAMOD_SHAPES	(SIGMAMOD_BIT(CONTAINS) | SIGMAMOD_BIT(STARTSWITH) | \
			 SIGMAMOD_BIT(ENDSWITH))
#define SIGMAMOD_WIDES	(SIGMAMOD_BIT(WIDE) | SIGMAMOD_BIT(UTF16) | SIGMAMOD_BIT(UTF16LE) | \
			 SIGMAMOD_BIT(UTF16BE))
#define SIGMAMOD_BASES	(SIGMAMOD_BIT(BASE64) | SIGMAMOD_BIT(BASE64OFFSET))
#define SIGMAMOD_LISTS	(SIGMAMOD_BIT(ALL) | SIGMAMOD_BIT(NEQ))
#define SIGMAMOD_FLAGS	(SIGMAMOD_BIT(I) | SIGMAMOD_BIT(M) | SIGMAMOD_BIT(S))
#define SIGMAMOD_COMPARES (SIGMAMOD_BIT(LT) | SIGMAMOD_BIT(LTE) | SIGMAMOD_BIT(GT) | \
			 SIGMAMOD_BIT(GTE))
#define SIGMAMOD_TIMES	(SIGMAMOD_BIT(MINUTE) | SIGMAMOD_BIT(HOUR) | SIGMAMOD_BIT(DAY) | \
			 SIGMAMOD_BIT(WEEK) | SIGMAMOD_BIT(MONTH) | SIGMAMOD_BIT(YEAR))

struct sigmamod {
	const char *field;	/* NULL: any, the values are keywords */
	const char *chain;	/* as written, without the field */
	uint32_t set;		/* of SIGMAMOD_BIT */
	uint32_t n;
	enum sigmamod_id of[SIGMA_CHAIN];
};

/* Each modifier is known, and goes with all others. -1: told. */
int sigmamod_read(struct sigma_reader *r, const struct yamltree *key, struct sigmamod *out);

/* ---- sigmavalue.c ----------------------------------------------------------------*/

/* A value, or a list of values, under a key. NULL: told. */
const struct sigma_expr *sigmavalue_item(struct sigma_reader *r, const struct sigmamod *mod,
					 const struct yamltree *node);

/* ---- sigmaenc.c, sigmaexpand.c: one value becomes others -------------------------*/

struct sigma_values {
	struct sigma_glob *of;
	uint32_t n, cap;
};

/* false: no memory, or more than a rule may have, which is told. */
bool sigmaenc_add(struct sigma_reader *r, const struct yamltree *node,
		  struct sigma_values *values, const struct sigma_glob *one);
/* Replaces the values by what a modifier makes of them. false: told, or no memory. */
bool sigmaenc_apply(struct sigma_reader *r, enum sigmamod_id id, const struct yamltree *node,
		    struct sigma_values *values);
/* Each `%name%` by each line that it stands for. */
bool sigmaexpand_apply(struct sigma_reader *r, const struct yamltree *node,
		       struct sigma_values *values);

/* ---- sigmacidr.c -----------------------------------------------------------------*/

/* NULL; or what is wrong with it. */
const char *sigmacidr_parse(const char *text, struct sigma_cidr *out);
