/* SPDX-License-Identifier: Apache-2.0 */
/* The automaton against a search by hand, with a fixed seed; and what large sets cost. */
#include "ruleac.h"

#include <time.h>

#include "rulefold.h"
#include "tap.h"

#define MAX_IDS		64
#define MAX_TEXT	24

struct str {
	uint8_t s[MAX_TEXT];
	unsigned len, flags;
};

static uint64_t seed = 1;
static unsigned n_steps;

static uint32_t rnd(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static bool step(const struct ruleac *ac, uint32_t *s, uint32_t code, uint64_t *found)
{
	uint32_t t, o;

	for (;;) {
		n_steps++;
		t = ac->cells[*s].base + code;
		if (t >= ac->n_cells)
			return false;
		if (ac->cells[t].check == *s)
			break;
		if (*s == RULEAC_ROOT)
			return true;
		*s = ac->cells[*s].fail;
	}
	*s = t;
	for (o = ac->cells[t].out; o; o = ac->outs[o].next)
		*found |= UINT64_C(1) << (ac->outs[o].id % MAX_IDS);
	return true;
}

static uint64_t pass(const struct ruleac *ac, const void *text, size_t n)
{
	const uint8_t *p = text;
	uint32_t s = ac->start;
	uint64_t found = 0;
	bool good = true;

	n_steps = 0;
	while (n--)
		good &= step(ac, &s, ac->code[*p++], &found);
	good &= step(ac, &s, ac->end, &found);
	return good ? found : UINT64_MAX;
}

/* How many bytes of t the string takes; -1: it is not there. */
static int begins(const struct str *x, const uint8_t *t, size_t n, bool folded)
{
	unsigned a, b, i, at = 0;

	for (i = 0; i < x->len; i += a, at += b) {
		if (at >= n)
			return -1;
		a = b = 1;
		if (!folded) {
			if (x->s[i] != t[at])
				return -1;
			continue;
		}
		if (rulefold(rulefold_get(x->s + i, x->len - i, &a)) !=
		    rulefold(rulefold_get(t + at, n - at, &b)))
			return -1;
	}
	return (int)at;
}

static bool is_in(const struct str *x, const struct str *t, bool folded)
{
	unsigned at;
	int n;

	for (at = 0; at <= t->len; at++) {
		if (at && x->flags & RULEAC_STARTS)
			break;
		n = begins(x, t->s + at, t->len - at, folded);
		if (n >= 0 && (!(x->flags & RULEAC_ENDS) || at + (unsigned)n == t->len))
			return true;
	}
	return false;
}

static void make(struct str *x, unsigned max, bool valid)
{
	static const uint32_t chars[] = { 'a', 'A', 's', 'S', 'k', 'K', 0x212a, 0x17f, 0xe9,
					  0xc9, 0x23a, 0x2c65, 0x3b8, 0x3d1, 0x3f4, '/' };
	unsigned n = rnd(max + 1);

	x->len = 0;
	while (n--) {
		if (!valid && !rnd(6))
			x->s[x->len++] = (uint8_t)"\xc3\xa9\xe2\x84\xaa\xc5\xff\x00"[rnd(8)];
		else
			x->len += rulefold_put(x->s + x->len, chars[rnd(16)]);
	}
}

/* Texts that differ from the search by hand, of all that were made. */
static unsigned compare(bool folded, unsigned n_strings)
{
	struct str strings[MAX_IDS], text;
	struct ruleac_builder *b = ruleac_begin(folded);
	uint32_t i, k, needed;
	unsigned n_bad = 0;
	struct ruleac ac;

	for (i = 0; i < n_strings; i++) {
		strings[i].flags = rnd(4);
		make(&strings[i], 4, folded);
		if (!strings[i].len)
			strings[i].flags = RULEAC_STARTS | RULEAC_ENDS;
		n_bad += ruleac_add(b, strings[i].s, strings[i].len, strings[i].flags, i) != 0;
	}
	if (ruleac_build(b, UINT32_MAX, &ac, &needed))
		return 1;
	for (k = 0; k < 200; k++) {
		uint64_t want = 0;

		make(&text, 6, false);
		for (i = 0; i < n_strings; i++)
			want |= (uint64_t)is_in(&strings[i], &text, folded) << i;
		n_bad += pass(&ac, text.s, text.len) != want;
		n_bad += n_steps > 2 * (text.len + 1) + 1;
	}
	ruleac_fini(&ac);
	return n_bad;
}

static void test_random(void)
{
	unsigned i, n_bad = 0;

	for (i = 0; i < 500; i++)
		n_bad += compare(i & 1, rnd(12) + 1);
	is_int(n_bad, 0, "100000 texts: as a search by hand, in two steps a byte");
}

static void test_refused(void)
{
	struct ruleac_builder *b = ruleac_begin(true);
	uint32_t needed;
	struct ruleac ac;

	is_int(ruleac_add(b, "", 0, RULEAC_STARTS, 1), RULEAC_E_EMPTY, "an empty string");
	is_int(ruleac_add(b, "a\xc3", 2, 0, 1), RULEAC_E_NOT_UTF8, "no UTF-8, folded");
	is_int(ruleac_add(b, "abc", 3, 0, 1), 0, "a string");
	is_int(ruleac_build(b, 3, &ac, &needed), -1, "too few cells");
	ok(needed > 4, "%u are needed", needed);
	ruleac_abandon(ruleac_begin(false));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* kind 0: letters at random; 1: all the same; 2: any byte. */
static void test_large(const char *what, unsigned n, unsigned len, int kind)
{
	struct ruleac_builder *b = ruleac_begin(kind != 2);
	uint8_t *s = malloc(len), text[155];
	uint32_t i, j, needed;
	double at, built;
	struct ruleac ac;
	uint64_t sum = 0;

	at = now();
	for (i = 0; i < n; i++) {
		for (j = 0; j < len; j++)
			s[j] = (uint8_t)(kind == 1 ? 'a' : kind == 2 ? rnd(256) :
					 (uint32_t)"etaoinsrhldcumfpgwybvkxjqz/.-_ 0"[rnd(32)]);
		ruleac_add(b, s, kind == 1 ? len - i * (len / n) : len, 0, i);
	}
	if (!ok(!ruleac_build(b, UINT32_MAX, &ac, &needed), "%s", what))
		return;
	built = now() - at;
	ok(ac.n_states * 10u > ac.n_cells * 8u, "%s: more than 80 per cent are filled", what);
	for (j = 0; j < sizeof(text); j++)
		text[j] = (uint8_t)(kind == 1 ? 'a' : "etaoinsrhldcumfpgwybvkxjqz/.-_ 0"[rnd(32)]);
	at = now();
	for (i = 0; i < 1000; i++)
		sum += pass(&ac, text, sizeof(text));
	tap_diag("%s: %u states in %u cells (%.1f %%), built in %.0f ms, %.1f ns a byte (%u)",
		 what, ac.n_states, ac.n_cells, 100.0 * ac.n_states / ac.n_cells, built * 1e3,
		 (now() - at) * 1e9 / 1000 / sizeof(text), (unsigned)(sum & 1));
	ruleac_fini(&ac);
	free(s);
}

int main(void)
{
	test_random();
	test_refused();
	test_large("65536 strings of 16", 65536, 16, 0);
	test_large("4096 strings of 256", 4096, 256, 0);
	test_large("16 strings of up to 65536 a", 16, 65536, 1);
	test_large("65536 strings of 16 of any byte", 65536, 16, 2);
	return done_testing();
}
