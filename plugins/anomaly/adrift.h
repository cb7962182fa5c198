/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is new in a version of a workload while another one is stable: gathered, and told
 * at once after a while. Time is that of the events. Bounded, one thread.
 */
#pragma once

#include "afacts.h"

#define ADRIFT_REPORTS	64u
#define ADRIFT_ROWS	64u	/* things that are told of a version; others are counted */
#define ADRIFT_ITEM	160u	/* bytes of one */

struct adrift_row {
	char type[16];
	char kind[16];
	char item[ADRIFT_ITEM];
	char process[ADRIFT_ITEM];
};

struct adrift_report {
	char profile[256];
	char version[128];
	uint64_t begun_ns;
	uint64_t n;		/* things that are new */
	uint32_t n_rows;
	struct adrift_row rows[ADRIFT_ROWS];
};

struct adrift {
	uint64_t after_ns;
	uint32_t n;
	struct adrift_report *reports[ADRIFT_REPORTS];
};

/* False: there is no room for another version. */
bool adrift_note(struct adrift *d, const struct afacts *f);
/* One that is to be told, and then ended; NULL: none. */
struct adrift_report *adrift_due(struct adrift *d, uint64_t now_ns);
void adrift_end(struct adrift *d, struct adrift_report *r);
void adrift_fini(struct adrift *d);
