/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program over an event: the part that is paid for every event. */
#pragma once

#include "program.h"
#include "writer.h"

struct encode_mark {
	uint32_t field;
	uint32_t list;		/* enum program_mark */
};

struct encode {
	const struct program_set *set;
	int (*grow)(struct weir_buf *buf, size_t need);
	struct writer w;
	struct writer_dates dates;
	const struct weir_event *ev;
	struct encode_mark *marks;	/* at most two for each field */
	uint32_t n_marks;
	bool cut;		/* a part of the value at hand is cut */
	uint64_t n_marked, n_escaped;	/* events, for the counters */
};

/* -1: no memory. */
int encode_init(struct encode *e, const struct program_set *set,
		int (*grow)(struct weir_buf *buf, size_t need));
/* One line. 0, or -1 and nothing appended: unknown type, or no room in `out`. */
int encode_event(struct encode *e, const struct weir_event *ev, struct weir_buf *out);
void encode_fini(struct encode *e);
