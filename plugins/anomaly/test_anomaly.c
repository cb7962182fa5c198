/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the enricher `anomaly`, through its callbacks, and of its sentences. */
#include <weir/plugin.h>

#include "../example/fake.h"
#include "areason.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

#define S	1000000000ull
#define DAY	86400u

static const struct weir_column label_cols[] = {
	{ "name", WEIR_KIND_STR, 0, NULL, "" }, { "value", WEIR_KIND_STR, 0, NULL, "" },
};

static const struct weir_field_def before[] = {
	{ .name = "profile.name", .kind = WEIR_KIND_STR },
	{ .name = "profile.version", .kind = WEIR_KIND_STR },
	{ .name = "profile.state", .kind = WEIR_KIND_STR },
	{ .name = "profile.type", .kind = WEIR_KIND_STR },
	{ .name = "profile.known", .kind = WEIR_KIND_BOOL },
	{ .name = "profile.drift", .kind = WEIR_KIND_BOOL },
	{ .name = "profile.age_s", .kind = WEIR_KIND_U64 },
	{ .name = "profile.events", .kind = WEIR_KIND_U64 },
	{ .name = "profile.item", .kind = WEIR_KIND_STR },
	{ .name = "profile.item_kind", .kind = WEIR_KIND_STR },
	{ .name = "profile.process", .kind = WEIR_KIND_STR },
	{ .name = "profile.process_known", .kind = WEIR_KIND_BOOL },
	{ .name = "profile.near", .kind = WEIR_KIND_STR },
	{ .name = "profile.programs", .kind = WEIR_KIND_U64 },
	{ .name = "container.id", .kind = WEIR_KIND_STR },
	{ .name = "container.name", .kind = WEIR_KIND_STR },
	{ .name = "container.labels", .kind = WEIR_KIND_RECORDS, .cols = label_cols, .n_cols = 2 },
	{ .name = "systemd.unit", .kind = WEIR_KIND_STR },
	{ .name = NULL },
};

/* ---- sentences -------------------------------------------------------------------*/

static const struct {
	struct afacts f;
	const char *want;
} sentences[] = {
	{ { .profile = "image:web", .version = "1.4", .type = "exec", .item = "/bin/sh",
		.item_kind = "program",
	    .process = "/usr/sbin/nginx", .programs = 3, .age_s = 14 * DAY },
	  "nginx (image web:1.4) has never run /bin/sh; its parent nginx has run 3 programs in 14 days" },
	{ { .profile = "unit:cron.service", .version = "latest", .type = "exec", .item = "/bin/sh",
	    .item_kind = "program", .events = 1, .age_s = 7200 },
	  "unit cron.service has never run /bin/sh; it is new after 1 exec event in 2 hours" },
	{ { .profile = "image:web", .version = "1.4", .type = "dns", .item = "evil.example type 1",
	    .item_kind = "name", .process = "/usr/sbin/nginx", .process_known = true, .events = 812,
	    .near = "good.example type 1", .age_s = 900 },
	  "nginx (image web:1.4) has never asked for evil.example type 1; it is new after 812 dns events in "
	  "15 minutes, the nearest that is known is good.example type 1" },
	{ { .profile = "image:web", .version = "1.4", .type = "connect",
		.item = "10.0.0.0/24 port 1 tcp",
	    .item_kind = "network", .process = "/usr/sbin/nginx", .program = "sh" },
	  "sh, which nginx (image web:1.4) has never run, connected to 10.0.0.0/24 port 1 tcp" },
	{ { .profile = "user:7", .version = "latest", .type = "exec", .item = "user 0",
		.item_kind = "user",
	    .process = "/bin/su", .process_known = true, .events = 5, .age_s = 1 },
	  "su (user 7) has never run as user 0; it is new after 5 exec events in 1 second" },
};

static void test_sentences(void)
{
	char text[2048];
	size_t i;

	for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		areason_text(&sentences[i].f, text, sizeof(text));
		is_str(text, sentences[i].want, "sentence %zu", i);
		areason_text(&sentences[i].f, text, 20);
		is_int((long long)strlen(text), 19, "cut where there is no room");
	}
}

/* ---- events ----------------------------------------------------------------------*/

static void begin(struct fake *f, uint16_t type, uint64_t at, const char *state, const char *of,
		  const char *kind, const char *item)
{
	fake_begin(f, type);
	fake_u64(f, "id", 77);
	fake_u64(f, "time", at);
	fake_str(f, "process.name", "nginx");
	fake_str(f, "profile.name", "image:web");
	fake_str(f, "profile.version", "1.4");
	fake_str(f, "profile.state", state);
	fake_str(f, "profile.type", of);
	fake_u64(f, "profile.known", 0);
	fake_u64(f, "profile.events", 9);
	fake_u64(f, "profile.age_s", 14 * DAY);
	fake_str(f, "profile.item", item);
	fake_str(f, "profile.item_kind", kind);
	fake_str(f, "profile.process", "/usr/sbin/nginx");
	fake_u64(f, "profile.process_known", 1);
	fake_u64(f, "profile.programs", 3);
}

static void run(struct fake *f, uint64_t at, const char *program)
{
	begin(f, WEIR_EV_exec, at, "stable", "exec", "program", program);
	is_int(fake_process(f), WEIR_CONTINUE, "%s: goes on", program);
}

static void test_told(void)
{
	struct fake *f = fake_open(&weir_plugin, "", before);
	struct weir_value cells[4] = { 0 };
	struct weir_list labels = { 2, 2, cells };
	struct weir_value *v;
	int i;

	begin(f, WEIR_EV_exec, S, "stable", "exec", "program", "/bin/sh");
	fake_str(f, "container.id", "c1");
	fake_str(f, "container.name", "web-1");
	for (i = 0; i < 4; i++)
		cells[i] = (struct weir_value){ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT,
			.v.p = i == 0 ? "tier" : i == 1 ? "one" : i == 2 ? "service" : "shop",
			.len = i == 0 ? 4 : i == 1 ? 3 : i == 2 ? 7 : 4 };
	fake_u64(f, "container.labels", 0);
	v = &f->store.added[fake_slot(f, "container.labels") - f->n_wire];
	v->v.list = &labels;
	fake_process(f);
	is_int(f->n_sent, 1, "an anomaly");
	is_int((int)fake_sent(f, 0)->number, 0, "of its type");
	is_int((int)fake_get_in(fake_sent(f, 0), "ref.id").v.u, 77, "with the event that shows it");
	is_str(fake_text_in(fake_sent(f, 0), "anomaly.reason"),
	       "nginx (image web:1.4) has never run /bin/sh; its parent nginx has run 3 programs in 14 days",
	       "why");
	is_str(fake_text_in(fake_sent(f, 0), "anomaly.profile"), "image:web", "the profile");
	is_str(fake_text_in(fake_sent(f, 0), "anomaly.version"), "1.4", "the version");
	is_str(fake_text_in(fake_sent(f, 0), "anomaly.service"), "shop", "the service");
	is_str(fake_text_in(fake_sent(f, 0), "anomaly.tags"),
	       "container_id:c1; container_name:web-1; tier:one; service:shop", "tags");
	is_int((int)fake_get_in(fake_sent(f, 0), "anomaly.rarity").v.u, 9, "how rare it is");
	is_int((int)fake_get_in(fake_sent(f, 0), "anomaly.profile_age_s").v.u, 14 * DAY,
	       "how old the profile");
	fake_close(f);
}

static void test_not_told(void)
{
	struct fake *f = fake_open(&weir_plugin, "", before);

	begin(f, WEIR_EV_exec, S, "learning", "exec", "program", "/bin/sh");
	fake_process(f);
	begin(f, WEIR_EV_exec, S, "unstable", "exec", "program", "/bin/sh");
	fake_process(f);
	begin(f, WEIR_EV_exec, S, "stable", "exec", "program", "/bin/sh");
	fake_u64(f, "profile.known", 1);
	fake_process(f);
	begin(f, WEIR_EV_mount, S, "stable", "mount", "mount", "x");
	fake_process(f);
	fake_begin(f, WEIR_EV_exec);
	fake_process(f);
	is_int(f->n_sent, 0, "what is known, learnt, or not asked for is not told");
	is_int((int)fake_count(f, "others"), 1, "the last is counted");
	fake_close(f);
	f = fake_open(&weir_plugin, "types=exec,smell", before);
	ok(!f->inst && strstr(f->log, "smell"), "an unknown type is refused: %s", f->log);
	fake_close(f);
}

static const struct {
	uint16_t type;
	const char *path, *field;
	uint64_t is;
	int told;
} files[] = {
	{ WEIR_EV_create, "/tmp/x", NULL, 0, 0 },
	{ WEIR_EV_create, "/tmp/x", "create.mode", 0100755, 1 },
	{ WEIR_EV_create, "/usr/bin/x", NULL, 0, 1 },
	{ WEIR_EV_create, "/etc/cron.d/x", NULL, 0, 1 },
	{ WEIR_EV_chmod, "/tmp/y", "chmod.mode", 0755, 1 },
	{ WEIR_EV_chmod, "/tmp/y", "chmod.mode", 0644, 0 },
	{ WEIR_EV_rename, "/tmp/z", "file.mode", 0100755, 1 },
	{ WEIR_EV_chmod, "/tmp/dir", "file.mode", 0040755, 0 },
	{ WEIR_EV_open, "/usr/bin/x", "open.flags", WEIR_OPEN_READ, 0 },
	{ WEIR_EV_open, "/usr/bin/x", "open.flags", WEIR_OPEN_WRITE, 1 },
	{ WEIR_EV_unlink, "/usr/bin/x", NULL, 0, 0 },
};

static void test_files(void)
{
	struct fake *f;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		f = fake_open(&weir_plugin, "", before);
		begin(f, files[i].type, S, "stable", "file", "file", files[i].path);
		if (files[i].field)
			fake_u64(f, files[i].field, files[i].is);
		fake_process(f);
		is_int(f->n_sent, files[i].told, "file %zu: %s", i, files[i].path);
		fake_close(f);
	}
}

/* ---- how many --------------------------------------------------------------------*/

static void test_limit(void)
{
	struct fake *f = fake_open(&weir_plugin, "limit=3", before);
	struct fake_event *e;
	char program[16];
	int i;

	for (i = 0; i < 8; i++) {
		snprintf(program, sizeof(program), "/p%d", i);
		run(f, S + (uint64_t)i, program);
	}
	is_int(f->n_sent, 3, "three a minute");
	is_int((int)fake_count(f, "cut"), 5, "the others are cut");
	begin(f, WEIR_EV_dns_query, 2 * S, "stable", "dns", "name", "a type 1");
	fake_process(f);
	is_int(f->n_sent, 4, "other types have their own");
	run(f, 59 * S, "/p0");
	is_int((int)fake_count(f, "repeated"), 1, "what was told is not told once more");
	begin(f, WEIR_EV_exec, 62 * S, "learning", "exec", "program", "/x");
	fake_process(f);
	is_int(f->n_sent, 5, "after the minute");
	e = fake_sent(f, 4);
	is_int((int)e->number, 1, "a summary");
	is_int((int)fake_get_in(e, "anomaly.cut").v.u, 5, "of what was cut");
	is_str(fake_text_in(e, "anomaly.type"), "exec", "of which type");
	is_int((int)fake_get_in(e, "anomaly.cut_kinds").v.list->n, 1, "by kind");
	run(f, 63 * S, "/p9");
	is_int(f->n_sent, 6, "the next minute has its own");
	run(f, 2 * 3600 * S, "/p0");
	is_int((int)fake_count(f, "told"), 6, "long after, it is told once more");
	fake_close(f);
}

static void test_no_room(void)
{
	struct fake *f = fake_open(&weir_plugin, "", before);

	f->max_emit = 0;
	run(f, S, "/p");
	is_int((int)fake_count(f, "not_sent"), 1, "the core has no room");
	f->max_emit = 100;
	run(f, 2 * S, "/p");
	is_int((int)fake_count(f, "told"), 1, "then it has");
	run(f, 70 * S, "/q");
	is_int(f->n_sent, 3, "what could not be told is in the summary");
	is_int((int)fake_get_in(fake_sent(f, 1), "anomaly.cut").v.u, 1, "as one that was cut");
	fake_close(f);
}

static void drift(struct fake *f, uint64_t at, const char *program)
{
	begin(f, WEIR_EV_exec, at, "learning", "exec", "program", program);
	fake_u64(f, "profile.drift", 1);
	fake_process(f);
}

static void test_drift(void)
{
	struct fake *f = fake_open(&weir_plugin, "drift=10m", before);
	const struct weir_list *l;
	char program[16];
	int i;

	for (i = 0; i < 100; i++) {
		snprintf(program, sizeof(program), "/p%d", i);
		drift(f, S + (uint64_t)i * S, program);
	}
	is_int(f->n_sent, 0, "a new version is no storm");
	drift(f, 700 * S, "/last");
	is_int(f->n_sent, 1, "but one report");
	is_int((int)fake_sent(f, 0)->number, 2, "of its type");
	is_int((int)fake_get_in(fake_sent(f, 0), "anomaly.new").v.u, 100, "of all that is new");
	is_int(fake_get_in(fake_sent(f, 0), "anomaly.new_items").status, WEIR_TRUNCATED,
	       "not all are named");
	l = fake_get_in(fake_sent(f, 0), "anomaly.new_items").v.list;
	ok(l->n == 64 && l->n_cols == 4 && !memcmp(l->values[2].v.p, "/p0", 3), "the first are");
	fake_close(f);
}

static void test_adopt(void)
{
	struct fake *a = fake_open(&weir_plugin, "limit=1", before);
	struct fake *b = fake_open(&weir_plugin, "limit=2", before);

	run(a, S, "/p");
	run(a, S, "/q");
	is_int(fake_adopt(b, a), 0, "adopted");
	run(b, 2 * S, "/p");
	is_int((int)fake_count(b, "repeated"), 1, "what was told is remembered");
	run(b, 2 * S, "/r");
	is_int(b->n_sent, 1, "the limit is the new one's");
	run(b, 90 * S, "/s");
	is_int((int)fake_get_in(fake_sent(b, 1), "anomaly.cut").v.u, 1,
	       "what was cut before is told");
	fake_close(a);
	fake_close(b);
}

int main(void)
{
	test_sentences();
	test_told();
	test_not_told();
	test_files();
	test_limit();
	test_no_room();
	test_drift();
	test_adopt();
	return done_testing();
}
