/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the automaton (Aho-Corasick, as a double array with failure links) that finds
 * all strings of a field in one pass. Its size is that of the strings, in a folded one
 * of all spellings of their characters; a pass takes at most two steps a byte, however
 * many strings there are. One thread.
 *
 * A pass over a text begins in the state `start` and takes the codes of its bytes, then
 * `end`. A step with code c in state s:
 *
 *	t = cells[s].base + c;
 *	if (cells[t].check == s) {		the code is taken
 *		s = t;
 *		outputs of s, of which cells[s].out is the first
 *	} else if (s == RULEAC_ROOT) {		the code is taken, too
 *	} else {
 *		s = cells[s].fail;		the same code once more
 *	}
 *
 * `base + code` never lies outside of the cells.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULEAC_ROOT	1u	/* cell 0 is nobody's */

struct ruleac_cell {
	uint32_t base;
	uint32_t check;		/* the state before; 0: the cell is not in use */
	uint32_t fail;
	uint32_t out;		/* index in outs of its first output; 0: none */
};

/* One string that ends in a state. The list goes on at next, over failure links too. */
struct ruleac_out {
	uint32_t id;
	uint32_t next;		/* index; 0: the last one */
};

struct ruleac {
	uint32_t start;		/* the state in which a text begins */
	uint32_t end;		/* the code that ends it */
	uint32_t n_codes;	/* all codes are below */
	uint32_t n_cells, n_outs;
	uint32_t n_states;
	uint8_t code[256];	/* by byte; 0: in no string, which makes it lead to the root */
	struct ruleac_cell *cells;
	struct ruleac_out *outs;
};

enum ruleac_flags {
	RULEAC_STARTS = 1,	/* only at the begin of the text */
	RULEAC_ENDS = 2,	/* only at its end */
};

struct ruleac_builder;

/* folded: case does not matter (simple folding of UTF-8; see rulefold.h). NULL: no memory. */
struct ruleac_builder *ruleac_begin(bool folded);
/* Why a string is not taken; nothing has changed then. */
enum ruleac_refusal {
	RULEAC_E_EMPTY = 1,	/* len 0 is allowed only with both flags */
	RULEAC_E_NOT_UTF8,	/* in a folded one, whose failure links go by characters */
};

/* `text` is copied. -1: no memory, and the builder is only to be abandoned; positive: above. */
int ruleac_add(struct ruleac_builder *b, const void *text, size_t len, unsigned flags,
	       uint32_t id);
/*
 * Frees the builder. *out is to be freed by ruleac_fini(). -1: no memory, or more than
 * max_cells would be needed: then *needed tells how many.
 */
int ruleac_build(struct ruleac_builder *b, uint32_t max_cells, struct ruleac *out,
		 uint32_t *needed);
void ruleac_abandon(struct ruleac_builder *b);
void ruleac_fini(struct ruleac *ac);
