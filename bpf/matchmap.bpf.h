/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The matcher's image in maps, which are made for one image: their sizes are set when it
 * is loaded. Included by one unit of an object, before matchrun.bpf.h; it has defined
 * struct match.
 */
#pragma once

#include "match.bpf.h"

#define MATCH_MAP(name, value_type) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, 1); \
		__type(key, __u32); \
		__type(value, value_type); \
	} m_match_##name SEC(".maps");
MATCH_ARRAYS(MATCH_MAP)

#define MATCH_ELEMENT(type, name, array) \
	static __always_inline const type *name(const struct match *m, __u32 i) \
	{ \
		return bpf_map_lookup_elem(&m_match_##array, &i); \
	}
MATCH_ELEMENT(struct match_cell, match_cell, cells)
MATCH_ELEMENT(struct match_out, match_out, outs)
MATCH_ELEMENT(struct match_automaton, match_automaton, automata)
MATCH_ELEMENT(struct match_field, match_field, fields)
MATCH_ELEMENT(struct match_bit, match_bit, bits)
MATCH_ELEMENT(struct match_test, match_test, tests)
MATCH_ELEMENT(struct match_dfa, match_dfa, dfas)
MATCH_ELEMENT(struct match_rule, match_rule, rules)

#define MATCH_IN_ROW(type, row, name, array) \
	static __always_inline const type *name(const struct match *m, __u32 i) \
	{ \
		__u32 n = MATCH_ROW / sizeof(type), at = i / n; \
		const struct row *r = bpf_map_lookup_elem(&m_match_##array, &at); \
		return r ? &r->v[i % n] : NULL; \
	}
MATCH_IN_ROW(__u32, match_row32, match_list, list)
MATCH_IN_ROW(__u32, match_row32, match_op, ops)
MATCH_IN_ROW(__u16, match_row16, match_next, next)

/* One callback for each step; where a loop is, is in the work. */
#define match_loop(m, n, step) bpf_loop(n, step##_cb, m, 0)
#define MATCH_LOOP(step) \
	static inline int step(struct match *m); \
	static long step##_cb(__u32 i, void *ctx) \
	{ \
		return step(ctx); \
	}
MATCH_LOOP(match_pending_step)
MATCH_LOOP(match_scan_chunk)
MATCH_LOOP(match_mark_step)
MATCH_LOOP(match_field_step)
MATCH_LOOP(match_hit_step)
MATCH_LOOP(match_same_step)
MATCH_LOOP(match_dfa_chunk)
MATCH_LOOP(match_op_step)
MATCH_LOOP(match_cand_step)
MATCH_LOOP(match_unhit_step)
MATCH_LOOP(match_unmark_step)
