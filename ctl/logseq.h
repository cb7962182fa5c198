/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether all events are there, by the numbers that each class gives to its own: a number that is
 * missing is a lost event, and `lost` events tell how many of them the sensor knows of. The rings
 * of the kernel may swap neighbours, so a number may come late.
 */
#pragma once

#include "logfaults.h"

#define LOGSEQ_RUNS	16u	/* sensors whose events are mixed, at a time */
#define LOGSEQ_CLASSES	3u

struct logseq_class {
	bool seen;
	uint64_t begin, next, told, n_late;
	struct logplace first;
	struct loggaps gaps;
};

/* One run of a sensor, from its start to its end. */
struct logseq_run {
	uint64_t base;		/* what all ids have in common */
	bool first;		/* the first of the log: it may have begun before */
	struct logseq_class classes[LOGSEQ_CLASSES];
};

struct logseq {
	struct logfaults *faults;
	struct logseq_run runs[LOGSEQ_RUNS];
	unsigned n_runs, n_begun;
	uint64_t n_lines, n_numbered;
	uint64_t missing, told;		/* of all runs, at the end */
};

void logseq_init(struct logseq *s, struct logfaults *faults);
void logseq_line(struct logseq *s, const char *line, size_t len, struct logplace at);
void logseq_end(struct logseq *s);
void logseq_fini(struct logseq *s);
