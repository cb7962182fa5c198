/* SPDX-License-Identifier: Apache-2.0 */
/* Files of rules to an image, for the commands on rules. */
#include "rules.h"

#include <stdio.h>

#include "human.h"
#include "weirctl.h"

const char *rules_name(const struct sigma_meta *m)
{
	return m->id ? m->id : m->title ? m->title : "";
}

int rules_load(struct rules *r, char *const *paths, int n, bool lenient)
{
	struct ruleset_conf make = { .lenient = lenient };

	if (ruleload_read(&r->load, (const char *const *)paths, (uint32_t)n)) {
		human_error("%s", r->load.why);
		return ST_FAILED;
	}
	make.map = r->load.map;
	r->image = ruleset_new(r->load.set, &make, &r->load.diags);
	if (r->image)
		return ST_OK;
	human_error("out of memory");
	return ST_FAILED;
}

unsigned rules_errors(const struct rules *r)
{
	return r->load.diags.n_errors + (r->load.set ? r->load.set->diags.n_errors : 0);
}

static void complain(const struct rulediags *d)
{
	char line[2048];
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		rulediag_format(&d->items[i], line, sizeof(line));
		fprintf(stderr, "%s\n", line);
	}
}

void rules_complain(const struct rules *r)
{
	if (r->load.set)
		complain(&r->load.set->diags);
	complain(&r->load.diags);
}

void rules_fini(struct rules *r)
{
	ruleset_free(r->image);
	ruleload_fini(&r->load);
}
