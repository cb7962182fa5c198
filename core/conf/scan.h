/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of one file on their way into a struct text. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct text;

/* One file that is being read, and those which include it. */
struct source {
	const struct source *up;
	const char *file;
	const char *p, *end;
	int line;
	bool bol;		/* only blanks so far in this line */
	bool may_include;
	dev_t dev;
	ino_t ino;
};

/* Reads from p to end; what is wrong goes to the diag of the text. */
void scan_source(struct text *t, struct source *s);
