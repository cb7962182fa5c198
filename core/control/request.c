/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads request lines and writes answers. Relies on json-c, which bounds the
 * nesting and takes more than JSON is unless it is told to be strict.
 */
#include "control/request.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH	16

__attribute__((format(printf, 3, 4)))
static int refuse(char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static bool blank(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			return false;
	return true;
}

static int read_json(const char *line, size_t len, struct json_object **out, char *why,
		     size_t size)
{
	struct json_tokener *tok;
	enum json_tokener_error err;
	size_t end;

	if (memchr(line, 0, len))
		return refuse(why, size, "not JSON: a zero byte");
	tok = json_tokener_new_ex(DEPTH);
	if (!tok) {
		refuse(why, size, "out of memory");
		return -ENOMEM;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
				    JSON_TOKENER_ALLOW_TRAILING_CHARS);
	*out = json_tokener_parse_ex(tok, line, (int)len);
	err = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	if (err == json_tokener_continue)
		return refuse(why, size, "not JSON: it ends too early");
	if (err != json_tokener_success)
		return refuse(why, size, "not JSON: %s at byte %zu",
			      json_tokener_error_desc(err), end);
	if (!blank(line + end, len - end))
		return refuse(why, size, "not JSON: more than one value");
	return 0;
}

static int take_id(struct request *rq, struct json_object *v, char *why, size_t size)
{
	if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0 ||
	    json_object_get_uint64(v) > INT64_MAX)
		return refuse(why, size, "\"id\" must be a number from 0 to 2^63-1");
	rq->id = json_object_get_int64(v);
	rq->has_id = true;
	return 0;
}

static int take_command(struct request *rq, struct json_object *v, char *why, size_t size)
{
	if (!json_object_is_type(v, json_type_string))
		return refuse(why, size, "\"command\" must be a string");
	rq->command = json_object_get_string(v);
	return 0;
}

static int take_args(struct request *rq, struct json_object *v, char *why, size_t size)
{
	if (!json_object_is_type(v, json_type_object))
		return refuse(why, size, "\"args\" must be an object");
	rq->args = v;
	return 0;
}

static int take_members(struct request *rq, char *why, size_t size)
{
	struct json_object_iterator it = json_object_iter_begin(rq->root);
	struct json_object_iterator end = json_object_iter_end(rq->root);
	int r = 0;

	for (; !r && !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);
		struct json_object *v = json_object_iter_peek_value(&it);

		if (!strcmp(name, "id"))
			continue;
		if (!strcmp(name, "command"))
			r = take_command(rq, v, why, size);
		else if (!strcmp(name, "args"))
			r = take_args(rq, v, why, size);
		else
			r = refuse(why, size, "unknown member \"%.64s\"", name);
	}
	return r;
}

/* Without args there are none: an empty object, which the root comes to own. */
static int no_args(struct request *rq, char *why, size_t size)
{
	rq->args = json_object_new_object();
	if (!rq->args || json_object_object_add(rq->root, "args", rq->args)) {
		json_object_put(rq->args);
		rq->args = NULL;
		refuse(why, size, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

int request_parse(const char *line, size_t len, struct request *rq, char *why, size_t size)
{
	struct json_object *id = NULL;
	int r;

	memset(rq, 0, sizeof(*rq));
	r = read_json(line, len, &rq->root, why, size);
	if (r)
		return r;
	if (!json_object_is_type(rq->root, json_type_object))
		return refuse(why, size, "a request must be an object");
	/* First, so that the answer to anything else bears it. */
	if (!json_object_object_get_ex(rq->root, "id", &id))
		return refuse(why, size, "\"id\" is missing");
	r = take_id(rq, id, why, size);
	if (!r)
		r = take_members(rq, why, size);
	if (!r && !rq->command)
		r = refuse(why, size, "\"command\" is missing");
	if (!r && !rq->args)
		r = no_args(rq, why, size);
	return r;
}

void request_fini(struct request *rq)
{
	json_object_put(rq->root);
	memset(rq, 0, sizeof(*rq));
}

/* Takes v over; *bad remembers. A NULL is left out. */
static void add(struct json_object *o, const char *name, struct json_object *v, bool *bad)
{
	if (v && (!o || json_object_object_add(o, name, v))) {
		json_object_put(v);
		*bad = true;
	}
}

char *request_answer(const struct request *rq, const char *text,
		     struct json_object *diagnostics, struct json_object *result)
{
	struct json_object *o = json_object_new_object();
	const char *s = NULL;
	bool bad = !o;
	char *line = NULL;
	size_t len;

	if (rq->has_id)
		add(o, "id", json_object_new_int64(rq->id), &bad);
	else if (o)
		bad |= json_object_object_add(o, "id", NULL) != 0;
	add(o, "ok", json_object_new_boolean(!text), &bad);
	if (text)
		add(o, "error", json_object_new_string(text), &bad);
	add(o, "diagnostics", diagnostics, &bad);
	add(o, "result", result, &bad);
	if (!bad)
		s = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (s)
		line = malloc(len + 2);
	if (line) {
		memcpy(line, s, len);
		memcpy(line + len, "\n", 2);
	}
	json_object_put(o);
	return line;
}
