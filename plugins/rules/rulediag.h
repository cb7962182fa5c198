/* SPDX-License-Identifier: Apache-2.0 */
/* Where something stands in a rule file, and what is wrong there. One thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* line and col count from 1; line 0: the file as a whole. */
struct ruleplace {
	const char *file;
	uint32_t line, col;
};

enum rulediag_level {
	RULEDIAG_ERROR,		/* the rule is refused */
	RULEDIAG_WARNING,	/* it can hardly be what was meant */
	RULEDIAG_NOTE,
};

struct rulediag {
	enum rulediag_level level;
	struct ruleplace place;
	char *text;		/* what is wrong, and how to mend it; one line */
	const char *rule;	/* its title or id; NULL: not known yet */
};

/* All zero is an empty one; in the order of what was read. */
struct rulediags {
	uint32_t n, cap, n_errors;
	struct rulediag *items;
};

/* -1, for `return rulediag_error(...)`. Control characters become \xHH. */
__attribute__((format(printf, 4, 5)))
int rulediag_error(struct rulediags *d, const struct ruleplace *at, const char *rule,
		   const char *fmt, ...);
__attribute__((format(printf, 4, 5)))
void rulediag_warn(struct rulediags *d, const struct ruleplace *at, const char *rule,
		   const char *fmt, ...);
/* "file:line:col: error: rule: text", cut to size. */
void rulediag_format(const struct rulediag *it, char *buf, size_t size);
void rulediag_fini(struct rulediags *d);
