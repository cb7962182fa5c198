/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: known families, all characters against each other, and what is no UTF-8. */
#include "rulefold.h"
#include "tap.h"

static void test_families(void)
{
	static const uint32_t families[][RULEFOLD_MAX] = {
		{ 'a', 'A' }, { 'k', 'K', 0x212a }, { 's', 'S', 0x17f }, { '1' }, { '[' },
		{ 0xe9, 0xc9 }, { 0xe5, 0xc5, 0x212b }, { 0x3b8, 0x398, 0x3d1, 0x3f4 },
		{ 0xdf, 0x1e9e }, { 0x2c65, 0x23a }, { 0x3c3, 0x3a3, 0x3c2 }, { 0x130 },
		{ 0x131 }, { 0x1e943, 0x1e921 }, { 0x10ffff },
	};
	uint32_t all[RULEFOLD_MAX];
	size_t i, j, k;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const uint32_t *f = families[i];
		unsigned n = 0, n_found = 0;

		while (n < RULEFOLD_MAX && f[n])
			n++;
		for (j = 0; j < n; j++) {
			unsigned got = rulefold_all(f[j], all);

			n_found += rulefold(f[j]) == f[0] && got == n;
			for (k = 0; k < got; k++)
				n_found += all[k] == f[j];
		}
		is_int(n_found, 2 * n, "U+%04X is of a family of %u", f[0], n);
	}
}

static void test_all(void)
{
	uint32_t c, n_bad = 0, n_folded = 0, all[RULEFOLD_MAX];
	uint8_t s[4];
	unsigned i, n, len, own;

	for (c = 0; c <= 0x10ffff; c++) {
		n = rulefold_all(c, all);
		n_folded += rulefold(c) != c;
		for (i = own = 0; i < n; i++) {
			own += all[i] == c;
			n_bad += rulefold(all[i]) != rulefold(c);
		}
		n_bad += own != 1;
		n = rulefold_put(s, c);
		if (c >= 0xd800 && c <= 0xdfff)
			n_bad += rulefold_get(s, n, &len) != RULEFOLD_BAD || len != 1;
		else
			n_bad += rulefold_get(s, n, &len) != c || len != n;
		if (n > 1)
			n_bad += rulefold_get(s, n - 1, &len) != RULEFOLD_BAD || len != 1;
	}
	is_int(n_bad, 0, "each character is of its own family, and is read as written");
	ok(n_folded > 1400, "%u characters fold to others", n_folded);
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"\xc3(", "\xe2\x82(", "\xe2(\xac", "\xf0\x9f\x98(",
	};
	unsigned len;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t c = rulefold_get((const uint8_t *)bad[i], strlen(bad[i]), &len);

		ok(c == RULEFOLD_BAD && len == 1, "bad text %zu: one byte of it", i);
	}
}

int main(void)
{
	test_families();
	test_all();
	test_bad();
	return done_testing();
}
