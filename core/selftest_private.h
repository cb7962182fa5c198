/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the self test, for its files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <weir/wire.h>

#include "selftest.h"
#include "source/source.h"

#define SELFTEST_WHY	96u
#define SELFTEST_PATH	192u

/* ---- selftest_plan.c: what can be tried. No I/O -----------------------------------------*/

/* Who will do it. */
struct selftest_who {
	uint32_t uid;
	const char *comm;
	const char *exe;
	const char *folder;	/* the beginning of it */
	const char *cgroup;	/* path in the unified hierarchy; "": not known */
};

/* Types that are asked for are either tried or skipped. */
struct selftest_plan {
	uint64_t tried;
	uint64_t skipped;
	char why[WEIR_EV_KERNEL_MAX][SELFTEST_WHY];	/* of the skipped */
};

void selftest_plan(const struct source_bpf_conf *conf, const struct source_hook *hooks,
		   const struct selftest_who *who, struct selftest_plan *out);
void selftest_skip(struct selftest_plan *p, unsigned type, const char *why);
/* A line of the helper: type, tab, ok or why not. What it says of others is passed over. */
void selftest_line(struct selftest_plan *p, char *line, uint64_t *done);
/* "exec"; NULL: there is no such type of the kernel. */
const char *selftest_type(unsigned type);

/* ---- selftest_run.c: once ------------------------------------------------------------------*/

struct selftest_run {
	struct source *source;
	struct collector *collector;
	const char *helper;
	const char *folder;	/* its beginning; six characters are added */
	int stop;		/* eventfd: give up */
};

/*
 * Tries what the plan says and moves what could not be tried to the skipped
 * ones. 0 and the types that came; or -1: it could not run, and why.
 */
int selftest_run(const struct selftest_run *run, struct selftest_plan *plan, uint64_t *seen,
		 char why[SELFTEST_WHY]);
