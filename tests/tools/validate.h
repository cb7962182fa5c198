/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks JSON values against a JSON Schema, as far as our own schema goes:
 * type, properties, required, additionalProperties (false or a schema), enum,
 * const, pattern, items, oneOf, anyOf, if/then, $ref to $defs, and the
 * annotations $schema, $id, title, description. Any other keyword is refused,
 * so that nothing is left unchecked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

typedef void validate_report_f(void *arg, const char *path, const char *what);

struct validate;

/* Borrows `schema`. NULL and a reason in `why`. */
struct validate *validate_new(struct json_object *schema, char *why, size_t size);
/* Number of violations. */
unsigned int validate_value(struct validate *v, struct json_object *value,
			    validate_report_f *report, void *arg);
struct validate *validate_free(struct validate *v);
