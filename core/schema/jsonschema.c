/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the description of the JSON output, made from the same schema that the
 * serializer compiles, but from nothing else of it: tests hold the two
 * against each other. Strict on purpose: a member that no field accounts for
 * is a violation. Uses only the keywords that tests/tools/validate.c knows.
 * json-c takes ownership of what is added to an object, also in the helpers
 * here.
 */
#include "schema/jsonschema.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>
#include <weir/plugin.h>

#include "schema/values.h"

#define DEF(name)	"#/$defs/" name

static const char *const marks[][2] = {
	{ "truncated", "Fields whose value is cut." },
	{ "escaped", "Fields whose texts are not UTF-8: in them \\xHH stands for a byte and "
		     "\\\\ for a backslash." },
	{ "pending", "Fields whose value is still being found out." },
	{ "timed_out", "Fields whose value was not found out in time." },
	{ "unreadable", "Fields that could not be read, wholly or from some point on." },
	{ "skipped", "Fields of a stage that was passed over: over its budget, or crashed." },
};

static const char *const always[] = { "type", "id", "class", "seq", "time" };

static struct json_object *put(struct json_object *o, const char *key, struct json_object *v)
{
	json_object_object_add(o, key, v);
	return v;
}

static struct json_object *text(const char *s)
{
	return json_object_new_string(s);
}

static struct json_object *typed(const char *type)
{
	struct json_object *o = json_object_new_object();

	put(o, "type", text(type));
	return o;
}

static struct json_object *pattern(const char *regex)
{
	struct json_object *o = typed("string");

	put(o, "pattern", text(regex));
	return o;
}

static struct json_object *ref(const char *to)
{
	struct json_object *o = json_object_new_object();

	put(o, "$ref", text(to));
	return o;
}

static struct json_object *any_of(struct json_object *a, struct json_object *b)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	json_object_array_add(list, a);
	json_object_array_add(list, b);
	put(o, "anyOf", list);
	return o;
}

static struct json_object *array_of(struct json_object *items)
{
	struct json_object *o = typed("array");

	put(o, "items", items);
	return o;
}

static struct json_object *closed_object(void)
{
	struct json_object *o = typed("object");

	put(o, "additionalProperties", json_object_new_boolean(0));
	put(o, "properties", json_object_new_object());
	return o;
}

/* ---- nesting ---------------------------------------------------------------*/

/* Puts `v` at the dotted place below an object's schema. */
static void put_at(struct json_object *object, const char *path, struct json_object *v)
{
	struct json_object *props = json_object_object_get(object, "properties"), *inner;
	const char *dot = strchr(path, '.');
	char head[256];

	if (!dot) {
		put(props, path, v);
		return;
	}
	snprintf(head, sizeof(head), "%.*s", (int)(dot - path), path);
	if (!json_object_object_get_ex(props, head, &inner))
		inner = put(props, head, closed_object());
	put_at(inner, dot + 1, v);
}

/* ---- values ----------------------------------------------------------------*/

static struct json_object *names_enum(const struct weir_value_name *names, bool bits)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (; names && names->name; names++)
		if (!bits || (names->number && !(names->number & (names->number - 1))))
			json_object_array_add(list, text(names->name));
	put(o, "enum", list);
	return o;
}

static struct json_object *plain(uint32_t kind, const struct weir_value_name *names)
{
	if (names && (kind == WEIR_KIND_U8 || kind == WEIR_KIND_U16 || kind == WEIR_KIND_U32))
		kind = WEIR_KIND_ENUM;
	switch (kind) {
	case WEIR_KIND_U64:
		return ref(DEF("u64"));
	case WEIR_KIND_I64:
		return ref(DEF("i64"));
	case WEIR_KIND_KEY:
		return ref(DEF("key"));
	case WEIR_KIND_HEX:
		return ref(DEF("hex"));
	case WEIR_KIND_TIME:
	case WEIR_KIND_TIMEW:
		return ref(DEF("time"));
	case WEIR_KIND_MODE:
		return ref(DEF("mode"));
	case WEIR_KIND_DEV:
		return ref(DEF("dev"));
	case WEIR_KIND_ENUM:
		/* The schema is the same on all machines. */
		if (names == values_find("syscall"))
			return typed("string");
		return any_of(names_enum(names, false), ref(DEF("unknown")));
	case WEIR_KIND_FLAGS:
		return array_of(any_of(names_enum(names, true), ref(DEF("hex"))));
	case WEIR_KIND_STR:
		return typed("string");
	case WEIR_KIND_STRV:
		return array_of(typed("string"));
	case WEIR_KIND_BYTES:
		return ref(DEF("base64"));
	case WEIR_KIND_IP:
		return ref(DEF("ip"));
	case WEIR_KIND_BOOL:
		return typed("boolean");
	default:
		return typed("integer");
	}
}

/* Columns name their set; a field that has the set knows its values. */
static const struct weir_value_name *set_names(const struct weir_schema *s, const char *set)
{
	uint32_t i;

	for (i = 0; set && *set && i < s->n_fields; i++)
		if (s->fields[i].value_names && s->fields[i].def.values &&
		    !strcmp(s->fields[i].def.values, set))
			return s->fields[i].value_names;
	return NULL;
}

static struct json_object *rows(const struct weir_schema *s, const struct weir_field_def *d)
{
	struct json_object *o = closed_object(), *col;
	uint32_t i;

	for (i = 0; i < d->n_cols; i++) {
		col = plain(d->cols[i].kind, set_names(s, d->cols[i].values));
		put_at(o, d->cols[i].name, col);
		if (d->cols[i].doc && *d->cols[i].doc)
			put(col, "description", text(d->cols[i].doc));
	}
	return array_of(o);
}

static struct json_object *value(const struct weir_schema *s, const struct weir_field *f)
{
	struct json_object *o;

	if (f->def.kind == WEIR_KIND_RECORDS)
		o = rows(s, &f->def);
	else if (f->def.kind == WEIR_KIND_LIST)
		o = array_of(plain(f->def.elem_kind, f->value_names));
	else
		o = plain(f->def.kind, f->value_names);
	if (f->def.doc && *f->def.doc)
		put(o, "description", text(f->def.doc));
	return o;
}

/* ---- event types -----------------------------------------------------------*/

static bool of_process(const struct weir_field *f)
{
	return !strncmp(f->def.name, "process.", 8);
}

static bool exists(const struct weir_schema *s, const struct weir_type *t,
		   const struct weir_field *f)
{
	if (!*f->def.name)
		return false;
	if (f->handle.slot >= s->n_wire)
		return true;
	return t->offs && t->offs[f->handle.slot] && (t->actor || !of_process(f));
}

/* With `process`: its fields, else all others. */
static void put_fields(struct json_object *object, const struct weir_schema *s,
		       const struct weir_type *t, bool process)
{
	const struct weir_field *f;
	uint32_t i;

	for (i = 0; i < s->n_fields; i++) {
		f = &s->fields[i];
		if (exists(s, t, f) && of_process(f) == process)
			put_at(object, process ? f->def.name + 8 : f->def.name, value(s, f));
	}
}

static struct json_object *process_def(const struct weir_schema *s)
{
	struct json_object *o = closed_object();
	uint32_t i;

	for (i = 0; i < s->n_types; i++) {
		if (s->types[i].name && s->types[i].actor) {
			put_fields(o, s, &s->types[i], true);
			break;
		}
	}
	return o;
}

static void put_process(struct json_object *o, const struct weir_schema *s,
			const struct weir_type *t)
{
	struct json_object *process;

	if (t->actor) {
		put_at(o, "process", ref(DEF("process")));
		return;
	}
	process = closed_object();
	put_fields(process, s, t, true);
	if (json_object_object_length(json_object_object_get(process, "properties")))
		put_at(o, "process", process);
	else
		json_object_put(process);
}

static void put_host(struct json_object *o)
{
	put_at(o, "host.id", typed("string"));
	put_at(o, "host.name", typed("string"));
	put_at(o, "host.boot", typed("string"));
}

static struct json_object *type_def(const struct weir_schema *s, const struct weir_type *t)
{
	struct json_object *o = closed_object(), *list, *type, *mark;
	size_t i;

	if (t->doc)
		put(o, "description", text(t->doc));
	list = put(o, "required", json_object_new_array());
	for (i = 0; i < WEIR_N_OF(always); i++)
		json_object_array_add(list, text(always[i]));
	put_fields(o, s, t, false);
	type = json_object_new_object();
	put(type, "const", text(t->name));
	put_at(o, "type", type);
	put_host(o);
	for (i = 0; i < WEIR_N_OF(marks); i++) {
		mark = array_of(ref(DEF("field")));
		put(mark, "description", text(marks[i][1]));
		put_at(o, marks[i][0], mark);
	}
	put_process(o, s, t);
	return o;
}

/* ---- the whole -------------------------------------------------------------*/

static void put_number_defs(struct json_object *defs)
{
	put(defs, "u64", any_of(typed("integer"), pattern("^[0-9]+$")));
	put(defs, "i64", any_of(typed("integer"), pattern("^-?[0-9]+$")));
	put(defs, "key", pattern("^[1-9][0-9]*$"));
	put(defs, "hex", pattern("^0x[0-9a-f]+$"));
	put(defs, "time", pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}"
				  "T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{9}Z$"));
	put(defs, "mode", pattern("^[0-7]+$"));
	put(defs, "dev", pattern("^[0-9]+:[0-9]+$"));
	put(defs, "ip", pattern("^[0-9a-f.:]+$"));
	put(defs, "base64", pattern("^[A-Za-z0-9+/]*={0,2}$"));
	put(defs, "unknown", pattern("^unknown[(][0-9]+[)]$"));
}

static struct json_object *field_def(const struct weir_schema *s)
{
	struct json_object *o = json_object_new_object(), *list;
	uint32_t i;

	list = put(o, "enum", json_object_new_array());
	for (i = 0; i < s->n_fields; i++)
		if (*s->fields[i].def.name)
			json_object_array_add(list, text(s->fields[i].def.name));
	return o;
}

static struct json_object *make(const struct weir_schema *s)
{
	struct json_object *root = json_object_new_object(), *one, *defs;
	char name[256];
	uint32_t i;

	put(root, "$schema", text("https://json-schema.org/draft/2020-12/schema"));
	put(root, "title", text("weir events as the json plugin writes them"));
	one = put(root, "oneOf", json_object_new_array());
	defs = put(root, "$defs", json_object_new_object());
	put_number_defs(defs);
	put(defs, "field", field_def(s));
	put(defs, "process", process_def(s));
	for (i = 0; i < s->n_types; i++) {
		if (!s->types[i].name)
			continue;
		snprintf(name, sizeof(name), DEF("event.%s"), s->types[i].name);
		json_object_array_add(one, ref(name));
		put(defs, name + strlen(DEF("")), type_def(s, &s->types[i]));
	}
	return root;
}

int jsonschema_print(FILE *f, const struct weir_schema *schema)
{
	struct json_object *o = make(schema);
	const char *s;
	int r = 0;

	s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!s)
		r = -ENOMEM;
	else if (fputs(s, f) < 0 || fputc('\n', f) < 0)
		r = -EIO;
	json_object_put(o);
	return r;
}
