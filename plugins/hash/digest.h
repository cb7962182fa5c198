/* SPDX-License-Identifier: Apache-2.0 */
/* The SHA-256 of an open file. */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "outcome.h"

#define DIGEST_LEN	32u
#define DIGEST_HEX	(2 * DIGEST_LEN)

/* Once, before any other; more often does no harm. */
void digest_setup(void);
/*
 * Of a regular file that was `st` before. Any thread; reads from the start,
 * wherever the descriptor stands. *bytes is what was read in any case.
 * OUTCOME_OK, OUTCOME_IO, or OUTCOME_CHANGED: it is no longer what `st` says.
 */
enum outcome digest_file(int fd, const struct stat *st, uint8_t out[DIGEST_LEN],
			 uint64_t *bytes);
/* Without a NUL. */
void digest_hex(const uint8_t digest[DIGEST_LEN], char hex[DIGEST_HEX]);
