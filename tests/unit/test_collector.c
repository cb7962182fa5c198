/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop between a source, which is a script here, and a chain of toys:
 * what is refused, what is announced, how it ends. test_offer.c has what other
 * threads bring in.
 */
#include "toyloop.h"

/* ---- tests ----------------------------------------------------------------------------------*/

static void test_plain(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { REC, WEIR_EV_open, 0 }, { SECOND, 0, 0 },
		{ REC, WEIR_EV_exit, 1 }, { END, 0, 0 } };
	static const struct step rest[] = { { REC, WEIR_EV_open, 1 }, { END, 0, 0 } };
	struct collector_stats cs;

	make(steps, rest, false, NULL);
	is_int(collector_run(col), 0, "plain: the stream ends");
	is_int(seen.n, 4, "all are seen, the drained one too");
	is_int((long long)seen.wall, 42, "the wall clock's offset is passed on");
	is_int(fake.n_drains, 1, "drained once");
	is_int(t.toys[0].n_ticks, 2, "ticked after a second, and at the end");
	cs = finish("plain", true);
	is_int((long long)cs.received, 4, "received");
	is_int((long long)cs.made, 0, "nothing is made");
}

static void test_bad(void)
{
	static const struct step steps[] = {
		{ BAD, 0, 0 }, { BAD, 0, 1 }, { REC, WEIR_EV_exec, 0 }, { BAD, 0, 2 },
		{ BAD, 0, 3 }, { SECOND, 0, 0 }, { BAD, 0, 3 }, { END, 0, 0 } };
	struct collector_stats cs;

	make(steps, NULL, false, NULL);
	is_int(collector_run(col), 0, "bad records: it goes on");
	is_int(seen.n_lost, 4, "bad records are announced");
	is_lost(0, WEIR_CLASS_CRITICAL, 0, WEIR_LOST_BAD_RECORD, 1, 1);
	is_lost(1, WEIR_CLASS_BULK, 0, WEIR_LOST_BAD_RECORD, 1, 1);
	is_lost(2, WEIR_CLASS_USER, 0, WEIR_LOST_BAD_RECORD, 2, 2);
	is_lost(3, WEIR_CLASS_BULK, 0, WEIR_LOST_BAD_RECORD, 1, 2);
	cs = finish("bad records", true);
	is_int((long long)cs.received, 6, "received");
	is_int((long long)cs.refused, 5, "refused");
	is_int((long long)cs.made, 4, "made");
	is_int((long long)cs.lost[WEIR_LOST_BAD_RECORD], 5, "lost");
}

static void test_losses(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { LOSE, WEIR_EV_exec, 3 }, { LOSE, WEIR_EV_open, 1 },
		{ FILTER, WEIR_EV_open, 50 }, { SECOND, 0, 0 }, { SECOND, 0, 0 },
		{ LOSE, WEIR_EV_exec, 4 }, { REC, WEIR_EV_exec, 666 }, { SECOND, 0, 0 },
		{ REC, WEIR_EV_open, 1 }, { END, 0, 0 } };
	static const struct step rest[] = { { LOSE, WEIR_EV_fork, 9 }, { END, 0, 0 } };
	const struct weir_lost *l = seen.lost;
	struct collector_stats cs;

	make(steps, rest, false, NULL);
	is_int(collector_run(col), 0, "losses: runs");
	is_int(seen.n_lost, 5, "losses: each is announced once");
	is_lost(0, WEIR_CLASS_CRITICAL, WEIR_EV_exec, WEIR_LOST_RING_FULL, 3, 3);
	is_lost(1, WEIR_CLASS_BULK, WEIR_EV_open, WEIR_LOST_RING_FULL, 1, 1);
	is_lost(2, WEIR_CLASS_CRITICAL, WEIR_EV_exec, WEIR_LOST_RING_FULL, 4, 7);
	is_lost(3, WEIR_CLASS_CRITICAL, WEIR_EV_exec, WEIR_LOST_ENCODE, 1, 1);
	is_lost(4, WEIR_CLASS_CRITICAL, WEIR_EV_fork, WEIR_LOST_RING_FULL, 9, 9);
	ok(l[0].base.id == (1ull << 60) + 2 && l[1].base.id == (1ull << 60) + 6,
	   "their ids grow by four from the base");
	is_int(l[0].base.type, WEIR_EV_lost, "their type");
	is_int(l[0].base.rclass, WEIR_CLASS_USER, "their class");
	ok(l[0].base.time > 6000000000ull && l[0].base.time < l[4].base.time,
	   "their time is the boot clock's");
	cs = finish("losses", true);
	is_int((long long)cs.lost[WEIR_LOST_RING_FULL], 17, "lost in the kernel");
	is_int((long long)cs.lost[WEIR_LOST_ENCODE], 1, "not encoded");
	is_int((long long)cs.kernel_filtered, 50, "left out on purpose is no loss");
	is_int((long long)cs.made, 5, "made");
}

static int write_drops(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	(void)toy;
	w->done = w->dropped = w->dropped_class[WEIR_CLASS_BULK] = batch->n;
	return WEIR_WRITE_OK;
}

static void test_sink_losses(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_open, 0 }, { REC, WEIR_EV_open, 1 }, { END, 0, 0 } };
	struct collector_stats cs;

	write_next = write_drops;
	make(steps, NULL, false, NULL);
	is_int(collector_run(col), 0, "sink drops: runs");
	is_int(seen.n_lost, 1, "what the sink dropped is announced");
	is_lost(0, WEIR_CLASS_BULK, 0, WEIR_LOST_SINK, 2, 2);
	cs = finish("sink drops", true);
	is_int((long long)cs.lost[WEIR_LOST_SINK], 3,
	       "the total has the announcement too, which was dropped as well");
}

static void test_user_numbers(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_snapshot, 0 }, { REC, WEIR_EV_snapshot, 1 }, { BAD, 0, 0 },
		{ SECOND, 0, 0 }, { LOSE, WEIR_EV_exec, 1 }, { END, 0, 0 } };

	make(steps, NULL, false, NULL);
	is_int(collector_run(col), 0, "user numbers: runs");
	is_int(seen.n_user, 4, "two of the source, two of our own");
	is_int((long long)user_seq, 4, "the next number");
	finish("user numbers", true);
}

static void test_replayed(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 10 }, { LOSE, WEIR_EV_exec, 1 }, { END, 0, 0 } };

	make(steps, NULL, true, NULL);
	is_int(collector_run(col), 0, "replayed: runs");
	is_int(seen.n_lost, 1, "replayed: a loss");
	is_int((long long)seen.lost[0].base.time, 100000500000, "its time is that of the records");
	ok(seen.lost[0].base.id == 0x1700000000000002u, "its id is of their series");
	finish("replayed", true);
}

/* The capture's own numbers are not kept where losses are told anew. */
static void test_replayed_user(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_snapshot, 7 }, { LOSE, WEIR_EV_exec, 1 }, { SECOND, 0, 0 },
		{ REC, WEIR_EV_snapshot, 8 }, { END, 0, 0 } };

	make(steps, NULL, true, NULL);
	is_int(collector_run(col), 0, "replayed snapshots: run");
	is_int(seen.n_user, 3, "two of the capture, one of our own");
	is_int((long long)user_seq, 3, "numbered together");
	finish("replayed snapshots", true);
}

static int write_closed(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	(void)toy;
	(void)batch;
	w->done = 1;
	return WEIR_WRITE_CLOSED;
}

static void test_epipe(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { REC, WEIR_EV_exec, 1 }, { LOSE, WEIR_EV_fork, 5 },
		{ REC, WEIR_EV_exec, 2 }, { END, 0, 0 } };
	static const struct step many[] = { { REC, WEIR_EV_exec, 0 }, { SECOND, 0, 0 },
		{ END, 0, 0 } };
	struct collector_stats cs;

	write_next = write_closed;
	make(steps, NULL, false, NULL);
	is_int(collector_run(col), -EPIPE, "all readers are gone: it ends");
	is_int(seen.n, 2, "nothing more is read");
	is_int(fake.n_drains, 0, "nor drained");
	cs = finish("gone", false);
	is_int((long long)cs.lost[WEIR_LOST_SINK], 1, "what they did not take is counted");
	is_int((long long)cs.lost[WEIR_LOST_RING_FULL], 5, "and what the kernel lost");

	write_next = write_closed;
	make(many, many, false, NULL);
	is_int(collector_run(col), -EPIPE, "gone with the only event");
	finish("gone with the only event", false);
	write_next = write_closed;
	make(many + 2, many, false, NULL);
	is_int(collector_run(col), -EPIPE, "gone while it drains");
	finish("gone while it drains", false);
}

static void test_errors(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { SECOND, 0, 0 }, { LOSE, WEIR_EV_fork, 2 },
		{ FAIL, 0, EBADMSG } };
	static const struct step bad_end[] = { { REC, WEIR_EV_exec, 3 }, { FAIL, 0, EIO } };
	static const struct step end[] = { { END, 0, 0 } };
	static const struct step shut[] = { { FAIL, 0, ESHUTDOWN } };

	make(steps, bad_end, false, NULL);
	is_int(collector_run(col), -EBADMSG, "the source's error comes up, the first one");
	is_int(seen.n, 3, "what was there is drained, losses are told");
	finish("source error", true);
	make(end, bad_end, false, NULL);
	is_int(collector_run(col), -EIO, "an error of the drain comes up");
	is_int(seen.n, 1, "after what it gave");
	finish("drain error", true);
	make(end, shut, false, NULL);
	is_int(collector_run(col), 0, "the end is no error, also of the drain");
	finish("drain's end", true);
}

static void *stop_it(void *arg)
{
	(void)arg;
	collector_stop(col);
	return NULL;
}

static void test_stop(void)
{
	static const struct step by_signal[] = {
		{ REC, WEIR_EV_exec, 0 }, { SIGNAL, 0, 0 }, { REC, WEIR_EV_exec, 1 }, { END, 0, 0 } };
	static const struct step by_thread[] = {
		{ REC, WEIR_EV_exec, 0 }, { WAIT, 0, 0 }, { SECOND, 0, 0 }, { END, 0, 0 } };
	static const struct step rest[] = { { REC, WEIR_EV_exit, 9 }, { END, 0, 0 } };
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t thread;

	sigaction(SIGUSR1, &sa, NULL);
	make(by_signal, rest, false, NULL);
	is_int(collector_run(col), 0, "stopped by a signal");
	is_int(seen.n, 2, "what comes later is not polled, but drained");
	is_int(fake.n_polls, 1, "one poll");
	finish("signal", true);

	make(by_thread, rest, false, NULL);
	MUST(pthread_create(&thread, NULL, stop_it, NULL) == 0);
	is_int(collector_run(col), 0, "stopped by a thread");
	pthread_join(thread, NULL);
	ok(fake.n_drains == 1, "and drained");
	finish("thread", true);

	make(by_signal, rest, false, NULL);
	collector_stop(col);
	is_int(collector_run(col), 0, "stopped before it ran");
	is_int(fake.n_polls, 0, "nothing is polled");
	is_int(seen.n, 1, "but what is there is drained");
	finish("before", true);
}

/* A sink that takes nothing until the chain is told to stop. */
static int write_stuck(struct toy *toy, const struct weir_batch *batch, struct weir_write *w)
{
	(void)batch;
	(void)w;
	if (toy->n_calls == 3) {
		collector_stop(col);
		chain_stop(t.chain);
	}
	return WEIR_WRITE_AGAIN;
}

static void test_stuck(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { REC, WEIR_EV_exec, 1 }, { SECOND, 0, 0 }, { END, 0, 0 } };
	struct collector_stats cs;

	write_next = write_stuck;
	make(steps, NULL, false, NULL);
	is_int(collector_run(col), 0, "a sink that is stuck does not hold up the end");
	cs = finish("stuck", true);
	is_int((long long)cs.lost[WEIR_LOST_SINK], 4,
	       "what it did not take is lost: two, their announcement, and that one's own");
}

static void test_recorded(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { BAD, 0, 1 }, { LOSE, WEIR_EV_exec, 2 }, { SECOND, 0, 0 },
		{ LOSE, WEIR_EV_exec, 1 }, { END, 0, 0 } };
	static const struct step closed[] = {
		{ REC, WEIR_EV_exec, 0 }, { LOSE, WEIR_EV_exec, 6 }, { END, 0, 0 } };
	struct capture_info info = { .host = { "id", "name", "boot" }, .kernel = "6.1" };
	static struct source_losses losses;
	struct capture_writer *w = NULL;
	struct capture_reader *in = NULL;
	struct capture_frame f;
	char path[] = "/tmp/weir-collector-XXXXXX", file[64];
	unsigned n = 0, round;
	int r;

	MUST(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/cap", path);
	for (round = 0; round < 2; round++) {
		MUST(capture_writer_new(&w, file, &info) == 0);
		write_next = round ? write_closed : NULL;
		make(round ? closed : steps, NULL, false, w);
		is_int(collector_run(col), round ? -EPIPE : 0, "recorded: runs");
		is_int(capture_writer_close(w), 0, "recorded: closed");
		finish("recorded", !round);
		memset(&losses, 0, sizeof(losses));
		n = 0;
		MUST(capture_open(&in, file) == 0);
		while ((r = capture_next(in, &f)) != -ESHUTDOWN) {
			if (r == CAPTURE_E_MORE)
				r = capture_fill(in);
			else if (!r && f.kind == CAPTURE_RECORD)
				n++;
			else if (!r && f.kind == CAPTURE_LOSSES)
				capture_read_losses(&f, &losses);
			MUST(r == 0);
		}
		capture_close(in);
		is_int(n, round ? 1 : 2, "recorded: what came from the source, unchecked; not our own");
		is_int((long long)losses.n[0][WEIR_EV_exec][WEIR_LOST_RING_FULL], round ? 6 : 3,
		       "recorded: the losses up to the end");
		unlink(file);
	}
	rmdir(path);
}

/* mkrec's records have the pid 0. */
static void test_watch(void)
{
	static const struct step steps[] = {
		{ REC, WEIR_EV_exec, 0 }, { REC, WEIR_EV_open, 0 }, { REC, WEIR_EV_snapshot, 0 },
		{ BAD, 0, 0 }, { LOSE, WEIR_EV_exec, 3 }, { FILTER, WEIR_EV_open, 5 },
		{ SECOND, 0, 0 }, { END, 0, 0 } };
	static const uint64_t both = 1ull << WEIR_EV_exec | 1ull << WEIR_EV_open;
	static struct collector_types types;

	make(steps, NULL, false, NULL);
	is_int(collector_run(col), 0, "watch: runs");
	ok(collector_watched(col) == 0, "nobody is watched: nothing is noted");
	collector_types(col, &types);
	is_int((long long)types.seen[WEIR_EV_exec], 1, "by type: exec");
	is_int((long long)types.seen[WEIR_EV_snapshot], 1, "by type: snapshot");
	is_int((long long)types.seen[WEIR_EV_lost], 2, "by type: what we made");
	is_int((long long)types.lost[WEIR_LOST_RING_FULL][WEIR_EV_exec], 3, "lost of a type");
	is_int((long long)types.lost[WEIR_LOST_BAD_RECORD][0], 1, "lost of no type");
	is_int((long long)types.kernel_filtered[WEIR_EV_open], 5, "filtered of a type");
	ok(types.n_sums >= 2, "summed up each second");
	finish("watch", true);

	make(steps, NULL, false, NULL);
	collector_watch(col, 0);
	is_int(collector_run(col), 0, "watched: runs");
	ok(collector_watched(col) == both, "the types of the kernel that came");
	collector_watch_wait(col, 1000000000);
	collector_unwatch(col);
	collector_watch(col, 4711);
	ok(collector_watched(col) == 0, "another one has its own");
	finish("watched", true);
	make(steps, NULL, false, NULL);
	collector_watch(col, 4711);
	is_int(collector_run(col), 0, "another: runs");
	ok(collector_watched(col) == 0, "events of others are not noted");
	finish("another", true);
}

static void silent(int level, const char *text)
{
	(void)level;
	(void)text;
}

int main(void)
{
	umask(022);
	log_set_sink(silent);
	if (!ok(toychain_setup(), "the plugins are there"))
		return done_testing();
	test_plain();
	test_bad();
	test_losses();
	test_sink_losses();
	test_user_numbers();
	test_replayed();
	test_replayed_user();
	test_epipe();
	test_errors();
	test_stop();
	test_stuck();
	test_recorded();
	test_watch();
	toychain_teardown();
	return done_testing();
}
