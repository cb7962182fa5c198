/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema against events.def: each row is read from its own bytes in each
 * type that has it, and nowhere else; and what plugins may add.
 */
#include <errno.h>

#include "mkrec.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "schema/values.h"
#include "tap.h"
#include "util/macros.h"

#define ROW(ev, kind_, member, name_, values_, sigma, ecs, ocsf, since_, doc)	\
	{ #ev, name_, #values_, WEIR_KIND_##kind_, offsetof(struct weir_##ev, member),	\
	  sizeof(((struct weir_##ev *)0)->member), since_ },

static const struct row {
	const char *ev, *name, *values;
	unsigned kind, off, size, since;
} rows[] = {
#define FIELD ROW
#define ALIAS ROW
#include <weir/events.def>
};

static const struct type {
	unsigned id, actor, rclass;
	size_t size;
	const char *name;
} types[] = {
#define CLASS_critical	WEIR_CLASS_CRITICAL
#define CLASS_bulk	WEIR_CLASS_BULK
#define CLASS_user	WEIR_CLASS_USER
#define EVENT(id_, name_, class, actor_, doc) \
	{ .id = id_, .actor = actor_, .rclass = CLASS_##class, \
	  .size = sizeof(struct weir_##name_), .name = #name_ },
#include <weir/events.def>
};

static struct mkrec rec;

/* ---- names --------------------------------------------------------------------*/

static void test_names(const struct schema *s)
{
	struct weir_schema v = schema_view(s);
	unsigned twice = 0, kinds = 0, unknown = 0, values = 0, since = 0, row, slots = 0;
	const struct weir_field *f;
	uint32_t i, j;

	for (i = 0; i < v.n_fields; i++) {
		for (j = 0; j < i; j++)
			twice += !strcmp(v.fields[i].def.name, v.fields[j].def.name);
		unknown += schema_find(s, v.fields[i].def.name) != &v.fields[i];
		slots += v.fields[i].handle.slot != i + 1 || v.fields[i].handle.flags;
	}
	is_int(twice, 0, "each of %u names is there once", v.n_fields);
	is_int(unknown, 0, "and found");
	is_int(slots, 0, "each has its slot, and cannot be written");
	for (row = unknown = 0; row < ARRAY_LEN(rows); row++) {
		if (!*rows[row].name)
			continue;
		f = schema_find(s, rows[row].name);
		unknown += !f;
		if (!f)
			continue;
		kinds += f->def.kind != rows[row].kind || f->handle.kind != rows[row].kind;
		since += !f->since || f->since > rows[row].since;
		values += !strcmp(rows[row].values, "none") != !f->value_names;
	}
	is_int(unknown, 0, "no row of events.def is missing");
	is_int(kinds, 0, "a name has one kind in all its rows");
	is_int(since, 0, "each is known since some version");
	is_int(values, 0, "value sets are those of the rows");
	is_int(v.n_wire, v.n_fields + 1, "all slots are of the record");
	ok(!schema_find(s, "") && !schema_find(s, "process") && !schema_find(s, "process.pid."),
	   "names that do not exist");
}

static void test_types(const struct schema *s)
{
	struct weir_schema v = schema_view(s);
	unsigned n = 0;
	uint32_t i;

	is_int(v.n_types, WEIR_EV_MAX, "types");
	for (i = 0; i < ARRAY_LEN(types); i++) {
		const struct weir_type *t = &v.types[types[i].id];

		is_int(schema_type(s, types[i].name), types[i].id, "number of %s", types[i].name);
		ok(!strcmp(t->name, types[i].name) && t->rclass == types[i].rclass &&
		   t->actor == types[i].actor && t->size == types[i].size && *t->doc,
		   "type %s", types[i].name);
	}
	for (i = 0; i < v.n_types; i++)
		n += v.types[i].name != NULL;
	is_int(n, ARRAY_LEN(types), "no other types");
	is_int(schema_type(s, "base"), -1, "base is no type");
	is_int(schema_type(s, ""), -1, "nor is nothing");
}

/* ---- reading ---------------------------------------------------------------------*/

static bool is_text(unsigned kind)
{
	return kind == WEIR_KIND_STR || kind == WEIR_KIND_BYTES || kind == WEIR_KIND_STRV;
}

static bool row_is_of(const struct row *row, const struct type *type)
{
	if (strcmp(row->ev, "base"))
		return !strcmp(row->ev, type->name);
	return type->actor || strncmp(row->name, "process.", 8);
}

/* A text that no other member has. */
static void text_of(const struct row *row, char *text, size_t size)
{
	snprintf(text, size, "%s at %u", row->ev, row->off);
}

/* Every member of the record has bytes of its own. */
static void fill(const struct type *type)
{
	struct weir_ip ip = { 2, 0, { 0 } };
	const struct row *row;
	char text[64];
	unsigned i;

	mkrec_init(&rec, type->id);
	for (i = sizeof(weir_u32) * 2; i < type->size; i++)
		rec.rec[i] = (uint8_t)(i * 37 + 1);
	for (row = rows; row < rows + ARRAY_LEN(rows); row++) {
		if (strcmp(row->ev, "base") && strcmp(row->ev, type->name))
			continue;
		text_of(row, text, sizeof(text));
		ip.addr[0] = (uint8_t)row->off;
		if (is_text(row->kind))
			mkrec_str(&rec, (void *)(rec.rec + row->off), text);
		else if (row->kind == WEIR_KIND_IP)
			memcpy(rec.rec + row->off, &ip, sizeof(ip));
	}
	mkrec_end(&rec);
}

static struct weir_event event(const struct weir_schema *v, unsigned type)
{
	static struct weir_value added[64];

	return (struct weir_event){
		.added = added, .rec = rec.rec, .rec_size = rec.len, .type = (uint16_t)type,
		.offs = v->types[type].offs, .n_wire = (uint16_t)v->n_wire,
	};
}

static bool reads_row(const struct row *row, const struct weir_value *val)
{
	uint64_t want = 0;
	char text[64];

	if (val->status != WEIR_PRESENT || val->kind != row->kind)
		return false;
	text_of(row, text, sizeof(text));
	if (is_text(row->kind))
		return val->len == strlen(text) && !memcmp(val->v.p, text, val->len);
	if (row->kind == WEIR_KIND_IP)
		return val->v.p == rec.rec + row->off && val->len == row->size;
	memcpy(&want, rec.rec + row->off, row->size);
	return val->v.u == want;
}

static void test_type_reads(const struct weir_schema *v, const struct type *type)
{
	unsigned wrong = 0, stray = 0, n = 0;
	const struct row *row, *of;
	const struct weir_field *f;
	struct weir_event ev;
	struct weir_value val;

	fill(type);
	ev = event(v, type->id);
	for (f = v->fields; f < v->fields + v->n_fields; f++) {
		of = NULL;
		for (row = rows; row < rows + ARRAY_LEN(rows); row++)
			if (!strcmp(row->name, f->def.name) && row_is_of(row, type))
				of = row;
		val = weir_get(&ev, f->handle);
		n += of != NULL;
		if (of && !reads_row(of, &val)) {
			tap_diag("%s does not read its bytes", f->def.name);
			wrong++;
		} else if (!of && val.status != WEIR_ABSENT) {
			tap_diag("%s reads something", f->def.name);
			stray++;
		}
	}
	is_int(wrong, 0, "%s: each of %u fields reads its own bytes", type->name, n);
	is_int(stray, 0, "%s: all others are absent", type->name);
}

static void test_reads(const struct schema *s)
{
	struct weir_schema v = schema_view(s);
	struct weir_event ev;
	struct weir_value val;
	unsigned i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		test_type_reads(&v, &types[i]);
	ev = event(&v, WEIR_EV_exec);
	val = weir_get(&ev, (struct weir_handle){ 0, WEIR_KIND_U64, 0 });
	is_int(val.status, WEIR_ABSENT, "the handle of no field reads absent");
	is_int((long long)weir_get_u64(&ev, (struct weir_handle){ 0, WEIR_KIND_U64, 0 }, 7), 7,
	       "or what one asks for");
	is_int(weir_set_u64(&ev, v.fields[0].handle, 1), -1, "a field of the kernel cannot be set");
}

/* All of the record is zero but for ids of nobody: kinds that can be absent are. */
static void test_absent(const struct schema *s)
{
	static const unsigned absent = 1u << WEIR_KIND_KEY | 1u << WEIR_KIND_TIME |
		1u << WEIR_KIND_TIMEW | 1u << WEIR_KIND_UID | 1u << WEIR_KIND_DEV |
		1u << WEIR_KIND_PORT | 1u << WEIR_KIND_STR | 1u << WEIR_KIND_BYTES |
		1u << WEIR_KIND_STRV | 1u << WEIR_KIND_IP | 1u << WEIR_KIND_MODE;
	struct weir_schema v = schema_view(s);
	const struct weir_field *f;
	unsigned i, wrong = 0;
	struct weir_event ev;
	struct weir_value val;

	for (i = 0; i < ARRAY_LEN(types); i++) {
		mkrec_init(&rec, types[i].id);
		mkrec_end(&rec);
		ev = event(&v, types[i].id);
		for (f = v.fields; f < v.fields + v.n_fields; f++) {
			val = weir_get(&ev, f->handle);
			if (!ev.offs[f->handle.slot])
				continue;
			if ((val.status == WEIR_ABSENT) != (absent >> f->def.kind & 1)) {
				tap_diag("%s of %s", f->def.name, types[i].name);
				wrong++;
			}
		}
	}
	is_int(wrong, 0, "an empty record has what cannot be absent, and no more");
}

static const struct {
	const char *about;
	uint32_t off, len;
	unsigned status, got;
} texts[] = {
	{ "absent", 0, 0, WEIR_ABSENT, 0 },
	{ "absent, with a mark", 0, WEIR_STR_TRUNCATED, WEIR_ABSENT, 0 },
	{ "could not be read", 0, WEIR_STR_ERROR, WEIR_ERROR, 0 },
	{ "empty", sizeof(struct weir_exec), 0, WEIR_PRESENT, 0 },
	{ "whole", sizeof(struct weir_exec), 8, WEIR_PRESENT, 8 },
	{ "cut", sizeof(struct weir_exec), 8 | WEIR_STR_TRUNCATED, WEIR_TRUNCATED, 8 },
	{ "read in part", sizeof(struct weir_exec), 8 | WEIR_STR_ERROR, WEIR_ERROR, 8 },
	{ "both", sizeof(struct weir_exec), 8 | WEIR_STR_ERROR | WEIR_STR_TRUNCATED, WEIR_ERROR, 8 },
	{ "longer than the record", sizeof(struct weir_exec), 9, WEIR_ABSENT, 0 },
	{ "much longer", sizeof(struct weir_exec), WEIR_STR_LEN, WEIR_ABSENT, 0 },
	{ "at its end", sizeof(struct weir_exec) + 8, 0, WEIR_PRESENT, 0 },
	{ "behind its end", sizeof(struct weir_exec) + 9, 0, WEIR_ABSENT, 0 },
	{ "far behind", UINT32_MAX, 8, WEIR_ABSENT, 0 },
};

static void test_texts(const struct schema *s)
{
	const struct weir_field *f = schema_find(s, "process.cwd");
	struct weir_schema v = schema_view(s);
	struct weir_exec *e;
	struct weir_value val;
	struct weir_event ev;
	unsigned i;

	if (!ok(f != NULL, "process.cwd"))
		return;
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		e = mkrec_init(&rec, WEIR_EV_exec);
		rec.len += 8;
		mkrec_end(&rec);
		e->base.cwd = (struct weir_str){ texts[i].off, texts[i].len };
		ev = event(&v, WEIR_EV_exec);
		val = weir_get(&ev, f->handle);
		is_int(val.status, texts[i].status, "text: %s", texts[i].about);
		is_int(val.len, texts[i].got, "text: %s: length", texts[i].about);
	}
}

/* ---- adding ---------------------------------------------------------------------------*/

#define TEXTS .sigma = "", .ecs = "", .ocsf = "", .doc = "doc"

static const struct {
	const char *about;
	struct weir_field_def def;
	int r;
} adds[] = {
	{ "a number", { .name = "x.number", .kind = WEIR_KIND_I64, TEXTS }, 0 },
	{ "the same again", { .name = "x.number", .kind = WEIR_KIND_I64, TEXTS }, -EEXIST },
	{ "the same of another kind", { .name = "x.number", .kind = WEIR_KIND_STR, TEXTS }, -EEXIST },
	{ "one of the kernel", { .name = "process.pid", .kind = WEIR_KIND_U32, TEXTS }, -EEXIST },
	{ "a value set", { .name = "x.class", .kind = WEIR_KIND_ENUM, .values = "class", TEXTS }, 0 },
	{ "one that is made", { .name = "x.error", .kind = WEIR_KIND_ENUM, .values = "errno", TEXTS }, 0 },
	{ "an unknown one", { .name = "x.bad", .kind = WEIR_KIND_ENUM, .values = "x", TEXTS }, -EINVAL },
	{ "that name is free still", { .name = "x.bad", .kind = WEIR_KIND_BOOL, TEXTS }, 0 },
	{ "part of a name", { .name = "process", .kind = WEIR_KIND_STR, TEXTS }, 0 },
};

static void test_adds(struct schema *s)
{
	struct weir_schema before = schema_view(s), v;
	struct weir_handle h, none = { 9, 9, 9 };
	const struct weir_field *f;
	unsigned i, n = 0;

	is_int(schema_n_added(s), 0, "nothing is added yet");
	for (i = 0; i < ARRAY_LEN(adds); i++) {
		h = none;
		is_int(schema_add(s, &adds[i].def, "who", &h), adds[i].r, "%s", adds[i].about);
		if (adds[i].r) {
			ok(!memcmp(&h, &none, sizeof(h)), "%s: no handle", adds[i].about);
			continue;
		}
		f = schema_find(s, adds[i].def.name);
		n++;
		ok(f && !strcmp(f->producer, "who"), "%s: its producer", adds[i].about);
		ok(f && !(f->handle.flags & WEIR_HANDLE_WRITE), "%s: others cannot write it",
		   adds[i].about);
		is_int(h.flags, WEIR_HANDLE_WRITE, "%s: who adds it can", adds[i].about);
		ok(f && h.slot == f->handle.slot && h.kind == adds[i].def.kind,
		   "%s: slot and kind", adds[i].about);
		is_int(h.slot, before.n_wire + n - 1, "%s: behind those of the record", adds[i].about);
		ok(f && !f->value_names == !adds[i].def.values, "%s: value names", adds[i].about);
	}
	v = schema_view(s);
	is_int(schema_n_added(s), n, "added");
	is_int(v.n_fields, before.n_fields + n, "a new view has them");
	is_int(v.n_wire, before.n_wire, "and as many of the record");
	ok(before.fields == v.fields && before.types == v.types,
	   "an old view stays what it was, shorter");
}

static void test_set(struct schema *s)
{
	struct weir_schema v = schema_view(s);
	struct weir_value added[16] = { { 0 } }, val;
	struct weir_field_def def = { .name = "y.text", .kind = WEIR_KIND_STR, TEXTS };
	struct weir_handle h = { 0 };
	struct weir_event ev;

	is_int(schema_add(s, &def, "who", &h), 0, "a text");
	fill(&types[0]);
	ev = event(&v, types[0].id);
	ev.added = added;
	is_int(weir_get(&ev, h).status, WEIR_ABSENT, "not set: absent");
	is_int(weir_set_str(&ev, h, "abc", 3), 0, "it can be set");
	val = weir_get(&ev, schema_find(s, "y.text")->handle);
	ok(val.kind == WEIR_KIND_STR && val.len == 3 && weir_present(&val), "and read by all");
	is_int(weir_set_u64(&ev, schema_find(s, "y.text")->handle, 1), -1, "but not set by all");
}

static void test_limit(void)
{
	struct weir_field_def def = { .kind = WEIR_KIND_BOOL, TEXTS };
	static char names[2048][16];
	struct dict *dict = dict_new();
	struct schema *s = schema_new(dict);
	struct weir_schema v = schema_view(s);
	struct weir_handle h = { 0 };
	const uint16_t *offs = v.types[WEIR_EV_exec].offs;
	unsigned i;
	int r = 0;

	for (i = 0; i < ARRAY_LEN(names) && !r; i++) {
		snprintf(names[i], sizeof(names[i]), "z.n%u", i);
		def.name = names[i];
		r = schema_add(s, &def, "who", &h);
	}
	is_int(r, -ENOSPC, "there is a limit");
	is_int(schema_view(s).n_fields, 1024, "of 1024 fields");
	is_int(h.slot, 1024, "the last one's slot");
	def.name = names[0];
	is_int(schema_add(s, &def, "who", &h), -EEXIST, "a name that is taken is so beyond it too");
	ok(v.types[WEIR_EV_exec].offs == offs, "offsets stay where they are");
	schema_free(s);
	dict_free(dict);
}

int main(void)
{
	struct dict *dict = dict_new();
	struct schema *s = schema_new(dict);

	test_names(s);
	test_types(s);
	test_reads(s);
	test_absent(s);
	test_texts(s);
	test_adds(s);
	test_reads(s);
	test_set(s);
	schema_free(s);
	dict_free(dict);
	test_limit();
	ok(!schema_free(NULL), "nothing to free");
	return done_testing();
}
