/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies text as long as it needs no escaping, sixteen bytes at a time. A
 * byte is plain if it is ASCII from 0x20 to 0x7e, neither quote nor backslash.
 * Define SCAN_PORTABLE to use the word-wise variant everywhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCAN_ONES	0x0101010101010101ull
#define SCAN_TOPS	0x8080808080808080ull

/* Top bits of the bytes that are not plain; exact up to the lowest of them. */
static inline uint64_t scan_word(uint64_t x)
{
	uint64_t quote = x ^ SCAN_ONES * '"', back = x ^ SCAN_ONES * '\\';

	return (x | (x + SCAN_ONES) | (x - SCAN_ONES * 0x20) | (quote - SCAN_ONES) |
		(back - SCAN_ONES)) & SCAN_TOPS;
}

#if defined(__SSE2__) && !defined(SCAN_PORTABLE)
#include <emmintrin.h>

/* Copies 16 bytes; how many of them are plain before the first that is not. */
static inline unsigned int scan_copy16(uint8_t *d, const uint8_t *s)
{
	__m128i x = _mm_loadu_si128((const __m128i *)s);
	__m128i odd;

	_mm_storeu_si128((__m128i *)d, x);
	/* Signed and one up: bytes from 0x7f on are below 0x21 as well. */
	odd = _mm_cmplt_epi8(_mm_add_epi8(x, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
	return (unsigned int)__builtin_ctz((unsigned int)_mm_movemask_epi8(odd) |
					   0x10000u);
}
#else
static inline unsigned int scan_copy8(uint8_t *d, const uint8_t *s)
{
	uint64_t x;

	memcpy(&x, s, 8);
	memcpy(d, &x, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	x = scan_word(x);
	return x ? (unsigned int)__builtin_ctzll(x) / 8 : 8;
}

static inline unsigned int scan_copy16(uint8_t *d, const uint8_t *s)
{
	unsigned int n = scan_copy8(d, s);

	return n < 8 ? n : 8 + scan_copy8(d + 8, s + 8);
}
#endif

static inline size_t scan_bytes(uint8_t *d, const uint8_t *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] < 0x20 || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\')
			break;
		d[i] = s[i];
	}
	return i;
}

/* Four to fifteen bytes as two pieces that overlap. */
static inline size_t scan_short(uint8_t *d, const uint8_t *s, size_t n)
{
	uint64_t a, b;
	uint32_t c, e;

	if (n >= 8) {
		memcpy(&a, s, 8);
		memcpy(&b, s + n - 8, 8);
		if (scan_word(a) | scan_word(b))
			return scan_bytes(d, s, n);
		memcpy(d, &a, 8);
		memcpy(d + n - 8, &b, 8);
		return n;
	}
	if (n < 4)
		return scan_bytes(d, s, n);
	memcpy(&c, s, 4);
	memcpy(&e, s + n - 4, 4);
	if (scan_word((uint64_t)c << 32 | e))
		return scan_bytes(d, s, n);
	memcpy(d, &c, 4);
	memcpy(d + n - 4, &e, 4);
	return n;
}

/*
 * Copies the plain head of n bytes and returns its length. Reads only the n
 * bytes; may write up to n.
 */
static inline size_t scan_copy(uint8_t *d, const uint8_t *s, size_t n)
{
	size_t i;
	unsigned int k;

	if (n < 16)
		return scan_short(d, s, n);
	for (i = 0; i + 16 <= n; i += 16) {
		k = scan_copy16(d + i, s + i);
		if (k < 16)
			return i + k;
	}
	/* The end overlaps with what is known to be plain. */
	return i == n ? n : n - 16 + scan_copy16(d + n - 16, s + n - 16);
}
