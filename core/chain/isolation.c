/* SPDX-License-Identifier: Apache-2.0 */
/* Owns what ties an instance to the process that its plugin runs in. */
#include "chain/isolation.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "chain/instance.h"
#include "chain/notice.h"
#include "chain/services.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "util/macros.h"

enum { ISOLATION, USER, MEMORY, CPU };

int isolation_read(struct instance *in, const struct weir_optval *vals,
		   const struct conf_node *node, struct diag *d)
{
	struct isolate_limits *l = &in->limits;

	in->isolated = vals[ISOLATION].v.i == 1;
	l->memory = vals[MEMORY].v.i;
	l->cpu = vals[CPU].v.i;
	if (!in->isolated)
		return 0;
	if (isolate_user(vals[USER].v.s, &l->uid, &l->gid))
		return diag_error(d, node->file, node->line,
				  "%s: isolation_user: there is no user \"%s\"", in->name,
				  vals[USER].v.s);
	l->drop = geteuid() == 0;
	if (!l->drop)
		diag_warn(d, node->file, node->line,
			  "%s: isolation_user is ignored: only root can change the user, so the plugin's process has the sensor's",
			  in->name);
	return 0;
}

int isolation_apply(struct instance *in, const struct conf_node *node, struct diag *d)
{
	unsigned kind = in->def->kind;

	if (!in->isolated)
		return 0;
	if (kind == WEIR_PLUGIN_SERIALIZER)
		return diag_error(d, node->file, node->line,
				  "%s: isolation: plugin %s is a serializer; only enrichers of async chains and sinks can have a process of their own",
				  in->name, in->def->name);
	if (kind == WEIR_PLUGIN_ENRICHER && !in->is_async)
		return diag_error(d, node->file, node->line,
				  "%s: isolation: the sync chain does not wait for another process; an enricher with one goes into a chain of async",
				  in->name);
	in->own_def = isolate_def(in->def);
	if (!in->own_def)
		return -ENOMEM;
	in->def = in->own_def;
	return 0;
}

/* ---- what the process does to the accounts -----------------------------------------*/

static struct instance *instance_of(void *ctx)
{
	struct instance *in;

	CAST_OBJ_NOTNULL(in, ctx, INSTANCE_MAGIC);
	return in;
}

static void on_state(void *ctx, bool running, const char *reason)
{
	notice_stage(instance_of(ctx), running ? WEIR_STAGE_RUNNING : WEIR_STAGE_CRASHED,
		     reason);
}

/* They were counted as delivered when the ring took them. */
static void on_lost(void *ctx, unsigned rclass, unsigned type, uint64_t n)
{
	struct instance *in = instance_of(ctx);

	stat_add(&in->stats.delivered, -n);
	stat_add(&in->stats.dropped, n);
	stat_add_shared(&in->services->losses.n[rclass][type][WEIR_LOST_SINK], n);
}

static void on_failed(void *ctx, uint64_t n)
{
	stat_add(&instance_of(ctx)->stats.failed, n);
}

static const struct isolate_calls calls = {
	.state = on_state, .lost = on_lost, .failed = on_failed,
};

int isolation_open(struct instance *in)
{
	char label[128];
	const struct isolate_conf conf = {
		.def = in->plugin->def, .fd = plugin_fd(in->plugin), .label = label,
		.n_added = in->n_added, .limits = in->limits, .calls = &calls,
	};

	if (in->is_async)
		snprintf(label, sizeof(label), "%s/%s", in->chain, in->name);
	else
		snprintf(label, sizeof(label), "%s", in->name);
	return isolate_open(&conf, &in->setup, &in->inst);
}
