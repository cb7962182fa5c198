/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of values and of the store, whose clock is ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "varstore.h"

#define ITEMS	4u
#define VALUE	64u

/* ---- values ----------------------------------------------------------------------*/

static const char *shown_value(const struct varvalue *v)
{
	static char text[VALUE + 1];
	uint32_t i;

	for (i = 0; i < v->len; i++)
		text[i] = v->bytes[i] ? v->bytes[i] : '|';
	text[v->len] = 0;
	return text;
}

static const struct {
	const char *type, *text;
	const char *want;	/* NULL: malformed */
	bool cut;
} parsed[] = {
	{ "bool", "true", "true", false }, { "bool", "false", "false", false },
	{ "bool", "1", NULL, false }, { "bool", "", NULL, false }, { "bool", "True", NULL, false },
	{ "int", "0", "0", false }, { "int", "-17", "-17", false }, { "int", "007", "7", false },
	{ "int", "9223372036854775807", "9223372036854775807", false },
	{ "int", "9223372036854775808", NULL, false }, { "int", "1x", NULL, false },
	{ "int", " 1", NULL, false }, { "int", "+1", NULL, false }, { "int", "", NULL, false },
	{ "int", "-", NULL, false }, { "int", "0x10", NULL, false },
	{ "string", "", "", false }, { "string", "a, b", "a, b", false },
	{ "string", "0123456789012345678901234567890123456789012345678901234567890123456",
	  "0123456789012345678901234567890123456789012345678901234567890123", true },
	{ "ip", "10.0.0.1", "10.0.0.1", false }, { "ip", "::1", "::1", false },
	{ "ip", "2001:DB8:0::1", "2001:db8::1", false }, { "ip", "10.0.0", NULL, false },
	{ "ip", "x", NULL, false }, { "ip", "10.0.0.1 ", NULL, false },
	{ "int[]", "1,2,1,03", "1|2|3|", false }, { "int[]", "", "", false },
	{ "int[]", "1,x", NULL, false }, { "int[]", "1,,2", NULL, false },
	{ "int[]", "1,2,3,4,5", "2|3|4|5|", true },
	{ "string[]", "a,b c,,a", "a|b c||", false }, { "bool[]", "true,false", "true|false|", false },
	{ "ip[]", "::1,1.2.3.4,0:0::1", "::1|1.2.3.4|", false },
	{ "string[]", "a,0123456789012345678901234567890123456789012345678901234567890123456",
	  "012345678901234567890123456789012345678901234567890123456789012|", true },
};

static void test_parse(void)
{
	char bytes[VALUE];
	struct varvalue v;
	enum varvalue_result r;
	size_t i;
	int type;

	for (i = 0; i < sizeof(parsed) / sizeof(parsed[0]); i++) {
		type = varvalue_type(parsed[i].type, strlen(parsed[i].type));
		ok(type >= 0, "type %s", parsed[i].type);
		is_str(varvalue_type_name((uint8_t)type), parsed[i].type, "and its name");
		v = (struct varvalue){ .type = (uint8_t)type, .max = VALUE, .bytes = bytes };
		r = varvalue_parse(&v, parsed[i].text, strlen(parsed[i].text), ITEMS);
		is_int(r, parsed[i].want ? VARVALUE_OK : VARVALUE_MALFORMED, "%s %s",
		       parsed[i].type, parsed[i].text);
		if (!parsed[i].want)
			continue;
		is_str(shown_value(&v), parsed[i].want, "value");
		is_int(v.cut, parsed[i].cut, "cut");
	}
	v = (struct varvalue){ .type = VAR_STRING, .max = VALUE, .bytes = bytes };
	is_int(varvalue_parse(&v, "a\0b", 3, ITEMS), VARVALUE_MALFORMED, "a NUL");
	is_int(varvalue_type("str", 3), -1, "no type");
	is_int(varvalue_type("", 0), -1, "no type at all");
}

static const struct {
	const char *type, *text, *more_type, *more;
	const char *want;	/* NULL: see result */
	enum varvalue_result result;
} appended[] = {
	{ "int", "5", "int", "-7", "-2", 0 },
	{ "int", "9223372036854775807", "int", "1", "9223372036854775807", 0 },
	{ "int", "-9223372036854775807", "int", "-5", "-9223372036854775808", 0 },
	{ "int", "5", "int", "x", NULL, VARVALUE_MALFORMED },
	{ "int", "5", "string", "1", NULL, VARVALUE_MISMATCH },
	{ "string", "a", "string", "b", "ab", 0 },
	{ "bool", "true", "bool", "true", NULL, VARVALUE_MISMATCH },
	{ "ip", "::1", "ip", "::2", NULL, VARVALUE_MISMATCH },
	{ "string[]", "a,b", "string", "c,d", "a|b|c,d|", 0 },
	{ "string[]", "a,b", "string[]", "c,b,d", "a|b|c|d|", 0 },
	{ "string[]", "a,b,c,d", "string", "e", "b|c|d|e|", 0 },
	{ "int[]", "1", "string", "2", NULL, VARVALUE_MISMATCH },
	{ "int[]", "1", "int", "x", NULL, VARVALUE_MALFORMED },
	{ "int", "1", "int[]", "2", NULL, VARVALUE_MISMATCH },
};

static void test_append(void)
{
	char bytes[VALUE];
	struct varvalue v;
	size_t i;

	for (i = 0; i < sizeof(appended) / sizeof(appended[0]); i++) {
		v = (struct varvalue){ .max = VALUE, .bytes = bytes,
			.type = (uint8_t)varvalue_type(appended[i].type, strlen(appended[i].type)) };
		varvalue_parse(&v, appended[i].text, strlen(appended[i].text), ITEMS);
		is_int(varvalue_append(&v, (uint8_t)varvalue_type(appended[i].more_type,
					strlen(appended[i].more_type)), appended[i].more,
				       strlen(appended[i].more), ITEMS),
		       appended[i].result, "%s %s + %s", appended[i].type, appended[i].text,
		       appended[i].more);
		if (appended[i].want)
			is_str(shown_value(&v), appended[i].want, "is");
	}
}

/* ---- the store -------------------------------------------------------------------*/

static uint64_t count[VARSTORE_COUNT__MAX];

static struct varstore_conf small(void)
{
	memset(count, 0, sizeof(count));
	return (struct varstore_conf){ .max_owners = { 1, 4, 2, 2 }, .max_variables = 12,
		.max_each = 3, .max_value = VALUE, .max_items = ITEMS, .keep_dead_ns = 10,
		.count = count };
}

static const char *shown(struct varstore *s, struct var_key key)
{
	static char text[1024];
	struct varvalue value;
	const struct var *v;
	size_t at = 0;

	text[0] = 0;
	for (v = varstore_first(s, &key); v; v = varstore_next(s, v)) {
		value = (struct varvalue){ .len = v->len, .bytes = (char *)v->value };
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s=%s", at ? " " : "",
				       v->name_len, v->name, shown_value(&value));
	}
	return text;
}

static int change(struct varstore *s, struct var_key key, enum var_op op, const char *name,
		  uint8_t type, const char *value, uint64_t ttl, uint8_t flags)
{
	struct var_change c = { .op = op, .type = type, .flags = flags, .ttl_ns = ttl,
		.name = name, .name_len = (uint32_t)strlen(name), .value = value,
		.len = value ? (uint32_t)strlen(value) : 0 };

	return varstore_change(s, &key, &c);
}

static int set(struct varstore *s, struct var_key key, const char *name, const char *value,
	       uint64_t ttl, uint8_t flags)
{
	return change(s, key, VAR_SET, name, VAR_STRING, value, ttl, flags);
}

static struct var_key process(uint64_t n)
{
	return var_key_number(VAR_PROCESS, n);
}

static void test_changes(void)
{
	struct varstore_conf conf = small();
	struct varstore *s = varstore_new(&conf);
	struct var_key g = var_key_global(), c;

	is_str(shown(s, g), "", "nothing yet");
	is_int(set(s, g, "a", "1", 0, 0), 0, "set");
	is_int(set(s, g, "b", "2", 0, 0), 0, "set another");
	is_int(set(s, g, "a", "3", 0, 0), 0, "set again");
	is_str(shown(s, g), "a=3 b=2", "in the order of the first set");
	is_int(change(s, g, VAR_SET, "a", VAR_INT, "x", 0, 0), -1, "a wrong value");
	is_str(shown(s, g), "a=3 b=2", "changes nothing");
	change(s, g, VAR_APPEND, "a", VAR_STRING, "x", 0, 0);
	change(s, g, VAR_APPEND, "c", VAR_STRING | VAR_LIST, "p,q", 0, 0);
	change(s, g, VAR_APPEND, "c", VAR_STRING, "r", 0, 0);
	is_str(shown(s, g), "a=3x b=2 c=p|q|r|", "append");
	is_int(set(s, g, "d", "4", 0, 0), -1, "no more than three");
	is_int((int)count[VARSTORE_NO_ROOM], 1, "counted");
	change(s, g, VAR_UNSET, "b", 0, NULL, 0, 0);
	is_int(change(s, g, VAR_UNSET, "b", 0, NULL, 0, 0), 0, "what is not there is not there");
	is_str(shown(s, g), "a=3x c=p|q|r|", "unset");
	is_int(set(s, g, "", "x", 0, 0), -1, "no name");
	is_int(set(s, g, "a b", "x", 0, 0), -1, "a bad name");
	is_int((int)count[VARSTORE_MALFORMED], 3, "counted");
	is_int(change(s, g, VAR_APPEND, "a", VAR_INT, "1", 0, 0), -1, "another type");
	is_int((int)count[VARSTORE_MISMATCH], 1, "counted");
	ok(var_key_text(VAR_CONTAINER, "c1", 2, &c), "a container");
	set(s, c, "x", "of c1", 0, 0);
	set(s, process(1), "x", "of 1", 0, 0);
	set(s, var_key_number(VAR_USER, 1), "x", "of user 1", 0, 0);
	is_str(shown(s, c), "x=of c1", "each scope has its own");
	is_str(shown(s, process(1)), "x=of 1", "each scope has its own");
	is_str(shown(s, var_key_number(VAR_USER, 1)), "x=of user 1", "each scope has its own");
	is_str(shown(s, process(2)), "", "each process has its own");
	ok(!var_key_text(VAR_CONTAINER, "", 0, &c) && !var_key_text(VAR_CONTAINER, "x", 80, &c),
	   "keys that are none");
	varstore_free(s);
}

static void test_time(void)
{
	struct varstore_conf conf = small();
	struct varstore *s = varstore_new(&conf);
	struct var_key p = process(1);

	varstore_time(s, 100);
	set(s, p, "a", "1", 10, 0);
	set(s, p, "b", "2", 20, 0);
	set(s, p, "c", "3", 0, 0);
	varstore_time(s, 109);
	is_str(shown(s, p), "a=1 b=2 c=3", "before its time");
	varstore_time(s, 50);
	varstore_time(s, 110);
	is_str(shown(s, p), "b=2 c=3", "at its time");
	change(s, p, VAR_EXPIRE, "b", 0, NULL, 0, 0);
	change(s, p, VAR_EXPIRE, "c", 0, NULL, 5, 0);
	varstore_time(s, 115);
	is_str(shown(s, p), "b=2", "another time");
	set(s, p, "b", "4", 10, 0);
	change(s, p, VAR_APPEND, "b", VAR_STRING, "5", 0, 0);
	varstore_time(s, 120);
	change(s, p, VAR_APPEND, "b", VAR_STRING, "6", 10, 0);
	varstore_time(s, 129);
	is_str(shown(s, p), "b=456", "append may set it anew");
	change(s, p, VAR_EXPIRE, "b", 0, NULL, UINT64_MAX, 0);
	varstore_time(s, UINT64_MAX - 1);
	is_str(shown(s, p), "b=456", "a time beyond all is the last");
	varstore_time(s, UINT64_MAX);
	is_str(shown(s, p), "", "all are gone");
	varstore_gauge(s);
	is_int((int)count[VARSTORE_VARIABLES], 0, "no variable is left");
	is_int((int)count[VARSTORE_OWNERS], 0, "nor an owner");
	is_int((int)count[VARSTORE_EXPIRED], 3, "counted");
	varstore_free(s);
}

static void test_inherit(void)
{
	struct varstore_conf conf = small();
	struct varstore *s = varstore_new(&conf);

	varstore_time(s, 100);
	set(s, process(1), "a", "1", 0, VAR_INHERIT);
	set(s, process(1), "b", "2", 0, 0);
	set(s, process(1), "c", "3", 50, VAR_INHERIT | VAR_PRIVATE);
	varstore_fork(s, 1, 2);
	is_str(shown(s, process(2)), "a=1 c=3", "a child has what is to be inherited");
	set(s, process(1), "a", "9", 0, VAR_INHERIT);
	is_str(shown(s, process(2)), "a=1 c=3", "as it was then");
	varstore_fork(s, 2, 3);
	is_str(shown(s, process(3)), "a=1 c=3", "and so on");
	varstore_time(s, 150);
	is_str(shown(s, process(3)), "a=1", "it ends with its time");
	varstore_fork(s, 77, 78);
	is_str(shown(s, process(78)), "", "who is not known has nothing");
	varstore_fork(s, 1, 1);
	is_str(shown(s, process(1)), "a=9 b=2", "nobody inherits from himself");
	varstore_free(s);
	s = varstore_new(&conf);
	varstore_time(s, 100);
	set(s, process(1), "a", "1", 0, VAR_INHERIT);
	ok(varstore_found(s, 1, 2, 99), "found: the parent has something");
	is_str(shown(s, process(2)), "", "that it did not have when the process was created");
	ok(varstore_found(s, 1, 3, 100), "found");
	is_str(shown(s, process(3)), "a=1", "that it had");
	set(s, process(1), "b", "2", 0, VAR_INHERIT);
	varstore_found(s, 1, 3, 200);
	is_str(shown(s, process(3)), "a=1", "once");
	ok(!varstore_found(s, 50, 4, 200), "an unknown parent");
	varstore_free(s);
}

static void test_bounds(void)
{
	struct varstore_conf conf = small();
	struct varstore *s = varstore_new(&conf);
	unsigned i;

	varstore_time(s, 100);
	for (i = 1; i <= 4; i++)
		set(s, process(i), "a", "1", 0, 0);
	shown(s, process(1));
	varstore_exit(s, 3);
	varstore_exit(s, 3);
	set(s, process(5), "a", "1", 0, 0);
	is_str(shown(s, process(3)), "", "the dead go first");
	set(s, process(6), "a", "1", 0, 0);
	is_str(shown(s, process(2)), "", "then who was not seen for longest");
	is_str(shown(s, process(1)), "a=1", "not who was seen");
	is_int((int)count[VARSTORE_EVICTED_DEAD], 1, "counted: dead");
	is_int((int)count[VARSTORE_EVICTED_LIVE], 1, "counted: alive");
	varstore_exit(s, 1);
	varstore_time(s, 109);
	is_str(shown(s, process(1)), "a=1", "kept for a while");
	varstore_time(s, 110);
	is_str(shown(s, process(1)), "", "not for longer");
	for (i = 0; i < 12; i++)
		set(s, var_key_number(VAR_USER, i), "a", "1", 0, 0);
	is_str(shown(s, var_key_number(VAR_USER, 11)), "a=1", "users: the newest");
	is_str(shown(s, var_key_number(VAR_USER, 9)), "", "two of them");
	varstore_free(s);
	conf.max_variables = 4;
	s = varstore_new(&conf);
	for (i = 0; i < 3; i++)
		set(s, process(1), i ? i > 1 ? "c" : "b" : "a", "1", 0, VAR_INHERIT);
	varstore_fork(s, 1, 2);
	is_str(shown(s, process(2)), "a=1", "a child whose heritage finds no room");
	is_str(shown(s, process(1)), "a=1 b=1 c=1", "costs its parent nothing");
	set(s, process(3), "x", "1", 0, 0);
	is_str(shown(s, process(3)), "x=1", "others get room");
	varstore_free(s);
}

static void test_move(void)
{
	struct varstore_conf conf = small(), other = conf;
	struct varstore *a = varstore_new(&conf), *b = varstore_new(&conf), *c;
	struct var_key g = var_key_global();

	varstore_time(a, 100);
	set(a, g, "g", "0", 0, 0);
	set(a, process(1), "a", "a longer value", 50, VAR_INHERIT);
	set(a, process(2), "b", "2", 0, VAR_PRIVATE);
	varstore_exit(a, 2);
	is_int(varstore_move(&b, &a), 0, "of the same size");
	is_str(shown(b, process(1)), "a=a longer value", "moved");
	is_str(shown(a, process(1)), "", "and gone there");
	other.max_owners[VAR_PROCESS] = 8;
	other.max_variables = 40;
	c = varstore_new(&other);
	is_int(varstore_move(&c, &b), 0, "larger");
	is_str(shown(c, g), "g=0", "global");
	is_str(shown(c, process(1)), "a=a longer value", "a process");
	is_int((int)varstore_move(&b, &c), 0, "and back, as when a reload fails");
	is_str(shown(b, process(1)), "a=a longer value", "nothing is lost");
	varstore_time(c, 110);
	is_str(shown(c, process(2)), "", "a dead one dies at its time");
	varstore_time(c, 150);
	is_str(shown(c, process(1)), "", "so does a variable");
	varstore_free(a);
	varstore_free(b);
	varstore_free(c);
}

/* A million processes that each have variables of their own and inherited ones. */
static size_t resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *fp = fopen("/proc/self/statm", "r");

	if (fp && fscanf(fp, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (fp)
		fclose(fp);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void test_million(void)
{
	struct varstore_conf conf = small();
	struct varstore *s;
	uint64_t i, worst = 0;
	size_t before;
	struct var_key c;
	char name[32];

	conf.max_owners[VAR_PROCESS] = 1000;
	conf.max_owners[VAR_CONTAINER] = 100;
	conf.max_variables = 4000;
	conf.keep_dead_ns = 500;
	s = varstore_new(&conf);
	set(s, process(1), "root", "1", 0, VAR_INHERIT);
	before = resident();
	for (i = 2; i < 1000002; i++) {
		varstore_time(s, i);
		varstore_fork(s, 1, i);
		set(s, process(i), "own", "some value", i % 3 ? 100 : 0, 0);
		snprintf(name, sizeof(name), "container-%u", (unsigned)(i % 50000));
		if (var_key_text(VAR_CONTAINER, name, strlen(name), &c))
			change(s, c, VAR_APPEND, "n", VAR_INT, "1", 0, 0);
		/* Of some no end is seen. */
		if (i % 16)
			varstore_exit(s, i);
		shown(s, process(1));
		varstore_gauge(s);
		worst = count[VARSTORE_OWNERS] > worst ? count[VARSTORE_OWNERS] : worst;
		worst = count[VARSTORE_VARIABLES] > 4000 ? UINT64_MAX : worst;
	}
	ok(worst <= 1101, "never more owners than may be: %llu", (unsigned long long)worst);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	tap_skip("4000 variables take less than 4 MiB", "a sanitizer has its own malloc");
	(void)before;
#else
	ok(resident() - before < 4u << 20, "4000 variables take less than 4 MiB");
#endif
	is_str(shown(s, process(1)), "root=1", "the first, which is always seen, is still there");
	is_str(shown(s, process(1000001)), "root=1 own=some value", "so is the last");
	is_int((int)count[VARSTORE_INHERITED], 1000000, "each has inherited");
	varstore_free(s);
}

int main(void)
{
	test_parse();
	test_append();
	test_changes();
	test_time();
	test_inherit();
	test_bounds();
	test_move();
	test_million();
	return done_testing();
}
