/* SPDX-License-Identifier: Apache-2.0 */
/* status, version, explain, release, enforce: what the daemon says of itself. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "table.h"
#include "weirctl.h"

#define TIMEOUT_S	10

static const struct column status_card[] = {
	{ "version", "version" },
	{ "pid", "pid" },
	{ "uptime", "uptime_s", UNIT_UPTIME },
	{ "host", "host.name" },
	{ "host id", "host.id" },
	{ "boot", "host.boot" },
	{ "source", "source" },
	{ "configuration", "config.file" },
	{ "digest", "config.digest" },
	{ "generation", "config.generation" },
	{ "loaded", "config.loaded" },
	{ "reload", "reload" },
	{ "received", "events.received" },
	{ "made", "events.made" },
	{ "refused", "events.refused" },
	{ "filtered", "events.filtered" },
	{ "passed", "events.passed" },
	{ "kernel filtered", "events.kernel_filtered" },
	{ "lost", "events.lost" },
	{ "self test", "self_test.result" },
	{ "enforcement", "enforce" },
	{ "memory", "rss_bytes", UNIT_BYTES },
	{ NULL }
};

int show_status(const struct opts *o)
{
	struct json_object *result, *warnings;
	int r = link_call(o, TIMEOUT_S, "status", NULL, &result);
	size_t i;

	if (r == ST_OK && o->json) {
		human_json_object(result);
	} else if (r == ST_OK) {
		table_card(result, status_card);
		warnings = json_at(result, "warnings");
		for (i = 0; json_object_is_type(warnings, json_type_array) &&
			    i < json_object_array_length(warnings); i++) {
			fputs("warning: ", stdout);
			human_put(stdout, json_object_get_string(
						 json_object_array_get_idx(warnings, i)));
			putchar('\n');
		}
	}
	json_object_put(result);
	return r;
}

/* The tool's own version is known; that no daemon answers is no failure. */
int show_version(const struct opts *o)
{
	struct json_object *result = NULL, *own;
	const char *daemon = NULL;
	struct link l;
	int r;

	r = link_open(&l, o, TIMEOUT_S);
	link_close(&l);
	if (!r && link_call(o, TIMEOUT_S, "status", NULL, &result) == ST_OK)
		daemon = json_text(result, "version");
	if (o->json) {
		own = json_object_new_object();
		json_object_object_add(own, "weirctl", json_object_new_string(WEIR_VERSION));
		if (daemon)
			json_object_object_add(own, "weird", json_object_new_string(daemon));
		human_json_object(own);
		json_object_put(own);
	} else {
		printf("weirctl %s\nweird ", WEIR_VERSION);
		human_put(stdout, daemon ? daemon : r ? "does not answer" : "did not say");
		putchar('\n');
	}
	json_object_put(result);
	return ST_OK;
}

/* ---- explain --------------------------------------------------------------------*/

/* "name (kind, type, range; default x)", and the text below it. */
static void match_print(struct json_object *m)
{
	static const char *const facts[] = { "kind", "type", "range" };
	const char *gap = " (", *names[] = { "doc", "where" };
	char *s;
	size_t i;

	s = human_value(json_at(m, "name"), UNIT_NONE);
	fputs(s, stdout);
	free(s);
	for (i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		s = human_value(json_at(m, facts[i]), UNIT_NONE);
		if (*s) {
			printf("%s%s", gap, s);
			gap = ", ";
		}
		free(s);
	}
	if (json_at(m, "default")) {
		s = human_value(json_at(m, "default"), UNIT_NONE);
		printf("%sdefault %s", gap, *s ? s : "none");
		gap = ", ";
		free(s);
	}
	puts(*gap == ',' ? ")" : "");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		s = human_value(json_at(m, names[i]), UNIT_NONE);
		if (*s)
			printf("    %s%s\n", i ? "see " : "", s);
		free(s);
	}
}

int show_explain(const struct opts *o)
{
	struct json_object *args = json_object_new_object(), *result, *list;
	size_t i, n = 0;
	int r;

	json_object_object_add(args, "name", json_object_new_string(o->args[0]));
	r = link_call(o, TIMEOUT_S, "explain", args, &result);
	list = json_at(result, "matches");
	if (json_object_is_type(list, json_type_array))
		n = json_object_array_length(list);
	if (r == ST_OK && o->json)
		human_json_object(result);
	else
		for (i = 0; r == ST_OK && i < n; i++)
			match_print(json_object_array_get_idx(list, i));
	if (r == ST_OK && !n) {
		human_error("nothing is named \"%s\"", o->args[0]);
		r = ST_FAILED;
	}
	json_object_put(result);
	return r;
}

int show_release(const struct opts *o)
{
	struct json_object *args = json_object_new_object(), *result;
	long long n;
	int r;

	json_object_object_add(args, "name", json_object_new_string(o->args[0]));
	r = link_call(o, TIMEOUT_S, "release", args, &result);
	if (r == ST_OK && o->json) {
		human_json_object(result);
	} else if (r == ST_OK) {
		n = json_int(result, "released");
		human_put(stdout, o->args[0]);
		if (n)
			printf(": %lld released from quarantine\n", n);
		else
			printf(" was not in quarantine\n");
	}
	json_object_put(result);
	return r;
}

int show_enforce(const struct opts *o)
{
	struct json_object *args = json_object_new_object(), *result;
	const char *why;
	int r;

	if (o->n_args > 1 || (o->n_args && strcmp(o->args[0], "on") && strcmp(o->args[0], "off"))) {
		fprintf(stderr, "usage: weirctl enforce [on|off]\n");
		json_object_put(args);
		return ST_USAGE;
	}
	if (o->n_args)
		json_object_object_add(args, "state", json_object_new_string(o->args[0]));
	r = link_call(o, TIMEOUT_S, "enforce", args, &result);
	if (r == ST_OK && o->json) {
		human_json_object(result);
	} else if (r == ST_OK) {
		why = json_text(result, "why");
		printf("rules %s", json_object_get_boolean(json_at(result, "enforce")) ?
		       "block and kill" : "block and kill nothing: ");
		human_put(stdout, why ? why : "");
		putchar('\n');
	}
	json_object_put(result);
	return r;
}
