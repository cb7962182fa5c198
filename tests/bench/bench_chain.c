/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the chain of the benchmark, made from a configuration as the daemon
 * makes its own.
 */
#include "bench_chain.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <weir/plugin.h>

#include "chain/async.h"
#include "chain/chain.h"
#include "chain/instance.h"
#include "chain/plan.h"
#include "chain/services.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "plugin/loader.h"
#include "source/check.h"
#include "util/macros.h"

#define BENCH_WALL_NS	1690000000000000000

static const char bench_conf_text[] =
	"sync = ( { plugin = \"process\"; }, { plugin = \"json\"; },"
	" { plugin = \"stdout\"; } );\n";

static const struct weir_host_id bench_host = {
	"0123456789abcdef0123456789abcdef", "bench.example",
	"00000000-0000-4000-8000-000000000000",
};

struct bench_chain {
	char dir[PATH_MAX];
	const char *dirs[1];
	struct conf *conf;
	struct loader *loader;
	struct services services;
	struct plan *plan;
};

static int bench_open(struct bench_chain *c)
{
	struct instance *list[32];
	size_t i, n = plan_new_instances(c->plan, NULL);
	int r = 0;

	MUST(n <= ARRAY_LEN(list));
	plan_new_instances(c->plan, list);
	for (i = 0; !r && i < n; i++)
		r = instance_open(list[i]);
	if (!r)
		plan_ready(c->plan);
	for (i = 0; !r && i < c->plan->n_asyncs; i++)
		r = async_start(c->plan->asyncs[i].async, c->plan->asyncs[i].line, NULL);
	return r;
}

static int bench_build(struct bench_chain *c, const char *config, struct diag *d)
{
	struct conf_bytes text = { "benchmark", config, strlen(config) };
	struct plan_conf conf = {
		.dirs = c->dirs, .n_dirs = 1, .loader = c->loader,
		.services = &c->services,
	};
	int r = conf_load_bytes(&text, 1, d, &c->conf);

	if (r < 0)
		return r;
	conf.sync = conf_lookup(c->conf, "sync");
	conf.async = conf_lookup(c->conf, "async");
	r = plan_build(&conf, d, &c->plan);
	return r < 0 ? r : bench_open(c);
}

int bench_chain_new(struct bench_chain **out, const char *plugin_dir)
{
	return bench_chain_new_of(out, plugin_dir, bench_conf_text);
}

void bench_chain_settle(struct bench_chain *c)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	while (!chain_async_idle(c->plan->chain))
		nanosleep(&pause, NULL);
}

int bench_chain_new_of(struct bench_chain **out, const char *plugin_dir,
		       const char *config)
{
	struct bench_chain *c = calloc(1, sizeof(*c));
	struct diag d = { 0 };
	int r = -ENOMEM;

	if (!c)
		return r;
	if (!realpath(plugin_dir, c->dir)) {
		r = -errno;
		goto out;
	}
	c->dirs[0] = c->dir;
	c->loader = loader_new(instance_reserved);
	if (c->loader && !services_init(&c->services, &bench_host)) {
		/* So that stages do what they do in the sensor. */
		c->services.live = true;
		r = bench_build(c, config, &d);
	}
	diag_log(&d);
	diag_fini(&d);
out:
	if (r < 0)
		bench_chain_free(c);
	else
		*out = c;
	return r;
}

int bench_chain_record(struct bench_chain *c, const void *rec, size_t size)
{
	if (check_record(rec, size) != CHECK_OK)
		return -EBADMSG;
	return chain_run(c->plan->chain, rec, size, BENCH_WALL_NS);
}

int bench_chain_flush(struct bench_chain *c)
{
	return chain_flush(c->plan->chain, true);
}

uint64_t bench_chain_bytes(const struct bench_chain *c)
{
	struct chain_stage_info info;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < chain_n_stages(c->plan->chain); i++) {
		info = chain_stage(c->plan->chain, i);
		if (info.kind == WEIR_PLUGIN_SERIALIZER)
			bytes += info.in->stats.bytes;
	}
	return bytes;
}

void bench_chain_report(const struct bench_chain *c, FILE *f)
{
	struct chain_stage_info info;
	struct budget_info cost;
	size_t i;

	fprintf(f, "\nof the chain (sampled, with the clock's own 20 to 40 ns each; writing apart):");
	for (i = 0; i < chain_n_stages(c->plan->chain); i++) {
		info = chain_stage(c->plan->chain, i);
		budget_info(&info.in->budget, &cost);
		fprintf(f, " %s %llu ns", info.name, (unsigned long long)cost.mean_ns);
	}
	fprintf(f, "\n");
}

struct bench_chain *bench_chain_free(struct bench_chain *c)
{
	if (!c)
		return NULL;
	if (c->plan)
		plan_drop(c->plan);
	services_fini(&c->services);
	loader_free(c->loader);
	conf_free(c->conf);
	free(c);
	return NULL;
}
