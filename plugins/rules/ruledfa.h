/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Automata for single patterns: regular expressions, and globs with wildcards inside.
 * They are run only where the rest of a rule is already true. One thread.
 *
 * A pass begins in state 0 and takes each byte: s = next[s * n_classes + class[byte]],
 * then the text's end: class `end`. The pattern is found if s is RULEDFA_FOUND then; that
 * state is never left, and RULEDFA_DEAD neither.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigma.h"

#define RULEDFA_FOUND	1u
#define RULEDFA_DEAD	2u

struct ruledfa {
	uint32_t n_states, n_classes;
	uint32_t end;		/* a class of its own */
	uint8_t class[256];
	uint16_t *next;
};

struct ruledfa_limits {
	uint32_t max_states;	/* at most 65535 */
	uint32_t max_work;	/* a 64th of what all sets of states may hold together */
};

/* Why there is none. Positive: the pattern's fault, or that of the limits. */
enum ruledfa_error {
	RULEDFA_OK,
	RULEDFA_NO_MEMORY = -1,
	RULEDFA_BAD = 1,	/* not a regular expression: *why says what, *at where */
	RULEDFA_UNSUPPORTED,	/* one, but of no regular language: look-around, \1, ... */
	RULEDFA_TOO_LARGE,
};

struct ruledfa_why {
	const char *text;	/* a constant */
	uint32_t at;		/* offset in the pattern */
};

/*
 * Found anywhere, as PCRE would in UTF-8 mode over text that may not be valid: a byte that
 * cannot begin a character is one that only `.`, \N and negated classes match; one that
 * begins a character which does not go on matches nothing.
 * flags: enum sigma_re_flags; (?i) and its like inside count as well.
 */
int ruledfa_regex(const char *regex, size_t len, uint32_t flags,
		  const struct ruledfa_limits *limits, struct ruledfa *out,
		  struct ruledfa_why *why);
/* Compared with the whole text; folded as sigma_test.cased says. */
int ruledfa_glob(const struct sigma_glob *glob, bool cased, const struct ruledfa_limits *limits,
		 struct ruledfa *out);
#define RULEDFA_TEXTS	8u
#define RULEDFA_TEXT	64u	/* bytes */

struct ruledfa_texts {
	uint32_t n;
	uint32_t len[RULEDFA_TEXTS];
	char text[RULEDFA_TEXTS][RULEDFA_TEXT];
};

/*
 * Long texts one of which, in any case, is in every text that matches: if none of them is
 * there, the automaton need not be run. n is 0: nothing is known.
 */
void ruledfa_literal(const char *regex, size_t len, uint32_t flags, struct ruledfa_texts *out);
/* Bytes of the shortest; 0: there is none. */
uint32_t ruledfa_shortest(const struct ruledfa_texts *s);
/* The longest text that is in every text that matches; its length, at most `size`; or 0. */
size_t ruleglob_literal(const struct sigma_glob *glob, char *text, size_t size);
bool ruledfa_run(const struct ruledfa *dfa, const void *text, size_t len);
void ruledfa_fini(struct ruledfa *dfa);
