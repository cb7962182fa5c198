/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as people write them for process_creation, any number of them, always the same. */
#pragma once

#include <stdint.h>
#include <stdio.h>

void bench_mkrules(FILE *to, uint32_t n);
/* A command line in the words of those rules, of len bytes with a NUL behind each part. */
void bench_mkargs(char *out, uint32_t len);
