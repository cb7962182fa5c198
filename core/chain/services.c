/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what outlives a configuration. */
#include "chain/services.h"

#include <errno.h>

#include "chain/event.h"
#include "queue/inbox.h"
#include "queue/pool.h"
#include "schema/dict.h"
#include "util/macros.h"
#include "util/stat.h"

#define INBOX_EVENTS	8192u
#define POOL_BYTES	(64u * 1024 * 1024)

int services_init(struct services *s, const struct weir_host_id *host)
{
	*s = (struct services){ .host = host };
	pthread_mutex_init(&s->ledger_lock, NULL);
	s->dict = dict_new();
	s->pool = pool_new(POOL_BYTES);
	s->inbox = inbox_new(INBOX_EVENTS);
	if (s->dict && s->pool && s->inbox)
		return 0;
	services_fini(s);
	return -ENOMEM;
}

void services_fini(struct services *s)
{
	struct event *e;

	while (s->inbox && (e = inbox_pop_sc(s->inbox)))
		event_unref(e);
	s->inbox = inbox_free(s->inbox);
	if (s->pool)
		pool_close(s->pool);
	s->pool = NULL;
	s->dict = dict_free(s->dict);
	pthread_mutex_destroy(&s->ledger_lock);
}

void services_lose(struct services *s, const struct weir_base *b, unsigned reason)
{
	stat_add_shared(&s->losses.n[b->rclass][b->type][reason], 1);
}

bool services_post(struct services *s, struct event *e)
{
	if (!inbox_push(s->inbox, e)) {
		services_lose(s, event_base(e), WEIR_LOST_QUEUE);
		event_unref(e);
		return false;
	}
	services_wake(s);
	return true;
}
