/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to the plugin of an instance. They run beside the chain, on threads that
 * somebody else makes; this counts them, so that close() comes behind the last.
 */
#include <errno.h>
#include <stdio.h>

#include "chain/instance.h"
#include "util/macros.h"

#define AT_ONCE	8u	/* of one instance */

static const char *refusal(const struct instance *in)
{
	if (in->disabled)
		return "is in quarantine, or does not return";
	if (in->isolated)
		return "runs in a process of its own, and takes no commands there";
	if (!WEIR_HAS(in->def, command) || !in->def->command)
		return "takes no commands";
	return in->opened ? NULL : "is not open";
}

int instance_command_begin(struct instance *in, char *why, size_t size)
{
	const char *what;
	int r = 0;

	CHECK_OBJ_NOTNULL(in, INSTANCE_MAGIC);
	what = refusal(in);
	pthread_mutex_lock(&in->calls_lock);
	if (!what && in->closing)
		what = "is being closed";
	if (what)
		r = -ENOTSUP;
	else if (in->n_calls == AT_ONCE)
		r = -EBUSY;
	else
		in->n_calls++;
	pthread_mutex_unlock(&in->calls_lock);
	if (r)
		snprintf(why, size, "%s/%s %s", in->chain, in->name,
			 what ? what : "is busy with other commands");
	return r;
}

int instance_command(struct instance *in, const struct weir_command *cmd, struct weir_buf *out)
{
	int r;

	ledger_enter(&in->who, LEDGER_OTHER, NULL, 0);
	r = in->def->command(in->inst, cmd, out);
	ledger_leave();
	instance_command_end(in);
	return r;
}

void instance_command_end(struct instance *in)
{
	pthread_mutex_lock(&in->calls_lock);
	AN(in->n_calls);
	if (!--in->n_calls)
		pthread_cond_signal(&in->calls_over);
	pthread_mutex_unlock(&in->calls_lock);
}

bool instance_is_closing(struct instance *in)
{
	bool closing;

	pthread_mutex_lock(&in->calls_lock);
	closing = in->closing;
	pthread_mutex_unlock(&in->calls_lock);
	return closing;
}
