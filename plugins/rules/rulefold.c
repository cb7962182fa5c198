/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Characters of UTF-8 and their case. The tables are runs of characters with the
 * same distance to their counterpart, sorted: number 0 leads to the folded one, the
 * others from there back. Nothing is kept.
 */
#include "rulefold.h"

#define N_TABLES	RULEFOLD_MAX

struct run {
	uint32_t table, first, last, stride;
	int32_t delta;
};

static const struct run runs[] = {
#define FOLD(table, first, last, stride, delta) { table, first, last, stride, delta },
#include "rulefold_table.def"
#undef FOLD
};

/* What the table has for c; c itself if it has nothing. */
static uint32_t look_up(uint32_t table, uint32_t c)
{
	size_t lo = 0, hi = sizeof(runs) / sizeof(runs[0]);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct run *r = &runs[mid];

		if (r->table < table || (r->table == table && r->last < c))
			lo = mid + 1;
		else if (r->table > table || r->first > c)
			hi = mid;
		else
			return (c - r->first) % r->stride ? c : c + (uint32_t)r->delta;
	}
	return c;
}

uint32_t rulefold(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	return look_up(0, c);
}

unsigned rulefold_all(uint32_t c, uint32_t out[RULEFOLD_MAX])
{
	uint32_t table, other, f = rulefold(c);
	unsigned n = 0;

	out[n++] = f;
	for (table = 1; table < N_TABLES; table++) {
		other = look_up(table, f);
		if (other == f)
			break;
		out[n++] = other;
	}
	return n;
}

/* Bytes of the character that begins with b; 0: none does. */
static unsigned length(uint8_t b)
{
	if (b < 0x80)
		return 1;
	if (b < 0xc2 || b > 0xf4)
		return 0;
	return b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
}

uint32_t rulefold_get(const uint8_t *s, size_t n, unsigned *len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned i, want = length(s[0]);
	uint32_t c = want > 1 ? s[0] & (0x7fu >> want) : s[0];

	*len = 1;
	if (!want || want > n)
		return RULEFOLD_BAD;
	for (i = 1; i < want; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return RULEFOLD_BAD;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return RULEFOLD_BAD;
	*len = want;
	return c;
}

unsigned rulefold_put(uint8_t *s, uint32_t c)
{
	unsigned i, n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		s[0] = (uint8_t)c;
		return 1;
	}
	for (i = n - 1; i; i--, c >>= 6)
		s[i] = (uint8_t)(0x80 | (c & 0x3f));
	s[0] = (uint8_t)(0xf00u >> n | c);
	return n;
}
