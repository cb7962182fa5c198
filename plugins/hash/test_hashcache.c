/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what the enricher `hash` remembers, and of its rate. */
#include "hashcache.h"
#include "pace.h"
#include "tap.h"

static void test_cache_limit(void)
{
	struct hashcache *c = hashcache_new(1000);
	struct hashcache_key key = { 0 };
	struct hashcache_entry *mine;
	uint8_t digest[DIGEST_LEN] = { 1 };

	for (key.ino = 1; key.ino <= 1000; key.ino++) {
		hashcache_begin(c, &key, 0, &mine, digest);
		hashcache_end(c, mine, digest);
	}
	hashcache_limit(c, 10);
	is_int(hashcache_count(c), 936, "a smaller memory gives up some at once");
	for (; key.ino <= 1020; key.ino++) {
		hashcache_begin(c, &key, 0, &mine, digest);
		hashcache_end(c, mine, digest);
	}
	is_int(hashcache_count(c), 10, "and the rest with the next ones");
	key.ino = 1020;
	is_int(hashcache_begin(c, &key, 0, &mine, digest), HASHCACHE_HIT, "the newest is there");
	hashcache_free(c);
}

struct waiter {
	struct hashcache *c;
	struct hashcache_key key;
	enum hashcache_answer answer;
	uint8_t digest[DIGEST_LEN];
};

static void *wait_for(void *arg)
{
	struct waiter *w = arg;
	struct hashcache_entry *mine;

	w->answer = hashcache_begin(w->c, &w->key, 60000000000, &mine, w->digest);
	if (w->answer == HASHCACHE_MINE)
		hashcache_end(w->c, mine, NULL);
	return NULL;
}

static void test_single_flight(void)
{
	struct waiter w = { .c = hashcache_new(4), .key = { .ino = 1 } };
	struct hashcache_entry *mine, *other;
	uint8_t digest[DIGEST_LEN] = { 7 };
	pthread_t t;

	is_int(hashcache_begin(w.c, &w.key, 0, &mine, digest), HASHCACHE_MINE, "mine");
	is_int(hashcache_begin(w.c, &w.key, 0, &other, digest), HASHCACHE_BUSY, "another: busy");
	pthread_create(&t, NULL, wait_for, &w);
	usleep(1000);
	hashcache_end(w.c, mine, digest);
	pthread_join(t, NULL);
	is_int(w.answer, HASHCACHE_HIT, "who waits gets it");
	is_int(w.digest[0], 7, "and it is that");
	w.key.ino = 2;
	hashcache_begin(w.c, &w.key, 0, &mine, digest);
	pthread_create(&t, NULL, wait_for, &w);
	usleep(1000);
	hashcache_end(w.c, mine, NULL);
	pthread_join(t, NULL);
	is_int(w.answer, HASHCACHE_MINE, "if there is none, who waits tries");
	hashcache_free(w.c);
}

static void test_pace(void)
{
	const uint64_t s = 1000000000;
	struct pace p;

	pace_init(&p, 100);
	is_int(pace_charge(&p, 50, 0, s), 0, "the first goes at once");
	is_int(pace_charge(&p, 50, 0, s), -1, "the second would wait");
	is_int(pace_charge(&p, 150, s, s), (long long)s / 2, "for half a second");
	is_int(pace_charge(&p, 1, 2 * s - 1, s), -1, "one nanosecond too long");
	is_int(pace_charge(&p, 1, 2 * s, s), 2 * (long long)s, "the third for both");
	is_int(pace_charge(&p, 1, 0, 9 * s), 0, "all is paid for");
	is_int((long long)p.paid_ns, 9 * (long long)s + 10000000, "idle time is not saved up");
	is_int(pace_charge(&p, 1ull << 60, s, 20 * s), 0, "an exabyte");
	ok(p.paid_ns > 1ull << 56, "takes its time");
	pace_fini(&p);
}

int main(void)
{
	test_cache_limit();
	test_single_flight();
	test_pace();
	return done_testing();
}
