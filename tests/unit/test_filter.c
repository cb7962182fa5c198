/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms: what is refused and why, and what each operator says of a field of
 * each kind, present, absent, and of lists.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "chain/filter.h"
#include "conf/diag.h"
#include "conf/tree.h"
#include "mkrec.h"
#include "schema/dict.h"
#include "schema/schema.h"
#include "tap.h"
#include "util/macros.h"

#define TEXTS .sigma = "", .ecs = "", .ocsf = "", .doc = "doc"

static const struct weir_column cols[] = {
	{ "pid", WEIR_KIND_U32, 0, NULL, "" },
};

static const struct weir_field_def defs[] = {
	{ .name = "x.bool", .kind = WEIR_KIND_BOOL, TEXTS },
	{ .name = "x.i64", .kind = WEIR_KIND_I64, TEXTS },
	{ .name = "x.u64", .kind = WEIR_KIND_U64, TEXTS },
	{ .name = "x.enum", .kind = WEIR_KIND_ENUM, .values = "class", TEXTS },
	{ .name = "x.flags", .kind = WEIR_KIND_FLAGS, .values = "open_flags", TEXTS },
	{ .name = "x.str", .kind = WEIR_KIND_STR, TEXTS },
	{ .name = "x.bytes", .kind = WEIR_KIND_BYTES, TEXTS },
	{ .name = "x.strv", .kind = WEIR_KIND_STRV, TEXTS },
	{ .name = "x.ip", .kind = WEIR_KIND_IP, TEXTS },
	{ .name = "x.strs", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_STR, TEXTS },
	{ .name = "x.i64s", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_I64, TEXTS },
	{ .name = "x.ips", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_IP, TEXTS },
	{ .name = "x.rows", .kind = WEIR_KIND_RECORDS, .cols = cols, .n_cols = 1, TEXTS },
	{ .name = "x.none", .kind = WEIR_KIND_STR, TEXTS },
	{ .name = "x.nothing", .kind = WEIR_KIND_U64, TEXTS },
	{ .name = "x.empty", .kind = WEIR_KIND_LIST, .elem_kind = WEIR_KIND_STR, TEXTS },
	{ .name = "x.skipped", .kind = WEIR_KIND_U64, TEXTS },
};

static struct dict *dict;
static struct schema *schema;
static struct weir_schema view;
static struct weir_handle h[ARRAY_LEN(defs)];
static struct weir_value added[ARRAY_LEN(defs)];
static struct mkrec rec;

static void schema_make(void)
{
	size_t i;

	dict = dict_new();
	schema = schema_new(dict);
	for (i = 0; i < ARRAY_LEN(defs); i++)
		MUST(schema_add(schema, &defs[i], "toy", &h[i]) == 0);
	view = schema_view(schema);
}

static int make(const char *term, char *why, size_t size, struct filter **out)
{
	return filter_new(schema, &term, 1, why, size, out);
}

/* ---- what is refused -------------------------------------------------------------*/

static const struct {
	const char *term, *why;
} wrong[] = {
	{ "", "there is no field \"\" here" },
	{ "= 3", "there is no field \"\" here" },
	{ "process.uids = 0", "there is no field \"process.uids\" here" },
	{ "process uid = 0", "there is no field \"process\" here" },
	{ "process.uid 0", "process.uid: not FIELD OP VALUE; OP is = != ^= $= *= < <= > >=" },
	{ "process.uid ~ 0", "process.uid: not FIELD OP VALUE; OP is = != ^= $= *= < <= > >=" },
	{ "!process.uid = 0", "process.uid: not FIELD OP VALUE; OP is = != ^= $= *= < <= > >=" },
	{ "process.uid", NULL },
	{ "process.uid =", "process.uid: \"\" is no value of it" },
	{ "process.uid = root", "process.uid: \"root\" is no value of it" },
	{ "process.uid = 1x", "process.uid: \"1x\" is no value of it" },
	{ "process.uid = 08", "process.uid: \"08\" is no value of it" },
	{ "process.uid = 99999999999999999999", "process.uid: \"99999999999999999999\" is no value of it" },
	{ "process.uid == 1", "process.uid: \"= 1\" is no value of it" },
	{ "process.uid ^= 1", "process.uid: that comparison does not go with its kind" },
	{ "process.uid *= 1", "process.uid: that comparison does not go with its kind" },
	{ "process.name < a", "process.name: that comparison does not go with its kind" },
	{ "process.name >= a", "process.name: that comparison does not go with its kind" },
	{ "process.args > a", "process.args: that comparison does not go with its kind" },
	{ "outcome = lucky", "outcome: \"lucky\" is no value of it" },
	{ "x.bool = yes", "x.bool: \"yes\" is no value of it" },
	{ "x.rows = 1", "x.rows: that comparison does not go with its kind" },
	{ "x.rows > 1", "x.rows: that comparison does not go with its kind" },
	{ "x.rows", NULL },
	{ "x.strs < 1", "x.strs: that comparison does not go with its kind" },
	{ "x.i64s ^= 1", "x.i64s: that comparison does not go with its kind" },
	{ "x.i64s = a", "x.i64s: \"a\" is no value of it" },
	{ "x.ip < 10.0.0.1", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = 10.0.0", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = 10.0.0.0/33", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = 10.0.0.0/", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = 10.0.0.0/8x", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = 10.0.0.0/4294967304", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = 10.0.0.0/-1", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = ::1/129", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ip = /8", "x.ip: = and != take an address, or ADDRESS/BITS" },
	{ "x.ips = host", "x.ips: = and != take an address, or ADDRESS/BITS" },
};

static void test_wrong(void)
{
	struct filter *f;
	char why[256];
	size_t i;
	int r;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		f = NULL;
		why[0] = 0;
		r = make(wrong[i].term, why, sizeof(why), &f);
		is_int(r, wrong[i].why ? -EINVAL : 0, "\"%s\": %s", wrong[i].term,
		       wrong[i].why ? "refused" : "taken");
		is_str(why, wrong[i].why ? wrong[i].why : "", "\"%s\": why", wrong[i].term);
		ok(!f == (r != 0), "\"%s\": out", wrong[i].term);
		filter_free(f);
	}
	ok(!filter_free(NULL), "nothing to free");
}

/* ---- what matches ------------------------------------------------------------------*/

#define STR(s)	{ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT, .len = sizeof(s) - 1, .v.p = s }
#define NUM(k, n) { .kind = WEIR_KIND_##k, .status = WEIR_PRESENT, .v.u = (uint64_t)(n) }

static struct weir_ip ip4 = { AF_INET, 0, { 10, 1, 2, 0x83 } };
static struct weir_ip ip6 = { AF_INET6, 0, { 0x20, 1, 0xd, 0xb8, [15] = 1 } };

static const struct weir_value strs[] = { STR("one"), STR("two"), STR("three") };
static const struct weir_value i64s[] = { NUM(I64, -5), NUM(I64, 7) };
static const struct weir_value ips[] = {
	{ .kind = WEIR_KIND_IP, .status = WEIR_PRESENT, .len = sizeof(ip4), .v.p = &ip4 },
	{ .kind = WEIR_KIND_IP, .status = WEIR_PRESENT, .len = sizeof(ip6), .v.p = &ip6 },
};
static const struct weir_list lists[] = {
	{ 3, 0, strs }, { 2, 0, i64s }, { 2, 0, ips }, { 2, 1, i64s }, { 0, 0, NULL },
};

static void set(const char *name, struct weir_value v)
{
	struct weir_event ev = { .added = added, .n_wire = (uint16_t)view.n_wire };
	size_t i;

	for (i = 0; i < ARRAY_LEN(defs) && strcmp(defs[i].name, name); i++)
		;
	MUST(i < ARRAY_LEN(defs));
	v.status = v.status ? v.status : WEIR_PRESENT;
	MUST(weir_set(&ev, h[i], &v) == 0);
}

static void set_p(const char *name, const void *p, size_t len)
{
	set(name, (struct weir_value){ .len = (uint32_t)len, .v.p = p });
}

static struct weir_event event_make(void)
{
	static const char *const args[] = { "sh", "-c", "", "echo hi", NULL };
	struct weir_connect *c = mkrec_init(&rec, WEIR_EV_connect);

	mkrec_number(&rec, 3);
	c->base.uid = 0;
	c->base.euid = 1000;
	c->base.suid = UINT32_MAX;
	c->base.pid = 4711;
	c->base.outcome = WEIR_OUTCOME_FAILURE;
	c->base.error = 13;
	mkrec_str(&rec, &c->base.exe_path, "/usr/bin/ssh-agent");
	mkrec_strv(&rec, &c->base.args, args);
	mkrec_end(&rec);
	memset(added, 0, sizeof(added));
	set("x.bool", (struct weir_value){ .v.u = 1 });
	set("x.i64", (struct weir_value){ .v.i = -3 });
	set("x.u64", (struct weir_value){ .v.u = UINT64_MAX - 2 });
	set("x.enum", (struct weir_value){ .v.u = WEIR_CLASS_BULK });
	set("x.flags", (struct weir_value){ .v.u = WEIR_OPEN_READ | WEIR_OPEN_CREAT });
	set_p("x.str", "hello", 5);
	set_p("x.bytes", "\0\1hello\0", 8);
	set_p("x.strv", "first\0second", 12);	/* the last one without its NUL */
	set_p("x.ip", &ip4, sizeof(ip4));
	set("x.strs", (struct weir_value){ .v.list = &lists[0] });
	set("x.i64s", (struct weir_value){ .v.list = &lists[1] });
	set("x.ips", (struct weir_value){ .v.list = &lists[2] });
	set("x.rows", (struct weir_value){ .v.list = &lists[3] });
	set("x.empty", (struct weir_value){ .v.list = &lists[4] });
	set("x.skipped", (struct weir_value){ .status = WEIR_SKIPPED });
	return (struct weir_event){
		.rec = rec.rec, .rec_size = rec.len, .type = WEIR_EV_connect, .added = added,
		.offs = view.types[WEIR_EV_connect].offs, .n_wire = (uint16_t)view.n_wire,
	};
}

static const struct {
	const char *term;
	bool want;
} rows[] = {
	/* numbers */
	{ "process.pid = 4711", true }, { "process.pid=4711", true }, { " process.pid\t= 4711", true },
	{ "process.pid = 0x1267", true }, { "process.pid = 4712", false },
	{ "process.pid != 4711", false }, { "process.pid != 1", true },
	{ "process.pid < 4711", false }, { "process.pid <= 4711", true }, { "process.pid <4712", true },
	{ "process.pid > 4711", false }, { "process.pid >= 4711", true }, { "process.pid > 4710", true },
	{ "process.pid = -1", false }, { "process.pid > -1", false },
	{ "process.uid = 0", true }, { "process.uid", true }, { "!process.uid", false },
	{ "process.suid", false }, { "!process.suid", true }, { "! process.suid", true },
	{ "process.suid = 4294967295", false }, { "process.suid != 0", true }, { "process.suid < 7", false },
	{ "process.suid >= 0", false },
	{ "x.u64 = 0xfffffffffffffffd", true }, { "x.u64 > 9", true }, { "x.u64 < 9", false },
	{ "x.u64 = -3", true },
	{ "x.i64 = -3", true }, { "x.i64 < 0", true }, { "x.i64 < -3", false }, { "x.i64 <= -3", true },
	{ "x.i64 > -4", true }, { "x.i64 >= 0", false }, { "x.i64 != -3", false },
	{ "x.bool = true", true }, { "x.bool = false", false }, { "x.bool = 1", true },
	{ "x.bool != false", true }, { "x.bool", true },
	{ "x.nothing = 0", false }, { "x.nothing != 0", true }, { "x.nothing", false }, { "!x.nothing", true },
	/* names of values */
	{ "outcome = failure", true }, { "outcome = success", false }, { "outcome != success", true },
	{ "outcome = 2", true }, { "error = EACCES", true }, { "error = 13", true },
	{ "type = connect", true }, { "type = exec", false }, { "class = bulk", true },
	{ "x.enum = bulk", true }, { "x.enum != bulk", false }, { "x.enum = critical", false },
	{ "x.flags = read", true }, { "x.flags = write", false }, { "x.flags != write", true },
	{ "x.flags != read", false }, { "x.flags = O_CREAT", true }, { "x.flags = 33", true },
	{ "x.flags = 1", false }, { "x.flags >= 32", true }, { "x.flags < 32", false },
	/* texts */
	{ "process.exe.path = /usr/bin/ssh-agent", true }, { "process.exe.path = /usr/bin/ssh", false },
	{ "process.exe.path ^= /usr/bin/", true }, { "process.exe.path ^= /usr/lib/", false },
	{ "process.exe.path ^= /usr/bin/ssh-agent-longer", false },
	{ "process.exe.path $= -agent", true }, { "process.exe.path $= -agen", false },
	{ "process.exe.path *= /ssh", true }, { "process.exe.path *= /SSH", false },
	{ "process.exe.path *= ", true }, { "process.exe.path != /bin/true", true },
	{ "process.exe.path != \"/usr/bin/ssh-agent\"", false },
	{ "process.exe.path = \"/usr/bin/ssh-agent\"", true },
	{ "process.exe.path = '/usr/bin/ssh-agent'", true },
	{ "process.exe.path = '/usr/bin/ssh-agent\"", false },
	{ "process.cwd", false }, { "!process.cwd", true }, { "process.cwd = ", false },
	{ "process.cwd != /", true }, { "process.cwd ^= ", false }, { "process.cwd *= ", false },
	{ "x.str = hello", true }, { "x.str = hell", false }, { "x.str = hello ", false },
	{ "x.str = ' hello'", false }, { "x.str ^= hel", true }, { "x.str $= llo", true }, { "x.str *= ell", true },
	{ "x.bytes *= hello", true }, { "x.bytes = hello", false }, { "x.bytes $= hello", false },
	{ "x.none = ", false }, { "x.none != a", true },
	/* lists of texts: one must match, none for != */
	{ "process.args = -c", true }, { "process.args = echo", false }, { "process.args ^= echo", true },
	{ "process.args = ", true }, { "process.args $= hi", true }, { "process.args != -c", false },
	{ "process.args != -x", true }, { "process.args *= \"o h\"", true },
	{ "x.strv = first", true }, { "x.strv = second", true }, { "x.strv = firstsecond", false },
	{ "x.strv = ", false },
	{ "x.strs = two", true }, { "x.strs = four", false }, { "x.strs != two", false },
	{ "x.strs != four", true }, { "x.strs ^= th", true }, { "x.strs $= ee", true }, { "x.strs", true },
	{ "x.i64s = 7", true }, { "x.i64s < -4", true }, { "x.i64s < -5", false }, { "x.i64s > 6", true },
	{ "x.i64s != 7", false }, { "x.i64s != 8", true },
	{ "x.empty", true }, { "x.empty = a", false }, { "x.empty != a", true },
	{ "x.rows", true }, { "!x.rows", false },
	/* addresses */
	{ "x.ip = 10.1.2.131", true }, { "x.ip = 10.1.2.130", false }, { "x.ip != 10.1.2.130", true },
	{ "x.ip = 10.0.0.0/8", true }, { "x.ip = 11.0.0.0/8", false }, { "x.ip = 10.1.2.128/25", true },
	{ "x.ip = 10.1.2.0/25", false }, { "x.ip = 10.1.2.130/31", true }, { "x.ip = 10.1.2.130/32", false },
	{ "x.ip = 99.0.0.0/0", true }, { "x.ip = ::/0", false }, { "x.ip != 10.0.0.0/8", false },
	{ "x.ip = ::ffff:10.1.2.131", false },
	{ "x.ips = 2001:db8::1", true }, { "x.ips = 2001:db8::/33", true }, { "x.ips = 2001:db9::/33", false },
	{ "x.ips = 10.0.0.0/8", true }, { "x.ips != 2001:db8::1", false }, { "x.ips != ::2", true },
	{ "destination.ip", false }, { "!destination.ip", true }, { "destination.ip = 0.0.0.0/0", false },
	{ "destination.ip != 1.2.3.4", true },
	/* a field that this type does not have */
	{ "file.path", false }, { "file.path ^= /", false }, { "file.path != /", true }, { "file.mode >= 0", false },
	/* what was passed over has no value */
	{ "x.skipped", false }, { "!x.skipped", true }, { "x.skipped = 0", false }, { "x.skipped < 9", false },
	{ "x.skipped != 0", true },
};

static void test_match(void)
{
	struct weir_event ev = event_make();
	struct filter *f;
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		f = NULL;
		if (!is_int(make(rows[i].term, why, sizeof(why), &f), 0, "\"%s\"", rows[i].term)) {
			tap_diag("%s", why);
			continue;
		}
		is_int(filter_match(f, &ev), rows[i].want, "\"%s\" %s", rows[i].term,
		       rows[i].want ? "matches" : "does not");
		filter_free(f);
	}
}

/* A plugin's list may hold anything; it must not kill. */
static void test_odd_lists(void)
{
	static const struct weir_value odd[] = {
		{ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT, .len = 3 },
		{ .kind = WEIR_KIND_STRV, .status = WEIR_PRESENT, .len = 3 },
		{ .kind = WEIR_KIND_IP, .status = WEIR_PRESENT, .len = 3 },
		{ .kind = WEIR_KIND_LIST, .status = WEIR_PRESENT },
		{ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT, .len = 0, .v.p = "" },
		{ .kind = 200, .status = 200 },
	};
	static const struct weir_list list = { ARRAY_LEN(odd), 0, odd };
	static const char *const names[] = { "x.strs", "x.i64s", "x.ips" };
	static const char *const values[] = { "zz", "9", "1.2.3.4" };
	struct weir_event ev = event_make();
	struct filter *f;
	char term[64], why[256];
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		set(names[i], (struct weir_value){ .v.list = &list });
		snprintf(term, sizeof(term), "%s = %s", names[i], values[i]);
		f = NULL;
		MUST(make(term, why, sizeof(why), &f) == 0);
		ok(!filter_match(f, &ev), "%s of values of all kinds", names[i]);
		filter_free(f);
	}
	set("x.strs", (struct weir_value){ .v.list = NULL });
	f = NULL;
	MUST(make("x.strs = zz", why, sizeof(why), &f) == 0);
	ok(!filter_match(f, &ev), "a list that is none");
	filter_free(f);
}

static void test_all_hold(void)
{
	static const char *const terms[] = { "process.uid = 0", "x.str = hello", "x.i64 < 0" };
	static const char *const bad[] = { "process.uid = 0", "x.str = hello", "x.i64 > 0" };
	struct weir_event ev = event_make();
	struct filter *f = NULL;
	char why[256];

	is_int(filter_new(schema, terms, 3, why, sizeof(why), &f), 0, "three terms");
	ok(filter_match(f, &ev), "that all hold");
	f = filter_free(f);
	is_int(filter_new(schema, bad, 3, why, sizeof(why), &f), 0, "three");
	ok(!filter_match(f, &ev), "of which the last does not");
	f = filter_free(f);
	is_int(filter_new(schema, terms, 0, why, sizeof(why), &f), 0, "none");
	ok(filter_match(f, &ev), "hold always");
	filter_free(f);
}

/* ---- the setting ----------------------------------------------------------------------*/

static const struct {
	const char *about, *text, *want;	/* NULL: taken */
	bool none;
} confs[] = {
	{ "no filter", "g = { };", NULL, true },
	{ "one term", "g = { filter = \"process.uid = 0\"; };", NULL, false },
	{ "an array", "g = { filter = [ \"process.uid = 0\", \"x.str = hello\" ]; };", NULL, false },
	{ "a list", "g = { filter = ( \"process.uid = 0\" ); };", NULL, false },
	{ "an empty one", "g = { filter = [ ]; };", NULL, false },
	{ "a number", "g = {\nfilter = 7; };",
	  "f:2: st: filter must be a term or an array of terms, not a number", false },
	{ "a group", "g = {\nfilter = { }; };",
	  "f:2: st: filter must be a term or an array of terms, not a group", false },
	{ "a number in an array", "g = { filter = (\n\"process.uid = 0\",\n7 ); };",
	  "f:3: st: filter: terms are texts", false },
	{ "a field that is not", "g = {\n\nfilter = \"nobody = 1\"; };",
	  "f:3: st: filter: there is no field \"nobody\" here", false },
	{ "a value that is not", "g = {\nfilter = [ \"process.uid = x\" ]; };",
	  "f:2: st: filter: process.uid: \"x\" is no value of it", false },
};

static void test_read(void)
{
	struct conf_bytes bytes = { .name = "f" };
	struct weir_event ev = event_make();
	struct diag d = { 0 };
	struct filter *f;
	struct conf *c;
	char text[256];
	size_t i;
	int r;

	for (i = 0; i < ARRAY_LEN(confs); i++) {
		f = NULL;
		c = NULL;
		bytes.p = confs[i].text;
		bytes.len = strlen(bytes.p);
		MUST(conf_load_bytes(&bytes, 1, &d, &c) == 0);
		r = filter_read(schema, conf_lookup(c, "g"), "st", &d, &f);
		is_int(r, confs[i].want ? -EINVAL : 0, "%s: result", confs[i].about);
		ok(!f == (confs[i].none || confs[i].want), "%s: out", confs[i].about);
		is_int((long long)d.n, confs[i].want ? 1 : 0, "%s: complaints", confs[i].about);
		if (confs[i].want && d.n) {
			diag_format(&d.items[0], text, sizeof(text));
			is_str(text, confs[i].want, "%s: place and reason", confs[i].about);
		}
		/* Nothing of it points into the configuration. */
		conf_free(c);
		ok(!f || filter_match(f, &ev), "%s: matches", confs[i].about);
		filter_free(f);
		diag_fini(&d);
	}
}

static void test_many(void)
{
	struct conf_bytes bytes = { .name = "f" };
	struct diag d = { 0 };
	struct filter *f = NULL;
	struct conf *c = NULL;
	static char text[4096];
	size_t n, i;
	int r;

	for (n = 64; n <= 65; n++) {
		strcpy(text, "g = { filter = [ \"x.str\"");
		for (i = 1; i < n; i++)
			strcat(text, ", \"x.str\"");
		strcat(text, " ]; };");
		bytes.p = text;
		bytes.len = strlen(text);
		MUST(conf_load_bytes(&bytes, 1, &d, &c) == 0);
		r = filter_read(schema, conf_lookup(c, "g"), "st", &d, &f);
		is_int(r, n > 64 ? -EINVAL : 0, "%zu terms", n);
		f = filter_free(f);
		c = conf_free(c);
	}
	diag_fini(&d);
}

int main(void)
{
	schema_make();
	test_wrong();
	test_match();
	test_odd_lists();
	test_all_hold();
	test_read();
	test_many();
	schema_free(schema);
	dict_free(dict);
	return done_testing();
}
