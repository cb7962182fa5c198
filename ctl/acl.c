/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `weirctl acl decode`. */
#include "acl.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "weirctl.h"

static const char usage_text[] =
	"usage: weirctl acl decode --kind KIND [OPTION...] [INPUT|-]\n"
	"       weirctl acl decode --batch FILE.jsonl\n"
	"Decodes a permission: text of sddl and mode, of all others hexadecimal.\n"
	"  --kind KIND       sddl, ntacl, cifs_ntsd, posix_acl, nfs4_acl, capability, mode,\n"
	"                    selinux, smack or inode_flags\n"
	"  --text            in words, and not as JSON\n"
	"  --old INPUT       the value before: what has changed, in words\n"
	"  --context K=V     is_dir=1, xattr=NAME, domain_sid=SID, machine_sid=SID,\n"
	"                    forest_sid=SID\n"
	"  --batch FILE      a line with id, kind, input, context for each; - is standard input\n"
	"Exit status: 0 done; 1 failed; 2 usage; 4 the value breaks a rule.\n";

struct command_line {
	struct acljob job;
	const char *kind, *old, *batch;
	bool text, help;
};

static int usage(int status)
{
	fputs(usage_text, status ? stderr : stdout);
	return status;
}

static bool take_context(struct acljob *j, char *pair)
{
	char *value = strchr(pair, '=');

	if (value)
		*value++ = 0;
	if (value && acljob_context(j, pair, value))
		return true;
	human_error("--context knows no \"%s\" of this value", pair);
	return false;
}

static bool take_kind(struct command_line *c, const char *name)
{
	c->kind = name;
	if (acl_kind_find(name, strlen(name), &c->job.kind))
		return true;
	human_error("there is no kind \"%s\"", name);
	return false;
}

static bool take_options(struct command_line *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "kind", required_argument, NULL, 'k' },
		{ "text", no_argument, NULL, 't' },
		{ "old", required_argument, NULL, 'o' },
		{ "context", required_argument, NULL, 'c' },
		{ "batch", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	bool good = true;
	int opt;

	optind = 0;
	while (good && (opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'k': good = take_kind(c, optarg); break;
		case 't': c->text = true; break;
		case 'o': c->old = optarg; break;
		case 'c': good = take_context(&c->job, optarg); break;
		case 'b': c->batch = optarg; break;
		case 'h': c->help = true; break;
		default: good = false;
		}
	}
	return good;
}

/* All of standard input, without the newline at its end; NULL: it said why. */
static char *read_input(size_t *n)
{
	char *text = malloc(ACLJOB_INPUT_MAX + 1);

	if (!text) {
		human_error("out of memory");
		return NULL;
	}
	*n = fread(text, 1, ACLJOB_INPUT_MAX + 1, stdin);
	if (ferror(stdin) || *n > ACLJOB_INPUT_MAX) {
		human_error("standard input: %s", ferror(stdin) ? strerror(errno) :
			    "more than 1048576 bytes");
		free(text);
		return NULL;
	}
	while (*n && (text[*n - 1] == '\n' || text[*n - 1] == '\r'))
		--*n;
	return text;
}

static int run(const struct command_line *c, struct aclroom *r, const char *text, size_t n)
{
	size_t old_len = c->old ? strlen(c->old) : 0;
	bool words = c->text || c->old;
	int status;

	if (n > ACLJOB_INPUT_MAX || !aclroom_reset(r, n + old_len)) {
		human_error("the input is too large");
		return ST_FAILED;
	}
	status = words ? acljob_change(&c->job, r, c->old, old_len, text, n) :
			 acljob_json(&c->job, r, text, n);
	/* What is wrong is JSON in any case. */
	printf(status || !words ? "{%.*s}\n" : "%.*s\n", (int)r->out.len, r->out.p);
	return status ? ST_RULE : ST_OK;
}

int acl_decode_main(int argc, char **argv)
{
	struct command_line c = { 0 };
	struct aclroom r;
	char *input = NULL;
	size_t n = 0;
	int status = ST_FAILED;

	if (!take_options(&c, argc, argv))
		return usage(ST_USAGE);
	if (c.help)
		return usage(ST_OK);
	argc -= optind;
	argv += optind;
	if (c.batch && !c.kind && !argc && !c.old)
		return aclbatch_run(c.batch, c.text);
	if (c.batch || !c.kind || argc > 1)
		return usage(ST_USAGE);
	if (!argc || !strcmp(argv[0], "-")) {
		input = read_input(&n);
		if (!input)
			return ST_FAILED;
	}
	if (aclroom_init(&r))
		status = run(&c, &r, input ? input : argv[0], input ? n : strlen(argv[0]));
	else
		human_error("out of memory");
	aclroom_fini(&r);
	free(input);
	return status;
}
