/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket that is charged for a whole file at once: a file is begun when
 * those before it are paid for, and makes the next wait for as long as it
 * costs. So the average holds, a file larger than a second's worth can still be
 * read, and who gives up has read nothing in vain. An idle second is not saved
 * up. No lock is held while somebody sleeps.
 */
#include "pace.h"

#include <errno.h>
#include <time.h>

#define SECOND	1000000000ull

void pace_init(struct pace *p, uint64_t rate)
{
	pthread_mutex_init(&p->lock, NULL);
	p->rate = rate;
	p->paid_ns = 0;
}

static uint64_t cost_ns(const struct pace *p, uint64_t bytes)
{
	double ns = (double)bytes / (double)p->rate * (double)SECOND;

	return ns < 1e18 ? (uint64_t)ns : (uint64_t)1e18;
}

int64_t pace_charge(struct pace *p, uint64_t bytes, uint64_t max_wait_ns, uint64_t now_ns)
{
	uint64_t begin = p->paid_ns > now_ns ? p->paid_ns : now_ns;

	if (begin - now_ns > max_wait_ns)
		return -1;
	p->paid_ns = begin + cost_ns(p, bytes);
	return (int64_t)(begin - now_ns);
}

static void sleep_ns(int64_t ns)
{
	struct timespec t = { ns / (int64_t)SECOND, ns % (int64_t)SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

bool pace_take(struct pace *p, uint64_t bytes, uint64_t max_wait_ns)
{
	struct timespec now;
	int64_t wait;

	if (!p->rate)
		return true;
	pthread_mutex_lock(&p->lock);
	clock_gettime(CLOCK_MONOTONIC, &now);
	wait = pace_charge(p, bytes, max_wait_ns,
			   (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec);
	pthread_mutex_unlock(&p->lock);
	if (wait > 0)
		sleep_ns(wait);
	return wait >= 0;
}

void pace_fini(struct pace *p)
{
	pthread_mutex_destroy(&p->lock);
}
