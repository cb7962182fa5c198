/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a log, each with its place. Ranges of numbers that are missing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LOGFAULTS_MAX	1000u	/* told; the rest are counted */
#define LOGGAPS_MAX	65536u	/* beyond, the oldest cannot be filled any more */

struct logplace {
	const char *file;	/* as long as the check runs; NULL: the log as a whole */
	uint64_t line;
};

struct logfault {
	struct logplace at;
	bool note;		/* no fault, but to be known */
	size_t order;
	char *text;
};

/* All zero is an empty one. */
struct logfaults {
	struct logfault *faults;
	size_t n, cap;
	uint64_t n_faults, n_untold;
};

__attribute__((format(printf, 3, 4)))
void logfault_add(struct logfaults *f, struct logplace at, const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
void lognote_add(struct logfaults *f, struct logplace at, const char *fmt, ...);
/* Brings those of `files` into the order of the log. */
void logfaults_sort(struct logfaults *f, char *const *files, size_t n);
void logfaults_fini(struct logfaults *f);

/* "line 3", "lines 3 to 5" */
#define LOGRANGE_TEXT	80u
const char *logrange(const char *what, uint64_t from, uint64_t to, char text[LOGRANGE_TEXT]);

/* Numbers that did not come, and where it was noticed. */
struct loggap {
	uint64_t from, to;
	struct logplace at;
};

struct loggaps {
	struct loggap *gaps;
	size_t n, cap;
};

void loggap_add(struct loggaps *g, uint64_t from, uint64_t to, struct logplace at);
/* One of them comes after all. False: it was not missing. */
bool loggap_fill(struct loggaps *g, uint64_t number);
uint64_t loggaps_sum(const struct loggaps *g);
void loggaps_fini(struct loggaps *g);
