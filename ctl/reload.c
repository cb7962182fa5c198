/* SPDX-License-Identifier: Apache-2.0 */
/* reload and check: another configuration, taken or only tried. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "table.h"
#include "weirctl.h"

/* Plugins may have to be waited for. */
#define TIMEOUT_S	300

static const struct column card[] = {
	{ "generation", "generation" },
	{ "digest", "digest" },
	{ "trigger", "trigger" },
	{ "took", "duration_ms", UNIT_MS },
	{ "pause", "pause_us", UNIT_US },
	{ NULL }
};

static const struct column instance_columns[] = {
	{ "CHAIN", "chain" },
	{ "INSTANCE", "name" },
	{ "PLUGIN", "plugin" },
	{ "VERSION", "version" },
	{ "RESULT", "result" },
	{ "NOTE", "note" },
	{ NULL }
};

static const struct column draining_columns[] = {
	{ "DRAINING", "chain" },
	{ "INSTANCE", "name" },
	{ "WAITS FOR", "blocker" },
	{ NULL }
};

static bool has_rows(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) && json_object_array_length(list);
}

static void show(struct json_object *result)
{
	table_card(result, card);
	if (has_rows(json_at(result, "instances"))) {
		putchar('\n');
		table_print(json_at(result, "instances"), instance_columns);
	}
	if (has_rows(json_at(result, "draining"))) {
		putchar('\n');
		table_print(json_at(result, "draining"), draining_columns);
	}
}

static int ask(const struct opts *o, const char *command, const char *done)
{
	struct json_object *result, *ok;
	int r = link_call(o, TIMEOUT_S, command, NULL, &result);

	/* A failure has told its diagnostics; these are warnings, or a refusal. */
	if (r == ST_OK) {
		link_diagnostics(json_at(result, "diagnostics"));
		ok = json_at(result, "ok");
		if (ok && !json_object_get_boolean(ok))
			r = ST_FAILED;
	}
	if (result && o->json)
		human_json_object(result);
	else if (r == ST_OK)
		puts(done);
	if (result && !o->json && r == ST_OK)
		show(result);
	if (r == ST_FAILED && json_at(result, "ok"))
		fputs("weirctl: the running configuration stays\n", stderr);
	json_object_put(result);
	return r;
}

int reload_reload(const struct opts *o)
{
	return ask(o, "reload", "reloaded");
}

/* Returns only if there is none. */
static void exec_daemon(void)
{
	static char *argv[] = { (char *)"weird", (char *)"--check", NULL };

	fflush(stdout);
	execv(WEIR_SBINDIR "/weird", argv);
	if (errno == ENOENT)
		execvp("weird", argv);
}

int reload_check(const struct opts *o)
{
	struct link l;
	int r = link_open(&l, o, TIMEOUT_S);

	link_close(&l);
	if (r == -ENOENT || r == -ECONNREFUSED) {
		human_error("%s: no daemon answers; weird --check reads the configuration",
			   o->socket);
		exec_daemon();
		human_error("weird: %s", strerror(errno));
		return ST_NO_DAEMON;
	}
	return ask(o, "check", "the configuration is in order");
}
