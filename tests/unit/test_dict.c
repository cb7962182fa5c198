/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that outlive configurations: the same name has the same one for
 * ever, whatever schema it is asked through, and what was given out stays.
 */
#include <errno.h>

#include "schema/dict.h"
#include "schema/schema.h"
#include "tap.h"
#include "util/macros.h"

#define TEXTS .sigma = "", .ecs = "", .ocsf = "", .doc = "doc"

static void test_slots(void)
{
	struct dict *d = dict_new();
	int first = (int)dict_n_wire(d), i, bad = 0;
	char name[32] = "a.one";

	is_int(dict_n_added(d), 0, "nothing is added");
	is_int(dict_slot(d, name, WEIR_KIND_U64), first, "the first slot behind the record's");
	is_int(dict_slot(d, "a.two", WEIR_KIND_STR), first + 1, "the next");
	name[0] = 'x';
	is_int(dict_slot(d, "a.one", WEIR_KIND_U64), first, "the same name has the same slot");
	is_int(dict_slot(d, "a.one", WEIR_KIND_I64), first + 2, "of another kind: another one");
	is_int(dict_slot(d, "a.one", WEIR_KIND_U64), first, "and still the same");
	is_int(dict_n_added(d), 3, "three are added");
	for (i = first + 3; i <= (int)DICT_SLOTS_MAX; i++) {
		snprintf(name, sizeof(name), "z.n%d", i);
		bad += dict_slot(d, name, WEIR_KIND_BOOL) != i;
	}
	is_int(bad, 0, "up to %u", DICT_SLOTS_MAX);
	is_int(dict_slot(d, "z.more", WEIR_KIND_BOOL), -ENOSPC, "no more");
	is_int(dict_slot(d, "a.two", WEIR_KIND_STR), first + 1, "but those there are");
	dict_free(d);
	ok(!dict_free(NULL), "nothing to free");
}

static void test_types(void)
{
	struct dict *d = dict_new();
	const struct weir_type *as = dict_type_at(d, WEIR_EV_amendment), *t;
	static struct weir_type out[WEIR_EV_MAX];
	char name[32] = "alarm";
	unsigned i, bad = 0, named = 0;

	is_int(dict_type(d, name), WEIR_EV_PLUGIN, "the first id of plugins");
	name[0] = 'x';
	is_int(dict_type(d, "bell"), WEIR_EV_PLUGIN + 1, "the next");
	is_int(dict_type(d, "alarm"), WEIR_EV_PLUGIN, "the same name has the same id");
	t = dict_type_at(d, WEIR_EV_PLUGIN);
	ok(t->size == as->size && t->rclass == as->rclass && t->actor == as->actor,
	   "it is laid out as an amendment");
	ok(!memcmp(t->offs, as->offs, dict_n_wire(d) * sizeof(*t->offs)), "field by field");
	dict_types(d, out);
	for (i = WEIR_EV_PLUGIN; i < WEIR_EV_MAX; i++)
		named += out[i].name != NULL;
	is_int(named, 0, "a schema begins without types of plugins");
	ok(out[WEIR_EV_PLUGIN].offs == t->offs, "but knows where their fields lie");
	for (i = WEIR_EV_PLUGIN + 2; i < WEIR_EV_MAX; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		bad += dict_type(d, name) != (int)i;
	}
	is_int(bad, 0, "all ids there are");
	is_int(dict_type(d, "more"), -ENOSPC, "no more");
	is_int(dict_type(d, "bell"), WEIR_EV_PLUGIN + 1, "but those there are");
	dict_free(d);
}

static void test_texts(void)
{
	struct dict *d = dict_new();
	char text[16] = "one";
	const char *one = dict_intern(d, text), *first = one;
	unsigned i;

	text[0] = 'x';
	is_str(one, "one", "a copy");
	ok(dict_intern(d, "one") == one, "the same for the same text");
	ok(dict_intern(d, "two") != one, "another for another");
	for (i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "t%u", i);
		dict_intern(d, text);
	}
	ok(dict_intern(d, "one") == first && !strcmp(first, "one"), "it stays where it is");
	is_str(dict_intern(d, ""), "", "nothing is a text too");
	dict_free(d);
}

/* Two configurations, one behind the other. */
static void test_schemas(void)
{
	struct weir_field_def def = { .name = "p.a", .kind = WEIR_KIND_STR, TEXTS };
	struct dict *d = dict_new();
	struct schema *one = schema_new(d), *two, *copy;
	struct weir_handle a1 = { 0 }, a2 = { 0 }, b = { 0 };
	struct weir_schema view, copied;
	uint32_t n;
	int id;

	schema_add(one, &def, "first", &a1);
	id = schema_add_type(one, "alarm", "It rings.");
	is_int(id, WEIR_EV_PLUGIN, "a type of its own");
	is_int(schema_add_type(one, "alarm", ""), -EEXIST, "once");
	is_int(schema_add_type(one, "exec", ""), -EEXIST, "the kernel's are taken");
	is_int(schema_type(one, "alarm"), id, "it is found");
	view = schema_view(one);
	n = view.n_fields;
	is_str(view.types[id].name, "alarm", "its name");
	is_str(view.types[id].doc, "It rings.", "its text");

	copy = schema_copy(one);
	def.name = "p.b";
	is_int(schema_add(copy, &def, "second", &b), 0, "a copy goes on");
	copied = schema_view(copy);
	is_int(copied.n_fields, n + 1, "it has one more");
	is_int(schema_view(one).n_fields, n, "which the first has not");
	ok(schema_find(copy, "p.a") && !schema_find(one, "p.b"), "by name too");
	is_str(schema_find(copy, "p.b")->producer, "second", "its producer");
	is_int(schema_type(copy, "alarm"), id, "types are copied");

	two = schema_new(d);
	ok(!schema_find(two, "p.a") && schema_type(two, "alarm") < 0, "the next begins without");
	is_int(schema_n_added(two), 2, "but with room for all there ever were");
	def.name = "p.b";
	schema_add(two, &def, "who", &a2);
	is_int(a2.slot, b.slot, "a name has its slot again");
	def.name = "p.a";
	schema_add(two, &def, "who", &a2);
	is_int(a2.slot, a1.slot, "in whatever order");
	def.kind = WEIR_KIND_U64;
	is_int(schema_add(two, &def, "who", &a2), -EEXIST, "one kind at a time");
	is_int(schema_add_type(two, "other", ""), id + 1, "ids are not used again");
	is_int(schema_add_type(two, "alarm", ""), id, "but by the same name");

	ok(schema_ref(two) == two, "a reference");
	schema_free(two);
	ok(schema_find(two, "p.b"), "one is left");
	schema_free(two);
	schema_free(copy);
	schema_free(one);
	dict_free(d);
}

int main(void)
{
	test_slots();
	test_types();
	test_texts();
	test_schemas();
	return done_testing();
}
