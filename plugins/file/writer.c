/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order of things: a chunk of lines is sealed, appended as a whole or not at all, and
 * only then done. Where that fails (a full disk, mostly) the lines stay, it tries again each
 * second, and what does not fit into the outbox meanwhile is the policy's.
 */
#include "writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chain.h"
#include "pack.h"
#include "plugins/sink/outbox.h"
#include "rotate.h"
#include "target.h"

#define CHUNK		(1u << 20)
#define SECOND		1000000000u
#define LOCK_NS		50000000u	/* how often it looks whether the other has let go */

struct writer {
	const struct file_conf *conf;
	struct outbox *ob;
	uint64_t *counts;
	struct target file;
	struct rotate rotate;
	struct chain chain;
	struct packer *packer;
	bool dirty;			/* written to since the last fsync */
	uint64_t synced_ns, looked_ns, again_ns;
	uint64_t rotate_ns;		/* not to be tried before */
	int error, rotate_error;	/* of the last try */
	char *out;			/* lines with their seals */
	size_t out_len, out_cap;
	uint32_t unfit[WEIR_CLASS_MAX];	/* of them, lines that can have none */
};

static void count(struct writer *w, unsigned what, uint64_t n)
{
	weir_count(&w->counts[what], n);
}

/* Each error once, until there is another, or none. */
static void error_set(struct writer *w, int error)
{
	if (error && error != w->error)
		outbox_say(w->ob, WEIR_LOG_ERROR, "%s: %s", w->conf->path,
			   error == -EWOULDBLOCK ? "another writer has it" : strerror(-error));
	else if (!error && w->error)
		outbox_say(w->ob, WEIR_LOG_INFO, "%s: it is written to again", w->conf->path);
	count(w, FILE_COUNT_ERRORS, error && error != -EWOULDBLOCK);
	w->error = error;
}

/* ---- rotation ------------------------------------------------------------------*/

static bool sync_now(struct writer *w)
{
	if (!w->dirty || w->file.fd < 0)
		return true;
	count(w, FILE_COUNT_SYNCS, 1);
	if (fdatasync(w->file.fd) || chain_sync(&w->chain)) {
		error_set(w, -errno);
		return false;
	}
	w->dirty = false;
	w->synced_ns = outbox_now();
	return true;
}

static void prune(struct writer *w)
{
	int n = rotate_prune(&w->rotate);

	if (n < 0)
		outbox_say(w->ob, WEIR_LOG_ERROR, "%s: an old file cannot be removed: %s",
			   w->conf->path, strerror(-n));
	else
		count(w, FILE_COUNT_REMOVED, (uint64_t)n);
	chain_oldest(&w->chain, w->rotate.oldest);
}

/* The file gets a number; the next line begins a new one. If that fails, this one goes on. */
static void rotate(struct writer *w)
{
	int r;

	if (w->conf->sync != FILE_SYNC_NEVER && !sync_now(w))
		return;
	r = rotate_away(&w->rotate);
	if (r && r != w->rotate_error)
		outbox_say(w->ob, WEIR_LOG_ERROR, "%s: it cannot be rotated: %s", w->conf->path,
			   strerror(-r));
	w->rotate_error = r;
	w->rotate_ns = outbox_now() + (r ? SECOND : 0);
	if (r)
		return;
	target_close(&w->file);
	count(w, FILE_COUNT_ROTATIONS, 1);
	if (w->conf->sync != FILE_SYNC_NEVER)
		rotate_sync_dir(w->conf->path);
	prune(w);
	packer_kick(w->packer);
}

static bool period_over(const struct writer *w)
{
	const uint64_t every = w->conf->every_ns / SECOND;

	return every && w->file.fd >= 0 && w->file.size &&
	       (uint64_t)w->file.written / every != (uint64_t)time(NULL) / every;
}

/* ---- opening -------------------------------------------------------------------*/

/* What was there before the sensor began, once. */
static int first_look(struct writer *w)
{
	int r;

	if (w->rotate.path)
		return 0;
	r = rotate_init(&w->rotate, w->conf->path, w->conf->keep);
	if (!r && w->conf->pack && !w->packer)
		w->packer = packer_new(w->conf, w->ob, &w->counts[FILE_COUNT_PACKED]);
	return r;
}

static int open_file(struct writer *w)
{
	int r = target_open(&w->file, w->conf);

	if (!r)
		r = first_look(w);
	if (!r && w->file.torn)
		outbox_say(w->ob, WEIR_LOG_WARNING, "%s: ended within a line: %llu bytes cut off",
			   w->conf->path, (unsigned long long)w->file.torn);
	count(w, FILE_COUNT_TORN, w->file.torn);
	w->file.torn = 0;
	if (!r)
		r = chain_open(&w->chain, &w->file, w->rotate.oldest);
	if (r && r != CHAIN_E_UNSEALED)
		target_close(&w->file);
	return r;
}

/* Open, and with a chain to go on with. */
static bool ready(struct writer *w)
{
	int r = 0;

	if (w->file.fd >= 0)
		return true;
	if (outbox_now() < w->again_ns)
		return false;
	r = open_file(w);
	if (r == CHAIN_E_UNSEALED) {
		/* Lines without seals stay in a file of their own. */
		rotate(w);
		target_close(&w->file);
		r = w->rotate_error ? w->rotate_error : open_file(w);
	}
	error_set(w, r);
	w->again_ns = r ? outbox_now() + (r == -EWOULDBLOCK ? LOCK_NS : SECOND) : 0;
	return !r;
}

/* ---- lines ---------------------------------------------------------------------*/

static bool out_room(struct writer *w, size_t need)
{
	char *p;

	if (need <= w->out_cap)
		return true;
	p = realloc(w->out, need);
	if (!p)
		return false;
	w->out = p;
	w->out_cap = need;
	return true;
}

/*
 * Lines from the front that fit: into a chunk, and into the file unless it is empty. 0: the
 * file has to be rotated first.
 */
static uint32_t chunk_choose(const struct writer *w, const struct outbox_lot *lot, size_t *len)
{
	const size_t more = w->conf->seal == SEAL_NONE ? 0 : SEAL_TEXT_MAX;
	const bool may_rotate = w->conf->size && outbox_now() >= w->rotate_ns;
	const uint64_t room = may_rotate ? w->conf->size : UINT64_MAX, at = w->file.size;
	size_t next = 0;
	uint32_t n;

	for (n = 0; lot->at + n < lot->n; n++) {
		*len = next;
		next += lot->lines[lot->at + n].len + more;
		if ((n && next > CHUNK) || ((n || at) && at + next > room))
			return n;
	}
	*len = next;
	return n;
}

/* Seals n lines into w->out. */
static int chunk_seal(struct writer *w, const struct outbox_lot *lot, uint32_t n)
{
	const char *p = (const char *)lot->p + lot->off;
	const struct outbox_line *line = lot->lines + lot->at;
	uint32_t i;
	ssize_t r;

	w->out_len = 0;
	memset(w->unfit, 0, sizeof(w->unfit));
	for (i = 0; i < n; i++, p += line++->len) {
		r = chain_line(&w->chain, p, line->len, w->out + w->out_len);
		if (r == -EBADMSG)
			w->unfit[line->rclass < WEIR_CLASS_MAX ? line->rclass : 0]++;
		else if (r < 0)
			return (int)r;
		else
			w->out_len += (size_t)r;
	}
	return 0;
}

static void unfit_lose(struct writer *w)
{
	unsigned i;

	for (i = 0; i < WEIR_CLASS_MAX; i++) {
		if (w->unfit[i])
			outbox_lose(w->ob, i, w->unfit[i]);
		count(w, FILE_COUNT_LOST, w->unfit[i]);
	}
}

static int chunk_append(struct writer *w, const struct outbox_lot *lot, uint32_t n)
{
	const struct seal before = w->chain.at;
	size_t len = 0;
	uint32_t i;
	int r;

	if (w->conf->seal == SEAL_NONE) {
		for (i = 0; i < n; i++)
			len += lot->lines[lot->at + i].len;
		count(w, FILE_COUNT_BYTES, len);
		return target_append(&w->file, lot->p + lot->off, len);
	}
	r = chunk_seal(w, lot, n);
	if (!r)
		r = target_append(&w->file, w->out, w->out_len);
	if (r)
		w->chain.at = before;
	else
		count(w, FILE_COUNT_BYTES, w->out_len);
	return r;
}

/* False: not now. */
static bool chunk_write(struct writer *w, struct outbox_lot *lot)
{
	size_t len;
	uint32_t n = chunk_choose(w, lot, &len);
	int r;

	if (!n) {
		/* Where it cannot be, the file becomes larger than it should for a while. */
		rotate(w);
		return ready(w);
	}
	r = out_room(w, len) ? chunk_append(w, lot, n) : -ENOMEM;
	error_set(w, r);
	if (r)
		return false;
	w->dirty = true;
	count(w, FILE_COUNT_LINES, n);
	unfit_lose(w);
	outbox_done(w->ob, n);
	chain_anchor(&w->chain);
	return true;
}

/* All of the lot, or until something fails. */
static void lot_write(struct writer *w, struct outbox_lot *lot)
{
	while (!outbox_lot_done(lot) && ready(w)) {
		if (period_over(w))
			rotate(w);
		if (!ready(w) || !chunk_write(w, lot))
			break;
	}
	if (w->conf->sync == FILE_SYNC_BATCH && outbox_lot_done(lot))
		sync_now(w);
}

/* ---- what is to be done now and then ---------------------------------------------*/

static void look_after(struct writer *w)
{
	uint64_t now = outbox_now();

	if (w->file.fd < 0)
		return;
	if (w->conf->sync == FILE_SYNC_INTERVAL && now - w->synced_ns >= w->conf->sync_ns)
		sync_now(w);
	if (now - w->looked_ns < SECOND)
		return;
	w->looked_ns = now;
	if (!target_current(&w->file, w->conf->path)) {
		/* logrotate, or a person, has moved it. */
		sync_now(w);
		target_close(&w->file);
		count(w, FILE_COUNT_REOPENED, 1);
		ready(w);
	} else if (period_over(w)) {
		rotate(w);
	}
}

static uint64_t nap(const struct writer *w)
{
	if (w->error == -EWOULDBLOCK)
		return LOCK_NS;
	if (w->conf->sync == FILE_SYNC_INTERVAL && w->dirty && w->conf->sync_ns < SECOND)
		return w->conf->sync_ns;
	return SECOND;
}

void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct outbox_lot *lot;

	while (!outbox_over(w->ob)) {
		lot = outbox_take(w->ob);
		if (lot)
			lot_write(w, lot);
		look_after(w);
		outbox_wait(w->ob, NULL, 0, nap(w));
	}
	if (w->conf->sync != FILE_SYNC_NEVER)
		sync_now(w);
	chain_close(&w->chain);
	target_close(&w->file);
	/* Before the writer's memory, and after the last rotation. */
	w->packer = packer_free(w->packer);
	return NULL;
}

struct writer *writer_new(const struct file_conf *conf, struct outbox *ob, uint64_t *counts)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->conf = conf;
	w->ob = ob;
	w->counts = counts;
	w->file.fd = -1;
	return chain_init(&w->chain, conf, ob) ? writer_free(w) : w;
}

struct writer *writer_free(struct writer *w)
{
	if (!w)
		return NULL;
	chain_fini(&w->chain);
	free(w->out);
	free(w);
	return NULL;
}
