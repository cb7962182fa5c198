/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4: tells without the text whether two texts differ. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t acctsecret_rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void acctsecret_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = acctsecret_rotl(v[1], 13) ^ v[0];
	v[0] = acctsecret_rotl(v[0], 32);
	v[2] += v[3];
	v[3] = acctsecret_rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = acctsecret_rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = acctsecret_rotl(v[1], 17) ^ v[2];
	v[2] = acctsecret_rotl(v[2], 32);
}

static inline void acctsecret_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	acctsecret_round(v);
	acctsecret_round(v);
	v[0] ^= m;
}

/* Little-endian machines. */
static inline uint64_t acctsecret(const uint64_t key[2], const char *p, size_t len)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
			  key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	uint64_t m;
	size_t at;
	int i;

	for (at = 0; at + 8 <= len; at += 8) {
		memcpy(&m, p + at, 8);
		acctsecret_word(v, m);
	}
	m = 0;
	memcpy(&m, p + at, len - at);
	acctsecret_word(v, m | (uint64_t)len << 56);
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		acctsecret_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
