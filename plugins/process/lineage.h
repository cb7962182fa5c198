/* SPDX-License-Identifier: Apache-2.0 */
/* The ancestors of a process as rows that can be set on an event. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <weir/plugin.h>

struct proc;
struct proctab;

enum lineage_state { LINEAGE_COMPLETE, LINEAGE_BROKEN, LINEAGE_CUT };

enum lineage_col {
	LINEAGE_KEY,
	LINEAGE_PID,
	LINEAGE_NAME,
	LINEAGE_EXE,
	LINEAGE_N_COLS
};

struct lineage {
	uint64_t gen;
	enum lineage_state state;
	uint32_t keep;		/* 1: it can only become wrong by a new generation */
	struct weir_list list;
	struct weir_value rows[];
};

static inline size_t lineage_size(uint32_t n)
{
	return sizeof(struct lineage) +
	       (size_t)n * LINEAGE_N_COLS * sizeof(struct weir_value);
}

/* From p itself to the root; valid until the table changes. */
const struct lineage *lineage_get(struct proctab *t, struct proc *p);
void lineage_drop(struct proctab *t, struct proc *p);
