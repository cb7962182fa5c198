/* SPDX-License-Identifier: Apache-2.0 */
/* The memory for events: limits, reuse, trimming, objects that outlive it. */
#include <pthread.h>
#include <stdint.h>

#include "queue/pool.h"
#include "tap.h"
#include "util/macros.h"

#define MIB	(1024u * 1024)

static void *objects[4096];

/* What one object of a size takes, as the pool counts it. */
static size_t size_of_one(size_t size)
{
	struct pool *p = pool_new(MIB);
	void *o = pool_alloc_sp(p, size);
	size_t used = pool_stats(p).used_size;

	pool_free(o);
	pool_close(p);
	return used;
}

static void test_sizes(void)
{
	static const size_t sizes[] = {
		0, 1, 511, 512, 513, 1024, 1025, 65536, 65537, POOL_SIZE_MAX,
	};
	struct pool *p = pool_new(MIB);
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		uint8_t *o = pool_alloc_sp(p, sizes[i]);

		ok(o && (uintptr_t)o % 16 == 0, "%zu bytes, aligned", sizes[i]);
		memset(o, 0xa5, sizes[i]);
		ok(pool_stats(p).used_size >= sizes[i], "counted");
		pool_free(o);
	}
	ok(!pool_alloc_sp(p, POOL_SIZE_MAX + 1), "one too many");
	ok(!pool_alloc_sp(p, SIZE_MAX) && !pool_alloc_sp(p, SIZE_MAX / 2 + 2),
	   "far too many");
	is_int(pool_stats(p).n_failed, 3, "three failures");
	pool_free(NULL);
	pool_close(p);
	ok(size_of_one(512) < size_of_one(513), "513 bytes are of the next class");
	is_int(size_of_one(513), size_of_one(1024), "as are 1024");
}

static void test_limit(void)
{
	size_t one = size_of_one(512);
	struct pool *p = pool_new(4 * one + one - 1);
	struct pool_stats st;
	int i;

	for (i = 0; i < 4; i++)
		objects[i] = pool_alloc_sp(p, 512);
	ok(objects[3] != NULL, "four fit");
	ok(!pool_alloc_sp(p, 1), "a fifth does not");
	st = pool_stats(p);
	is_int(st.n_used, 4, "four are used");
	is_int(st.used_size, 4 * one, "and their bytes");
	is_int(st.kept_size, 0, "none is kept");
	is_int(st.max_size, 4 * one + one - 1, "the limit");
	is_int(st.n_failed, 1, "one failure");
	pool_free(objects[2]);
	st = pool_stats(p);
	is_int(st.n_used, 3, "one came back");
	is_int(st.kept_size, one, "and is kept");
	ok(pool_alloc_sp(p, 100) == objects[2], "and used again");
	for (i = 0; i < 4; i++)
		pool_free(objects[i]);
	pool_close(p);
	p = pool_new(one - 1);
	ok(!pool_alloc_sp(p, 1), "not even one fits");
	pool_close(p);
}

static void test_other_classes(void)
{
	size_t small = size_of_one(512), large = size_of_one(POOL_SIZE_MAX);
	struct pool *p = pool_new(large);
	int i, n = (int)(large / small);
	void *o;

	for (i = 0; i < n; i++)
		objects[i] = pool_alloc_sp(p, 512);
	ok(objects[n - 1] != NULL, "full of small ones");
	for (i = 1; i < n; i++)
		pool_free(objects[i]);
	ok(!pool_alloc_sp(p, POOL_SIZE_MAX), "no large one while one is used");
	pool_free(objects[0]);
	o = pool_alloc_sp(p, POOL_SIZE_MAX);
	ok(o != NULL, "free small ones make room for a large one");
	is_int(pool_stats(p).used_size + pool_stats(p).kept_size, large,
	       "and no byte over the limit");
	ok(!pool_alloc_sp(p, 1), "which leaves no room for a small one");
	pool_free(o);
	o = pool_alloc_sp(p, 1);
	ok(o != NULL, "until it is back");
	is_int(pool_stats(p).kept_size, 0, "it is gone");
	pool_free(o);
	pool_close(p);
}

static void burst(struct pool *p, int n)
{
	int i;

	for (i = 0; i < n; i++)
		objects[i] = pool_alloc_sp(p, 600);
	for (i = 0; i < n; i++)
		pool_free(objects[i]);
}

static void test_trim(void)
{
	size_t one = size_of_one(600);
	struct pool *p = pool_new(64 * MIB);
	uint64_t before;
	int i;

	pool_trim_sp(p);
	is_int(pool_stats(p).kept_size, 0, "nothing to trim");
	burst(p, 4096);
	pool_trim_sp(p);
	is_int(pool_stats(p).kept_size, 4096 * one, "needed since the last time");
	pool_trim_sp(p);
	is_int(pool_stats(p).kept_size, 2048 * one, "half of the surplus is gone");
	for (i = 0; i < 10; i++) {
		burst(p, 100);
		pool_trim_sp(p);
	}
	before = pool_stats(p).kept_size;
	ok(before >= 100 * one && before < 150 * one,
	   "what is in use every time stays: %d", (int)(before / one));
	for (i = 0; i < 10; i++)
		pool_trim_sp(p);
	is_int(pool_stats(p).kept_size, 0, "at rest, all goes");
	burst(p, 10);
	is_int(pool_stats(p).kept_size, 10 * one, "and comes again");
	pool_close(p);
}

static void *free_objects(void *priv)
{
	int i;

	for (i = 0; i < 1000; i++)
		pool_free(objects[i]);
	return NULL;
}

static void test_close(void)
{
	struct pool *p = pool_new(MIB);
	pthread_t t;
	int i;

	ok(!pool_close(p), "closed, never used");
	p = pool_new(64 * MIB);
	for (i = 0; i < 1000; i++) {
		objects[i] = pool_alloc_sp(p, (size_t)i * 10);
		memset(objects[i], 0x5a, (size_t)i * 10);
	}
	pool_free(pool_alloc_sp(p, 1));
	ok(!pool_close(p), "closed with objects out");
	is_int(((uint8_t *)objects[999])[9989], 0x5a, "which are still good");
	/* The sanitizer tells whether pool and objects go, and once. */
	AZ(pthread_create(&t, NULL, free_objects, NULL));
	AZ(pthread_join(t, NULL));
	ok(true, "and come back by another thread");
}

int main(void)
{
	test_sizes();
	test_limit();
	test_other_classes();
	test_trim();
	test_close();
	return done_testing();
}
