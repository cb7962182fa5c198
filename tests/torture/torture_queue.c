/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: torture_queue [THREADS [SIZE]]
 * Each item is accounted for once and in the order of its producer: evq with
 * all that a producer may do when it is full, inbox with THREADS producers.
 * And nobody sleeps for good.
 */
#include <sched.h>
#include <stdatomic.h>

#include "queue/evq.h"
#include "queue/inbox.h"
#include "torture.h"

#define N_ITEMS	200000u

/* Plain members: TSan and the check tell whether they come over in order. */
struct item {
	uint32_t producer, seq, check;
	uint32_t n_seen;
};

static uint32_t check_of(const struct item *it)
{
	return (it->seq * 2654435761u) ^ (it->producer + 1);
}

static void fill(struct item *it, uint32_t producer, uint32_t seq)
{
	it->producer = producer;
	it->seq = seq;
	it->check = check_of(it);
}

/* What one thread saw. */
struct account {
	uint32_t next_seq;
	unsigned n_seen, n_wrong, n_lost;
};

/* Whoever took it out: it is whole, and newer than the last from there. */
static void see(struct item *it, struct account *a)
{
	a->n_wrong += it->check != check_of(it) || it->seq < a->next_seq;
	a->next_seq = it->seq + 1;
	a->n_seen++;
	it->n_seen++;
}

static unsigned count_astray(const struct item *items, const bool *pushed,
			     unsigned n)
{
	unsigned i, astray = 0;

	for (i = 0; i < n; i++)
		astray += items[i].n_seen != pushed[i];
	return astray;
}

struct pair {
	struct evq *q;
	struct item *items;
	bool *pushed;			/* the producer's */
	pthread_t producer, consumer;
	_Atomic bool done;
	unsigned n_items, n_dropped, n_waits;
	struct account popped, shifted;
};

static bool make_room(struct pair *p, uint32_t how)
{
	uint64_t start = torture_now();
	struct item *old;

	if (how < 2)
		return false;
	if (how < 4) {
		old = evq_shift_sp(p->q);
		if (old)
			see(old, &p->shifted);
		return true;
	}
	p->shifted.n_wrong += !evq_room_sp(p->q, EVQ_FOREVER);
	p->shifted.n_lost += torture_now() - start >= TORTURE_LOST_NS;
	return true;
}

static bool produce(struct pair *p, struct item *it, uint32_t how)
{
	while (!evq_push_sp(p->q, it)) {
		if (!make_room(p, how))
			return false;
	}
	return true;
}

static void *producer(void *priv)
{
	struct pair *p = priv;
	uint32_t seq, rnd = 1 + (uint32_t)(uintptr_t)p;
	uint64_t end = torture_now() + TORTURE_NS;

	for (seq = 0; seq < N_ITEMS; seq++) {
		fill(&p->items[seq], 7, seq);
		if (produce(p, &p->items[seq], torture_rand(&rnd) % 16))
			p->pushed[seq] = true;
		else
			p->n_dropped++;
		if (torture_rand(&rnd) % 32)
			continue;
		evq_wake_sp(p->q);
		if (torture_rand(&rnd) % 8 == 0)
			sched_yield();
		if (torture_now() > end)
			break;
	}
	p->n_items = MIN(seq + 1, N_ITEMS);
	evq_wake_sp(p->q);
	atomic_store(&p->done, true);
	evq_kick(p->q);
	return NULL;
}

static void *consumer(void *priv)
{
	struct pair *p = priv;
	struct item *it;
	uint64_t start;
	bool done;

	do {
		start = torture_now();
		evq_wait_sc(p->q, TORTURE_LOST_NS);
		p->popped.n_lost += torture_now() - start >= TORTURE_LOST_NS;
		p->n_waits++;
		done = atomic_load(&p->done);
		while ((it = evq_pop_sc(p->q)))
			see(it, &p->popped);
	} while (!done);
	return NULL;
}

static void *kicker(void *priv)
{
	struct pair *p = priv;

	while (!atomic_load(&p->done)) {
		evq_kick(p->q);
		sched_yield();
	}
	return NULL;
}

static void check_pair(const struct pair *p)
{
	tap_diag("%u items: %u popped, %u taken back, %u dropped; %u waits",
		 p->n_items, p->popped.n_seen, p->shifted.n_seen, p->n_dropped,
		 p->n_waits);
	is_int(p->popped.n_seen + p->shifted.n_seen + p->n_dropped, p->n_items,
	       "evq: the sum is right");
	is_int(count_astray(p->items, p->pushed, p->n_items), 0,
	       "evq: each item once");
	is_int(p->popped.n_wrong + p->shifted.n_wrong, 0,
	       "evq: whole, and in order");
	is_int(p->popped.n_lost + p->shifted.n_lost, 0,
	       "evq: nobody slept for good");
}

static void test_evq(struct torture t)
{
	unsigned i, n = MAX(t.n_threads / 2, 1u);
	struct pair *pairs = calloc(n, sizeof(*pairs));
	pthread_t kicks;

	AN(pairs);
	for (i = 0; i < n; i++) {
		pairs[i].q = evq_new(t.size);
		pairs[i].items = calloc(N_ITEMS, sizeof(struct item));
		pairs[i].pushed = calloc(N_ITEMS, sizeof(bool));
		AN(pairs[i].items && pairs[i].pushed);
		torture_start(&pairs[i].consumer, consumer, &pairs[i]);
		torture_start(&pairs[i].producer, producer, &pairs[i]);
	}
	torture_start(&kicks, kicker, &pairs[0]);
	for (i = 0; i < n; i++) {
		torture_join(pairs[i].producer);
		torture_join(pairs[i].consumer);
	}
	torture_join(kicks);
	for (i = 0; i < n; i++) {
		check_pair(&pairs[i]);
		evq_free(pairs[i].q);
		free(pairs[i].items);
		free(pairs[i].pushed);
	}
	free(pairs);
}

/*
 * One is about to sleep just when the other has something for it, an item or a
 * kick: some nanoseconds sooner or later, since both set out together.
 */
struct duel {
	struct evq *q;
	_Atomic uint32_t n_awake;	/* times that the consumer woke up */
	_Atomic bool done;
	unsigned n_lost;
};

static void *sleepyhead(void *priv)
{
	struct duel *d = priv;

	while (!atomic_load(&d->done)) {
		uint64_t start = torture_now();

		evq_wait_sc(d->q, TORTURE_LOST_NS);
		d->n_lost += torture_now() - start >= TORTURE_LOST_NS;
		evq_pop_sc(d->q);
		atomic_fetch_add(&d->n_awake, 1);
	}
	return NULL;
}

/* Spins, as to sleep would be to come late; but not for a whole time slice. */
static void await_wake(struct duel *d, uint32_t n)
{
	uint32_t spins;

	for (spins = 1; atomic_load(&d->n_awake) == n; spins++) {
		if (spins % 131072 == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
	}
}

static void test_duel(void)
{
	static struct item ball;
	struct duel d = { .q = evq_new(1) };
	uint64_t start, end = torture_now() + TORTURE_NS;
	uint32_t n = 0, rnd = 2, n_spins = 256;
	pthread_t t;

	torture_start(&t, sleepyhead, &d);
	for (; n % 64 || torture_now() < end; n++) {
		torture_spin(torture_rand(&rnd) % n_spins);
		start = torture_now();
		if (torture_rand(&rnd) % 2) {
			evq_push_sp(d.q, &ball);
			evq_wake_sp(d.q);
		} else {
			evq_kick(d.q);
		}
		await_wake(&d, n);
		/* It came late if the other had to be woken, which takes time. */
		if (torture_now() - start > 2000)
			n_spins = MAX(n_spins - n_spins / 16, 16u);
		else
			n_spins = MIN(n_spins + n_spins / 16 + 1, 65536u);
	}
	atomic_store(&d.done, true);
	evq_kick(d.q);
	torture_join(t);
	tap_diag("%u turns, %u spins", n, n_spins);
	is_int(d.n_lost, 0, "no wake-up is lost");
	evq_free(d.q);
}

struct sender {
	struct inbox *inbox;
	struct item *items;
	bool *pushed;
	uint32_t id;
	unsigned n_items, n_dropped;
	pthread_t thread;
	_Atomic unsigned *n_busy;
};

static void *sender(void *priv)
{
	struct sender *s = priv;
	uint64_t end = torture_now() + TORTURE_NS;
	uint32_t seq;

	for (seq = 0; seq < N_ITEMS; seq++) {
		struct item *it = &s->items[seq];

		fill(it, s->id, seq);
		s->pushed[seq] = inbox_push(s->inbox, it);
		if (!s->pushed[seq]) {
			s->n_dropped++;
			sched_yield();
		}
		if (seq % 32 == 0 && torture_now() > end)
			break;
	}
	s->n_items = MIN(seq + 1, N_ITEMS);
	atomic_fetch_sub(s->n_busy, 1);
	return NULL;
}

static void test_inbox(struct torture t)
{
	struct sender *s = calloc(t.n_threads, sizeof(*s));
	struct account seen[TORTURE_MAX] = { 0 };
	_Atomic unsigned n_busy = t.n_threads;
	struct inbox *b = inbox_new(t.size);
	unsigned i, busy, n_seen = 0, n_sent = 0, n_wrong = 0, n_astray = 0;
	struct item *it;

	AN(s);
	for (i = 0; i < t.n_threads; i++) {
		s[i] = (struct sender){ .inbox = b, .id = i, .n_busy = &n_busy };
		s[i].items = calloc(N_ITEMS, sizeof(struct item));
		s[i].pushed = calloc(N_ITEMS, sizeof(bool));
		AN(s[i].items && s[i].pushed);
		torture_start(&s[i].thread, sender, &s[i]);
	}
	do {
		busy = atomic_load(&n_busy);
		while ((it = inbox_pop_sc(b))) {
			MUST(it->producer < t.n_threads);
			see(it, &seen[it->producer]);
		}
		sched_yield();
	} while (busy);
	for (i = 0; i < t.n_threads; i++) {
		torture_join(s[i].thread);
		n_astray += count_astray(s[i].items, s[i].pushed, s[i].n_items);
		n_sent += s[i].n_items - s[i].n_dropped;
		n_seen += seen[i].n_seen;
		n_wrong += seen[i].n_wrong;
		free(s[i].items);
		free(s[i].pushed);
	}
	tap_diag("%u items", n_sent);
	is_int(n_seen, n_sent, "inbox: what was sent was seen");
	is_int(n_astray, 0, "inbox: each item once");
	is_int(n_wrong, 0, "inbox: whole, and in order of each sender");
	inbox_free(b);
	free(s);
}

int main(int argc, char **argv)
{
	struct torture t = torture_args(argc, argv, 4, 63);

	test_evq(t);
	test_duel();
	test_inbox(t);
	return done_testing();
}
