/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of `@NAME@` on the core in one header; the output is TAP. */
#include <weir/fake.h>

extern const struct weir_plugin weir_plugin;

static int n_run, n_failed;

static void check(int good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++n_run, what);
	n_failed += !good;
}

#define SPARE	8u

static int test_grow(struct weir_buf *buf, size_t need)
{
	uint8_t *p = realloc(buf->p, buf->len + need + SPARE);

	if (!p)
		return -1;
	buf->p = p;
	buf->cap = buf->len + need;
	return 0;
}

static int no_grow(struct weir_buf *buf, size_t need)
{
	(void)buf;
	(void)need;
	return -1;
}

/* The fake core knows no list of fields; these are enough here. */
static const struct weir_type types[] = {
	[WEIR_EV_exec] = { "exec", "", 0, 1, NULL, 0, 0 },
};
static struct weir_field fields[] = {
	{ .def = { .name = "process.exe.path", .kind = WEIR_KIND_STR } },
	{ .def = { .name = "process.pid", .kind = WEIR_KIND_U32 } },
};

static struct fake *open_with_schema(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	uint32_t i;

	for (i = 0; i < WEIR_N_OF(fields); i++)
		fields[i].handle = fake_handle(f, fields[i].def.name);
	f->schema.types = types;
	f->schema.n_types = WEIR_N_OF(types);
	f->schema.fields = fields;
	f->schema.n_fields = WEIR_N_OF(fields);
	f->host.grow = test_grow;
	fake_begin(f, WEIR_EV_exec);
	fake_u64(f, "process.pid", 7);
	fake_str(f, "process.exe.path", "/tmp/a \"b\"\n");
	return f;
}

static void test_line(void)
{
	static const char want[] =
		"exec process.exe.path=\"/tmp/a \\x22b\\x22\\x0a\" process.pid=7\n";
	struct fake *f = open_with_schema();
	struct weir_buf out = { NULL, 0, 0 };

	check(f->plugin->encode(f->inst, &f->ev, &out) == 0, "is encoded");
	check(out.len == strlen(want) && !memcmp(out.p, want, out.len), "as one line");
	check(f->plugin->encode(f->inst, &f->ev, &out) == 0 && out.len == 2 * strlen(want),
	      "the next one behind it");
	f->host.grow = no_grow;
	out.cap = out.len + SPARE;
	check(f->plugin->encode(f->inst, &f->ev, &out) == -1, "no room: refused");
	check(out.len == 2 * strlen(want), "and nothing is appended");
	free(out.p);
	fake_close(f);
}

int main(void)
{
	test_line();
	printf("1..%d\n", n_run);
	return n_failed != 0;
}
