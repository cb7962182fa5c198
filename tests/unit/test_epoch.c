/* SPDX-License-Identifier: Apache-2.0 */
/* When retired objects are called, step by step, in one thread. */
#include <pthread.h>
#include <stdint.h>

#include "queue/epoch.h"
#include "tap.h"
#include "util/macros.h"

struct thing {
	int n_called;
	struct epoch *retires;		/* again, from fn */
	struct epoch_entry entry;
};

static void called(struct epoch_entry *e)
{
	struct thing *t = (struct thing *)((char *)e -
					   offsetof(struct thing, entry));

	if (t->n_called++ == 0 && t->retires)
		epoch_retire(t->retires, e, called);
}

static void test_no_reader(void)
{
	struct epoch *ep = epoch_new();
	struct thing t[3] = { 0 };
	int i;

	is_int(epoch_poll(ep), 0, "nothing waits");
	ok(!epoch_blocker(ep), "and nobody is in the way");
	for (i = 0; i < 3; i++)
		epoch_retire(ep, &t[i].entry, called);
	is_int(t[0].n_called, 0, "not called at once");
	is_int(epoch_poll(ep), 0, "without readers, by the next poll");
	ok(t[0].n_called == 1 && t[1].n_called == 1 && t[2].n_called == 1,
	   "each once");
	epoch_poll(ep);
	is_int(t[0].n_called, 1, "and only once");
	ok(!epoch_free(ep) && !epoch_free(NULL), "freed");
}

static void test_reader(void)
{
	struct epoch *ep = epoch_new();
	struct epoch_reader *a = epoch_reader_new(ep, "a");
	struct epoch_reader *b = epoch_reader_new(ep, "b");
	struct thing t = { 0 };
	int i;

	epoch_enter(a);
	epoch_retire(ep, &t.entry, called);
	ok(!epoch_blocker(ep), "no blame before a poll");
	for (i = 0; i < 10; i++)
		is_int(epoch_poll(ep), 1, "a reader is inside, poll %d", i);
	is_str(epoch_blocker(ep), "a", "it is named");
	epoch_enter(b);
	for (i = 0; i < 10; i++)
		epoch_poll(ep);
	is_str(epoch_blocker(ep), "a", "not the one who came later");
	epoch_enter(a);
	epoch_leave(a);
	for (i = 0; i < 10; i++)
		epoch_poll(ep);
	is_int(t.n_called, 0, "an inner section changes nothing");
	epoch_leave(a);
	ok(!epoch_blocker(ep), "who has left does not block");
	for (i = 0; i < 3; i++)
		epoch_poll(ep);
	is_int(t.n_called, 1, "called, though one who came later is inside");
	is_int(epoch_poll(ep), 0, "nothing waits");
	epoch_leave(b);
	epoch_reader_free(a);
	ok(!epoch_reader_free(b) && !epoch_reader_free(NULL), "readers freed");
	epoch_free(ep);
}

/* Retired in different grace periods: each waits for its own readers. */
static void test_periods(void)
{
	struct epoch *ep = epoch_new();
	struct epoch_reader *r[2] = {
		epoch_reader_new(ep, "even"), epoch_reader_new(ep, "odd"),
	};
	struct thing t[40] = { 0 };
	int early = 0, i;

	epoch_enter(r[0]);
	for (i = 0; i < 40; i++) {
		/* In turn, one enters before the other leaves. */
		epoch_enter(r[(i + 1) % 2]);
		epoch_retire(ep, &t[i].entry, called);
		epoch_poll(ep);
		epoch_poll(ep);
		early += t[i].n_called;
		epoch_leave(r[i % 2]);
		early += t[i].n_called;
		epoch_poll(ep);
		epoch_poll(ep);
		/* r[(i + 1) % 2] was inside when t[i] was retired. */
		early += t[i].n_called;
	}
	is_int(early, 0, "none is called while a reader of its time is inside");
	is_int(t[37].n_called, 1, "the others are");
	epoch_leave(r[0]);
	is_int(epoch_poll(ep), 0, "all in the end");
	for (i = 0; i < 40; i++)
		early += t[i].n_called != 1;
	is_int(early, 0, "each once");
	epoch_free(ep);
}

static void test_again(void)
{
	struct epoch *ep = epoch_new();
	struct thing t = { .retires = ep }, last = { .retires = ep };
	struct epoch_reader *r;
	void *first;

	epoch_retire(ep, &t.entry, called);
	is_int(epoch_poll(ep), 1, "fn retires it again");
	is_int(t.n_called, 1, "and is not called at once");
	is_int(epoch_poll(ep), 0, "but by the next poll");
	is_int(t.n_called, 2, "which it was");

	first = r = epoch_reader_new(ep, "0123456789012345678901234567890123");
	is_int(strlen(r->name), EPOCH_NAME_LEN - 1, "a long name is cut");
	epoch_enter(r);
	epoch_leave(r);
	epoch_reader_free(r);
	r = epoch_reader_new(ep, "second");
	ok(r == first, "a reader that was freed is used again");
	is_str(r->name, "second", "under its new name");
	epoch_retire(ep, &last.entry, called);
	epoch_free(ep);
	is_int(last.n_called, 2, "epoch_free calls what waits");
}

int main(void)
{
	test_no_reader();
	test_reader();
	test_periods();
	test_again();
	return done_testing();
}
