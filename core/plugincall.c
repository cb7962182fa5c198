/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin that is asked may take its time, so it has a thread, which ends with the answer.
 * The instance cannot be closed meanwhile (chain/command.c), and the call is answered even
 * if the socket has gone.
 */
#include "plugincall.h"

#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/chain.h"
#include "chain/instance.h"
#include "chain/line.h"
#include "chain/plan.h"
#include "chain/stage.h"
#include "control/args.h"
#include "control/control.h"
#include "daemon_state.h"
#include "util/macros.h"
#include "util/stat.h"

#define TIMEOUT_MS	10000
#define TIMEOUT_MAX_MS	3600000

struct plugincall {
	struct instance *in;
	struct control_call *call;
	struct weir_command cmd;
	char *args;
};

static int is_gone(void *ctx)
{
	struct plugincall *pc = ctx;

	if (instance_is_closing(pc->in))
		return WEIR_GONE_CLOSING;
	return control_gone(pc->call) ? WEIR_GONE_CLIENT : WEIR_GONE_NOT;
}

static void plugincall_free(struct plugincall *pc)
{
	free(pc->args);
	free(pc);
}

static void answer(struct control_call *call, int r, struct weir_buf *out)
{
	uint8_t *text = realloc(out->p, out->len + 1);
	struct json_object *o = NULL;

	if (!text) {
		control_fail(call, "out of memory", NULL, NULL);
		return;
	}
	out->p = text;
	text[out->len] = 0;
	if (!r)
		o = json_tokener_parse((char *)text);
	if (o)
		control_ok(call, o);
	else
		control_fail(call, r && out->len ? (char *)text :
			     r ? "the plugin did not say why it failed" :
				 "what the plugin answered is not JSON", NULL, NULL);
}

static void *plugincall_main(void *arg)
{
	struct plugincall *pc = arg;
	struct weir_buf out = { 0 };
	int r;

	ledger_thread_init();
	r = instance_command(pc->in, &pc->cmd, &out);
	ledger_thread_fini();
	answer(pc->call, r, &out);
	free(out.p);
	plugincall_free(pc);
	return NULL;
}

/* ---- which instance ------------------------------------------------------------------*/

static bool is_named(const struct instance *in, const char *name)
{
	size_t n = strlen(in->chain);

	return !strcmp(in->name, name) || !strcmp(in->def->name, name) ||
	       (!strncmp(in->chain, name, n) && name[n] == '/' && !strcmp(in->name, name + n + 1));
}

struct found {
	const char *name;
	struct instance *in;
	unsigned n;
};

/* The plan shows its stages to look at; what a command changes is behind a lock of its own. */
static void look_at(struct found *f, const struct instance *in)
{
	if (!is_named(in, f->name))
		return;
	f->in = (struct instance *)in;
	f->n++;
}

/* Under the lock. */
static void find(struct daemon *dm, struct found *f)
{
	const struct plan *p = dm->config->plan;
	size_t i, k;

	for (i = 0; i < chain_n_stages(p->chain); i++)
		look_at(f, chain_stage(p->chain, i).in);
	for (i = 0; i < p->n_asyncs; i++)
		for (k = 0; k < p->asyncs[i].line->n_stages; k++)
			look_at(f, p->asyncs[i].line->stages[k]->in);
}

static int take_instance(struct daemon *dm, const char *name, struct instance **out, char *why,
			 size_t size)
{
	struct found f = { .name = name };
	int r = -ENOENT;

	pthread_mutex_lock(&dm->lock);
	if (dm->config)
		find(dm, &f);
	if (f.n == 1)
		r = instance_command_begin(f.in, why, size);
	else
		snprintf(why, size, f.n ? "there are several stages %.64s: say CHAIN/NAME" :
					  "there is no stage %.64s", name);
	pthread_mutex_unlock(&dm->lock);
	*out = f.in;
	return r;
}

/* ---- the call --------------------------------------------------------------------------*/

static int start(struct plugincall *pc)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, &attr, plugincall_main, pc);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

static struct plugincall *plugincall_new(struct instance *in, struct control_call *call,
					 struct json_object *args, int64_t timeout_ms)
{
	struct plugincall *pc = calloc(1, sizeof(*pc));

	if (!pc)
		return NULL;
	pc->in = in;
	pc->call = call;
	pc->args = strdup(args ? json_object_to_json_string_ext(args, JSON_C_TO_STRING_PLAIN) :
				 "{}");
	if (!pc->args) {
		free(pc);
		return NULL;
	}
	pc->cmd = (struct weir_command){
		.size = sizeof(pc->cmd), .len = (uint32_t)strlen(pc->args), .args = pc->args,
		.deadline_ns = clock_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ms * 1000000u,
		.ctx = pc, .gone = is_gone,
	};
	return pc;
}

static int read_args(struct json_object *args, const char **stage, struct json_object **own,
		     int64_t *timeout_ms, char *why, size_t size)
{
	static const char *const names[] = { "stage", "args", "timeout_ms", NULL };

	snprintf(why, size, "the argument \"stage\" is missing, or \"args\" is no object");
	if (control_args_only(args, names, why, size) ||
	    control_arg_string(args, "stage", stage, why, size) ||
	    control_arg_int(args, "timeout_ms", 1, TIMEOUT_MAX_MS, timeout_ms, why, size))
		return -EINVAL;
	json_object_object_get_ex(args, "args", own);
	return *stage && (!*own || json_object_is_type(*own, json_type_object)) ? 0 : -EINVAL;
}

int plugincall_begin(struct daemon *dm, struct control_call *call, struct json_object *args)
{
	struct json_object *own = NULL;
	int64_t timeout_ms = TIMEOUT_MS;
	const char *stage = NULL;
	struct plugincall *pc;
	struct instance *in;
	char why[256];
	int r;

	if (read_args(args, &stage, &own, &timeout_ms, why, sizeof(why)) ||
	    take_instance(dm, stage, &in, why, sizeof(why))) {
		control_fail(call, why, NULL, NULL);
		return 0;
	}
	pc = plugincall_new(in, call, own, timeout_ms);
	r = pc ? start(pc) : -ENOMEM;
	if (!r)
		return 0;
	if (pc)
		plugincall_free(pc);
	instance_command_end(in);
	return r;
}
