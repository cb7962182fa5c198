/* SPDX-License-Identifier: Apache-2.0 */
#include "../tools/validate.h"

#include "tap.h"

#define DEFS "\"$defs\":{\"key\":{\"type\":\"string\",\"pattern\":\"^[0-9]+$\"}}"

static const struct {
	const char *schema, *value;
	unsigned int violations;
} rows[] = {
	{ "{}", "1", 0 },
	{ "true", "1", 0 },
	{ "false", "1", 1 },
	{ "{\"type\":\"integer\"}", "1", 0 },
	{ "{\"type\":\"integer\"}", "1.5", 1 },
	{ "{\"type\":\"integer\"}", "\"1\"", 1 },
	{ "{\"type\":\"number\"}", "1.5", 0 },
	{ "{\"type\":\"string\"}", "\"\"", 0 },
	{ "{\"type\":\"boolean\"}", "true", 0 },
	{ "{\"type\":\"boolean\"}", "0", 1 },
	{ "{\"type\":\"array\"}", "{}", 1 },
	{ "{\"const\":\"a\"}", "\"a\"", 0 },
	{ "{\"const\":\"a\"}", "\"b\"", 1 },
	{ "{\"enum\":[\"a\",1]}", "1", 0 },
	{ "{\"enum\":[\"a\",1]}", "\"1\"", 1 },
	{ "{\"pattern\":\"^a+$\"}", "\"aaa\"", 0 },
	{ "{\"pattern\":\"^a+$\"}", "\"ab\"", 1 },
	{ "{\"pattern\":\"^a+$\"}", "\"a\\u0000\"", 1 },
	{ "{\"pattern\":\"^a+$\"}", "1", 0 },
	{ "{\"required\":[\"a\",\"b\"]}", "{\"a\":1}", 1 },
	{ "{\"required\":[\"a\",\"b\"]}", "{\"a\":1,\"b\":null}", 0 },
	{ "{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1,\"c\":1}", 1 },
	{ "{\"properties\":{\"a\":true},\"additionalProperties\":false}", "{\"a\":1,\"c\":1}", 1 },
	{ "{\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":1,\"c\":\"\"}", 1 },
	{ "{\"items\":{\"type\":\"string\"}}", "[\"\",1,2]", 2 },
	{ "{\"items\":{\"type\":\"string\"}}", "[]", 0 },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "1", 0 },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "[]", 1 },
	{ "{\"anyOf\":[{\"type\":\"integer\"},{\"const\":1}]}", "1", 0 },
	{ "{\"oneOf\":[{\"type\":\"integer\"},{\"const\":1}]}", "1", 1 },
	{ "{\"oneOf\":[{\"type\":\"integer\"},{\"const\":1}]}", "2", 0 },
	{ "{\"if\":{\"const\":1},\"then\":false}", "1", 1 },
	{ "{\"if\":{\"const\":1},\"then\":false}", "2", 0 },
	{ "{\"$ref\":\"#/$defs/key\"," DEFS "}", "\"12\"", 0 },
	{ "{\"$ref\":\"#/$defs/key\"," DEFS "}", "\"x\"", 1 },
	{ "{\"$ref\":\"#/$defs/key\"," DEFS "}", "12", 1 },
};

static const char *const refused[] = {
	"1", "{\"minimum\":1}", "{\"type\":\"text\"}", "{\"type\":[\"string\"]}",
	"{\"pattern\":\"(\"}", "{\"$ref\":\"#/$defs/key\"}", "{\"$ref\":\"#/properties/a\"}",
	"{\"properties\":{\"a\":{\"format\":\"date\"}}}", "{\"oneOf\":[{\"not\":{}}]}",
	"{\"items\":{\"maxLength\":1}}", "{\"properties\":[]}", "{\"anyOf\":{}}",
};

static char told[1024];

static void report(void *arg, const char *path, const char *what)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s: %s;", path, what);
}

static unsigned int run(const char *schema, const char *value)
{
	struct json_object *s = json_tokener_parse(schema), *o = json_tokener_parse(value);
	char why[256];
	struct validate *v = validate_new(s, why, sizeof(why));
	unsigned int n = v ? validate_value(v, o, report, NULL) : 1000;

	validate_free(v);
	json_object_put(s);
	json_object_put(o);
	return n;
}

static void test_refused(const char *schema)
{
	struct json_object *s = json_tokener_parse(schema);
	char why[256] = "";

	ok(!validate_new(s, why, sizeof(why)), "refuses %s", schema);
	ok(*why, "%s", why);
	json_object_put(s);
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_int(run(rows[i].schema, rows[i].value), rows[i].violations, "%s for %s",
		       rows[i].schema, rows[i].value);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		test_refused(refused[i]);
	told[0] = 0;
	run("{\"properties\":{\"a\":{\"items\":{\"const\":1}}}}", "{\"a\":[1,2]}");
	is_str(told, "/a/1: 2 is not 1;", "tells the place");
	told[0] = 0;
	run("{\"oneOf\":[{\"required\":[\"x\",\"y\"]},{\"required\":[\"x\"]}]}", "{}");
	is_str(told, "/: x is missing;", "tells of the nearest choice");
	return done_testing();
}
