/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for the event path: run there, withdrawn in time, and run by who waits when it has ended. */
#include <errno.h>
#include <time.h>

#include "pdesk.h"
#include "tap.h"

struct count {
	struct porder o;
	int n;			/* calls until it is done */
	void *plugin;		/* of the last one */
};

static bool run(void *plugin, struct porder *o)
{
	struct count *c = (struct count *)o;

	c->plugin = plugin;
	return --c->n <= 0;
}

static int gone_now;		/* atomic */

static int is_gone(void *ctx)
{
	(void)ctx;
	return __atomic_load_n(&gone_now, __ATOMIC_RELAXED);
}

static uint64_t in_ms(uint64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec + ms * 1000000u;
}

static struct pdesk *desk;
static int end_path;		/* atomic */

static void *path(void *plugin)
{
	while (!__atomic_load_n(&end_path, __ATOMIC_RELAXED))
		pdesk_serve(desk, plugin);
	return NULL;
}

static void test_served(struct weir_command *cmd)
{
	struct count c = { .o.run = run, .n = 3 };
	int plugin;
	pthread_t thread;

	cmd->deadline_ns = in_ms(60000);
	if (pthread_create(&thread, NULL, path, &plugin))
		return;
	is_int(pdesk_do(desk, &c.o, cmd, &plugin, false), 0, "run");
	ok(c.n == 0 && c.plugin == &plugin, "until it was done, by the path");
	__atomic_store_n(&end_path, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void test_alone(struct weir_command *cmd)
{
	struct count c = { .o.run = run, .n = 1 };
	int plugin, other;

	cmd->deadline_ns = in_ms(1);
	is_int(pdesk_do(desk, &c.o, cmd, &plugin, false), -ETIMEDOUT, "nobody comes to it in time");
	pdesk_serve(desk, &plugin);
	ok(!c.plugin, "and then nobody does");
	gone_now = WEIR_GONE_CLIENT;
	cmd->deadline_ns = in_ms(60000);
	is_int(pdesk_do(desk, &c.o, cmd, &plugin, false), -ECANCELED, "nobody waits any more");
	gone_now = WEIR_GONE_CLOSING;
	pdesk_give(desk, &plugin);
	is_int(pdesk_do(desk, &c.o, cmd, &plugin, true), 0, "what comes back at the end");
	ok(c.plugin == &plugin, "is run by who waits");
	c = (struct count){ .o.run = run, .n = 1, .plugin = &other };
	pdesk_give(desk, NULL);
	is_int(pdesk_do(desk, &c.o, cmd, &plugin, true), 0, "what comes back behind the end");
	ok(!c.plugin, "is told that there is no plugin");
}

int main(void)
{
	struct weir_command cmd = { .size = sizeof(cmd), .gone = is_gone };

	desk = pdesk_new();
	test_served(&cmd);
	test_alone(&cmd);
	pdesk_unref(desk);
	return done_testing();
}
