/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two documents made from a schema. That the JSON Schema fits what the
 * json plugin writes is shown in plugins/json/test_json.c; here, that it
 * fits nothing else.
 */
#include "../tools/validate.h"
#include "schema/jsonschema.h"
#include "schema/manual.h"
#include "tap.h"
#include "toyschema.h"

static const struct weir_column columns[] = {
	{ "pid", WEIR_KIND_U32, 0, NULL, "Its pid." },
	{ "flags", WEIR_KIND_FLAGS, 0, "file_flags", "" },
};

static const struct weir_field_def added[] = {
	{ .name = "process.ancestors", .kind = WEIR_KIND_RECORDS, .cols = columns,
	  .n_cols = WEIR_N_OF(columns), .doc = "Who started it." },
	{ .name = "toy.classes", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_ENUM,
	  .values = "class", .doc = "a | b" },
};

#define HEAD(type, class) "{\"type\":\"" type "\",\"id\":\"7\",\"class\":\"" class "\"," \
	"\"seq\":1,\"time\":\"2023-11-14T22:13:20.000000001Z\""

static const struct {
	const char *line;
	bool good;
} rows[] = {
	{ HEAD("exec", "critical") "}", true },
	{ HEAD("none", "critical") "}", false },
	{ HEAD("exec", "unknown(9)") "}", true },
	{ HEAD("exec", "other") "}", false },
	{ "{\"type\":\"exec\"}", false },
	{ HEAD("exec", "user") ",\"process\":{\"pid\":1,\"key\":\"1\"}}", true },
	{ HEAD("exec", "user") ",\"process\":{\"pid\":\"1\"}}", false },
	{ HEAD("exec", "user") ",\"process\":{\"key\":\"0\"}}", false },
	{ HEAD("exec", "user") ",\"process\":{\"pidd\":1}}", false },
	{ HEAD("lost", "user") ",\"process\":{\"pid\":1}}", false },
	{ HEAD("lost", "user") ",\"lost\":{\"count\":\"9007199254740993\"}}", true },
	{ HEAD("exec", "user") ",\"file\":{\"path\":\"/\"}}", false },
	{ HEAD("open", "user") ",\"file\":{\"path\":\"/\",\"flags\":[\"unlinked\",\"0x8\"]}}", true },
	{ HEAD("open", "user") ",\"file\":{\"flags\":[\"other\"]}}", false },
	{ HEAD("open", "user") ",\"file\":{\"mode\":\"100648\"}}", false },
	{ HEAD("open", "user") ",\"file\":{\"mtime\":\"2023-11-14T22:13:20Z\"}}", false },
	{ HEAD("exec", "user") ",\"truncated\":[\"process.args\"]}", true },
	{ HEAD("exec", "user") ",\"truncated\":[\"process.arg\"]}", false },
	{ HEAD("exec", "user") ",\"process\":{\"ancestors\":[{\"pid\":1},{}]}}", true },
	{ HEAD("exec", "user") ",\"process\":{\"ancestors\":[{\"pod\":1}]}}", false },
	{ HEAD("exec", "user") ",\"process\":{\"ancestors\":[{\"flags\":[\"x\"]}]}}", false },
	{ HEAD("lost", "user") ",\"toy\":{\"classes\":[\"bulk\"]}}", true },
	{ HEAD("exec", "user") ",\"host\":{\"id\":\"a\",\"name\":\"b\",\"boot\":\"c\"}}", true },
};

static char *print(int (*fn)(FILE *, const struct weir_schema *), const struct toyschema *toy)
{
	char *s = NULL;
	size_t n;
	FILE *f = open_memstream(&s, &n);

	is_int(fn(f, &toy->schema), 0, "prints");
	fclose(f);
	return s;
}

static void test_schema(const struct toyschema *toy)
{
	char *s = print(jsonschema_print, toy), why[256] = "";
	struct json_object *schema = json_tokener_parse(s), *o;
	struct validate *v = validate_new(schema, why, sizeof(why));
	size_t i;

	free(s);
	if (!ok(v != NULL, "a schema%s", why)) {
		json_object_put(schema);
		return;
	}
	for (i = 0; i < WEIR_N_OF(rows); i++) {
		o = json_tokener_parse(rows[i].line);
		is_int(!validate_value(v, o, NULL, NULL), rows[i].good, "%s", rows[i].line);
		json_object_put(o);
	}
	validate_free(v);
	json_object_put(schema);
}

static unsigned int count(const char *s, const char *what)
{
	unsigned int n = 0;

	for (; (s = strstr(s, what)); s++)
		n++;
	return n;
}

enum {
#define EVENT(id, name, class, actor, doc) TYPE_##name,
#include <weir/events.def>
	N_TYPES
};

static void test_manual(const struct toyschema *toy)
{
	char *s = print(manual_print, toy);

	is_int(count(s, "\n| `process.pid` |"), 1, "process fields once");
	is_int(count(s, "\n| `seq` |"), 1, "common fields once");
	is_int(count(s, "\n| `file.path` |"), 20, "the file where there is one");
	is_int(count(s, "\n## "), N_TYPES, "all types");
	ok(strstr(s, "\n## exec\n\nA process replaced its image"), "with their text");
	ok(strstr(s, "Class: user. Has no process."), "and class");
	ok(strstr(s, "# Added by `toy`"), "fields of plugins");
	ok(strstr(s, "Rows of `process.ancestors`"), "columns");
	ok(strstr(s, "a \\| b"), "text of tables");
	ok(strstr(s, "One of `success`, ") || strstr(s, "`unknown`, `success`"), "values");
	free(s);
}

int main(void)
{
	struct toyschema *toy = toyschema_new(added, WEIR_N_OF(added));

	test_schema(toy);
	test_manual(toy);
	toyschema_free(toy);
	return done_testing();
}
