/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the set of texts (paths, arguments) that the process table refers to.
 * Most processes of a host run few different programs, and a forked process
 * has all texts of its creator, so equal texts are one text with a count of
 * users. The hash is seeded: nobody outside can choose texts that collide.
 */
#include "proctext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint32_t text_hash(uint64_t seed, const uint8_t *p, uint32_t n)
{
	uint64_t h = seed ^ n, w;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		h = mix(h ^ w, 0x9e3779b97f4a7c15u);
	}
	if (n) {
		w = 0;
		memcpy(&w, p, n);
		h = mix(h ^ w, 0xd6e8feb86659fd93u);
	}
	h = mix(h ^ seed, 0xa0761d6478bd642fu);
	return (uint32_t)(h ^ h >> 32);
}

struct proctext *proctext_get(struct proctexts *ts, const void *p, uint32_t len,
			      uint32_t max, bool truncated)
{
	uint32_t n = len, hash, i;
	uint32_t *head;
	struct proctext *x;

	if (len > max)
		n = (max ? max - 1 : 0) | PROCTEXT_CUT | PROCTEXT_TRUNCATED;
	if (truncated)
		n |= PROCTEXT_TRUNCATED;
	len = n & PROCTEXT_N;
	hash = text_hash(ts->seed, p, len);
	head = &ts->heads[hash & ts->mask];
	for (i = *head; i; i = x->next) {
		x = procpool_at(ts->pool, i - 1);
		if (x->hash == hash && x->n == n && !memcmp(x->bytes, p, len))
			return proctext_ref(x);
	}
	x = procpool_alloc(ts->pool, sizeof(*x) + len + 1);
	if (!x)
		return NULL;
	x->refs = 1;
	x->hash = hash;
	x->n = n;
	memcpy(x->bytes, p, len);
	x->bytes[len] = 0;
	x->next = *head;
	*head = procpool_unit(ts->pool, x) + 1;
	ts->n++;
	return x;
}

void proctext_put(struct proctexts *ts, struct proctext *x)
{
	uint32_t *at;
	uint32_t self;

	if (!x || --x->refs)
		return;
	self = procpool_unit(ts->pool, x) + 1;
	at = &ts->heads[x->hash & ts->mask];
	while (*at != self)
		at = &((struct proctext *)procpool_at(ts->pool, *at - 1))->next;
	*at = x->next;
	ts->n--;
	procpool_free(ts->pool, x);
}

int proctexts_init(struct proctexts *ts, struct procpool *pool,
		   uint32_t n_buckets, uint64_t seed)
{
	*ts = (struct proctexts){ .pool = pool, .mask = n_buckets - 1, .seed = seed };
	ts->heads = calloc(n_buckets, sizeof(*ts->heads));
	return ts->heads ? 0 : -ENOMEM;
}

void proctexts_fini(struct proctexts *ts)
{
	free(ts->heads);
	ts->heads = NULL;
}
