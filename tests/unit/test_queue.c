/* SPDX-License-Identifier: Apache-2.0 */
/* Queues between threads: order, limits, and when they sleep and wake. */
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "queue/evq.h"
#include "queue/inbox.h"
#include "tap.h"
#include "util/macros.h"

#define MS	1000000ull
/* Much longer than any test takes: a lost wake-up fails, it does not hang. */
#define LONG	(20000 * MS)

static int items[4096];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void test_sizes(void)
{
	static const struct {
		unsigned at_least, cap;
	} rows[] = {
		{ 0, 3 }, { 1, 3 }, { 3, 3 }, { 4, 7 }, { 7, 7 }, { 8, 15 },
		{ 1000, 1023 }, { 1023, 1023 }, { 1024, 2047 },
	};
	struct evq *q;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		q = evq_new(rows[i].at_least);
		is_int(evq_cap(q), rows[i].cap, "at least %u", rows[i].at_least);
		evq_free(q);
	}
	ok(!evq_new(1u << 30) && !evq_new(UINT32_MAX), "too many");
	ok(!inbox_new(1u << 30) && !inbox_new(UINT32_MAX), "too many, inbox");
	ok(!evq_free(NULL) && !inbox_free(NULL), "nothing is freed");
}

/* Laps, so that the indexes wrap; the order is that of the pushes. */
static void test_order(void)
{
	struct evq *q = evq_new(7);
	int i, lap, wrong = 0;

	ok(!evq_pop_sc(q) && !evq_shift_sp(q), "nothing in a new queue");
	for (lap = 0; lap < 100; lap++) {
		for (i = 0; i < 7; i++)
			wrong += !evq_push_sp(q, &items[i]);
		wrong += evq_push_sp(q, &items[7]);
		wrong += evq_len(q) != 7;
		for (i = 0; i < 7; i++)
			wrong += evq_pop_sc(q) != &items[i];
		wrong += evq_pop_sc(q) != NULL || evq_len(q) != 0;
		evq_push_sp(q, &items[0]);
		wrong += evq_len(q) != 1 || evq_pop_sc(q) != &items[0];
	}
	is_int(wrong, 0, "seven in, no eighth, seven out, a hundred times");
	evq_push_sp(q, &items[0]);
	ok(!evq_free(q), "freed with an item inside");
}

static void test_shift(void)
{
	struct evq *q = evq_new(3);
	int i;

	for (i = 0; i < 3; i++)
		evq_push_sp(q, &items[i]);
	ok(!evq_push_sp(q, &items[3]), "full");
	ok(evq_shift_sp(q) == &items[0], "the producer takes the oldest");
	ok(evq_push_sp(q, &items[3]), "and has room for the newest");
	for (i = 1; i < 4; i++)
		ok(evq_pop_sc(q) == &items[i], "item %d is still there", i);
	ok(!evq_shift_sp(q), "nothing to take");
	evq_free(q);
}

static void test_wait_alone(void)
{
	struct evq *q = evq_new(3);
	uint64_t start = now_ns();

	ok(!evq_wait_sc(q, 0), "no time, no item");
	ok(!evq_wait_sc(q, 5 * MS), "no item within 5 ms");
	ok(now_ns() - start >= 5 * MS, "which did pass");
	evq_push_sp(q, &items[0]);
	ok(evq_wait_sc(q, EVQ_FOREVER), "an item, woken or not");
	ok(evq_wait_sc(q, 0), "no time, but an item");
	evq_pop_sc(q);
	evq_wake_sp(q);
	ok(!evq_wait_sc(q, 1 * MS), "a wake without an item is none");
	evq_free(q);
}

static void test_kick_alone(void)
{
	struct evq *q = evq_new(3);

	evq_kick(q);
	evq_kick(q);
	ok(!evq_wait_sc(q, EVQ_FOREVER), "a kick ends the next wait");
	ok(!evq_wait_sc(q, 1 * MS), "and only that one");
	evq_push_sp(q, &items[0]);
	evq_kick(q);
	ok(evq_wait_sc(q, EVQ_FOREVER), "kicked, and an item");
	evq_pop_sc(q);
	ok(!evq_wait_sc(q, 1 * MS), "which took the kick along");
	evq_free(q);
}

static void test_room_alone(void)
{
	struct evq *q = evq_new(3);
	uint64_t start;
	int i;

	ok(evq_room_sp(q, 0), "room in a new queue");
	for (i = 0; i < 3; i++)
		evq_push_sp(q, &items[i]);
	ok(!evq_room_sp(q, 0), "full, and no time");
	start = now_ns();
	ok(!evq_room_sp(q, 5 * MS), "full for 5 ms");
	ok(now_ns() - start >= 5 * MS, "which did pass");
	evq_shift_sp(q);
	ok(evq_room_sp(q, EVQ_FOREVER), "room that the producer made");
	evq_free(q);
}

/* Another thread that waits; `q` tells it by a kick or an item what to do. */
struct waiter {
	struct evq *q;
	pthread_t thread;
	uint64_t timeout_ns;
	bool got;
	uint64_t took_ns;
};

static void *wait_for_item(void *priv)
{
	struct waiter *w = priv;
	uint64_t start = now_ns();

	w->got = evq_wait_sc(w->q, w->timeout_ns);
	w->took_ns = now_ns() - start;
	return NULL;
}

static void *wait_for_room(void *priv)
{
	struct waiter *w = priv;
	uint64_t start = now_ns();

	w->got = evq_room_sp(w->q, w->timeout_ns);
	w->took_ns = now_ns() - start;
	return NULL;
}

static void start_waiter(struct waiter *w, void *(*fn)(void *))
{
	AZ(pthread_create(&w->thread, NULL, fn, w));
}

static void join_waiter(struct waiter *w)
{
	AZ(pthread_join(w->thread, NULL));
}

/* Whether the other is asleep yet or not: either order has to work. */
static void test_wake_others(void)
{
	struct waiter w = { .q = evq_new(3), .timeout_ns = LONG };
	int i, wrong = 0;

	for (i = 0; i < 200; i++) {
		start_waiter(&w, wait_for_item);
		if (i % 2)
			nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		evq_push_sp(w.q, &items[i]);
		evq_wake_sp(w.q);
		join_waiter(&w);
		wrong += !w.got || evq_pop_sc(w.q) != &items[i];
	}
	is_int(wrong, 0, "200 times an item woke the consumer");
	for (i = 0, wrong = 0; i < 200; i++) {
		start_waiter(&w, wait_for_item);
		if (i % 2)
			nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		evq_kick(w.q);
		join_waiter(&w);
		wrong += w.got || w.took_ns >= LONG;
	}
	is_int(wrong, 0, "200 times a kick did");
	evq_free(w.q);
}

static void test_room_others(void)
{
	struct waiter w = { .q = evq_new(1023), .timeout_ns = LONG };
	int i, lap, wrong = 0;

	for (lap = 0; lap < 100; lap++) {
		while (evq_push_sp(w.q, &items[0]))
			;
		start_waiter(&w, wait_for_room);
		if (lap % 2)
			nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		for (i = 0; i < 128; i++)
			wrong += evq_pop_sc(w.q) == NULL;
		join_waiter(&w);
		wrong += !w.got || w.took_ns >= LONG;
	}
	is_int(wrong, 0, "100 times an eighth of room woke the producer");
	while (evq_push_sp(w.q, &items[0]))
		;
	w.timeout_ns = 20 * MS;
	start_waiter(&w, wait_for_room);
	ok(evq_pop_sc(w.q) != NULL, "one is taken out");
	join_waiter(&w);
	ok(w.got, "room for one is found, when time is over at the latest");
	evq_free(w.q);
}

/* The producer that waits for room has pushed, and woken nobody. */
static void *take_one(void *priv)
{
	struct waiter *w = priv;

	w->got = evq_wait_sc(w->q, w->timeout_ns);
	while (evq_pop_sc(w->q))
		;
	return NULL;
}

static void test_room_wakes(void)
{
	struct waiter w = { .q = evq_new(3), .timeout_ns = LONG };

	start_waiter(&w, take_one);
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	while (evq_push_sp(w.q, &items[0]))
		;
	ok(evq_room_sp(w.q, LONG), "waiting for room wakes the consumer");
	join_waiter(&w);
	ok(w.got, "who finds an item");
	evq_free(w.q);
}

static void test_inbox(void)
{
	struct inbox *b = inbox_new(5);
	int i, lap, wrong = 0;

	ok(!inbox_pop_sc(b), "nothing in a new inbox");
	for (lap = 0; lap < 100; lap++) {
		for (i = 0; i < 7; i++)
			wrong += !inbox_push(b, &items[i]);
		wrong += inbox_push(b, &items[7]) || inbox_len(b) != 7;
		for (i = 0; i < 7; i++)
			wrong += inbox_pop_sc(b) != &items[i];
		wrong += inbox_pop_sc(b) != NULL || inbox_len(b) != 0;
		inbox_push(b, &items[0]);
		wrong += inbox_len(b) != 1 || inbox_pop_sc(b) != &items[0];
	}
	is_int(wrong, 0, "seven in, no eighth, seven out, a hundred times");
	inbox_push(b, &items[0]);
	ok(!inbox_free(b), "freed with an item inside");
}

int main(void)
{
	test_sizes();
	test_order();
	test_shift();
	test_wait_alone();
	test_kick_alone();
	test_room_alone();
	test_wake_others();
	test_room_others();
	test_room_wakes();
	test_inbox();
	return done_testing();
}
