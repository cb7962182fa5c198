/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one event: alignment, limits, reuse. */
#include <stdint.h>

#include "chain/arena.h"
#include "tap.h"
#include "util/macros.h"

static void test_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4000 };
	struct arena a = { 0 };
	uint8_t *p, *last = NULL;
	size_t i;

	is_int(arena_init(&a, 8192), 0, "made");
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		p = arena_alloc(&a, sizes[i]);
		ok(p && (uintptr_t)p % 16 == 0, "%zu bytes, aligned", sizes[i]);
		ok(!last || p >= last, "%zu bytes, behind those before", sizes[i]);
		memset(p, 0xa5, sizes[i]);
		last = p + sizes[i];
	}
	arena_fini(&a);
}

static void test_full(void)
{
	struct arena a = { 0 };
	void *p, *first;
	int i;

	is_int(arena_init(&a, 64), 0, "64 bytes");
	for (i = 0; i < 3; i++) {
		first = arena_alloc(&a, 64);
		ok(first != NULL, "all at once, round %d", i);
		ok(!arena_alloc(&a, 1), "then nothing is left");
		arena_reset(&a);
		p = arena_alloc(&a, 1);
		ok(p == first, "reset gives the same memory");
		ok(!arena_alloc(&a, 49), "a rest of 48 is no 49");
		ok(arena_alloc(&a, 48) != NULL, "but it is 48");
		arena_reset(&a);
	}
	ok(!arena_alloc(&a, 65), "more than there is");
	ok(!arena_alloc(&a, SIZE_MAX) && !arena_alloc(&a, SIZE_MAX - 15), "far more");
	ok(arena_alloc(&a, 64) != NULL, "a refusal takes nothing");
	arena_fini(&a);
	ok(!a.mem, "gone");
	arena_fini(&a);
	ok(true, "gone twice");
}

static void test_odd_size(void)
{
	struct arena a = { 0 };

	is_int(arena_init(&a, 21), 0, "21 bytes");
	ok(arena_alloc(&a, 3) != NULL, "3 of them");
	ok(!arena_alloc(&a, 6), "6 do not fit behind the next multiple of 16");
	ok(arena_alloc(&a, 5) != NULL, "5 do");
	ok(!arena_alloc(&a, 0) && !arena_alloc(&a, 1), "full to the last byte");
	arena_fini(&a);
}

int main(void)
{
	test_sizes();
	test_full();
	test_odd_size();
	return done_testing();
}
