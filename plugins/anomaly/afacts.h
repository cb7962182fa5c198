/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be said of one thing that a profile does not know. Texts end with a NUL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define AFACTS_TEXT	512u

struct afacts {
	char profile[256];	/* image:web */
	char version[128];
	char type[16];
	char item[AFACTS_TEXT];
	char item_kind[16];
	char item_id[24];	/* "": none */
	char process[AFACTS_TEXT];	/* "": none */
	char near[AFACTS_TEXT];
	char program[32];	/* the acting process's name */
	bool process_known;
	uint64_t programs;
	uint64_t events;
	uint64_t age_s;
	uint64_t time_ns;	/* of the event */
};
