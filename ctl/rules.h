/* SPDX-License-Identifier: Apache-2.0 */
/* weirctl rules: checks, tests and explains rule files without the daemon. One thread. */
#pragma once

#include <json-c/json.h>

#include "plugins/rules/rulearena.h"
#include "plugins/rules/ruleset.h"

#define RULES_FILE_MAX	(16u << 20)

/* What files of rules became. */
struct rules {
	struct rulemap *map;
	struct sigma_set *set;
	struct ruleset *image;
	struct rulediags diags;		/* of maps and of the making; set->diags has the others */
	const char *placeholder_dir;	/* a file NAME.txt each; NULL: there are none */
	const char *map_file;		/* NULL: the default alone */
	struct rulearena texts;		/* of placeholders */
};

/*
 * Reads files, and all *.yml and *.yaml in folders; makes the image. An enum status: what
 * is wrong with rules is in the diagnostics. lenient: as struct ruleset_conf.
 */
int rules_load(struct rules *r, char *const *paths, int n, bool lenient);
/* How many errors there are. */
unsigned rules_errors(const struct rules *r);
/* To standard error, a line each. */
void rules_complain(const struct rules *r);
void rules_fini(struct rules *r);

/* Its id; its title, if it has none. */
const char *rules_name(const struct sigma_meta *m);

/* Each has its own command line behind "weirctl rules". An enum status. */
int rulescheck_main(int n, char **args, bool json);
int rulestest_main(int n, char **args);
int rulesexplain_main(int n, char **args);
