/* SPDX-License-Identifier: Apache-2.0 */
/* Owns nothing: reads a request's arguments, and says what is wrong with them. */
#include "control/args.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(char *why, size_t size, const char *name, const char *want)
{
	snprintf(why, size, "argument \"%.64s\" must be %s", name, want);
	return -EINVAL;
}

/* NULL: absent. */
static struct json_object *member(struct json_object *args, const char *name)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(args, name, &v) ? v : NULL;
}

/* A text that C can hold: without a zero byte in it. */
static bool is_text(struct json_object *v)
{
	return json_object_is_type(v, json_type_string) &&
	       strlen(json_object_get_string(v)) == (size_t)json_object_get_string_len(v);
}

int control_args_only(struct json_object *args, const char *const *names, char *why,
		      size_t size)
{
	struct json_object_iterator it = json_object_iter_begin(args);
	struct json_object_iterator end = json_object_iter_end(args);
	size_t i;

	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);

		for (i = 0; names[i] && strcmp(names[i], name); i++)
			;
		if (!names[i]) {
			snprintf(why, size, "unknown argument \"%.64s\"", name);
			return -EINVAL;
		}
	}
	return 0;
}

int control_arg_string(struct json_object *args, const char *name, const char **out,
		       char *why, size_t size)
{
	struct json_object *v = member(args, name);

	if (!v)
		return 0;
	if (!is_text(v))
		return refuse(why, size, name, "a string");
	*out = json_object_get_string(v);
	return 0;
}

int control_arg_int(struct json_object *args, const char *name, int64_t min, int64_t max,
		    int64_t *out, char *why, size_t size)
{
	struct json_object *v = member(args, name);
	char want[96];
	int64_t i;

	if (!v)
		return 0;
	i = json_object_get_int64(v);
	if (!json_object_is_type(v, json_type_int) || i < min || i > max) {
		snprintf(want, sizeof(want), "a number from %lld to %lld", (long long)min,
			 (long long)max);
		return refuse(why, size, name, want);
	}
	*out = i;
	return 0;
}

int control_arg_bool(struct json_object *args, const char *name, bool *out, char *why,
		     size_t size)
{
	struct json_object *v = member(args, name);

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_boolean))
		return refuse(why, size, name, "true or false");
	*out = json_object_get_boolean(v);
	return 0;
}

int control_arg_strings(struct json_object *args, const char *name, const char ***out,
			size_t *n, char *why, size_t size)
{
	struct json_object *v = member(args, name);
	const char **list;
	size_t i, len;

	if (!v)
		return 0;
	if (!json_object_is_type(v, json_type_array))
		return refuse(why, size, name, "an array of strings");
	len = json_object_array_length(v);
	list = calloc(len + 1, sizeof(*list));
	if (!list) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	for (i = 0; i < len; i++) {
		struct json_object *s = json_object_array_get_idx(v, i);

		if (!is_text(s)) {
			free(list);
			return refuse(why, size, name, "an array of strings");
		}
		list[i] = json_object_get_string(s);
	}
	*out = list;
	*n = len;
	return 0;
}
