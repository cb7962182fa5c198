/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one JSON value a line from standard input and checks each against a
 * schema. Exit status: 0 all good, 1 violations, 2 the schema or the usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate.h"

static void report(void *arg, const char *path, const char *what)
{
	printf("%lu: %s: %s\n", *(unsigned long *)arg, path, what);
}

static bool check_line(struct validate *v, const char *s, size_t n, unsigned long number)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o;
	bool good = false;

	if (n && s[n - 1] == '\n')
		n--;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, s, (int)n);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    json_tokener_get_parse_end(tok) != n)
		report(&number, "/", "not one JSON value");
	else
		good = !validate_value(v, o, report, &number);
	json_object_put(o);
	json_tokener_free(tok);
	return good;
}

int main(int argc, char **argv)
{
	unsigned long number = 0, bad = 0;
	struct json_object *schema;
	struct validate *v;
	char why[256] = "no memory", *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (argc != 2) {
		fprintf(stderr, "usage: jsonvalidate SCHEMA <LINES\n");
		return 2;
	}
	schema = json_object_from_file(argv[1]);
	if (!schema) {
		fprintf(stderr, "%s: %s", argv[1], json_util_get_last_err());
		return 2;
	}
	v = validate_new(schema, why, sizeof(why));
	if (!v) {
		fprintf(stderr, "%s: %s\n", argv[1], why);
		return 2;
	}
	while ((n = getline(&line, &cap, stdin)) >= 0)
		bad += !check_line(v, line, (size_t)n, ++number);
	fprintf(stderr, "%lu lines, %lu bad\n", number, bad);
	free(line);
	validate_free(v);
	json_object_put(schema);
	return bad != 0;
}
