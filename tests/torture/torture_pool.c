/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: torture_pool [THREADS [SIZE]]
 * One thread allocates, THREADS others free, with queues of SIZE between. Each
 * object carries a pattern that is checked before it is freed. The limit is
 * low, trimming is frequent, and the pool is closed with objects on their way.
 */
#include <sched.h>
#include <stdatomic.h>

#include "queue/evq.h"
#include "queue/pool.h"
#include "torture.h"

struct object {
	size_t size;
	uint64_t seed;
	uint64_t words[];
};

#define SIZE_LEAST	sizeof(struct object)

static void fill(struct object *o, size_t size, uint64_t seed)
{
	size_t i, n = (size - SIZE_LEAST) / sizeof(uint64_t);

	o->size = size;
	o->seed = seed;
	for (i = 0; i < n; i++)
		o->words[i] = seed + i;
}

static bool is_whole(const struct object *o, size_t size, uint64_t seed)
{
	size_t i, n = (size - SIZE_LEAST) / sizeof(uint64_t);

	if (o->size != size || o->seed != seed)
		return false;
	for (i = 0; i < n && o->words[i] == seed + i; i++)
		;
	return i == n;
}

struct freer {
	struct evq *q;
	pthread_t thread;
	_Atomic bool *done;
	uint64_t n_freed, n_wrong, last_seed;
};

static void *freer(void *priv)
{
	struct freer *f = priv;
	struct object *o;
	bool done;

	do {
		evq_wait_sc(f->q, EVQ_FOREVER);
		done = atomic_load(f->done);
		while ((o = evq_pop_sc(f->q))) {
			f->n_wrong += o->seed <= f->last_seed ||
				!is_whole(o, o->size, o->seed);
			f->last_seed = o->seed;
			pool_free(o);
			f->n_freed++;
		}
	} while (!done);
	return NULL;
}

/* Mostly small; each class now and then. */
static size_t some_size(uint32_t *rnd)
{
	uint32_t max = 512u << (torture_rand(rnd) % 4);

	if (torture_rand(rnd) % 64 == 0)
		max = 512u << (torture_rand(rnd) % 9);
	return SIZE_LEAST + torture_rand(rnd) % (max + 1 - SIZE_LEAST);
}

struct run {
	struct pool *pool;
	struct freer freers[TORTURE_MAX];
	unsigned n_freers;
	_Atomic bool done;
	uint64_t n_allocated, n_refused, n_over;
};

static void hand_out(struct run *r, struct object *o, uint32_t *rnd)
{
	struct freer *f = &r->freers[torture_rand(rnd) % r->n_freers];

	while (!evq_push_sp(f->q, o))
		evq_room_sp(f->q, EVQ_FOREVER);
	if (torture_rand(rnd) % 16 == 0)
		evq_wake_sp(f->q);
}

static void allocate(struct run *r, uint32_t rnd)
{
	uint64_t end = torture_now() + TORTURE_NS, i;
	struct pool_stats st;

	for (i = 1; i % 256 || torture_now() < end; i++) {
		size_t size = some_size(&rnd);
		struct object *o = pool_alloc_sp(r->pool, size);

		if (torture_rand(&rnd) % 1024 == 0) {
			pool_trim_sp(r->pool);
			st = pool_stats(r->pool);
			r->n_over += st.used_size + st.kept_size > st.max_size;
		}
		if (!o) {
			r->n_refused++;
			sched_yield();
			continue;
		}
		r->n_allocated++;
		fill(o, size, i);
		hand_out(r, o, &rnd);
	}
}

static void start_run(struct run *r, struct torture t, size_t max_bytes)
{
	unsigned i;

	*r = (struct run){ .n_freers = t.n_threads };
	r->pool = pool_new(max_bytes);
	for (i = 0; i < t.n_threads; i++) {
		r->freers[i].q = evq_new(t.size);
		r->freers[i].done = &r->done;
		torture_start(&r->freers[i].thread, freer, &r->freers[i]);
	}
}

static void end_run(struct run *r, bool early)
{
	uint64_t n_freed = 0, n_wrong = 0;
	struct pool_stats st = pool_stats(r->pool);
	unsigned i;

	is_int(st.n_failed, r->n_refused, "each refusal is counted");
	if (early)
		r->pool = pool_close(r->pool);
	atomic_store(&r->done, true);
	for (i = 0; i < r->n_freers; i++)
		evq_kick(r->freers[i].q);
	for (i = 0; i < r->n_freers; i++) {
		torture_join(r->freers[i].thread);
		evq_free(r->freers[i].q);
		n_freed += r->freers[i].n_freed;
		n_wrong += r->freers[i].n_wrong;
	}
	tap_diag("%llu objects, %llu refused", (unsigned long long)n_freed,
		 (unsigned long long)r->n_refused);
	is_int(n_freed, r->n_allocated, "all came back");
	is_int(n_wrong, 0, "and nobody else wrote to them");
	is_int(r->n_over, 0, "the limit holds");
	if (early)
		return;
	is_int(pool_stats(r->pool).n_used, 0, "none is in use");
	is_int(pool_stats(r->pool).used_size, 0, "no byte is in use");
	for (i = 0; i < 64; i++)
		pool_trim_sp(r->pool);
	is_int(pool_stats(r->pool).kept_size, 0, "no block went astray");
	pool_close(r->pool);
}

int main(int argc, char **argv)
{
	struct torture t = torture_args(argc, argv, 3, 255);
	static struct run r;

	start_run(&r, t, 1 << 20);
	allocate(&r, 1);
	end_run(&r, false);
	start_run(&r, t, 64 << 20);
	allocate(&r, 2);
	end_run(&r, true);
	return done_testing();
}
