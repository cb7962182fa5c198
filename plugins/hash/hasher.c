/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel told of an executed file (inode, device, mtime) does not show
 * a content that was written later with mtime set back; ctime does, which
 * nobody can set. So a digest is that of the executed file for certain if ctime
 * is older than the exec (OUTCOME_OK), else it is only that of the file now
 * (OUTCOME_TOUCHED): it was deleted, its mode changed, or it was written to.
 *
 * Times of files come from a clock that stands still for up to 10 ms (HZ=100).
 * Two changes within one of its ticks look like one, so a file that is younger
 * counts as touched, and its digest is not remembered.
 */
#include "hasher.h"

#include <time.h>
#include <unistd.h>

#include "hashcache.h"

#define TICK_NS	10000000u

static bool is_fresh(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return weir_find_ns(&st->st_ctim) + 2 * TICK_NS > weir_find_ns(&now);
}

static void read_it(struct hasher *h, int fd, const struct stat *st, struct hasher_result *r)
{
	uint64_t n;

	if (!pace_take(&h->pace, (uint64_t)st->st_size, h->max_wait_ns)) {
		r->outcome = OUTCOME_RATE;
		return;
	}
	r->outcome = digest_file(fd, st, r->digest, &n);
	r->n_bytes += n;
}

static void find_out(struct hasher *h, int fd, const struct stat *st, uint32_t dev,
		     struct hasher_result *r)
{
	struct hashcache *c = __atomic_load_n(&h->cache, __ATOMIC_ACQUIRE);
	struct hashcache_key key = { .ino = st->st_ino, .mtime_ns = weir_find_ns(&st->st_mtim),
		.ctime_ns = weir_find_ns(&st->st_ctim), .size = (uint64_t)st->st_size, .dev = dev };
	struct hashcache_entry *mine;
	bool fresh = is_fresh(st);

	switch (hashcache_begin(c, &key, h->max_wait_ns, &mine, r->digest)) {
	case HASHCACHE_HIT:
		r->hit = true;
		r->outcome = OUTCOME_OK;
		break;
	case HASHCACHE_BUSY:
		r->outcome = OUTCOME_BUSY;
		break;
	case HASHCACHE_MINE:
		read_it(h, fd, st, r);
		r->uncached = fresh && r->outcome == OUTCOME_OK;
		r->n_evicted = hashcache_end(c, mine, r->outcome == OUTCOME_OK && !fresh ?
					     r->digest : NULL);
	}
}

/* Twice if it changes under our hands, as long as it is the executed file. */
static void try_it(struct hasher *h, const struct weir_find *x, int fd, struct stat *st,
		   struct hasher_result *r)
{
	int n;

	for (n = 0; n < 2; n++) {
		if ((uint64_t)st->st_size > h->max_size) {
			r->outcome = OUTCOME_TOO_BIG;
			return;
		}
		find_out(h, fd, st, x->dev, r);
		if (r->outcome != OUTCOME_CHANGED)
			return;
		if (fstat(fd, st) || weir_find_ns(&st->st_mtim) != x->mtime_ns)
			return;
	}
}

void hasher_run(struct hasher *h, const struct weir_find *x, uint64_t exec_ns,
		struct hasher_result *r)
{
	struct stat st;
	int fd;

	*r = (struct hasher_result){ .outcome = exefile_open(x, &fd, &st) };
	if (r->outcome != OUTCOME_OK)
		return;
	try_it(h, x, fd, &st, r);
	close(fd);
	if (r->outcome == OUTCOME_OK && weir_find_ns(&st.st_ctim) + TICK_NS > exec_ns)
		r->outcome = OUTCOME_TOUCHED;
}
