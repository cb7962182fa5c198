/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random Sigma rules, and texts that they are likely to match: both are made of the same
 * few words. All follows from the seed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FUZZ_WORDS	24u
#define FUZZ_WORD_MAX	16u	/* bytes */

struct fuzz {
	uint64_t state;
	int strict;		/* only what there is, as in the sensor; else whatever is named */
	char words[FUZZ_WORDS][FUZZ_WORD_MAX];
};

/* With words for one set of rules. */
void fuzz_init(struct fuzz *f, uint64_t seed);
/* Below n, which is not 0. */
uint32_t fuzz_below(struct fuzz *f, uint32_t n);
/* True once in n times. */
int fuzz_once(struct fuzz *f, uint32_t n);
const char *fuzz_word(struct fuzz *f);
/* Of addresses that are near each other. */
void fuzz_address(struct fuzz *f, uint8_t family, uint8_t addr[16]);
/* Numbers that are near each other, sometimes with a fraction. */
double fuzz_number(struct fuzz *f);

/* n rules as YAML. Some of them may be refused. */
void fuzz_rules(struct fuzz *f, uint32_t n, FILE *to);
