/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the meaning of the keywords. A violation inside of anyOf or oneOf is
 * told for the branch that got furthest, which is the one with the fewest.
 */
#include "validate.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE	512
#define DEPTH_MAX	100

struct validate {
	struct json_object *root;
	struct regex *regexes;
	validate_report_f *report;
	void *arg;
	char path[PATH_SIZE];
	int depth;
	char *why;
	size_t why_size;
};

struct regex {
	struct regex *next;
	const struct json_object *pattern;
	regex_t regex;
};

static const char *const keywords[] = {
	"type", "properties", "required", "additionalProperties", "enum", "const",
	"pattern", "items", "oneOf", "anyOf", "if", "then", "$ref", "$defs",
	"$schema", "$id", "title", "description",
};

/* ---- the schema itself -----------------------------------------------------*/

static bool check(struct validate *v, struct json_object *schema);

__attribute__((format(printf, 2, 3)))
static bool refuse(struct validate *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->why, v->why_size, fmt, ap);
	va_end(ap);
	return false;
}

static bool check_keyword(struct validate *v, const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (!strcmp(key, keywords[i]))
			return true;
	return refuse(v, "keyword %s is not known", key);
}

static bool check_pattern(struct validate *v, struct json_object *pattern)
{
	struct regex *r = calloc(1, sizeof(*r));

	if (!r || !json_object_is_type(pattern, json_type_string) ||
	    regcomp(&r->regex, json_object_get_string(pattern), REG_EXTENDED | REG_NOSUB)) {
		free(r);
		return refuse(v, "pattern %s is not good",
			      json_object_to_json_string(pattern));
	}
	r->pattern = pattern;
	r->next = v->regexes;
	v->regexes = r;
	return true;
}

static struct json_object *resolve(struct validate *v, const char *ref)
{
	struct json_object *defs, *def;

	if (strncmp(ref, "#/$defs/", 8) ||
	    !json_object_object_get_ex(v->root, "$defs", &defs) ||
	    !json_object_object_get_ex(defs, ref + 8, &def))
		return NULL;
	return def;
}

static bool check_map(struct validate *v, struct json_object *map)
{
	if (!json_object_is_type(map, json_type_object))
		return refuse(v, "properties and $defs are objects");
	json_object_object_foreach(map, key, sub) {
		(void)key;
		if (!check(v, sub))
			return false;
	}
	return true;
}

static bool check_list(struct validate *v, const char *key, struct json_object *list, bool schemas)
{
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return refuse(v, "%s is an array", key);
	for (i = 0; schemas && i < json_object_array_length(list); i++)
		if (!check(v, json_object_array_get_idx(list, i)))
			return false;
	return true;
}

static bool check_type(struct validate *v, struct json_object *type)
{
	static const char *const types[] = { "object", "array", "string", "integer",
					     "number", "boolean", "null" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (json_object_is_type(type, json_type_string) &&
		    !strcmp(json_object_get_string(type), types[i]))
			return true;
	return refuse(v, "type %s is not known", json_object_to_json_string(type));
}

static bool check_member(struct validate *v, const char *key, struct json_object *sub)
{
	if (!check_keyword(v, key))
		return false;
	if (!strcmp(key, "properties") || !strcmp(key, "$defs"))
		return check_map(v, sub);
	if (!strcmp(key, "oneOf") || !strcmp(key, "anyOf"))
		return check_list(v, key, sub, true);
	if (!strcmp(key, "enum") || !strcmp(key, "required"))
		return check_list(v, key, sub, false);
	if (!strcmp(key, "items") || !strcmp(key, "if") || !strcmp(key, "then") ||
	    !strcmp(key, "additionalProperties"))
		return check(v, sub);
	if (!strcmp(key, "pattern"))
		return check_pattern(v, sub);
	if (!strcmp(key, "type"))
		return check_type(v, sub);
	if (!strcmp(key, "$ref") && !resolve(v, json_object_get_string(sub)))
		return refuse(v, "%s leads nowhere", json_object_get_string(sub));
	return true;
}

static bool check(struct validate *v, struct json_object *schema)
{
	if (json_object_is_type(schema, json_type_boolean))
		return true;
	if (!json_object_is_type(schema, json_type_object))
		return refuse(v, "not a schema: %s", json_object_to_json_string(schema));
	json_object_object_foreach(schema, key, sub) {
		if (!check_member(v, key, sub))
			return false;
	}
	return true;
}

struct validate *validate_new(struct json_object *schema, char *why, size_t size)
{
	struct validate *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->root = schema;
	v->why = why;
	v->why_size = size;
	return check(v, schema) ? v : validate_free(v);
}

struct validate *validate_free(struct validate *v)
{
	struct regex *r, *next;

	for (r = v ? v->regexes : NULL; r; r = next) {
		next = r->next;
		regfree(&r->regex);
		free(r);
	}
	free(v);
	return NULL;
}

/* ---- a value ---------------------------------------------------------------*/

static unsigned int apply(struct validate *v, struct json_object *schema,
			  struct json_object *value);

__attribute__((format(printf, 2, 3)))
static unsigned int violation(struct validate *v, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	if (!v->report)
		return 1;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	v->report(v->arg, *v->path ? v->path : "/", what);
	return 1;
}

static unsigned int apply_below(struct validate *v, struct json_object *schema,
				struct json_object *value, const char *name)
{
	size_t len = strlen(v->path);
	unsigned int n;

	snprintf(v->path + len, sizeof(v->path) - len, "/%s", name);
	n = apply(v, schema, value);
	v->path[len] = 0;
	return n;
}

static unsigned int apply_silent(struct validate *v, struct json_object *schema,
				 struct json_object *value)
{
	validate_report_f *report = v->report;
	unsigned int n;

	v->report = NULL;
	n = apply(v, schema, value);
	v->report = report;
	return n;
}

static bool is_type(struct json_object *value, const char *type)
{
	enum json_type is = json_object_get_type(value);

	if (!strcmp(type, "number"))
		return is == json_type_int || is == json_type_double;
	if (!strcmp(type, "integer"))
		return is == json_type_int;
	return !strcmp(type, json_type_to_name(is));
}

static unsigned int apply_enum(struct validate *v, struct json_object *list,
			       struct json_object *value)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (json_object_equal(json_object_array_get_idx(list, i), value))
			return 0;
	return violation(v, "%s is none of the values", json_object_to_json_string(value));
}

static unsigned int apply_pattern(struct validate *v, struct json_object *pattern,
				  struct json_object *value)
{
	const char *s = json_object_get_string(value);
	struct regex *r;

	if (!json_object_is_type(value, json_type_string))
		return 0;
	for (r = v->regexes; r && r->pattern != pattern; r = r->next)
		;
	if (r && strlen(s) == (size_t)json_object_get_string_len(value) &&
	    !regexec(&r->regex, s, 0, NULL, 0))
		return 0;
	return violation(v, "%s does not match %s", json_object_to_json_string(value),
			 json_object_get_string(pattern));
}

static unsigned int apply_required(struct validate *v, struct json_object *list,
				   struct json_object *value)
{
	unsigned int n = 0;
	const char *name;
	size_t i;

	if (!json_object_is_type(value, json_type_object))
		return 0;
	for (i = 0; i < json_object_array_length(list); i++) {
		name = json_object_get_string(json_object_array_get_idx(list, i));
		if (!json_object_object_get_ex(value, name, NULL))
			n += violation(v, "%s is missing", name);
	}
	return n;
}

static unsigned int apply_members(struct validate *v, struct json_object *props,
				  struct json_object *others, struct json_object *value)
{
	struct json_object *sub;
	unsigned int n = 0;

	if (!json_object_is_type(value, json_type_object))
		return 0;
	json_object_object_foreach(value, key, member) {
		if (props && json_object_object_get_ex(props, key, &sub))
			n += apply_below(v, sub, member, key);
		else if (others)
			n += apply_below(v, others, member, key);
	}
	return n;
}

static unsigned int apply_items(struct validate *v, struct json_object *items,
				struct json_object *value)
{
	unsigned int n = 0;
	char name[32];
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return 0;
	for (i = 0; i < json_object_array_length(value); i++) {
		snprintf(name, sizeof(name), "%zu", i);
		n += apply_below(v, items, json_object_array_get_idx(value, i), name);
	}
	return n;
}

static unsigned int apply_some(struct validate *v, struct json_object *list, bool one,
			       struct json_object *value)
{
	struct json_object *best = NULL, *branch;
	unsigned int n, least = 0, good = 0;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		branch = json_object_array_get_idx(list, i);
		n = apply_silent(v, branch, value);
		good += !n;
		if (!best || n < least) {
			best = branch;
			least = n;
		}
	}
	if (good == 1 || (good && !one))
		return 0;
	if (good)
		return violation(v, "%u of oneOf hold", good);
	if (!best)
		return violation(v, "there is no choice");
	return apply(v, best, value);
}

static unsigned int apply_object(struct validate *v, struct json_object *schema,
				 struct json_object *value)
{
	struct json_object *k, *others = NULL, *then;
	unsigned int n = 0;

	if (json_object_object_get_ex(schema, "$ref", &k))
		n += apply(v, resolve(v, json_object_get_string(k)), value);
	if (json_object_object_get_ex(schema, "type", &k) &&
	    !is_type(value, json_object_get_string(k)))
		n += violation(v, "%s is not %s", json_object_to_json_string(value),
			       json_object_get_string(k));
	if (json_object_object_get_ex(schema, "const", &k) && !json_object_equal(k, value))
		n += violation(v, "%s is not %s", json_object_to_json_string(value),
			       json_object_to_json_string(k));
	if (json_object_object_get_ex(schema, "enum", &k))
		n += apply_enum(v, k, value);
	if (json_object_object_get_ex(schema, "pattern", &k))
		n += apply_pattern(v, k, value);
	if (json_object_object_get_ex(schema, "required", &k))
		n += apply_required(v, k, value);
	json_object_object_get_ex(schema, "additionalProperties", &others);
	if (json_object_object_get_ex(schema, "properties", &k) || others)
		n += apply_members(v, k, others, value);
	if (json_object_object_get_ex(schema, "items", &k))
		n += apply_items(v, k, value);
	if (json_object_object_get_ex(schema, "anyOf", &k))
		n += apply_some(v, k, false, value);
	if (json_object_object_get_ex(schema, "oneOf", &k))
		n += apply_some(v, k, true, value);
	if (json_object_object_get_ex(schema, "if", &k) &&
	    json_object_object_get_ex(schema, "then", &then) && !apply_silent(v, k, value))
		n += apply(v, then, value);
	return n;
}

static unsigned int apply(struct validate *v, struct json_object *schema,
			  struct json_object *value)
{
	unsigned int n;

	if (json_object_is_type(schema, json_type_boolean))
		return json_object_get_boolean(schema) ? 0 :
		       violation(v, "nothing may be here");
	if (v->depth == DEPTH_MAX)
		return violation(v, "too deep");
	v->depth++;
	n = apply_object(v, schema, value);
	v->depth--;
	return n;
}

unsigned int validate_value(struct validate *v, struct json_object *value,
			    validate_report_f *report, void *arg)
{
	v->report = report;
	v->arg = arg;
	v->path[0] = 0;
	v->depth = 0;
	return apply(v, v->root, value);
}
