/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to an instance: who takes none, how many at once, and that close waits for them. */
#include <errno.h>
#include <semaphore.h>

#include "chain/instance.h"
#include "chain/services.h"
#include "tap.h"
#include "util/macros.h"

#define AT_ONCE	8

struct asked {
	sem_t come, go;
	int open;		/* of the plugin's commands; atomic */
	int at_close;		/* how many there were */
};

static int toy_command(void *inst, const struct weir_command *cmd, struct weir_buf *out)
{
	struct asked *a = inst;

	__atomic_fetch_add(&a->open, 1, __ATOMIC_SEQ_CST);
	sem_post(&a->come);
	sem_wait(&a->go);
	out->len = cmd->len;
	__atomic_fetch_sub(&a->open, 1, __ATOMIC_SEQ_CST);
	return -1;
}

static void toy_close(void *inst)
{
	struct asked *a = inst;

	a->at_close = __atomic_load_n(&a->open, __ATOMIC_SEQ_CST);
}

static void toy_make(struct instance *in, const struct weir_plugin *def, struct asked *a)
{
	static struct services services;

	*in = (struct instance){ .services = &services, .magic = INSTANCE_MAGIC, .def = def, .inst = a, .opened = true,
		.chain = "sync", .name = "toy" };
	pthread_mutex_init(&in->calls_lock, NULL);
	pthread_cond_init(&in->calls_over, NULL);
}

static void test_refused(void)
{
	const struct weir_plugin none = { .size = sizeof(none) },
		old = { .size = offsetof(struct weir_plugin, command), .command = toy_command },
		able = { .size = sizeof(able), .command = toy_command };
	struct instance in;
	char why[128] = "";

	toy_make(&in, &none, NULL);
	is_int(instance_command_begin(&in, why, sizeof(why)), -ENOTSUP, "no command");
	is_str(why, "sync/toy takes no commands", "which is said");
	toy_make(&in, &old, NULL);
	is_int(instance_command_begin(&in, why, sizeof(why)), -ENOTSUP, "a plugin of 1.2");
	toy_make(&in, &able, NULL);
	in.isolated = true;
	is_int(instance_command_begin(&in, why, sizeof(why)), -ENOTSUP, "isolated");
	toy_make(&in, &able, NULL);
	in.disabled = true;
	is_int(instance_command_begin(&in, why, sizeof(why)), -ENOTSUP, "in quarantine");
}

static void *ask(void *arg)
{
	struct weir_command cmd = { .size = sizeof(cmd), .args = "{}", .len = 2 };
	struct weir_buf out = { 0 };

	ok(instance_command(arg, &cmd, &out) == -1 && out.len == 2, "an answer");
	return NULL;
}

static void *close_it(void *arg)
{
	instance_close(arg);
	return NULL;
}

static void test_close(void)
{
	const struct weir_plugin def = { .size = sizeof(def), .command = toy_command,
		.close = toy_close };
	struct asked a = { .at_close = -1 };
	struct instance in;
	pthread_t asker, closer;
	char why[128];
	int i;

	toy_make(&in, &def, &a);
	sem_init(&a.come, 0, 0);
	sem_init(&a.go, 0, 0);
	for (i = 0; i < AT_ONCE; i++)
		AZ(instance_command_begin(&in, why, sizeof(why)));
	is_int(instance_command_begin(&in, why, sizeof(why)), -EBUSY, "so many at once");
	while (--i)
		instance_command_end(&in);
	AZ(pthread_create(&asker, NULL, ask, &in));
	sem_wait(&a.come);
	AZ(pthread_create(&closer, NULL, close_it, &in));
	while (!instance_is_closing(&in))
		sched_yield();
	is_int(instance_command_begin(&in, why, sizeof(why)), -ENOTSUP, "one that comes too late");
	is_str(why, "sync/toy is being closed", "which is said");
	sem_post(&a.go);
	pthread_join(asker, NULL);
	pthread_join(closer, NULL);
	is_int(a.at_close, 0, "close comes behind the last");
}

int main(void)
{
	test_refused();
	test_close();
	return done_testing();
}
