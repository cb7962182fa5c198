/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer and the reader of profiles have to agree upon. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PBYTES_MAGIC	0x464f525052494557u	/* WEIRPROF */
#define PBYTES_VERSION	1u
#define PBYTES_FROZEN	2u		/* the version of one that is frozen: it says since when */
#define PBYTES_VARINT	10u		/* bytes of the longest number */

/* FNV-1a of 64 bits: against damage, not against people. */
uint64_t pbytes_sum(const uint8_t *p, size_t n);

/* Little-endian. */
static inline void pbytes_put64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

static inline uint64_t pbytes_get64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}
