/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table with a list in order of use. An entry that is being found out is
 * in the table but not on the list, so nobody throws it out; there are at most
 * as many of them as there are workers. One lock, never held while a file is
 * read. Who waits looks the key up again, and keeps no pointer meanwhile.
 */
#include "hashcache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define EVICT_MAX	64u	/* at once: a small bound is reached step by step */

struct hashcache_entry {
	struct hashcache_key key;
	struct hashcache_entry *next;		/* of its bucket */
	struct hashcache_entry *newer, *older;	/* of the list */
	bool busy;
	uint8_t digest[DIGEST_LEN];
};

struct hashcache {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct hashcache_entry **heads;
	struct hashcache_entry *newest, *oldest;
	uint64_t seed;
	uint32_t mask;
	uint32_t n;		/* on the list */
	uint32_t max;
};

static void cond_init(pthread_cond_t *c)
{
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(c, &a);
	pthread_condattr_destroy(&a);
}

struct hashcache *hashcache_new(uint32_t max)
{
	struct hashcache *c = calloc(1, sizeof(*c));
	uint32_t n = 64;

	if (!c)
		return NULL;
	while (n < max && n < 1u << 20)
		n *= 2;
	c->heads = calloc(n, sizeof(struct hashcache_entry *));
	if (!c->heads) {
		free(c);
		return NULL;
	}
	c->mask = n - 1;
	c->max = max;
	if (getrandom(&c->seed, sizeof(c->seed), GRND_NONBLOCK) < 0)
		c->seed = (uintptr_t)c;
	pthread_mutex_init(&c->lock, NULL);
	cond_init(&c->news);
	return c;
}

static struct hashcache_entry **bucket(struct hashcache *c, const struct hashcache_key *key)
{
	const uint64_t words[] = { key->ino, key->mtime_ns, key->ctime_ns, key->size, key->dev };
	uint64_t h = c->seed;
	unsigned i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return &c->heads[h & c->mask];
}

/* The place that points to it, or to NULL. */
static struct hashcache_entry **find(struct hashcache *c, const struct hashcache_key *key)
{
	struct hashcache_entry **at = bucket(c, key);

	while (*at && memcmp(&(*at)->key, key, sizeof(*key)))
		at = &(*at)->next;
	return at;
}

/* ---- the list ----------------------------------------------------------------*/

static void list_add(struct hashcache *c, struct hashcache_entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	if (c->newest)
		c->newest->newer = e;
	else
		c->oldest = e;
	c->newest = e;
	c->n++;
}

static void list_remove(struct hashcache *c, struct hashcache_entry *e)
{
	if (e->newer)
		e->newer->older = e->older;
	else
		c->newest = e->older;
	if (e->older)
		e->older->newer = e->newer;
	else
		c->oldest = e->newer;
	c->n--;
}

static void forget(struct hashcache *c, struct hashcache_entry *e)
{
	*find(c, &e->key) = e->next;
	free(e);
}

static uint32_t evict(struct hashcache *c)
{
	struct hashcache_entry *e;
	uint32_t n = 0;

	while (c->n > c->max && n < EVICT_MAX) {
		e = c->oldest;
		list_remove(c, e);
		forget(c, e);
		n++;
	}
	return n;
}

/* ---- finding out -------------------------------------------------------------*/

static struct timespec in_ns(uint64_t ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ns += (uint64_t)t.tv_nsec;
	t.tv_sec += (time_t)(ns / 1000000000u);
	t.tv_nsec = (long)(ns % 1000000000u);
	return t;
}

static enum hashcache_answer enter(const struct hashcache_key *key, struct hashcache_entry **at,
				   struct hashcache_entry **mine)
{
	struct hashcache_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return HASHCACHE_BUSY;
	e->key = *key;
	e->busy = true;
	*at = e;
	*mine = e;
	return HASHCACHE_MINE;
}

static enum hashcache_answer begin(struct hashcache *c, const struct hashcache_key *key,
				   const struct timespec *until, struct hashcache_entry **mine,
				   uint8_t digest[DIGEST_LEN])
{
	struct hashcache_entry **at, *e;

	for (;;) {
		at = find(c, key);
		e = *at;
		if (!e)
			return enter(key, at, mine);
		if (!e->busy)
			break;
		if (pthread_cond_timedwait(&c->news, &c->lock, until) == ETIMEDOUT)
			return HASHCACHE_BUSY;
	}
	memcpy(digest, e->digest, DIGEST_LEN);
	list_remove(c, e);
	list_add(c, e);
	return HASHCACHE_HIT;
}

enum hashcache_answer hashcache_begin(struct hashcache *c, const struct hashcache_key *key,
				      uint64_t max_wait_ns, struct hashcache_entry **mine,
				      uint8_t digest[DIGEST_LEN])
{
	struct timespec until = in_ns(max_wait_ns);
	enum hashcache_answer a;

	pthread_mutex_lock(&c->lock);
	a = begin(c, key, &until, mine, digest);
	pthread_mutex_unlock(&c->lock);
	return a;
}

uint32_t hashcache_end(struct hashcache *c, struct hashcache_entry *mine, const uint8_t *digest)
{
	uint32_t n = 0;

	pthread_mutex_lock(&c->lock);
	if (digest) {
		memcpy(mine->digest, digest, DIGEST_LEN);
		mine->busy = false;
		list_add(c, mine);
		n = evict(c);
	} else {
		forget(c, mine);
	}
	pthread_cond_broadcast(&c->news);
	pthread_mutex_unlock(&c->lock);
	return n;
}

void hashcache_limit(struct hashcache *c, uint32_t max)
{
	pthread_mutex_lock(&c->lock);
	c->max = max;
	evict(c);
	pthread_mutex_unlock(&c->lock);
}

uint32_t hashcache_count(struct hashcache *c)
{
	uint32_t n;

	pthread_mutex_lock(&c->lock);
	n = c->n;
	pthread_mutex_unlock(&c->lock);
	return n;
}

struct hashcache *hashcache_free(struct hashcache *c)
{
	struct hashcache_entry *e;

	while (c && c->newest) {
		e = c->newest;
		list_remove(c, e);
		free(e);
	}
	if (c) {
		pthread_cond_destroy(&c->news);
		pthread_mutex_destroy(&c->lock);
		free(c->heads);
	}
	free(c);
	return NULL;
}
