/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms: buckets, and quantiles against those of the values themselves. */
#include <pthread.h>

#include "tap.h"
#include "util/hist.h"
#include "util/macros.h"

#define N 5000

static uint64_t seed = 42;

static uint64_t rnd(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return seed >> 33;
}

static void test_buckets(void)
{
	static const struct {
		uint64_t v;
		unsigned bucket;
	} rows[] = {
		{ 0, 0 }, { 15, 0 }, { 16, 1 }, { 23, 1 }, { 24, 2 }, { 31, 2 },
		{ 32, 3 }, { 47, 3 }, { 48, 4 }, { 1024, 13 }, { 1536, 14 },
		{ UINT64_C(30000000000), 62 }, { UINT64_C(1) << 35, 63 }, { UINT64_MAX, 63 },
	};
	uint64_t v;
	unsigned last = 0;
	bool ordered = true;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		is_int(hist_bucket(rows[i].v), rows[i].bucket, "bucket of %llu",
		       (unsigned long long)rows[i].v);
	for (v = 0; v < 100000; v++) {
		ordered &= hist_bucket(v) >= last && hist_bucket(v) <= last + 1;
		last = hist_bucket(v);
	}
	ok(ordered, "buckets follow each other without a gap");
}

static void test_empty(void)
{
	struct hist h = { 0 };

	is_int(hist_count(&h), 0, "empty: none");
	is_int(hist_mean(&h), 0, "empty: mean");
	is_int(hist_quantile(&h, 500), 0, "empty: quantile");
	hist_add(&h, 1000);
	is_int(hist_quantile(&h, 1000), 1000, "of one value: it");
	is_int(hist_mean(&h), 1000, "its mean");
	hist_add(&h, UINT64_C(1) << 40);
	is_int(hist_quantile(&h, 1000), UINT64_C(1) << 40, "far above the last bucket");
}

static int order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t shape_flat(void)
{
	return rnd() % 100000;
}

static uint64_t shape_same(void)
{
	return 777;
}

/* Mostly short, sometimes very long. */
static uint64_t shape_tail(void)
{
	return rnd() % 50 ? 200 + rnd() % 100 : 1000000 + rnd() % 30000000;
}

static void test_quantiles(void)
{
	static const struct {
		const char *name;
		uint64_t (*make)(void);
	} shapes[] = { { "flat", shape_flat }, { "same", shape_same }, { "tail", shape_tail } };
	static const unsigned permille[] = { 10, 100, 500, 900, 990, 999, 1000 };
	static uint64_t v[N];
	uint64_t sum, exact, got;
	struct hist h;
	size_t i, k;

	for (i = 0; i < ARRAY_LEN(shapes); i++) {
		memset(&h, 0, sizeof(h));
		for (sum = k = 0; k < N; k++) {
			v[k] = shapes[i].make();
			sum += v[k];
			hist_add(&h, v[k]);
		}
		qsort(v, N, sizeof(*v), order);
		is_int(hist_count(&h), N, "%s: all of them", shapes[i].name);
		is_int(hist_mean(&h), sum / N, "%s: the mean is exact", shapes[i].name);
		for (k = 0; k < ARRAY_LEN(permille); k++) {
			exact = v[(uint64_t)N * permille[k] / 1000 - 1];
			got = hist_quantile(&h, permille[k]);
			ok(got <= exact + exact / 2 + 16 && exact <= got + got / 2 + 16 &&
			   got <= h.max, "%s: quantile %u: %llu, exactly %llu",
			   shapes[i].name, permille[k], (unsigned long long)got,
			   (unsigned long long)exact);
		}
	}
}

static void *reader(void *arg)
{
	const struct hist *h = arg;
	uint64_t last = 0, n;
	bool good = true;

	do {
		n = hist_count(h);
		good &= n >= last && n <= N && hist_quantile(h, 990) <= 5000 &&
			hist_mean(h) <= 6000;
		last = n;
	} while (n < N);
	return good ? arg : NULL;
}

static void test_threads(void)
{
	static struct hist h;
	pthread_t t;
	void *good;
	int i;

	MUST(pthread_create(&t, NULL, reader, &h) == 0);
	for (i = 0; i < N; i++)
		hist_add(&h, (uint64_t)i);
	MUST(pthread_join(t, &good) == 0);
	ok(good != NULL, "another thread reads sense meanwhile");
}

int main(void)
{
	test_buckets();
	test_empty();
	test_quantiles();
	test_threads();
	return done_testing();
}
