/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns two lots of lines: one that the event path fills, one that the thread drains. They
 * are swapped when the thread has done its own. The thread sleeps in poll(), so that it
 * can wait for its peer and for lines at once; an eventfd wakes it.
 */
#include "plugins/sink/outbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

uint64_t outbox_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- lots ----------------------------------------------------------------------*/

static void *grow(void *p, size_t *cap, size_t need, size_t size)
{
	size_t more = *cap ? *cap : 256;
	void *q;

	if (need <= *cap)
		return p;
	while (more < need)
		more *= 2;
	q = realloc(p, more * size);
	if (q)
		*cap = more;
	return q;
}

/* Bytes that it takes, with what is told of each line. */
static size_t lot_size(const struct outbox_lot *lot)
{
	return lot->len + lot->n * sizeof(*lot->lines);
}

static bool lot_add(struct outbox_lot *lot, const struct weir_item *it)
{
	size_t max = lot->max;
	uint8_t *p = grow(lot->p, &lot->cap, lot->len + it->len, 1);
	struct outbox_line *lines;

	if (!p)
		return false;
	lot->p = p;
	lines = grow(lot->lines, &max, lot->n + 1u, sizeof(*lines));
	if (!lines)
		return false;
	lot->lines = lines;
	lot->max = (uint32_t)max;
	memcpy(p + lot->len, it->p, it->len);
	lot->len += it->len;
	lines[lot->n++] = (struct outbox_line){ it->len, it->type, it->rclass, 0 };
	return true;
}

static void lot_clear(struct outbox_lot *lot)
{
	lot->len = lot->off = 0;
	lot->n = lot->at = 0;
}

static void lot_fini(struct outbox_lot *lot)
{
	free(lot->p);
	free(lot->lines);
}

/* ---- life ----------------------------------------------------------------------*/

int outbox_init(struct outbox *ob, size_t limit, enum outbox_policy policy)
{
	pthread_condattr_t a;

	memset(ob, 0, sizeof(*ob));
	ob->limit = limit;
	ob->policy = policy;
	ob->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ob->wake_fd < 0)
		return -errno;
	pthread_mutex_init(&ob->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&ob->room, &a);
	pthread_condattr_destroy(&a);
	return 0;
}

int outbox_start(struct outbox *ob, void *(*run)(void *arg), void *arg)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&ob->thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ob->started = !r;
	return -r;
}

static void wake(struct outbox *ob)
{
	uint64_t one = 1;

	/* It cannot fail but for a counter that is full, and then the thread is woken. */
	if (write(ob->wake_fd, &one, sizeof(one)) < 0)
		return;
}

/* After the thread: what is left. */
static uint64_t left(const struct outbox *ob)
{
	uint64_t n = ob->fill.n + (ob->drain.n - ob->drain.at);
	unsigned i;

	for (i = 0; i < WEIR_CLASS_MAX; i++)
		n += ob->lost[i];
	return n;
}

void outbox_stop(struct outbox *ob, uint64_t patience_ns, const struct weir_setup *setup)
{
	if (!ob->started)
		return;
	pthread_mutex_lock(&ob->lock);
	ob->stop = true;
	ob->until_ns = outbox_now() + patience_ns;
	pthread_mutex_unlock(&ob->lock);
	wake(ob);
	pthread_join(ob->thread, NULL);
	ob->started = false;
	outbox_tell(ob, setup);
	if (left(ob))
		weir_logf(setup, WEIR_LOG_ERROR, "%llu lines are lost: not delivered at the end",
			  (unsigned long long)left(ob));
}

void outbox_fini(struct outbox *ob)
{
	if (ob->wake_fd < 0)
		return;
	lot_fini(&ob->fill);
	lot_fini(&ob->drain);
	pthread_cond_destroy(&ob->room);
	pthread_mutex_destroy(&ob->lock);
	close(ob->wake_fd);
	ob->wake_fd = -1;
}

/* ---- the event path ------------------------------------------------------------*/

/* A line that is larger than half of all room is taken if nothing else is there. */
static bool has_room(const struct outbox *ob, const struct weir_item *it)
{
	return !ob->fill.n ||
	       lot_size(&ob->fill) + it->len + sizeof(struct outbox_line) <= ob->limit / 2;
}

static void take_some(struct outbox *ob, const struct weir_batch *batch, struct weir_write *w)
{
	while (w->done < batch->n && has_room(ob, &batch->items[w->done]) &&
	       lot_add(&ob->fill, &batch->items[w->done]))
		w->done++;
}

static void wait_for_room(struct outbox *ob)
{
	uint64_t until = outbox_now() + OUTBOX_WAIT_NS;
	struct timespec t = { (time_t)(until / 1000000000u), (long)(until % 1000000000u) };

	ob->n_waits++;
	pthread_cond_timedwait(&ob->room, &ob->lock, &t);
}

static void drop_rest(struct outbox *ob, const struct weir_batch *batch, struct weir_write *w)
{
	unsigned rclass;

	for (; w->done < batch->n; w->done++, w->dropped++, ob->n_dropped++) {
		rclass = batch->items[w->done].rclass;
		if (rclass < WEIR_CLASS_MAX)
			w->dropped_class[rclass]++;
	}
}

/* What was taken earlier and lost since goes for some that are taken now. */
static void lost_tell(struct outbox *ob, struct weir_write *w)
{
	uint64_t n;
	unsigned i;

	for (i = 0; i < WEIR_CLASS_MAX; i++) {
		n = w->done - w->dropped;
		n = ob->lost[i] < n ? ob->lost[i] : n;
		ob->lost[i] -= n;
		w->dropped += (uint32_t)n;
		w->dropped_class[i] += (uint32_t)n;
	}
}

int outbox_put(struct outbox *ob, const struct weir_batch *batch, struct weir_write *w)
{
	bool asleep;

	w->done = w->dropped = 0;
	memset(w->dropped_class, 0, sizeof(w->dropped_class));
	pthread_mutex_lock(&ob->lock);
	take_some(ob, batch, w);
	if (!w->done && batch->n && ob->policy == OUTBOX_BLOCK) {
		wait_for_room(ob);
		take_some(ob, batch, w);
	}
	if (ob->policy == OUTBOX_DROP)
		drop_rest(ob, batch, w);
	lost_tell(ob, w);
	asleep = ob->asleep;
	ob->asleep = false;
	pthread_mutex_unlock(&ob->lock);
	if (asleep)
		wake(ob);
	return w->done == batch->n ? WEIR_WRITE_OK : WEIR_WRITE_AGAIN;
}

void outbox_tell(struct outbox *ob, const struct weir_setup *setup)
{
	struct outbox_note notes[OUTBOX_NOTES];
	uint32_t i, n, n_unsaid;

	pthread_mutex_lock(&ob->lock);
	n = ob->n_notes;
	n_unsaid = ob->n_unsaid;
	memcpy(notes, ob->notes, n * sizeof(*notes));
	ob->n_notes = ob->n_unsaid = 0;
	pthread_mutex_unlock(&ob->lock);
	for (i = 0; i < n; i++)
		setup->host->log(setup->ctx, notes[i].level, notes[i].text);
	if (n_unsaid)
		weir_logf(setup, WEIR_LOG_WARNING, "%u more messages at the same time", n_unsaid);
}

/* ---- the thread ----------------------------------------------------------------*/

struct outbox_lot *outbox_take(struct outbox *ob)
{
	struct outbox_lot lot = ob->drain;

	if (!outbox_lot_done(&lot))
		return &ob->drain;
	lot_clear(&lot);
	pthread_mutex_lock(&ob->lock);
	ob->drain = ob->fill;
	ob->fill = lot;
	pthread_cond_broadcast(&ob->room);
	pthread_mutex_unlock(&ob->lock);
	return ob->drain.n ? &ob->drain : NULL;
}

void outbox_done(struct outbox *ob, uint32_t n)
{
	struct outbox_lot *lot = &ob->drain;

	for (; n && lot->at < lot->n; n--)
		lot->off += lot->lines[lot->at++].len;
}

void outbox_wait(struct outbox *ob, struct pollfd *fds, unsigned n, uint64_t ns)
{
	struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	struct pollfd all[OUTBOX_FDS + 1] = { { .fd = ob->wake_fd, .events = POLLIN } };
	bool ready;
	uint64_t count;

	n = n < OUTBOX_FDS ? n : OUTBOX_FDS;
	if (n)
		memcpy(all + 1, fds, n * sizeof(*fds));
	pthread_mutex_lock(&ob->lock);
	/* Lines that lie there already wake nobody who has others to deliver first. */
	ready = outbox_lot_done(&ob->drain) && ob->fill.n;
	ob->asleep = !ready && outbox_lot_done(&ob->drain);
	pthread_mutex_unlock(&ob->lock);
	if (ready)
		t = (struct timespec){ 0 };
	ppoll(all, n + 1, &t, NULL);
	if (all[0].revents && read(ob->wake_fd, &count, sizeof(count)) < 0)
		count = 0;
	if (n)
		memcpy(fds, all + 1, n * sizeof(*fds));
}

bool outbox_stopping(struct outbox *ob)
{
	bool stop;

	pthread_mutex_lock(&ob->lock);
	stop = ob->stop;
	pthread_mutex_unlock(&ob->lock);
	return stop;
}

bool outbox_late(struct outbox *ob)
{
	bool late;

	pthread_mutex_lock(&ob->lock);
	late = ob->stop && outbox_now() >= ob->until_ns;
	pthread_mutex_unlock(&ob->lock);
	return late;
}

bool outbox_over(struct outbox *ob)
{
	bool over;

	pthread_mutex_lock(&ob->lock);
	over = ob->stop && ((!ob->fill.n && outbox_lot_done(&ob->drain)) ||
			    outbox_now() >= ob->until_ns);
	pthread_mutex_unlock(&ob->lock);
	return over;
}

void outbox_lose(struct outbox *ob, unsigned rclass, uint64_t n)
{
	pthread_mutex_lock(&ob->lock);
	ob->lost[rclass < WEIR_CLASS_MAX ? rclass : 0] += n;
	pthread_mutex_unlock(&ob->lock);
}

void outbox_say(struct outbox *ob, int level, const char *fmt, ...)
{
	struct outbox_note *note;
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&ob->lock);
	if (ob->n_notes < OUTBOX_NOTES) {
		note = &ob->notes[ob->n_notes++];
		note->level = level;
		vsnprintf(note->text, sizeof(note->text), fmt, ap);
	} else {
		ob->n_unsaid++;
	}
	pthread_mutex_unlock(&ob->lock);
	va_end(ap);
}
