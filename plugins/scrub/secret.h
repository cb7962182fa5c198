/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds secrets in a text or in arguments, in one pass: secret_begin(), then
 * secret_next() until it says that there are no more. What is found comes in
 * order, does not overlap, is never empty and never holds a NUL. No memory; the
 * text has to stay as it is meanwhile. The time is linear in the text's length.
 */
#pragma once

#include "secretkey.h"
#include "secretprog.h"

#define SECRET_KEEP	4u	/* bytes that are shown of a long key */
#define SECRET_STARS	3u

/* What told that it is one. */
enum secret_rule {
	SECRET_ASSIGNED,	/* key=value, key: value, "key":"value" */
	SECRET_OPTION,		/* --key value */
	SECRET_PROGRAM,		/* -pVALUE of a program that is known */
	SECRET_URL,		/* user:password@ */
	SECRET_TOKEN,		/* its own looks */
	SECRET_PEM,
	SECRET_RULE__MAX
};

struct secret_range {
	uint32_t off, len;
	enum secret_rule rule;
	bool keep;		/* its last bytes may be shown */
};

enum secret_flags {
	SECRET_LINE = 1,	/* a command line as a shell reads it */
	SECRET_CUT = 2,		/* the text goes on, but is not here */
};

/* Whose arguments these are. */
struct secret_prog {
	const struct secretprog *prog;	/* NULL: nobody who is known */
	bool armed;			/* its sub-command was named, or it has none */
};

struct secret_scan {
	const struct secretkeys *keys;
	const char *p;
	uint32_t len;
	uint32_t at;		/* what is before has been looked at */
	uint32_t arg;		/* where the argument begins, which a NUL ends */
	uint32_t word;		/* the same for blanks, quotes and NULs */
	uint32_t plain_end;	/* up to here goes a value that is no key */
	uint32_t no_user_end;	/* up to here a word has no @ */
	bool cut, line, fresh;	/* fresh: at a word that nobody has looked at */
	bool is_line;		/* the text as a whole is one */
	bool line_next;		/* sh -c: the next argument is one */
	char quote;		/* that is open here */
	struct secret_prog cur, top;	/* here; and of the arguments as a whole */
	uint8_t value_of;	/* enum secret_class: of the name of each argument */
	/* What the next word is: */
	uint8_t wanted;		/* enum secret_class; NONE: nothing special */
	char wanted_after;	/* only what follows this; 0: all of it */
	uint8_t wanted_rule;	/* enum secret_rule */
};

/*
 * Several texts that each end with a NUL are arguments of one program. `value_of`:
 * the class of the name whose value the text, or each argument, is; else NONE.
 */
void secret_begin(struct secret_scan *s, const struct secretkeys *keys, const void *p,
		  uint32_t len, uint32_t flags, enum secret_class value_of);
bool secret_next(struct secret_scan *s, struct secret_range *r);
/* What takes its place, at most r->len bytes: *** or ***abcd. How many bytes. */
uint32_t secret_mask(const struct secret_range *r, const void *p, void *out);
