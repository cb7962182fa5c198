/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the chain of the benchmark, made from a configuration as the daemon
 * makes its own.
 */
#include "bench_chain.h"

#include <limits.h>
#include <string.h>

#include <weir/plugin.h>

#include "chain/chain.h"
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
	struct chain *chain;
};

static int bench_build(struct bench_chain *c, struct diag *d)
{
	struct conf_bytes text = { "benchmark", bench_conf_text,
				   sizeof(bench_conf_text) - 1 };
	struct chain_conf conf = {
		.dirs = c->dirs, .n_dirs = 1, .loader = c->loader,
		.host = &bench_host,
	};
	int r = conf_load_bytes(&text, 1, d, &c->conf);

	if (r < 0)
		return r;
	conf.stages = conf_lookup(c->conf, "sync");
	r = chain_build(&conf, d, &c->chain);
	return r < 0 ? r : chain_open(c->chain, d);
}

int bench_chain_new(struct bench_chain **out, const char *plugin_dir)
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
	c->loader = loader_new(chain_reserved);
	if (c->loader)
		r = bench_build(c, &d);
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
	return chain_run(c->chain, rec, size, BENCH_WALL_NS);
}

int bench_chain_flush(struct bench_chain *c)
{
	return chain_flush(c->chain, true);
}

uint64_t bench_chain_bytes(const struct bench_chain *c)
{
	struct chain_stage_info info;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < chain_n_stages(c->chain); i++) {
		info = chain_stage(c->chain, i);
		if (info.kind == WEIR_PLUGIN_SERIALIZER)
			bytes += info.bytes;
	}
	return bytes;
}

void bench_chain_report(const struct bench_chain *c, FILE *f)
{
	struct chain_stage_info info;
	size_t i;

	fprintf(f, "\nof the chain (sampled, with the clock's own 20 to 40 ns each; writing apart):");
	for (i = 0; i < chain_n_stages(c->chain); i++) {
		info = chain_stage(c->chain, i);
		fprintf(f, " %s %.0f ns", info.name, info.sampled ?
			(double)info.sampled_ns / (double)info.sampled : 0);
	}
	fprintf(f, "\n");
}

struct bench_chain *bench_chain_free(struct bench_chain *c)
{
	if (!c)
		return NULL;
	chain_free(c->chain);
	loader_free(c->loader);
	conf_free(c->conf);
	free(c);
	return NULL;
}
