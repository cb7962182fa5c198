/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The matcher of rules: one source for BPF programs and for the host, so that both
 * decide alike, bit for bit. What it reads is an image that plugins/rules made, a set
 * of arrays; how an element of one is found is the includer's affair (a map there, an
 * array here), as are the loops:
 *
 *	static const struct match_X *match_X(m, i)	NULL: there is none, for each array
 *	static uint8_t match_byte(m, v, at)		of the text of value v; at < v->len
 *	static int match_part(m, v, t)			a part of a point of time
 *	static int match_cgroup(m, v, t)		a cgroup above the process's, which v is
 *	static const struct match_value *match_value(m, field)
 *	static void match_loop(m, n, step)		calls step(m) until it is not 0,
 *							n times at most
 *
 * A text is passed over once for each field and case, whatever the number of rules; what
 * it finds sets bits; a bit names the rules that need it, and only those are evaluated.
 * An evaluation has three values, as what was cut off a text may have matched.
 */
#pragma once

#include <weir/wire.h>

#ifdef __bpf__
typedef __s64 weir_s64;
#else
typedef int64_t weir_s64;
#endif

/* ---- the image -------------------------------------------------------------------*/

#define MATCH_NONE	0xffffffffu

/* Of an automaton; plugins/rules/ruleac.h says how it is read. */
struct match_cell {
	weir_u32 base, check, fail;
	weir_u32 out;		/* index; 0: none */
};

struct match_out {
	weir_u32 bit;
	weir_u32 next;		/* index; 0: none */
};

struct match_automaton {
	weir_u32 root, start, end;
	weir_u8 code[256];
};

enum match_field_flags {
	MATCH_FIELD_PARTS = 1,	/* 0xff ends a text, and another one begins */
};

struct match_field {
	weir_u32 folded, cased;		/* automata; MATCH_NONE: it has none */
	weir_u32 flags;
	weir_u32 rule_at, n_rules;	/* in the list: who has a bit of it as a guard */
};

/* Which of a bit's texts may have matched in what was cut off. */
enum match_bit_flags {
	MATCH_BIT_BEGIN = 1,	/* if the text's begin is missing */
	MATCH_BIT_END = 2,	/* if its end is missing */
};

/* One or more texts of a field, any of which sets it. */
struct match_bit {
	weir_u16 field;
	weir_u16 flags;
	weir_u32 rule_at, n_rules;	/* in the list: whose guard it is */
};

enum match_test_op {
	MATCH_TEST_PRESENT,
	MATCH_TEST_EMPTY,	/* a text of no bytes */
	MATCH_TEST_EQ, MATCH_TEST_LT, MATCH_TEST_LE, MATCH_TEST_GT, MATCH_TEST_GE,
	MATCH_TEST_ANY,		/* of these bits */
	MATCH_TEST_CIDR,
	MATCH_TEST_SAME,	/* as the text of another field */
	MATCH_TEST_PART,	/* of a point of time: the host's affair */
	MATCH_TEST_CGROUP,	/* the process is in it, or below */
	MATCH_TEST__MAX
};

/* Where the other field's text has to be. */
enum match_same_flags { MATCH_SAME_STARTS = 1, MATCH_SAME_ENDS = 2, MATCH_SAME_CASED = 4,
	MATCH_SAME_CONTAINS = 8 };	/* this one is the host's affair */

/* Of four bytes or sixteen, in network order; zero behind it. */
union match_addr {
	weir_u8 byte[16];
	weir_u64 word[2];
};

/* A test of a field that needs no automaton; false if the field is absent. */
struct match_test {
	weir_u16 op;
	weir_u16 field;
	weir_u32 more;		/* number: its fraction, of 2^32; SAME: flags; PART: which; CGROUP: depth */
	weir_s64 value;		/* number: the whole below it; CIDR: 4 or 6; SAME: field; CGROUP: its id */
	union match_addr addr, mask;	/* CIDR */
};

/* States that are never left. */
#define MATCH_DFA_FOUND	1u
#define MATCH_DFA_DEAD	2u

/* For one pattern; plugins/rules/ruledfa.h says how it is read. */
struct match_dfa {
	weir_u16 field;
	weir_u16 n_classes;
	weir_u32 end;
	weir_u32 next_at;	/* in the table of next states */
	weir_u32 literal;	/* a bit without which it is not found; MATCH_NONE: no such */
	weir_u8 class[256];
};

/* An operation is a kind and, in the low 24 bits, a number. Operands lie before operators. */
enum match_op {
	MATCH_OP_BIT, MATCH_OP_TEST, MATCH_OP_DFA,
	MATCH_OP_AND, MATCH_OP_OR,	/* of the two before */
	MATCH_OP_NOT,
	MATCH_OP__MAX
};
#define MATCH_OP(kind, n)	((weir_u32)(kind) << 24 | (n))
#define MATCH_DEPTH		64u	/* of operands that wait */

/* What a match does, beside being told. */
enum match_action {
	MATCH_EXCLUDE = 1,	/* before all others */
	MATCH_BLOCK = 2,
	MATCH_KILL = 4,
	MATCH_KILL_PARENT = 8,
	MATCH_DRY_RUN = 16,	/* none of these is done */
	MATCH_UNKNOWN_TOO = 32,	/* also where a cut text may match */
};

struct match_rule {
	weir_u64 types[2];	/* of events, a bit each */
	weir_u32 op_at, n_ops;
	weir_u32 number;	/* of the rule, for who asks; several programs may have one */
	weir_u32 action;	/* enum match_action */
	weir_u32 per_minute, targets;	/* its budget; 0: without */
};

/* ---- arrays, as the kernel has them ------------------------------------------------*/

/* Short elements lie in rows, as a map rounds each up to eight bytes. */
#define MATCH_ROW	256u	/* bytes */

struct match_row32 { weir_u32 v[MATCH_ROW / 4]; };
struct match_row16 { weir_u16 v[MATCH_ROW / 2]; };

/* X(name, type of an element or row) */
#define MATCH_ARRAYS(X) \
	X(cells, struct match_cell) \
	X(outs, struct match_out) \
	X(automata, struct match_automaton) \
	X(fields, struct match_field) \
	X(bits, struct match_bit) \
	X(tests, struct match_test) \
	X(dfas, struct match_dfa) \
	X(rules, struct match_rule) \
	X(list, struct match_row32) \
	X(ops, struct match_row32) \
	X(next, struct match_row16)

enum match_array {
#define MATCH_ENUM(name, type) MATCH_ARRAY_##name,
	MATCH_ARRAYS(MATCH_ENUM)
#undef MATCH_ENUM
	MATCH_ARRAY__MAX
};

/* When the kernel does not know a field yet. */
enum match_source_flags {
	MATCH_SOURCE_LATE = 1,		/* before the operation is done */
	MATCH_SOURCE_NO_IMAGE = 2,	/* before a program has been loaded */
	MATCH_SOURCE_EMIT = 4,		/* before the event is sent */
};

/* Where a field lies in the records of a type. */
struct match_source {
	weir_u16 off;		/* 0: they have none */
	weir_u8 kind;		/* enum weir_kind */
	weir_u8 flags;		/* enum match_source_flags */
	weir_u16 item;		/* of a list, from 1 on; 0: the whole field */
};

#define MATCH_ITEMS	8u	/* of a list that rules can ask for one by one */
#define MATCH_TYPES	64u	/* that come from the kernel */
#define MATCH_SOURCES	64u	/* fields that the kernel looks at */

struct match_image {
	weir_u32 n_fields, n_bits, n_rules;
	weir_u32 always_at, n_always;	/* in the list: rules that no text guards */
};

/* What the kernel has of a generation beside the arrays. */
struct match_head {
	struct match_image image;
	weir_u32 generation;
	weir_u64 types;		/* for which there is a rule */
	weir_u16 target[MATCH_TYPES];	/* where the number lies that a budget's targets are told by */
	struct match_source sources[MATCH_TYPES][MATCH_SOURCES];
};

/* What the kernel found, at the end of a record: these two, then a word for each rule. */
struct match_told {
	weir_u32 generation;
	weir_u32 flags;		/* enum match_told_flags */
};

enum match_told_flags {
	MATCH_TOLD_BLOCKED = 1,
	MATCH_TOLD_KILLED = 2,
	MATCH_TOLD_PARENT = 4,		/* killed, or to be killed at what it does next */
	MATCH_TOLD_DRY_RUN = 8,		/* this would have been blocked or killed */
	MATCH_TOLD_OFF = 16,		/* the same, but enforcement is off */
	MATCH_TOLD_NEVER = 32,		/* the same, but the process is never to be */
	MATCH_TOLD_BUDGET = 64,		/* the same, but the rule's budget is used up */
	MATCH_TOLD_CANNOT = 128,	/* to be blocked, but no hook asks here */
	MATCH_TOLD_INCOMPLETE = 256,	/* more was found, or there was too much at once */
};

/* A word: the program's number, and above it whether it only may match. */
#define MATCH_TOLD_MAY	(1u << 31)
#define MATCH_TOLD_MAX	32u	/* words */

/* ---- an event --------------------------------------------------------------------*/

enum match_value_flags {
	MATCH_VALUE_TEXT = 1,
	MATCH_VALUE_NUMBER = 2,		/* it is one, or can be read as one */
	MATCH_VALUE_ADDRESS = 4,	/* the same */
	MATCH_VALUE_CUT_BEGIN = 8,	/* of its text */
	MATCH_VALUE_CUT_END = 16,
	MATCH_VALUE_LIST = 32,		/* NULs in it are blanks; the last one is not in `len` */
	MATCH_VALUE_LATE = 64,		/* not known yet; TEXT, both CUT too, and `len` is 0 */
};

/* Flags 0: absent. */
struct match_value {
	weir_u32 flags;
	weir_u32 len;		/* of the text */
	weir_u64 at;		/* of the text: the includer's affair */
	weir_s64 number;	/* the whole below it ... */
	weir_u32 fraction;	/* ... and what is left, of 2^32 */
	weir_u32 family;	/* of the address: 4 or 6 */
	union match_addr addr;
};

/* ---- the work ----------------------------------------------------------------------*/

enum match_truth { MATCH_FALSE, MATCH_TRUE, MATCH_UNKNOWN };

#define MATCH_BITS_MAX	65536u
#define MATCH_RULES_MAX	16384u	/* programs */
#define MATCH_HITS	1024u	/* bits of an event */
#define MATCH_CANDS	4096u	/* programs that an event makes us look at */
#define MATCH_FOUND	1024u	/* rules of an event that are told by number */

#define MATCH_CHUNK	16u	/* steps between two looks at what they found; a power of two */

/* Where a text is at. */
struct match_scan {
	weir_u32 at, end, state, base, fail;
};

struct match_found {
	weir_u32 rule;		/* program */
	weir_u32 truth;		/* MATCH_TRUE or MATCH_UNKNOWN */
};

/* All zero before the first event; what an event has set is taken back behind it. */
struct match_work {
	weir_u32 type;
	weir_u32 n_hits, n_cands, n_found;
	weir_u32 more;		/* found beyond MATCH_FOUND */
	weir_u32 overflow;	/* too much at once: what was found is not all */
	/* Where a loop is. */
	weir_u32 field, at, state, automaton, out, first, i;
	weir_u32 op, n_ops, n_pending;
	struct match_scan scan;
	weir_u32 pending[MATCH_CHUNK];
	weir_u64 is_true, is_unknown;	/* operands, the last one lowest */
	struct match_found found[MATCH_FOUND];
	weir_u32 hits[MATCH_HITS];
	weir_u16 cands[MATCH_CANDS];
	weir_u64 bits[MATCH_BITS_MAX / 64];
	weir_u64 marked[MATCH_RULES_MAX / 64];
};
