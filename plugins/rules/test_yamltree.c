/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of YAML: kinds, places, and what is refused. */
#include "yamlfile.h"

#include "test_lib.h"

/* A tree as text: null, true, 5i, 1.5f, "text", [items], {key: value}. */
static void print(const struct yamltree *t, FILE *out)
{
	uint32_t i;

	switch (t->kind) {
	case YAMLTREE_NULL:
		fputs("null", out);
		break;
	case YAMLTREE_BOOL:
		fputs(t->integer ? "true" : "false", out);
		break;
	case YAMLTREE_INT:
		if (t->fits)
			fprintf(out, "%lldi", (long long)t->integer);
		else
			fprintf(out, "%.17gi", t->number);
		break;
	case YAMLTREE_FLOAT:
		fprintf(out, "%gf", t->number);
		break;
	case YAMLTREE_TEXT:
		fprintf(out, "\"%.*s\"", (int)t->len, t->text);
		break;
	case YAMLTREE_LIST:
		fputc('[', out);
		for (i = 0; i < t->n; i++) {
			fputs(i ? " " : "", out);
			print(t->items[i], out);
		}
		fputc(']', out);
		break;
	case YAMLTREE_MAP:
		fputc('{', out);
		for (i = 0; i < t->n; i++) {
			fprintf(out, "%s%s:", i ? " " : "", t->pairs[i].key->text);
			print(t->pairs[i].value, out);
		}
		fputc('}', out);
	}
}

struct result {
	char text[4096];	/* all documents, each with a semicolon behind */
	char why[1024];		/* the first error */
	int n_errors, n_docs;
};

static void read_all(const char *bytes, size_t n, struct result *out)
{
	struct rulearena arena = { 0 };
	struct rulediags diags = { 0 };
	const struct yamltree *doc;
	struct yamlfile *f;
	FILE *text;

	*out = (struct result){ 0 };
	text = fmemopen(out->text, sizeof(out->text) - 1, "w");
	f = yamlfile_open(&arena, &diags, "t", bytes, n);
	if (!text || !f)
		abort();
	while (yamlfile_next(f, &doc) > 0) {
		out->n_docs++;
		if (doc)
			print(doc, text);
		fputc(';', text);
	}
	fclose(text);
	yamlfile_close(f);
	if (diags.n)
		rulediag_format(&diags.items[0], out->why, sizeof(out->why));
	out->n_errors = (int)diags.n_errors;
	rulediag_fini(&diags);
	rulearena_fini(&arena);
}

static void test_trees(void)
{
	static const struct { const char *yaml, *want; } rows[] = {
		{ "", "" },
		{ "# nothing\n", "" },
		{ "a: b", "{a:\"b\"};" },
		{ "[null, ~, Null, NULL, '', nuLL]", "[null null null null \"\" \"nuLL\"];" },
		{ "[true, True, TRUE, tRUE, yes, on, y]",
		  "[true true true \"tRUE\" \"yes\" \"on\" \"y\"];" },
		{ "[false, False, FALSE, no, off]", "[false false false \"no\" \"off\"];" },
		{ "[0, -1, +1, 007, 0o17, 0x1f, 0X1f, 0b1, 1_0, 08]",
		  "[0i -1i 1i 7i 15i 31i \"0X1f\" \"0b1\" \"1_0\" 8i];" },
		{ "[9223372036854775807, 9223372036854775808, -9223372036854775808, "
		  "-9223372036854775809]", "[9223372036854775807i 9.2233720368547758e+18i "
		  "-9223372036854775808i -9.2233720368547758e+18i];" },
		{ "[1.5, -.5, 1., 1e3, 1E-3, +1.0, .inf, -.INF, .nan, ., e1, 1e, 1.e+1]",
		  "[1.5f -0.5f 1f 1000f 0.001f 1f inff -inff nanf \".\" \"e1\" \"1e\" 10f];" },
		{ "[1:30, 2026-01-31, 0.1.2]", "[\"1:30\" \"2026-01-31\" \"0.1.2\"];" },
		{ "['5', \"5\", 'null', \"true\"]", "[\"5\" \"5\" \"null\" \"true\"];" },
		{ "a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a:\"x\ny\n\" b:\"x y\"};" },
		{ "--- a\n--- b\n...\n--- c\n", "\"a\";\"b\";\"c\";" },
		{ "---\n---\na: b\n---\n", "null;{a:\"b\"};null;" },
		{ "\xef\xbb\xbf" "a: b", "{a:\"b\"};" },
		{ "%YAML 1.2\n---\na: b\n", "{a:\"b\"};" },
		{ "a: &x [1, 2]\nb: *x\n", "{a:[1i 2i] b:[1i 2i]};" },
		{ "a: &x 1\nb: &x 2\nc: *x\n", "{a:1i b:2i c:2i};" },
		{ "&k a: 1\nb: *k\n", "{a:1i b:\"a\"};" },
		{ "a:\r\n  b: c\r\n", "{a:{b:\"c\"}};" },
		{ "a: \"\\u00fc\\n\"", "{a:\"ü\n\"};" },
	};
	struct result res;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		read_all(rows[i].yaml, strlen(rows[i].yaml), &res);
		is_str(res.text, rows[i].want, "%s", rows[i].want);
		is_str(res.why, "", "without an error");
	}
}

/* After an error the documents behind it are there. */
static void test_errors(void)
{
	static const struct { const char *yaml, *want, *why; } rows[] = {
		{ "a: b: c", "{a:\"b\"};", "t:1:5: error: no YAML: mapping values are not allowed" },
		{ "title: x\na: [\n---\nb: c\n", "{title:\"x\" a:[]};{b:\"c\"};",
		  "t:3:1: error: no YAML: while parsing a flow node" },
		{ "title: x\na: \"y\n---\nb: c\n", "{title:\"x\"};{b:\"c\"};",
		  "t:3:1: error: no YAML: while scanning a quoted scalar" },
		{ "ok: 1\n---\n\t- x\n---\nb: c\n", "{ok:1i};;{b:\"c\"};",
		  "t:3:1: error: no YAML" },
		{ "a: 1\nb: 2\na: 3\n", "{a:1i b:2i a:3i};",
		  "t:3:1: error: the key `a` is here again (first in line 1)" },
		{ "{a: 1, 'a': 2}", "{a:1i a:2i};", "t:1:8: error: the key `a` is here again" },
		{ "a: *x", "{a:null};", "t:1:4: error: there is no complete node &x" },
		{ "&x [*x]", "[null];", "t:1:5: error: there is no complete node &x" },
		{ "a: &x 1\n---\nb: *x\n", "{a:1i};{b:null};",
		  "t:3:4: error: there is no complete node &x" },
		{ "? [a]\n: b\n", "{:\"b\"};", "t:1:3: error: a key is a text, and not a list" },
		{ "<<: {a: b}", "{<<:{a:\"b\"}};", "t:1:1: error: `<<` is not of YAML 1.2" },
		{ "a: !!binary aGk=", "{a:\"aGk=\"};", "t:1:4: error: the tag" },
		{ "a: 1\n---\nb: \xff\n---\nc: 3\n", "{a:1i};;{c:3i};",
		  "t:3:4: error: the byte 0xff is no UTF-8" },
		{ "a: \xc3\xbc \xc3\n---\nc: 3\n", ";{c:3i};",
		  "t:1:6: error: the byte 0xc3 is no UTF-8" },
		{ "a: \x01\n", ";", "t:1:4: error: the byte 0x1 is no UTF-8, or no text" },
		{ "a: [\n---\nb: \xff\n---\nc: 3\n", "{a:[]};;{c:3i};",
		  "t:2:1: error: no YAML" },
		{ "\xff\xfe" "a\0:\0", ";", "t:1:1: error: the byte 0xff" },
		{ "%YAML 3.0\n---\na: b\n", ";{a:\"b\"};", "t:1:1: error: no YAML" },
	};
	struct result res;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		read_all(rows[i].yaml, strlen(rows[i].yaml), &res);
		is_str(res.text, rows[i].want, "%s", rows[i].want);
		ok(!strncmp(res.why, rows[i].why, strlen(rows[i].why)), "%s", rows[i].why);
		if (strncmp(res.why, rows[i].why, strlen(rows[i].why)))
			tap_diag("%s", res.why);
	}
}

static void try_large(const char *what, const char *bytes, size_t n, const char *why)
{
	struct result res;

	read_all(bytes, n, &res);
	ok(res.n_errors == 1 && strstr(res.why, why), "%s: %s", what, why);
	if (res.n_errors != 1 || !strstr(res.why, why))
		tap_diag("%d errors: %s", res.n_errors, res.why);
}

/* A piece again and again. */
static char *repeat(const char *piece, size_t n, size_t *len)
{
	size_t i, one = strlen(piece);
	char *p = malloc(n * one + 1);

	if (!p)
		abort();
	for (i = 0; i < n; i++)
		memcpy(p + i * one, piece, one);
	p[n * one] = 0;
	*len = n * one;
	return p;
}

static void test_bounds(void)
{
	static const char laughs[] = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
		"c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
		"e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n"
		"g: &g [*f,*f,*f,*f,*f,*f,*f,*f]\nh: &h [*g,*g,*g,*g,*g,*g,*g,*g]\n";
	struct result res;
	size_t n;
	char *p;

	try_large("aliases", laughs, sizeof(laughs) - 1, "more than 1048576 nodes");
	p = repeat("[", 100000, &n);
	try_large("brackets", p, n, "more than 32 levels");
	free(p);
	p = repeat("- ", 100000, &n);
	try_large("dashes", p, n, "more than 32 levels");
	free(p);
	p = repeat("- \n", 1100000, &n);
	try_large("items", p, n, "more than 1048576 nodes");
	free(p);
	p = repeat("- &a x\n", 300, &n);
	try_large("anchors", p, n, "at most 256 anchors");
	free(p);
	p = repeat(" ", (16u << 20) + 1, &n);
	try_large("bytes", p, n, "a file has at most 16 MiB");
	free(p);
	p = repeat("[\n---\n", 100000, &n);
	read_all(p, n, &res);
	is_int(res.n_errors, 1002, "a thousand broken documents are enough");
	free(p);
}

static struct yamlfile *open_one(struct rulearena *a, struct rulediags *d,
				      const char *text, const struct yamltree **out)
{
	struct yamlfile *f = yamlfile_open(a, d, "t", text, strlen(text));

	if (!f || yamlfile_next(f, out) != 1)
		abort();
	return f;
}

static void test_merge(void)
{
	struct rulearena arena = { 0 };
	struct rulediags diags = { 0 };
	const struct yamltree *base, *over, *map;
	struct yamlfile *f, *g;
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");

	if (!out)
		abort();
	f = open_one(&arena, &diags, "{a: 1, m: {x: 1, y: 2}, l: [1], z: 9}", &base);
	g = open_one(&arena, &diags, "{m: {y: 3, w: 4}, l: [2], b: 5}", &over);
	map = yamltree_merge(&arena, base, over, &over->place);
	print(map, out);
	print(yamltree_without(&arena, map, "m"), out);
	fclose(out);
	is_str(text, "{a:1i m:{x:1i y:3i w:4i} l:[2i] z:9i b:5i}{a:1i l:[2i] z:9i b:5i}",
	       "merged, and without a key");
	is_int(map->weight, 18, "nodes of it");
	yamlfile_close(f);
	yamlfile_close(g);
	rulearena_fini(&arena);
	rulediag_fini(&diags);
}

/* No memory: an arena that is full. */
static void test_memory(void)
{
	static const char text[] = "a: [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: {c: d}\n";
	struct rulearena arena = { .max = 1 };
	struct rulediags diags = { 0 };
	const struct yamltree *doc;
	struct yamlfile *f = yamlfile_open(&arena, &diags, "t", text, sizeof(text) - 1);

	is_int(yamlfile_next(f, &doc), -1, "no memory is told");
	ok(arena.failed, "and stays so");
	yamlfile_close(f);
	rulearena_fini(&arena);
	rulediag_fini(&diags);
}

int main(void)
{
	test_trees();
	test_errors();
	test_bounds();
	test_merge();
	test_memory();
	return done_testing();
}
