/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl rules promote`: the rules that run beside those in force change places with
 * them. Both are names in the file system that are exchanged at once, so that the sensor
 * never finds half of a set, and the same command goes back.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "human.h"
#include "rules.h"
#include "weirctl.h"

#define USAGE \
	"usage: weirctl rules promote [SHADOW [RULES]]\n" \
	"  --map FILE           more log sources and names of fields\n" \
	"  --placeholders DIR   values of %%name%%: the lines of DIR/name.txt\n"

/* What would be refused when it is in force is refused before. */
static int try_set(struct rules *r, char *path)
{
	int status = rules_load(r, &path, 1, false);

	if (r->load.set)
		rules_complain(r);
	if (status == ST_OK && rules_errors(r))
		status = ST_REFUSED;
	if (status == ST_OK && !r->load.set->n_rules) {
		human_error("%s: there are no rules in it", path);
		status = ST_FAILED;
	}
	rules_fini(r);
	return status;
}

static int exchange(const char *a, const char *b)
{
	if (!renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE))
		return ST_OK;
	human_error("%s, %s: cannot be exchanged: %s", a, b, strerror(errno));
	return ST_FAILED;
}

static int promote(const struct opts *o, const char *shadow, const char *rules)
{
	int status = exchange(shadow, rules);

	if (status != ST_OK)
		return status;
	status = reload_reload(o);
	if (status != ST_OK && exchange(shadow, rules) == ST_OK)
		human_error("both sets are where they were");
	else if (status == ST_OK && !o->json)
		printf("what was in force is in %s now; the same command goes back\n", shadow);
	return status;
}

int rulespromote_main(const struct opts *o)
{
	static const struct option options[] = {
		{ "map", required_argument, NULL, 'm' },
		{ "placeholders", required_argument, NULL, 'p' }, { NULL, 0, NULL, 0 }
	};
	char shadow_default[] = "/etc/weir/rules.shadow", *shadow = shadow_default;
	const char *rules = "/etc/weir/rules";
	struct rules r = { 0 };
	int opt, status, n = o->n_args;

	optind = 0;
	while ((opt = getopt_long(o->n_args, o->args, "", options, NULL)) != -1)
		switch (opt) {
		case 'm': r.load.map_file = optarg; break;
		case 'p': r.load.placeholder_dir = optarg; break;
		default: n = -1;
		}
	n = n < 0 ? n : n - optind;
	if (n < 0 || n > 2) {
		fprintf(stderr, USAGE);
		return ST_USAGE;
	}
	if (n > 0)
		shadow = o->args[optind];
	if (n > 1)
		rules = o->args[optind + 1];
	status = try_set(&r, shadow);
	return status == ST_OK ? promote(o, shadow, rules) : status;
}
