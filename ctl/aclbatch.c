/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl acl decode --batch`: a line of JSON in, a line of JSON out, with the
 * same id. What is wrong with a line is said in its answer; the others go on.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "acl.h"
#include "human.h"
#include "weirctl.h"

/* Hexadecimal, escapes and a context included. */
#define LINE_MAX_SIZE	(8u * ACLJOB_INPUT_MAX)

static int fault(struct aclroom *r, const char *rule, const char *why)
{
	PUT(&r->out, "\"error\":");
	put_json_text(&r->out, why);
	PUT(&r->out, ",\"rule\":");
	put_json_text(&r->out, rule);
	return ACL_E_RULE;
}

static bool take_context(struct acljob *j, struct json_object *context)
{
	if (!context)
		return true;
	if (!json_object_is_type(context, json_type_object))
		return false;
	json_object_object_foreach(context, key, value) {
		if (value && !acljob_context(j, key, json_object_get_string(value)))
			return false;
	}
	return true;
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? v : NULL;
}

/* The text between quotes: made plain first, and then copied. */
static int put_text_member(const struct acljob *j, struct aclroom *r, const char *in, size_t n)
{
	size_t begin = r->out.len;
	char *copy;

	r->arena.used = 0;
	acljob_text(j, r, in, n);
	n = r->out.len - begin;
	copy = malloc(n + 1);
	if (!copy)
		return fault(r, "memory", "out of memory");
	memcpy(copy, r->out.p + begin, n);
	r->out.len = begin;
	PUT(&r->out, ",\"text\":");
	put_json(&r->out, copy, n);
	free(copy);
	return 0;
}

static int answer(struct aclroom *r, struct json_object *o, bool text)
{
	struct json_object *kind = member(o, "kind"), *input = member(o, "input");
	struct acljob j = { 0 };
	const char *in;
	size_t n;
	int status;

	if (!json_object_is_type(kind, json_type_string) ||
	    !json_object_is_type(input, json_type_string))
		return fault(r, "batch", "a line needs kind and input");
	if (!acl_kind_find(json_object_get_string(kind),
			   (size_t)json_object_get_string_len(kind), &j.kind))
		return fault(r, "batch", "there is no such kind");
	if (!take_context(&j, member(o, "context")))
		return fault(r, "batch", "the context cannot be read");
	in = json_object_get_string(input);
	n = (size_t)json_object_get_string_len(input);
	if (n > ACLJOB_INPUT_MAX)
		return fault(r, "batch", "the input is too large");
	status = acljob_json(&j, r, in, n);
	return status || !text ? status : put_text_member(&j, r, in, n);
}

static bool run_line(struct aclroom *r, const char *line, size_t n, bool text)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o = NULL, *id;
	const char *id_text;

	if (!tok || !aclroom_reset(r, n)) {
		json_tokener_free(tok);
		return false;
	}
	o = json_tokener_parse_ex(tok, line, (int)n);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    json_tokener_get_parse_end(tok) != n) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	id = o && json_object_is_type(o, json_type_object) ? member(o, "id") : NULL;
	id_text = json_object_to_json_string_ext(id, JSON_C_TO_STRING_PLAIN);
	PUT(&r->out, "{\"id\":");
	put_text(&r->out, id_text);
	put_char(&r->out, ',');
	if (o && json_object_is_type(o, json_type_object))
		answer(r, o, text);
	else
		fault(r, "batch", "the line is no JSON object");
	PUT(&r->out, "}\n");
	fwrite(r->out.p, 1, r->out.len, stdout);
	json_object_put(o);
	return !r->out.full;
}

static int run_file(FILE *f, struct aclroom *r, bool text)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int status = ST_OK;

	while (status == ST_OK && (n = getline(&line, &cap, f)) > 0) {
		while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		if (!n)
			continue;
		if ((size_t)n > LINE_MAX_SIZE) {
			human_error("a line is longer than %u bytes", LINE_MAX_SIZE);
			status = ST_FAILED;
		} else if (!run_line(r, line, (size_t)n, text)) {
			human_error("out of memory");
			status = ST_FAILED;
		}
	}
	if (ferror(f)) {
		human_error("reading: %s", strerror(errno));
		status = ST_FAILED;
	}
	free(line);
	return status;
}

int aclbatch_run(const char *path, bool text)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct aclroom r;
	int status = ST_FAILED;

	if (!f) {
		human_error("%s: %s", path, strerror(errno));
		return ST_FAILED;
	}
	if (aclroom_init(&r))
		status = run_file(f, &r, text);
	else
		human_error("out of memory");
	aclroom_fini(&r);
	if (f != stdin)
		fclose(f);
	return status;
}
