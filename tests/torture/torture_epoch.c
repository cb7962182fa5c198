/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: torture_epoch [THREADS [SIZE]]
 * A writer replaces the objects in SIZE places and retires the old ones; THREADS
 * readers look at them and never see one whose fn was called. State is a plain
 * member, so that TSan sees the same.
 */
#include <sched.h>
#include <stdatomic.h>

#include "queue/epoch.h"
#include "torture.h"

#define ALIVE	0x600du
#define DEAD	0xdeadu

struct object {
	volatile uint32_t state;
	struct object *next_free;
	struct epoch_entry entry;
};

struct reader {
	struct epoch *epoch;
	pthread_t thread;
	uint32_t rnd;
	uint64_t n_sections, n_dead;
};

static struct {
	struct object *_Atomic *places;
	unsigned n_places;
	_Atomic bool done;
	/* The writer's, first in, first out: the dead rest for a while. */
	struct object *free, **free_end;
	uint64_t n_called;
} table;

static void lay_down(struct object *o)
{
	o->next_free = NULL;
	*table.free_end = o;
	table.free_end = &o->next_free;
}

static void bury(struct epoch_entry *e)
{
	struct object *o = (struct object *)((char *)e -
					     offsetof(struct object, entry));

	MUST(o->state == ALIVE);
	o->state = DEAD;
	lay_down(o);
	table.n_called++;
}

static struct object *look(struct reader *r)
{
	unsigned i = torture_rand(&r->rnd) % table.n_places;

	return atomic_load_explicit(&table.places[i], memory_order_acquire);
}

/* Some objects at a time, looked at twice; now and then for long. */
static void read_section(struct reader *r, struct epoch_reader *er)
{
	struct object *seen[4];
	unsigned i;

	epoch_enter(er);
	for (i = 0; i < ARRAY_LEN(seen); i++) {
		seen[i] = look(r);
		r->n_dead += seen[i]->state != ALIVE;
	}
	torture_spin(torture_rand(&r->rnd) % 256);
	if (torture_rand(&r->rnd) % 1024 == 0)
		sched_yield();
	for (i = 0; i < ARRAY_LEN(seen); i++)
		r->n_dead += seen[i]->state != ALIVE;
	epoch_leave(er);
	r->n_sections++;
}

static void *reader(void *priv)
{
	struct reader *r = priv;
	struct epoch_reader *er = epoch_reader_new(r->epoch, "reader");

	AN(er);
	while (!atomic_load_explicit(&table.done, memory_order_relaxed)) {
		read_section(r, er);
		torture_spin(torture_rand(&r->rnd) % 256);
		if (torture_rand(&r->rnd) % 4096)
			continue;
		epoch_reader_free(er);
		er = epoch_reader_new(r->epoch, "another");
		AN(er);
	}
	epoch_reader_free(er);
	return NULL;
}

static struct object *new_object(void)
{
	struct object *o = table.free;

	if (!o)
		return NULL;
	table.free = o->next_free;
	if (!table.free)
		table.free_end = &table.free;
	o->state = ALIVE;
	return o;
}

static uint64_t write_all(struct epoch *ep)
{
	uint64_t end = torture_now() + TORTURE_NS, n = 0, turn;
	uint32_t rnd = 12345;

	for (turn = 1; turn % 256 || torture_now() < end; turn++) {
		struct object *o = new_object();
		unsigned i = torture_rand(&rnd) % table.n_places;

		if (!o) {
			if (epoch_blocker(ep))
				sched_yield();
			epoch_poll(ep);
			continue;
		}
		o = atomic_exchange_explicit(&table.places[i], o,
					     memory_order_release);
		epoch_retire(ep, &o->entry, bury);
		n++;
		if (torture_rand(&rnd) % 2 == 0)
			epoch_poll(ep);
	}
	return n;
}

static void test(struct torture t)
{
	struct reader *readers = calloc(t.n_threads, sizeof(*readers));
	unsigned i, n_objects = 4 * t.size + 1024;
	struct object *objects = calloc(n_objects, sizeof(*objects));
	struct epoch *ep = epoch_new();
	uint64_t n_retired, n_dead = 0, n_sections = 0;

	table.places = calloc(t.size, sizeof(*table.places));
	table.n_places = t.size;
	AN(readers && objects && table.places);
	table.free = NULL;
	table.free_end = &table.free;
	table.n_called = 0;
	atomic_store(&table.done, false);
	for (i = 0; i < n_objects; i++)
		lay_down(&objects[i]);
	for (i = 0; i < t.size; i++)
		atomic_store(&table.places[i], new_object());
	for (i = 0; i < t.n_threads; i++) {
		readers[i] = (struct reader){ .epoch = ep, .rnd = i + 1 };
		torture_start(&readers[i].thread, reader, &readers[i]);
	}
	n_retired = write_all(ep);
	atomic_store(&table.done, true);
	for (i = 0; i < t.n_threads; i++) {
		torture_join(readers[i].thread);
		n_dead += readers[i].n_dead;
		n_sections += readers[i].n_sections;
	}
	tap_diag("%llu sections; %llu retired, %llu of these called while they ran",
		 (unsigned long long)n_sections, (unsigned long long)n_retired,
		 (unsigned long long)table.n_called);
	is_int(n_dead, 0, "no reader saw an object whose fn was called");
	ok(table.n_called > 0, "grace periods did end");
	is_int(epoch_poll(ep), 0, "and so do all without readers");
	is_int(table.n_called, n_retired, "each was called once");
	epoch_free(ep);
	free((void *)table.places);
	free(objects);
	free(readers);
}

int main(int argc, char **argv)
{
	struct torture t = torture_args(argc, argv, 3, 16);

	test(t);
	/* One reader is outside of sections more often than all of several. */
	t.n_threads = 1;
	test(t);
	return done_testing();
}
