/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: what a file may say for each type, and what mistakes say. */
#include <errno.h>
#include <limits.h>

#include "conf/diag.h"
#include "conf/options.h"
#include "conf/tree.h"
#include "conf/unit.h"
#include "tap.h"
#include "util/macros.h"

enum { O_ON, O_COUNT, O_ANY, O_SIZE, O_TIME, O_PATH_, O_FULL, O_LIST, O_OFF, O__MAX };

static const struct weir_option table[] = {
	[O_ON] = { "on", WEIR_OPT_BOOL, 0, 0, 0, "true", NULL, "Whether." },
	[O_COUNT] = { "count", WEIR_OPT_INT, 0, -1, 64, "8", NULL, "How many." },
	[O_ANY] = { "any", WEIR_OPT_INT, 0, 0, 0, NULL, NULL, "Any number." },
	[O_SIZE] = { "size", WEIR_OPT_SIZE, 0, 4096, 1 << 30, "16M", NULL, "Bytes." },
	[O_TIME] = { "time", WEIR_OPT_TIME, 0, 1000000, 3600 * 1000000000LL, "250ms",
		     NULL, "How long." },
	[O_PATH_] = { "path", WEIR_OPT_STR, 0, 0, 0, "/x", NULL, "Where." },
	[O_FULL] = { "full", WEIR_OPT_ENUM, 0, 0, 0, "drop", "block|drop|spill",
		     "When it is full." },
	[O_LIST] = { "list", WEIR_OPT_STRLIST, 0, 0, 0, "a, b,c", NULL, "Names." },
	[O_OFF] = { "off", WEIR_OPT_ENUM, 0, 0, 0, NULL, "x|y", "No default." },
};
static const struct weir_option needs[] = {
	{ "path", WEIR_OPT_STR, WEIR_OPTION_REQUIRED, 0, 0, NULL, NULL, "Where." },
	{ "events", WEIR_OPT_INT, WEIR_OPTION_REQUIRED, 0, 0, NULL, NULL, "Number." },
};
static const char *const skip[] = { "plugin", "name", "before", NULL };

struct read {
	struct conf *conf;
	struct options *o;
	char errors[2048];
};

static int read_text(const char *text, const struct weir_option *t, uint32_t n,
		     struct read *out)
{
	struct conf_bytes b = { "f", text, strlen(text) };
	struct diag d = { 0 };
	size_t i, len = 0;
	int r;

	memset(out, 0, sizeof(*out));
	r = conf_load_bytes(&b, 1, &d, &out->conf);
	if (r == 0)
		r = options_read(conf_lookup(out->conf, "g"), "thing", t, n, skip, &d,
				 &out->o);
	MUST((r == 0) == (d.n_errors == 0) && (r == 0) == (out->o != NULL));
	for (i = 0; i < d.n && len < sizeof(out->errors) - 2; i++) {
		diag_format(&d.items[i], out->errors + len, sizeof(out->errors) - len - 1);
		strcat(out->errors, "\n");
		len = strlen(out->errors);
	}
	diag_fini(&d);
	/* The values must live without the tree. */
	out->conf = conf_free(out->conf);
	return r;
}

static void test_values(void)
{
	static const struct {
		const char *text;
		int option;
		int64_t want;
	} t[] = {
		{ "on = false;", O_ON, 0 }, { "on = true;", O_ON, 1 },
		{ "count = -1;", O_COUNT, -1 }, { "count = 0x40;", O_COUNT, 64 },
		{ "any = 9223372036854775807;", O_ANY, INT64_MAX },
		{ "size = 4096;", O_SIZE, 4096 }, { "size = \"4096\";", O_SIZE, 4096 },
		{ "size = \"64K\";", O_SIZE, 65536 }, { "size = \"1G\";", O_SIZE, 1 << 30 },
		{ "time = 3;", O_TIME, 3000000000 }, { "time = \"3\";", O_TIME, 3000000000 },
		{ "time = \"3s\";", O_TIME, 3000000000 }, { "time = \"5ms\";", O_TIME, 5000000 },
		{ "time = \"1000us\";", O_TIME, 1000000 },
		{ "time = \"5m\";", O_TIME, 300000000000 },
		{ "time = \"1h\";", O_TIME, 3600000000000 },
		{ "full = \"block\";", O_FULL, 0 }, { "full = \"spill\";", O_FULL, 2 },
	};
	char text[256];
	struct read rd;
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(text, sizeof(text), "g = { %s };", t[i].text);
		if (ok(read_text(text, table, O__MAX, &rd) == 0, "%s", t[i].text)) {
			is_int(rd.o->vals[t[i].option].v.i, t[i].want, "its value");
			is_int(rd.o->vals[t[i].option].set, 1, "is set");
		} else {
			tap_diag("%s", rd.errors);
		}
		options_free(rd.o);
	}
}

static void test_lists(void)
{
	struct weir_optval *v;
	struct read rd;

	is_int(read_text("g = { list = [\"x\", \"y, z\"]; path = \"p\"; };", table,
			 O__MAX, &rd), 0, "array of strings");
	v = &rd.o->vals[O_LIST];
	ok(v->n == 2 && !strcmp(v->v.list[1], "y, z") && !v->v.list[2], "its strings");
	is_str(rd.o->vals[O_PATH_].v.s, "p", "string");
	options_free(rd.o);
	is_int(read_text("g = { list = \"x, y\"; };", table, O__MAX, &rd), 0, "one string");
	v = &rd.o->vals[O_LIST];
	ok(v->n == 1 && !strcmp(v->v.list[0], "x, y"), "is not split");
	options_free(rd.o);
	is_int(read_text("g = { list = []; };", table, O__MAX, &rd), 0, "empty array");
	ok(rd.o->vals[O_LIST].set && rd.o->vals[O_LIST].n == 0, "is empty");
	options_free(rd.o);
}

static void test_defaults(void)
{
	static const char *const texts[] = { "g = { };", "" };
	struct weir_optval *v;
	struct read rd;
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++) {
		is_int(read_text(texts[i], table, O__MAX, &rd), 0, "\"%s\"", texts[i]);
		v = rd.o->vals;
		ok(v[O_ON].v.i == 1 && v[O_COUNT].v.i == 8 && v[O_ANY].v.i == 0 &&
		   v[O_SIZE].v.i == 16 << 20 && v[O_TIME].v.i == 250000000 &&
		   v[O_FULL].v.i == 1 && v[O_OFF].v.i == -1, "numbers");
		is_str(v[O_PATH_].v.s, "/x", "string");
		ok(v[O_LIST].n == 3 && !strcmp(v[O_LIST].v.list[0], "a") &&
		   !strcmp(v[O_LIST].v.list[1], "b") && !strcmp(v[O_LIST].v.list[2], "c"),
		   "list");
		ok(!v[O_ON].set && !v[O_LIST].set, "not set");
		options_free(rd.o);
	}
	is_int(read_text("g = { name = \"x\"; };", NULL, 0, &rd), 0, "empty table");
	ok(rd.o->vals != NULL, "has values");
	options_free(rd.o);
}

static const struct {
	const char *text;
	const char *want;
} wrong[] = {
	{ "g = {\n plugin = \"x\";\n pth = \"x\"; };",
	  "f:3: thing: unknown option \"pth\" (did you mean \"path\"?)\n" },
	{ "g = { cuont = 1; };", "f:1: thing: unknown option \"cuont\" (did you mean \"count\"?)\n" },
	{ "g = { befor = \"x\"; };", "f:1: thing: unknown option \"befor\" (did you mean \"before\"?)\n" },
	{ "g = { zzzzzz = 1; };", "f:1: thing: unknown option \"zzzzzz\"\n" },
	{ "g = { on = 1; };", "f:1: thing: option \"on\" must be true or false, not 1\n" },
	{ "g = { on = \"yes\"; };", "f:1: thing: option \"on\" must be true or false, not \"yes\"\n" },
	{ "g = { count = \"5\"; };", "f:1: thing: option \"count\" must be a whole number, not \"5\"\n" },
	{ "g = { count = 1.5; };", "f:1: thing: option \"count\" must be a whole number, not 1.50000\n" },
	{ "g = { count = { }; };", "f:1: thing: option \"count\" must be a whole number, not a group\n" },
	{ "g = { count = 65; };", "f:1: thing: option \"count\" must be -1 to 64, not 65\n" },
	{ "g = { any = -1; };", "f:1: thing: option \"any\" must be at least 0, not -1\n" },
	{ "g = { size = \"1K\"; };", "f:1: thing: option \"size\" must be 4K to 1G, not \"1K\"\n" },
	{ "g = { size = \"16 M\"; };",
	  "f:1: thing: option \"size\" must be a size such as 4096, \"64K\" or \"16M\", not \"16 M\"\n" },
	{ "g = { size = \"99999999999T\"; };",
	  "f:1: thing: option \"size\" must be a size such as 4096, \"64K\" or \"16M\", not \"99999999999T\"\n" },
	{ "g = { time = \"2h\"; };", "f:1: thing: option \"time\" must be 1ms to 1h, not \"2h\"\n" },
	{ "g = { time = 99999999999; };",
	  "f:1: thing: option \"time\" must be a time such as \"250ms\", \"3s\" or \"5m\", not 99999999999\n" },
	{ "g = { time = \"-1s\"; };",
	  "f:1: thing: option \"time\" must be a time such as \"250ms\", \"3s\" or \"5m\", not \"-1s\"\n" },
	{ "g = { path = 5; };", "f:1: thing: option \"path\" must be a string, not 5\n" },
	{ "g = { path = [\"a\"]; };", "f:1: thing: option \"path\" must be a string, not an array\n" },
	{ "g = { full = \"dorp\"; };",
	  "f:1: thing: option \"full\" must be one of block|drop|spill, not \"dorp\" (did you mean \"drop\"?)\n" },
	{ "g = { full = 1; };", "f:1: thing: option \"full\" must be a string, not 1\n" },
	{ "g = { list = ( \"a\",\n5 ); };",
	  "f:2: thing: option \"list\" must be a string or an array of strings, not 5\n" },
	{ "g = { list = 5; };",
	  "f:1: thing: option \"list\" must be a string or an array of strings, not 5\n" },
	{ "g = 5;", "f:1: thing: must be a group, not a number\n" },
	{ "g = { path = \"a\\nb\"; on = \"a\\nb\"; };",
	  "f:1: thing: option \"on\" must be true or false, not \"a\\x0ab\"\n" },
	{ "g = {\n count = 65;\n size = 1;\n x = 1; };",
	  "f:2: thing: option \"count\" must be -1 to 64, not 65\n"
	  "f:3: thing: option \"size\" must be 4K to 1G, not 1\n"
	  "f:4: thing: unknown option \"x\"\n" },
};

static void test_errors(void)
{
	struct read rd;
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		read_text(wrong[i].text, table, O__MAX, &rd);
		is_str(rd.errors, wrong[i].want, "error %zu", i);
		options_free(rd.o);
	}
	read_text("\ng = { };", needs, 2, &rd);
	is_str(rd.errors, "f:2: thing: option \"path\" is missing\n"
	       "f:2: thing: option \"events\" is missing\n", "required");
	read_text("", needs, 1, &rd);
	is_str(rd.errors, "thing: option \"path\" is missing\n", "required, no group");
}

static const struct {
	struct weir_option o;
	const char *want;
} tables[] = {
	{ { "", WEIR_OPT_INT, 0, 0, 0, NULL, NULL, "d" }, "option 0 has a bad name" },
	{ { NULL, WEIR_OPT_INT, 0, 0, 0, NULL, NULL, "d" }, "option 0 has a bad name" },
	{ { "A", WEIR_OPT_INT, 0, 0, 0, NULL, NULL, "d" }, "option 0 has a bad name" },
	{ { "name", WEIR_OPT_INT, 0, 0, 0, NULL, NULL, "d" },
	  "option \"name\" has a name that every stage uses" },
	{ { "a", 99, 0, 0, 0, NULL, NULL, "d" }, "option \"a\" is of an unknown type" },
	{ { "a", WEIR_OPT_INT, 6, 0, 0, NULL, NULL, "d" }, "option \"a\" has unknown flags" },
	{ { "a", WEIR_OPT_INT, 0, 0, 0, NULL, NULL, NULL }, "option \"a\" has no text" },
	{ { "a", WEIR_OPT_INT, 0, 5, 4, NULL, NULL, "d" },
	  "option \"a\" has a range without values" },
	{ { "a", WEIR_OPT_ENUM, 0, 0, 0, NULL, NULL, "d" },
	  "option \"a\" has no words, or empty or equal ones" },
	{ { "a", WEIR_OPT_ENUM, 0, 0, 0, NULL, "x||y", "d" },
	  "option \"a\" has no words, or empty or equal ones" },
	{ { "a", WEIR_OPT_ENUM, 0, 0, 0, NULL, "x|x", "d" },
	  "option \"a\" has no words, or empty or equal ones" },
	{ { "a", WEIR_OPT_ENUM, 0, 0, 0, "z", "x|y", "d" },
	  "option \"a\" has a default that is not one of its values" },
	{ { "a", WEIR_OPT_BOOL, 0, 0, 0, "yes", NULL, "d" },
	  "option \"a\" has a default that is not one of its values" },
	{ { "a", WEIR_OPT_SIZE, 0, 0, 4096, "8K", NULL, "d" },
	  "option \"a\" has a default that is not one of its values" },
	{ { "a", WEIR_OPT_TIME, 0, 0, 0, "3 s", NULL, "d" },
	  "option \"a\" has a default that is not one of its values" },
	{ { "a", WEIR_OPT_STRLIST, 0, 0, 0, ",,a", NULL, "d" }, "" },
};

static void test_tables(void)
{
	char why[256] = "";
	size_t i;

	is_int(options_check(table, O__MAX, skip, why, sizeof(why)), 0, "good table: %s", why);
	for (i = 0; i < ARRAY_LEN(tables); i++) {
		why[0] = 0;
		options_check(&tables[i].o, 1, skip, why, sizeof(why));
		is_str(why, tables[i].want, "table %zu", i);
	}
}

static void test_describe(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	options_describe(f, table + O_COUNT, 1);
	options_describe(f, table + O_SIZE, 1);
	options_describe(f, table + O_FULL, 1);
	options_describe(f, needs, 1);
	fclose(f);
	is_str(text,
	       "  count              number, -1 to 64; default 8\n"
	       "                       How many.\n"
	       "  size               size, 4K to 1G; default 16M\n"
	       "                       Bytes.\n"
	       "  full               \"block\" or \"drop\" or \"spill\"; default drop\n"
	       "                       When it is full.\n"
	       "  path               string; required\n"
	       "                       Where.\n", "description");
	free(text);
}

static void test_units(void)
{
	static const struct {
		int64_t v;
		const char *size, *time;
	} t[] = {
		{ 0, "0", "0s" }, { 1, "1", "1ns" }, { 1024, "1K", "1024ns" },
		{ 1536, "1536", "1536ns" }, { 1LL << 40, "1T", "1099511627776ns" },
		{ 250000000, "250000000", "250ms" }, { 1000000000, "1000000000", "1s" },
		{ 90000000001, "90000000001", "90000000001ns" }, { 90000000000, "87890625K", "90s" }, { -2048, "-2K", "-2048ns" },
		{ 86400000000000, "84375000000K", "1d" },
		{ INT64_MAX, "9223372036854775807", "9223372036854775807ns" },
		{ INT64_MIN, "-8388608T", "-9223372036854775808ns" },
	};
	char buf[UNIT_TEXT];
	size_t i;
	int64_t v;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		is_str(unit_size(t[i].v, buf), t[i].size, "size");
		ok(t[i].v < 0 || (unit_parse_size(buf, &v) && v == t[i].v), "and back");
		is_str(unit_time(t[i].v, buf), t[i].time, "time");
		ok(t[i].v < 0 || (unit_parse_time(buf, &v) && v == t[i].v), "and back");
	}
	ok(unit_parse_int("-9223372036854775808", &v) && v == INT64_MIN, "least number");
	ok(!unit_parse_int("9223372036854775808", &v), "too large");
	ok(!unit_parse_int("", &v) && !unit_parse_int("0x", &v) &&
	   !unit_parse_int("1 ", &v) && !unit_parse_int("-", &v), "no numbers");
	is_int(unit_distance("pth", "path"), 1, "left out");
	is_int(unit_distance("ptah", "path"), 1, "swapped");
	is_int(unit_distance("", "abc"), 3, "nothing");
	is_int(unit_distance("kitten", "sitting"), 3, "three");
}

int main(void)
{
	test_values();
	test_lists();
	test_defaults();
	test_errors();
	test_tables();
	test_describe();
	test_units();
	return done_testing();
}
