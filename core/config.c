/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the way from the files to a plan, and the digest of what was in them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/instance.h"
#include "chain/plan.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "daemon_state.h"
#include "settings.h"
#include "util/macros.h"

static void digest_make(const struct config *cf, char *out, size_t size)
{
	char *text = conf_canon(cf->conf->root), *p;
	uint64_t h = 0xcbf29ce484222325ull;

	for (p = text; p && *p; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3ull;
	snprintf(out, size, "%016llx", (unsigned long long)h);
	free(text);
}

static int plan_of(struct daemon *dm, struct config *cf, const struct config *running,
		   const char *const *stuck, size_t n_stuck,
		   const struct instance *left_out, struct diag *d)
{
	const struct plan_conf pc = {
		.sync = cf->settings->sync, .async = cf->settings->async,
		.dirs = cf->settings->plugin_dirs, .n_dirs = cf->settings->n_plugin_dirs,
		.loader = dm->loader, .services = &dm->services,
		.running = running ? running->plan : NULL,
		.stuck = stuck, .n_stuck = n_stuck, .left_out = left_out,
	};
	int r = plan_build(&pc, d, &cf->plan);

	if (!r)
		digest_make(cf, cf->plan->digest, sizeof(cf->plan->digest));
	return r;
}

int config_load(struct daemon *dm, const struct config *running,
		const char *const *stuck, size_t n_stuck, struct diag *d,
		struct config **out)
{
	struct config *cf = calloc(1, sizeof(*cf));
	int r, fixed = 0;

	if (!cf)
		return -ENOMEM;
	r = conf_load(dm->conf->config, d, &cf->conf);
	if (!r)
		r = settings_read(cf->conf, d, &cf->settings);
	if (!r && running)
		fixed = settings_fixed(running->conf, cf->conf, d);
	if (!r)
		r = plan_of(dm, cf, running, stuck, n_stuck, NULL, d);
	if (!r && fixed) {
		plan_drop(cf->plan);
		r = fixed;
	}
	if (r) {
		config_free(cf);
		return r;
	}
	cf->loaded = (int64_t)time(NULL);
	*out = cf;
	return 0;
}

int config_without(struct daemon *dm, const struct instance *left_out, struct diag *d,
		   struct config **out)
{
	struct config *cf = calloc(1, sizeof(*cf)), *running = dm->config;
	int r;

	if (!cf)
		return -ENOMEM;
	*cf = *running;
	r = plan_of(dm, cf, running, NULL, 0, left_out, d);
	if (r) {
		free(cf);
		return r;
	}
	*out = cf;
	return 0;
}

struct config *config_free(struct config *cf)
{
	if (cf) {
		settings_free(cf->settings);
		conf_free(cf->conf);
		free(cf);
	}
	return NULL;
}
