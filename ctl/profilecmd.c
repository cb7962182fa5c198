/* SPDX-License-Identifier: Apache-2.0 */
/* The command line behind "weirctl profile", and `verify`, which needs no more. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "profile.h"
#include "weirctl.h"

/* What an option is for: a bit each. */
enum { TAKES_JSON = 1, TAKES_DOT = 2, TAKES_VERSION = 4, TAKES_STATE = 8, TAKES_OUT = 16,
	TAKES_FORMAT = 32 };

struct verb {
	const char *name;
	const char *args;	/* as usage shows them */
	int least, most;	/* words */
	unsigned takes;
	int (*run)(const struct profile_options *o);
};

static int verify_run(const struct profile_options *o)
{
	struct profile f;
	int i, r, status = ST_OK;

	for (i = 0; i < o->n; i++) {
		r = profile_open(&f, o->words[i], NULL);
		profile_close(&f);
		status = r > status ? r : status;
	}
	return status;
}

static const struct verb verbs[] = {
	{ "list", "[--json] [DIR]", 0, 1, TAKES_JSON, profilelist_run },
	{ "show", "[--json] PROFILE", 1, 1, TAKES_JSON | TAKES_STATE, profileshow_run },
	{ "tree", "[--json | --dot] [--version TAG] PROFILE", 1, 1,
	  TAKES_JSON | TAKES_DOT | TAKES_VERSION | TAKES_STATE, profiletree_run },
	{ "html", "[-o PAGE.html] [--version TAG] PROFILE", 1, 1,
	  TAKES_OUT | TAKES_VERSION | TAKES_STATE, profilehtml_run },
	{ "rules", "[-o RULES.yml] [--version TAG] PROFILE", 1, 1,
	  TAKES_OUT | TAKES_VERSION | TAKES_STATE, profilerules_run },
	{ "hardening", "[--format FORMAT] [-o DIR] [--version TAG] PROFILE", 1, 1,
	  TAKES_OUT | TAKES_FORMAT | TAKES_VERSION | TAKES_STATE, profilehardening_run },
	{ "diff", "[--json] A B", 2, 2, TAKES_JSON, profilediff_run },
	{ "merge", "OUT A B...", 3, 1 << 20, 0, profilemerge_run },
	{ "verify", "FILE...", 1, 1 << 20, 0, verify_run },
	{ NULL }
};

static int usage(void)
{
	const struct verb *v;

	for (v = verbs; v->name; v++)
		fprintf(stderr, "%s weirctl profile %s %s\n", v == verbs ? "usage:" : "      ",
			v->name, v->args);
	fprintf(stderr, "FORMAT: seccomp, caps, systemd, apparmor; all: files of these names\n");
	fprintf(stderr, "PROFILE: a file, or the name of one in the folder of --state DIR (%s)\n",
		PROFILE_STATE);
	return ST_USAGE;
}

static bool take_options(struct profile_options *o, unsigned takes, int n, char **args)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, TAKES_JSON }, { "dot", no_argument, NULL, TAKES_DOT },
		{ "version", required_argument, NULL, TAKES_VERSION },
		{ "state", required_argument, NULL, TAKES_STATE },
		{ "format", required_argument, NULL, TAKES_FORMAT },
		{ "output", required_argument, NULL, TAKES_OUT }, { NULL, 0, NULL, 0 }
	};
	int opt;

	optind = 0;
	while ((opt = getopt_long(n, args, "jo:", options, NULL)) != -1) {
		opt = opt == 'j' ? TAKES_JSON : opt == 'o' ? TAKES_OUT : opt;
		if (opt == '?' || !(takes & (unsigned)opt))
			return false;
		o->json |= opt == TAKES_JSON;
		o->dot |= opt == TAKES_DOT;
		if (opt == TAKES_VERSION)
			o->version = optarg;
		if (opt == TAKES_STATE)
			o->state = optarg;
		if (opt == TAKES_OUT)
			o->out = optarg;
		if (opt == TAKES_FORMAT)
			o->format = optarg;
	}
	o->n = n - optind;
	o->words = args + optind;
	return !(o->json && o->dot);
}

int profile_run(const struct opts *opts)
{
	struct profile_options o = { .json = opts->json, .state = PROFILE_STATE };
	const struct verb *v = verbs;

	while (v->name && !(opts->n_args && !strcmp(v->name, opts->args[0])))
		v++;
	if (!v->name || (o.json && !(v->takes & TAKES_JSON)) ||
	    !take_options(&o, v->takes, opts->n_args, opts->args) || o.n < v->least ||
	    o.n > v->most)
		return usage();
	return v->run(&o);
}
