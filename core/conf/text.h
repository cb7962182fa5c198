/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a configuration file as the parser gets it: includes put in,
 * comments taken out, every whole number a checked 64-bit one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct diag;
struct mem;
struct source;
struct text_run;

struct text {
	char *buf;		/* ends with NUL */
	size_t len, cap;
	struct text_run *runs;
	size_t n_runs;
	int n_lines;		/* line ends written */
	int n_includes;
	int depth;		/* of brackets */
	bool cut;		/* a file was not read to its end: do not parse */
	bool oom;
	struct mem *mem;	/* keeps the names of files */
	struct diag *d;
};

/* `mem` must live as long as file names that text_where gives are used. */
void text_init(struct text *t, struct mem *mem, struct diag *d);
/*
 * Adds a file, or n bytes which are told to be that file (and may then not
 * include others). What is wrong goes to the diag, and reading goes on.
 * 0; -ENOMEM; or another errno when there is no text at all.
 */
int text_add_file(struct text *t, const char *path);
int text_add_bytes(struct text *t, const char *name, const char *p, size_t n);
/* Where a line of buf, from 1, comes from. */
void text_where(const struct text *t, int line, const char **file, int *at);
void text_fini(struct text *t);

/*
 * For the scanner: adds bytes; says that what follows comes from this line;
 * adds another file in the place of s->line. No memory sets `oom`.
 */
void text_put(struct text *t, const char *p, size_t n);
void text_mark(struct text *t, const char *file, int line);
void text_include(struct text *t, struct source *s, const char *name);
