/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: what they say of themselves, actions on others, `weir:`, and what is refused. */
#include "sigmapriv.h"
#include "test_lib.h"

#define LOG	"logsource: {category: c}\n"
#define DET	"detection: {s: {A: x}, condition: s}\n"
#define RULE	"title: t\n" LOG DET

/* The first message of a level, of a text that is one document. */
static void try_text(const char *text, enum rulediag_level level, const char *want)
{
	struct sigma_set *set = test_set(text);
	bool is_bad = level == RULEDIAG_ERROR;

	ok(strstr(test_diag(set, level), want) && (set->diags.n_errors > 0) == is_bad &&
	   (!set->n_rules || set->rules[0]->refused == is_bad), "%s", want);
	if (!strstr(test_diag(set, level), want) || (set->diags.n_errors > 0) != is_bad) {
		tap_diag("%s", text);
		test_tell(set);
	}
	sigma_free(set);
}

static void test_meta(void)
{
	struct sigma_set *set = test_set(
		"title: A title\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\nname: a_name\n"
		"related: [{id: x, type: derived}]\ntaxonomy: sigma\nstatus: test\n"
		"description: |\n  Two\n  lines\nlicense: MIT\nreferences: [http://a, http://b]\n"
		"author: Me\ndate: 2026-01-31\nmodified: 2026/02/28\nlevel: critical\n"
		"tags: [attack.execution]\nfalsepositives: Unknown\nfields: [A, B]\nscope: [server]\n"
		"logsource:\n  category: process_creation\n  product: linux\n  service: s\n"
		"  definition: how\n" DET);
	const struct sigma_meta *m = &set->rules[0]->meta;
	const struct sigma_logsource *l = &set->rules[0]->logsource;

	is_int(set->diags.n, 0, "nothing is wrong");
	test_tell(set);
	is_str(m->title, "A title", "title");
	is_str(m->id, "929a690e-bef0-4204-a928-ef5e620d6fcc", "id");
	is_str(m->name, "a_name", "name");
	is_str(m->status, "test", "status");
	is_str(m->description, "Two\nlines\n", "description");
	is_str(m->license, "MIT", "license");
	is_str(m->author, "Me", "author");
	is_str(m->date, "2026-01-31", "date");
	is_str(m->modified, "2026/02/28", "modified");
	is_int(m->level, SIGMA_CRITICAL, "level");
	is_int(m->references.n, 2, "references");
	is_str(m->references.word[1], "http://b", "the second one");
	is_str(m->tags.word[0], "attack.execution", "tags");
	is_int(m->falsepositives.n, 1, "one text as a list");
	is_int(m->fields.n, 2, "fields");
	is_str(l->category, "process_creation", "category");
	is_str(l->product, "linux", "product");
	is_str(l->service, "s", "service");
	is_int(l->place.line, 21, "its line");
	is_int(m->place.line, 1, "the document's line");
	is_int(set->rules[0]->weir.action, SIGMA_OBSERVE, "it only observes");
	sigma_free(set);
}

static void test_wrong(void)
{
	static const struct { const char *text, *why; } rows[] = {
		{ LOG DET, "t.yml:1:1: error: no title" },
		{ "title:\nid: x\n" LOG DET, "t.yml:1:1: error: x: no title" },
		{ "title: [a]\n" LOG DET, "title is a text, and not a list" },
		{ "title: \"a\\0b\"\n" LOG DET, "title is a text, and not one with a zero byte" },
		{ "title: t\n" DET, "t: no logsource" },
		{ "title: t\nlogsource: x\n" DET, "`logsource` is a map with category" },
		{ "title: t\nlogsource: {}\n" DET, "an empty logsource" },
		{ "title: t\nlogsource: {category: }\n" DET, "an empty logsource" },
		{ "title: t\nlogsource: {category: c, host: h}\n" DET,
		  "t.yml:2:26: error: t: `logsource` does not know the key `host`; there are "
		  "category, product, service or definition" },
		{ "title: t\n" LOG, "a document is a rule with `detection`" },
		{ RULE "correlation: {}\n", "a document is a rule with `detection`" },
		{ "title: t\n" LOG "detection: x\n", "`detection` is a map" },
		{ RULE "level: severe\n",
		  "`level` is informational, low, medium, high or critical" },
		{ RULE "tags: [[a]]\n", "tags is a text, and not a list" },
		{ RULE "tags: [null]\n", "tags is empty" },
		{ RULE "tags: {a: b}\n", "tags is a text, and not a map" },
		{ "- title\n", "a document is a map that begins with `title:`, and not a list" },
		{ "text\n", "a document is a map that begins with `title:`, and not a text" },
		{ "title: t\ntitle: u\n" LOG DET, "the key `title` is here again" },
		{ RULE "action: all\n", "`action` is global, reset or repeat" },
		{ "action: repeat\ntitle: t\n", "there is no document before" },
	};
	static const struct { const char *text, *why; } warnings[] = {
		{ RULE "myown: 1\n", "t.yml:4:1: warning: t: the key `myown` is not known" },
		{ RULE "status: old\n", "`status` is stable, test," },
		{ RULE "date: 31.1.2026\n", "`date` is a date" },
		{ RULE "date: 2026-01-311\n", "`date` is a date" },
		{ RULE "modified: 2026-1-1\n", "`modified` is a date" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		try_text(rows[i].text, RULEDIAG_ERROR, rows[i].why);
	for (i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		try_text(warnings[i].text, RULEDIAG_WARNING, warnings[i].why);
}

/* The bad ones do not touch the good ones. */
static void test_several(void)
{
	static const char text[] = RULE "---\nid: two\n" LOG DET "---\n" LOG DET
		"---\ntitle: four\ndetection: [\n---\n# nothing\n---\n"
		"title: five\n" LOG DET "---\ntitle: six\n" LOG
		"detection: {s: {A|no: x, B|not: y}, condition: s}\n";
	const struct sigma_conf conf = { 0 };
	struct sigma_set *set = sigma_new(&conf);

	is_int(sigma_read(set, "t", text, sizeof(text) - 1), 4, "four are refused");
	is_int(set->n_rules, 5, "all are there but the one that nobody can name");
	ok(!set->rules[0]->refused, "the first is good");
	ok(set->rules[1]->refused && !strcmp(set->rules[1]->meta.id, "two"),
	   "an id is enough to be told");
	ok(set->rules[2]->refused && !strcmp(set->rules[2]->meta.title, "four"),
	   "what is no YAML has its title");
	ok(!set->rules[3]->refused && !strcmp(set->rules[3]->meta.title, "five"),
	   "the one behind it is good");
	ok(set->rules[4]->refused, "the last is not");
	is_int(sigma_read(set, "u", RULE, sizeof(RULE) - 1), 0, "another file");
	is_int(sigma_read(set, "v", "", 0), 0, "an empty file");
	is_int(set->n_rules, 6, "one more");
	is_str(set->rules[5]->meta.place.file, "u", "its file");
	is_int(sigma_link(set), 0, "linked");
	sigma_free(set);
	set = test_limits(RULE "---\n" RULE "---\n" RULE, 3 * sizeof(RULE) + 5, 2, 0);
	is_int(set->n_rules, 2, "no more than two rules");
	ok(strstr(test_diag(set, RULEDIAG_ERROR), "there are 2 rules already"), "which is told");
	sigma_free(set);
}

/* Title and expression of all rules, or refused. */
static void try_rules(const char *what, const char *text, const char *want)
{
	struct sigma_set *set = test_set(text);
	char have[2048] = "", *expr;
	uint32_t i;

	for (i = 0; i < set->n_rules; i++) {
		expr = set->rules[i]->refused ? strdup("refused") :
			sigma_text(set->rules[i]->expr);
		snprintf(have + strlen(have), sizeof(have) - strlen(have), "%s%s %s",
			 i ? "; " : "", set->rules[i]->meta.title, expr);
		free(expr);
	}
	is_str(have, want, "%s", what);
	if (strcmp(have, want))
		test_tell(set);
	sigma_free(set);
}

static void test_actions(void)
{
	try_rules("global", "action: global\ntitle: g\n" LOG "detection: {condition: s}\n---\n"
		  "detection: {s: {A: x}}\n---\ndetection: {s: {B: y}}\n",
		  "g (s (= A \"x\")); g (s (= B \"y\"))");
	try_rules("global holds", "action: global\ntitle: g\n" LOG "---\ntitle: r\n" DET,
		  "g (s (= A \"x\"))");
	try_rules("reset", "action: global\ntitle: g\n---\naction: reset\n---\ntitle: r\n" LOG DET,
		  "r (s (= A \"x\"))");
	try_rules("repeat", RULE "---\naction: repeat\ntitle: u\ndetection: {s: {A: y}}\n---\n"
		  "action: repeat\ndetection: {s: {B: z}}\n",
		  "t (s (= A \"x\")); u (s (= A \"y\")); u (s (and (= A \"y\") (= B \"z\")))");
	try_rules("repeat of a global one", "action: global\n" RULE "---\naction: repeat\n"
		  "title: u\n", "u (s (= A \"x\"))");
	try_rules("global only in its file", "action: global\ntitle: g\n", "");
	try_text("action: global\nlevel: low\n---\n" RULE "level: high\n", RULEDIAG_WARNING,
		 "`level` is in the document with `action: global`, too");
}

/* ---- weir ------------------------------------------------------------------------*/

static void test_weir(void)
{
	struct sigma_set *set = test_set(
		RULE "weir:\n  action: block_kill\n  dry_run: true\n  block_unknown: true\n"
		"  scope: {uid: [0, 1000], user: root, cgroup: /a, container: [c, d], path: /b}\n"
		"  budget: {per_minute: 10, targets: 3}\n"
		"  set:\n"
		"    - {name: n.1, scope: process, value: x, ttl: 5m, inherit: true, private: true}\n"
		"    - {name: n, scope: global, type: 'int[]', value: [1, -2], op: append}\n"
		"    - {name: n, scope: user, op: unset}\n"
		"    - {name: n, scope: container, op: expire, ttl: 1s}\n"
		"    - {name: n, scope: user, value: true}\n"
		"    - {name: n, scope: user, value: 7}\n"
		"    - {name: n, scope: user, value: [a, b]}\n"
		"    - {name: n, scope: user, value: '::1', type: ip}\n"
		"    - {name: n, scope: user, value: '', type: string}\n");
	const struct sigma_weir *w = &set->rules[0]->weir;

	is_int(set->diags.n, 0, "nothing is wrong");
	test_tell(set);
	is_int(w->action, SIGMA_BLOCK_KILL, "action");
	ok(w->dry_run && w->block_unknown, "flags");
	ok(w->n_uids == 2 && w->uids[1] == 1000, "uids");
	is_str(w->users.word[0], "root", "users");
	is_str(w->cgroups.word[0], "/a", "cgroups");
	is_str(w->containers.word[1], "d", "containers");
	is_str(w->paths.word[0], "/b", "paths");
	ok(w->per_minute == 10 && w->targets == 3, "budget");
	is_int(w->n_sets, 9, "variables");
	ok(w->sets[0].inherit && w->sets[0].is_private && w->sets[0].ttl_ns == 300000000000ull &&
	   w->sets[0].scope == SIGMA_SCOPE_PROCESS, "flags of the first one");
	is_str(w->sets[0].op, "set", "what it does");
	is_str(w->sets[0].type, "string", "its type");
	is_str(w->sets[1].value, "1,-2", "items of a list");
	is_str(w->sets[1].op, "append", "appended");
	ok(!w->sets[2].value && !w->sets[2].type, "unset has no value");
	is_int(w->sets[3].ttl_ns, 1000000000, "expire");
	is_str(w->sets[4].type, "bool", "true is a bool");
	is_str(w->sets[4].value, "true", "as text");
	is_str(w->sets[5].type, "int", "7 is an int");
	is_str(w->sets[6].type, "string[]", "a list is one of strings");
	is_str(w->sets[7].value, "::1", "an address");
	is_str(w->sets[8].value, "", "an empty string");
	sigma_free(set);
}

static void test_weir_wrong(void)
{
	static const struct { const char *weir, *why; } rows[] = {
		{ "x", "`weir` is a map with action, set, dry_run, block_unknown, scope, budget or unless_in_profile" },
		{ "{actions: block}", "`weir` does not know the key `actions`" },
		{ "{action: stop}", "`action` is observe, exclude, block, kill, block_kill or" },
		{ "{action: }", "`action` is empty" },
		{ "{dry_run: 1}", "`dry_run` is true or false, without quotes" },
		{ "{block_unknown: 'true'}", "`block_unknown` is true or false, without quotes" },
		{ "{scope: {gid: 1}}", "`weir: scope` does not know the key `gid`" },
		{ "{scope: {}}", "`scope` is empty" },
		{ "{scope: {uid: []}}", "`uid` is empty" },
		{ "{scope: {uid: root}}", "`uid` is a number from 0 to 4294967294" },
		{ "{scope: {uid: -1}}", "`uid` is a number from 0 to 4294967294" },
		{ "{scope: {uid: 4294967295}}", "`uid` is a number from 0 to 4294967294" },
		{ "{scope: {user: [[a]]}}", "`user` is a text, and not a list" },
		{ "{scope: {path: tmp}}", "`path` is a beginning of what begins with /" },
		{ "{budget: {per_minute: 0}}", "`per_minute` is a number from 1 to" },
		{ "{budget: 5}", "`weir: budget` is a map with per_minute or targets" },
		{ "{set: x}", "`weir: set` is a map with name, op" },
		{ "{set: []}", "`set` is a map, or a list of 1 to 64 maps" },
		{ "{set: {name: n, value: 1}}", "`set` needs `scope`: global, process, container" },
		{ "{set: {scope: user, value: 1}}", "`set` needs `name`" },
		{ "{set: {name: 'a b', scope: user, value: 1}}", "`set` needs `name`: up to 63" },
		{ "{set: {name: n, scope: all, value: 1}}", "`set` needs `scope`: global" },
		{ "{set: {name: n, scope: user}}", "`set` needs a value" },
		{ "{set: {name: n, scope: user, op: add, value: 1}}",
		  "`set` needs `op`: set, append, unset or expire" },
		{ "{set: {name: n, scope: user, type: float, value: 1}}",
		  "`set` needs `type`: bool, int" },
		{ "{set: {name: n, scope: user, type: int, value: x}}", "`x` is no int" },
		{ "{set: {name: n, scope: user, type: int, value: 9223372036854775808}}",
		  "`9223372036854775808` is no int" },
		{ "{set: {name: n, scope: user, type: bool, value: 'yes'}}", "`yes` is no bool" },
		{ "{set: {name: n, scope: user, type: ip, value: 1.2.3}}", "`1.2.3` is no ip" },
		{ "{set: {name: n, scope: user, type: 'ip[]', value: ['::1', x]}}", "`x` is no ip" },
		{ "{set: {name: n, scope: user, type: string, value: [a]}}",
		  "`value` is one value" },
		{ "{set: {name: n, scope: user, type: 'string[]', value: ['a,b']}}",
		  "an item of a list has no comma" },
		{ "{set: {name: n, scope: user, type: ip, value: '::1', op: append}}",
		  "nothing can be appended to a ip" },
		{ "{set: {name: n, scope: user, op: unset, value: 1}}",
		  "`unset` takes no type and no value" },
		{ "{set: {name: n, scope: user, op: expire}}", "`expire` needs `ttl`" },
		{ "{set: {name: n, scope: user, value: 1, ttl: 5}}", "`ttl` is a number" },
		{ "{set: {name: n, scope: user, value: 1, inherit: true}}",
		  "only variables of a process can be inherited" },
		{ "{set: {name: n, scope: user, value: 1, why: x}}",
		  "`weir: set` does not know the key `why`" },
	};
	static const struct { const char *weir, *why; } warnings[] = {
		{ "{dry_run: true}", "`dry_run` is for block and kill" },
		{ "{action: kill, block_unknown: true}", "`block_unknown` is for block" },
		{ "{budget: {targets: 1}}", "`budget` is for block and kill" },
	};
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), RULE "weir: %s\n", rows[i].weir);
		try_text(text, RULEDIAG_ERROR, rows[i].why);
	}
	for (i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		snprintf(text, sizeof(text), RULE "weir: %s\n", warnings[i].weir);
		try_text(text, RULEDIAG_WARNING, warnings[i].why);
	}
}

/* ---- memory ----------------------------------------------------------------------*/

/* A set that may take only so much; whether there was enough. */
static bool try_memory(const char *text, size_t max)
{
	const struct sigma_conf conf = { 0 };
	struct sigma_set *set = sigma_new(&conf);
	int r;

	((struct sigma_own *)set)->arena.max = max;
	r = sigma_read(set, "t", text, strlen(text));
	if (r >= 0 && sigma_link(set))
		r = -1;
	sigma_free(set);
	return r >= 0;
}

/* Wherever it is at its end, that is told, and nothing is left behind. */
static void test_memory(void)
{
	static const char end[] = "title: c\ncorrelation: {type: temporal, rules: [n], "
		"timespan: 5m}\n---\ntitle: f\n" LOG "filter: {rules: any, x: {B: y}, "
		"condition: x}\n";
	size_t n, need, max = 1 << 20;
	char *text = malloc(max), *p = text;
	int i, n_short = 0;

	if (!text)
		abort();
	for (i = 0; i < 60; i++)
		p += sprintf(p, "title: t%d\nname: n%s\n" LOG "detection:\n  s:\n"
			     "    A|windash|contains: ' -x'\n    B|re: x\n    C|cidr: ::1\n"
			     "    D|wide|base64offset|contains: abc\n    E: [a, null, 1]\n"
			     "    F|fieldref: G\n  _t: [k, l]\n  condition: s or 1 of _*\n"
			     "weir: {scope: {user: a}, set: {name: v, scope: user, value: [x]}}\n"
			     "---\n", i, i ? "x" : "");
	/* Only the first one is called n. */
	strcpy(p, end);
	for (need = 1 << 16; !try_memory(text, need); need += 1 << 13)
		n_short++;
	ok(n_short > 20, "%d times there was too little", n_short);
	for (n = 1; n < 4; n++)
		ok(!try_memory(text, n << 10), "%zu KiB are too little", n);
	free(text);
}

/* ---- messages --------------------------------------------------------------------*/

static void test_messages(void)
{
	struct sigma_set *set = test_set("title: \"a\\e[31mb\\u009b\"\n" LOG
					 "detection: {s: {\"A|\\n\": x}, condition: s}\n");
	struct rulediags d = { 0 };
	const struct ruleplace file = { "f", 0, 0 };
	char buf[64];
	int i;

	ok(strstr(test_diag(set, RULEDIAG_ERROR), "a\\x1b[31mb\\xc2\\x9b: `\\x0a` is no modifier"),
	   "nothing that a terminal obeys");
	sigma_free(set);
	for (i = 0; i < 10005; i++)
		rulediag_error(&d, &file, NULL, "number %d", i);
	is_int(d.n, 10001, "not more than are read");
	is_int(d.n_errors, 10005, "all are counted");
	rulediag_format(&d.items[0], buf, sizeof(buf));
	is_str(buf, "f: error: number 0", "of a file as a whole");
	rulediag_format(&d.items[10000], buf, sizeof(buf));
	is_str(buf, "f: note: more is wrong, which is not told", "the last one");
	rulediag_format(&d.items[0], buf, 5);
	is_str(buf, "f: e", "cut to size");
	rulediag_fini(&d);
}

int main(void)
{
	test_meta();
	test_wrong();
	test_several();
	test_actions();
	test_weir();
	test_weir_wrong();
	test_memory();
	test_messages();
	return done_testing();
}
