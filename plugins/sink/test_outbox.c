/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox, with a thread that delivers when the test lets it. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "plugins/sink/outbox.h"
#include "tap.h"

#define N_ITEMS	400u

static struct weir_item items[N_ITEMS];
static char texts[N_ITEMS][128];
static char last_log[256];

static void host_log(void *ctx, int level, const char *text)
{
	(void)ctx;
	(void)level;
	snprintf(last_log, sizeof(last_log), "%s", text);
}

static const struct weir_host host = { .size = sizeof(host), .log = host_log };
static const struct weir_setup setup = { .size = sizeof(setup), .host = &host };

/* ---- a peer --------------------------------------------------------------------*/

struct peer {
	struct outbox ob;
	atomic_bool open;	/* it delivers */
	atomic_uint lose;	/* so many of the next lines it loses */
	atomic_uint got, disorder, next;
};

static void deliver(struct peer *p, struct outbox_lot *lot)
{
	unsigned number;

	for (; !outbox_lot_done(lot) && atomic_load(&p->open); outbox_done(&p->ob, 1)) {
		if (sscanf((char *)lot->p + lot->off, "line %u", &number) != 1 ||
		    number < atomic_load(&p->next))
			atomic_fetch_add(&p->disorder, 1);
		atomic_store(&p->next, number + 1);
		if (atomic_load(&p->lose)) {
			atomic_fetch_sub(&p->lose, 1);
			outbox_lose(&p->ob, lot->lines[lot->at].rclass, 1);
		} else {
			atomic_fetch_add(&p->got, 1);
		}
	}
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;
	struct outbox_lot *lot;

	while (!outbox_over(&p->ob)) {
		lot = outbox_take(&p->ob);
		if (lot)
			deliver(p, lot);
		outbox_wait(&p->ob, NULL, 0, atomic_load(&p->open) ? 1000000000 : 1000000);
	}
	return NULL;
}

static void peer_start(struct peer *p, size_t limit, enum outbox_policy policy, bool open)
{
	memset(p, 0, sizeof(*p));
	atomic_store(&p->open, open);
	outbox_init(&p->ob, limit, policy);
	outbox_start(&p->ob, peer_main, p);
	last_log[0] = 0;
}

static void peer_wait(struct peer *p, unsigned n)
{
	unsigned i;

	for (i = 0; i < 60000 && atomic_load(&p->got) < n; i++)
		usleep(1000);
}

static struct weir_batch batch_make(unsigned from, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		items[i] = (struct weir_item){ .p = (uint8_t *)texts[i],
					       .rclass = (uint8_t)(i % WEIR_CLASS_MAX) };
		items[i].len = (uint32_t)snprintf(texts[i], sizeof(texts[i]), "line %u %0100d\n",
						  from + i, 0);
	}
	return (struct weir_batch){ sizeof(struct weir_batch), n, items };
}

/* ---- tests ---------------------------------------------------------------------*/

static void test_order(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b;
	struct peer p;
	unsigned i;

	peer_start(&p, 1 << 20, OUTBOX_BLOCK, true);
	for (i = 0; i < 100; i++) {
		b = batch_make(i * 50, 50);
		while (outbox_put(&p.ob, &b, &w) == WEIR_WRITE_AGAIN) {
			b.items += w.done;
			b.n -= w.done;
		}
	}
	outbox_stop(&p.ob, 60000000000u, &setup);
	is_int(atomic_load(&p.got), 5000, "all lines are delivered, the last ones by stop");
	is_int(atomic_load(&p.disorder), 0, "in order");
	is_str(last_log, "", "and there is nothing to say");
	outbox_fini(&p.ob);
}

static void test_drop(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b = batch_make(0, N_ITEMS);
	struct peer p;
	unsigned kept;

	peer_start(&p, 16384, OUTBOX_DROP, false);
	is_int(outbox_put(&p.ob, &b, &w), WEIR_WRITE_OK, "drop takes all at once");
	is_int(w.done, N_ITEMS, "every item");
	kept = w.done - w.dropped;
	ok(kept > 10 && kept < 80, "as many as there is room for are kept (%u)", kept);
	is_int(w.dropped_class[0] + w.dropped_class[1] + w.dropped_class[2], w.dropped,
	       "the others are counted by class");
	is_int((long long)p.ob.n_dropped, w.dropped, "and in sum");
	atomic_store(&p.open, true);
	peer_wait(&p, kept);
	outbox_stop(&p.ob, 60000000000u, &setup);
	is_int(atomic_load(&p.got), kept, "what was kept is delivered");
	outbox_fini(&p.ob);
}

static void test_block(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b = batch_make(0, N_ITEMS);
	struct peer p;
	unsigned done;

	peer_start(&p, 16384, OUTBOX_BLOCK, false);
	is_int(outbox_put(&p.ob, &b, &w), WEIR_WRITE_AGAIN, "block takes what there is room for");
	done = w.done;
	do {
		b.items += w.done;
		b.n -= w.done;
		is_int(outbox_put(&p.ob, &b, &w), WEIR_WRITE_AGAIN,
		       "then it waits a little, and says so");
		done += w.done;
	} while (w.done);
	ok(p.ob.n_waits >= 1 && !w.dropped, "nothing is dropped");
	atomic_store(&p.open, true);
	while (b.n) {
		outbox_put(&p.ob, &b, &w);
		done += w.done;
		b.items += w.done;
		b.n -= w.done;
	}
	is_int(done, N_ITEMS, "with a peer that reads it goes on");
	outbox_stop(&p.ob, 60000000000u, &setup);
	is_int(atomic_load(&p.got), N_ITEMS, "and nothing is missing");
	outbox_fini(&p.ob);
}

static void test_lost(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b = batch_make(0, 30);
	struct peer p;

	peer_start(&p, 1 << 20, OUTBOX_BLOCK, false);
	atomic_store(&p.lose, 12);
	outbox_put(&p.ob, &b, &w);
	is_int(w.dropped, 0, "at first nothing is known to be lost");
	atomic_store(&p.open, true);
	peer_wait(&p, 18);
	b = batch_make(30, 5);
	outbox_put(&p.ob, &b, &w);
	ok(w.done == 5 && w.dropped == 5, "what the thread loses goes for lines of the next call");
	b = batch_make(35, 30);
	outbox_put(&p.ob, &b, &w);
	ok(w.done == 30 && w.dropped == 7, "and of those after it, each once");
	outbox_stop(&p.ob, 60000000000u, &setup);
	is_str(last_log, "", "all of them are told by then");
	outbox_fini(&p.ob);
}

static void test_large(void)
{
	static char large[100000];
	struct weir_item it = { (uint8_t *)large, sizeof(large), 1, 0, 0 };
	struct weir_batch b = { sizeof(b), 1, &it };
	struct weir_write w = { .size = sizeof(w) };
	struct peer p;

	memset(large, 'x', sizeof(large));
	memcpy(large, "line 1 ", 7);
	peer_start(&p, 65536, OUTBOX_DROP, true);
	ok(outbox_put(&p.ob, &b, &w) == WEIR_WRITE_OK && !w.dropped,
	   "a line larger than the buffer is taken alone");
	outbox_stop(&p.ob, 60000000000u, &setup);
	is_int(atomic_load(&p.got), 1, "and delivered");
	outbox_fini(&p.ob);
}

static void test_end(void)
{
	struct weir_write w = { .size = sizeof(w) };
	struct weir_batch b = batch_make(0, 30);
	struct peer p;

	peer_start(&p, 1 << 20, OUTBOX_BLOCK, false);
	outbox_put(&p.ob, &b, &w);
	outbox_say(&p.ob, WEIR_LOG_INFO, "said");
	outbox_tell(&p.ob, &setup);
	is_str(last_log, "said", "what the thread says is logged by the tick");
	outbox_stop(&p.ob, 1000000, &setup);
	is_str(last_log, "30 lines are lost: not delivered at the end",
	       "a peer that never reads costs the patience, and is told");
	outbox_fini(&p.ob);
}

int main(void)
{
	test_order();
	test_drop();
	test_block();
	test_lost();
	test_large();
	test_end();
	return done_testing();
}
