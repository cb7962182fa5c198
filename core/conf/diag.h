/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a configuration: all of it, each with its place, so that
 * one run shows every mistake. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

struct diag_item {
	enum diag_severity severity;
	int line;		/* 0: of the file as a whole */
	char *file;		/* NULL: of no file */
	char *text;
};

/* All zero is an empty one. */
struct diag {
	struct diag_item *items;
	size_t n;
	size_t cap;
	size_t n_errors;	/* counts those too that found no memory */
};

/*
 * Adds a line; control characters in it are escaped. `file` is copied and may
 * be NULL. diag_error returns -EINVAL, for `return diag_error(...)`.
 */
__attribute__((format(printf, 4, 5)))
int diag_error(struct diag *d, const char *file, int line, const char *fmt, ...);
__attribute__((format(printf, 4, 5)))
void diag_warn(struct diag *d, const char *file, int line, const char *fmt, ...);

/* "file:line: text" into buf, cut to its size. */
void diag_format(const struct diag_item *it, char *buf, size_t size);
/* Every item as one line of the log. */
void diag_log(const struct diag *d);
/* Frees the items; *d is empty and can be used again. */
void diag_fini(struct diag *d);
