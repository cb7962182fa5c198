/* SPDX-License-Identifier: Apache-2.0 */
/* Short forms for making JSON objects. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

static inline void put(struct json_object *o, const char *name, struct json_object *v)
{
	json_object_object_add(o, name, v);
}

/* NULL: none is put. */
static inline void put_text(struct json_object *o, const char *name, const char *text)
{
	if (text)
		put(o, name, json_object_new_string(text));
}

static inline void put_n(struct json_object *o, const char *name, uint64_t n)
{
	put(o, name, json_object_new_uint64(n));
}

static inline void put_bool(struct json_object *o, const char *name, bool b)
{
	put(o, name, json_object_new_boolean(b));
}

/* A list in `o`, to add to. */
static inline struct json_object *put_list(struct json_object *o, const char *name)
{
	struct json_object *list = json_object_new_array();

	put(o, name, list);
	return list;
}

static inline struct json_object *put_object(struct json_object *o, const char *name)
{
	struct json_object *in = json_object_new_object();

	put(o, name, in);
	return in;
}
