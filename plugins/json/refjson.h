/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a line must say, made with json-c straight from the schema and the
 * getters of plugin.h: slow, generic, and without any code of the plugin.
 */
#pragma once

#include <json-c/json.h>

#include <weir/plugin.h>

struct json_object *refjson_make(const struct weir_schema *schema,
				 const struct weir_event *ev,
				 const struct weir_host_id *host);
/* One line, all control characters escaped; to be freed. */
char *refjson_print(struct json_object *o);
/* Whether the bytes are well-formed. */
bool refjson_is_utf8(const uint8_t *p, size_t n);
