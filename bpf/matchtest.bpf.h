/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What matchtest.bpf.c and who runs it share. */
#pragma once

#include "match.bpf.h"

#define MATCHTEST_FIELDS	1024u
#define MATCHTEST_TEXT		(1u << 20)	/* bytes, of all values of an event */

struct matchtest_event {
	struct match_image image;
	weir_u32 type;
	struct match_value values[MATCHTEST_FIELDS];	/* `at`: in text */
	weir_u8 text[MATCHTEST_TEXT];
};
