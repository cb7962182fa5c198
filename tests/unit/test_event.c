/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of events: all kinds of values to the last byte, what is left out,
 * references from several threads; and records about other records.
 */
#include <arpa/inet.h>
#include <pthread.h>

#include "chain/event.h"
#include "mkrec.h"
#include "queue/pool.h"
#include "source/check.h"
#include "tap.h"
#include "util/macros.h"

static struct mkrec rec;
static _Alignas(8) uint8_t buf[WEIR_REC_MAX + 64];

/* ---- copies -------------------------------------------------------------------------*/

enum { NUMBER, TEXT, BYTES, TEXTS, ADDRESS, LIST, ROWS, ABSENT, EMPTY, NO_LIST, LISTS, N_VALUES };

static char text[] = "text", bytes[] = "\0\1\2", texts[] = "one\0two";
static struct weir_ip ip = { AF_INET, 0, { 1, 2, 3, 4 } };
static struct weir_value cells[6], strs[2], inner[1];
static struct weir_list list = { 2, 0, strs }, rows = { 2, 3, cells }, nested = { 1, 0, inner };
static struct weir_value values[N_VALUES];

static struct weir_value pointing(uint8_t kind, const void *p, size_t len)
{
	return (struct weir_value){ .kind = kind, .status = WEIR_PRESENT,
				    .len = (uint32_t)len, .v.p = p };
}

static void values_make(void)
{
	unsigned i;

	strs[0] = pointing(WEIR_KIND_STR, "a", 1);
	strs[1] = pointing(WEIR_KIND_STR, "bcdefghij", 9);
	inner[0] = (struct weir_value){ .kind = WEIR_KIND_LIST, .status = WEIR_PRESENT,
					.v.list = &list };
	for (i = 0; i < 6; i++)
		cells[i] = (struct weir_value){ .kind = WEIR_KIND_U32, .status = WEIR_PRESENT,
						.v.u = 100 + i };
	cells[1] = pointing(WEIR_KIND_STR, "cell", 4);
	cells[5] = (struct weir_value){ .kind = WEIR_KIND_STR };
	values[NUMBER] = (struct weir_value){ .kind = WEIR_KIND_I64, .status = WEIR_TRUNCATED, .v.i = -7 };
	values[TEXT] = pointing(WEIR_KIND_STR, text, 4);
	values[BYTES] = pointing(WEIR_KIND_BYTES, bytes, 3);
	values[TEXTS] = pointing(WEIR_KIND_STRV, texts, sizeof(texts));
	values[ADDRESS] = pointing(WEIR_KIND_IP, &ip, sizeof(ip));
	values[LIST] = (struct weir_value){ .kind = WEIR_KIND_LIST, .status = WEIR_PRESENT, .v.list = &list };
	values[ROWS] = (struct weir_value){ .kind = WEIR_KIND_RECORDS, .status = WEIR_ERROR, .v.list = &rows };
	values[ABSENT] = (struct weir_value){ 0 };
	values[EMPTY] = pointing(WEIR_KIND_STR, "", 0);
	values[NO_LIST] = (struct weir_value){ .kind = WEIR_KIND_LIST, .status = WEIR_PRESENT };
	values[LISTS] = (struct weir_value){ .kind = WEIR_KIND_LIST, .status = WEIR_PRESENT, .v.list = &nested };
}

static struct event *copy(struct pool *pool)
{
	struct event_parts parts = {
		.rec = rec.rec, .added = values, .n_added = N_VALUES, .wall_ns = 42,
	};
	struct event *e;

	values_make();
	parts.rec_size = (uint32_t)mkrec_sample(&rec, WEIR_EV_exec, 3);
	e = event_new(pool, &parts);
	MUST(e);
	return e;
}

/* Nothing of the original is left. */
static void spoil(void)
{
	memset(text, 'x', sizeof(text));
	memset(bytes, 'x', sizeof(bytes));
	memset(texts, 'x', sizeof(texts));
	memset(&ip, 'x', sizeof(ip));
	memset(cells, 'x', sizeof(cells));
	memset(strs, 'x', sizeof(strs));
	memset(inner, 'x', sizeof(inner));
	memset(values, 'x', sizeof(values));
	memset(&list, 'x', sizeof(list));
	memset(&rows, 'x', sizeof(rows));
	memset(&nested, 'x', sizeof(nested));
}

static void restore(void)
{
	memcpy(text, "text", sizeof(text));
	memcpy(bytes, "\0\1\2", sizeof(bytes));
	memcpy(texts, "one\0two", sizeof(texts));
	ip = (struct weir_ip){ AF_INET, 0, { 1, 2, 3, 4 } };
	list = (struct weir_list){ 2, 0, strs };
	rows = (struct weir_list){ 2, 3, cells };
	nested = (struct weir_list){ 1, 0, inner };
}

static bool holds(const struct weir_value *v, const void *p, size_t len)
{
	return v->len == len && !memcmp(v->v.p, p, len);
}

static void test_copy(struct pool *pool)
{
	static const struct weir_ip want = { AF_INET, 0, { 1, 2, 3, 4 } };
	struct event *e = copy(pool);
	const struct weir_value *v = e->added, *c;
	static struct mkrec same;
	size_t size = mkrec_sample(&same, WEIR_EV_exec, 3);

	spoil();
	memset(rec.rec, 'x', size);
	is_int(e->type, WEIR_EV_exec, "type");
	is_int(e->rec_size, (long long)size, "size");
	ok(!memcmp(e->rec, same.rec, size), "the record");
	is_int((long long)((uintptr_t)e->rec % 8), 0, "aligned to eight bytes");
	is_int((long long)e->wall_ns, 42, "wall clock");
	is_int(e->n_added, N_VALUES, "values");
	ok(!e->by && !e->at_start, "of nobody");
	ok(v[NUMBER].v.i == -7 && v[NUMBER].status == WEIR_TRUNCATED, "a number, and its status");
	ok(holds(&v[TEXT], "text", 4), "a text");
	ok(holds(&v[BYTES], "\0\1\2", 3), "bytes");
	ok(holds(&v[TEXTS], "one\0two", 8), "texts");
	ok(holds(&v[ADDRESS], &want, sizeof(want)), "an address");
	is_int((long long)((uintptr_t)v[ADDRESS].v.p % 4), 0, "aligned");
	is_int(v[LIST].v.list->n, 2, "a list");
	ok(holds(&v[LIST].v.list->values[1], "bcdefghij", 9), "its texts");
	is_int(v[ROWS].status, WEIR_ERROR, "rows, and their status");
	ok(v[ROWS].v.list->n == 2 && v[ROWS].v.list->n_cols == 3, "two of three");
	c = v[ROWS].v.list->values;
	ok(c[0].v.u == 100 && holds(&c[1], "cell", 4) && c[3].v.u == 103 &&
	   c[5].status == WEIR_ABSENT, "each cell");
	is_int(v[ABSENT].status, WEIR_ABSENT, "nothing");
	ok(v[EMPTY].status == WEIR_PRESENT && v[EMPTY].len == 0, "an empty text");
	ok(v[NO_LIST].status == WEIR_PRESENT && !v[NO_LIST].v.list, "a list that is none");
	ok(holds(&v[LISTS].v.list->values[0].v.list->values[0], "a", 1), "a list in a list");
	ok(!event_unref(e), "gone");
	restore();
}

/* What a plugin leaves in a value that it calls absent is not looked at. */
static void test_stale(void)
{
	struct weir_value v[] = {
		{ .kind = WEIR_KIND_STR, .status = WEIR_ABSENT, .len = 5, .v.p = (void *)8 },
		{ .kind = WEIR_KIND_STR, .status = WEIR_PRESENT, .len = 5, .v.p = NULL },
		{ .kind = WEIR_KIND_LIST, .status = WEIR_ABSENT, .v.p = (void *)8 },
	};
	struct event_parts parts = { .rec = rec.rec, .added = v, .n_added = 3 };
	struct event *e;

	parts.rec_size = (uint32_t)mkrec_sample(&rec, WEIR_EV_exec, 3);
	e = event_new(NULL, &parts);
	ok(e && e->added[0].status == WEIR_ABSENT, "a stale pointer is not followed");
	ok(e && !e->added[1].v.p, "nor one that is none");
	event_unref(e);
}

static void test_only(void)
{
	static const uint16_t only[] = { TEXT, LIST };
	struct event_parts parts = {
		.rec = rec.rec, .added = values, .n_added = N_VALUES, .only = only, .n_only = 2,
	};
	unsigned i, n = 0;
	struct event *e;

	values_make();
	parts.rec_size = (uint32_t)mkrec_sample(&rec, WEIR_EV_exec, 3);
	e = event_new(NULL, &parts);
	is_int(e->n_added, N_VALUES, "some slots: as many as there were");
	for (i = 0; i < N_VALUES; i++)
		n += e->added[i].status != WEIR_ABSENT;
	is_int(n, 2, "but two with values");
	ok(holds(&e->added[TEXT], "text", 4) && e->added[LIST].v.list->n == 2, "those");
	event_unref(e);
	parts.n_only = 0;
	e = event_new(NULL, &parts);
	for (i = n = 0; i < N_VALUES; i++)
		n += e->added[i].status != WEIR_ABSENT;
	is_int(n, 0, "none");
	event_unref(e);
	parts = (struct event_parts){ .rec = rec.rec, .rec_size = parts.rec_size };
	e = event_new(NULL, &parts);
	is_int(e->n_added, 0, "a record alone");
	event_unref(e);
}

static void test_pool(void)
{
	struct pool *pool = pool_new(256 * 1024);
	struct event_parts parts = { .rec = rec.rec };
	struct event *e, *all[16];
	unsigned n, i;

	test_copy(pool);
	is_int((long long)pool_stats(pool).n_used, 0, "given back to the pool");
	mkrec_init(&rec, WEIR_EV_exec);
	rec.len = 40000;
	parts.rec_size = (uint32_t)mkrec_end(&rec);
	for (n = 0; n < 16 && (e = event_new(pool, &parts)); n++)
		all[n] = e;
	ok(n > 0 && n < 16, "a pool that is used up: no event");
	for (i = 0; i < n; i++)
		event_unref(all[i]);
	e = event_new(pool, &parts);
	ok(e, "then again");
	/* It outlives the pool's owner. */
	pool_close(pool);
	is_int(((struct weir_base *)e->rec)->type, WEIR_EV_exec, "and longer than the pool");
	event_unref(e);
}

/* ---- references ------------------------------------------------------------------------*/

#define THREADS	4
#define TURNS	20000

static void *turns(void *arg)
{
	struct event *e = arg;
	unsigned i, sum = 0;

	for (i = 0; i < TURNS; i++) {
		event_ref(e);
		sum += e->added[NUMBER].v.i == -7;
		event_unref(e);
	}
	event_unref(e);
	return (void *)(uintptr_t)sum;
}

/* The last one frees it; the sanitizers look on. */
static void test_refs(void)
{
	struct pool *pool = pool_new(1 << 20);
	struct event *e = copy(pool);
	pthread_t t[THREADS];
	uintptr_t sum = 0;
	unsigned i;
	void *r;

	for (i = 0; i < THREADS; i++) {
		event_ref(e);
		MUST(pthread_create(&t[i], NULL, turns, e) == 0);
	}
	event_unref(e);
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &r);
		sum += (uintptr_t)r;
	}
	is_int((long long)sum, THREADS * TURNS, "read by four threads");
	is_int((long long)pool_stats(pool).n_used, 0, "freed once, by the last");
	pool_close(pool);
}

/* ---- records about records ----------------------------------------------------------------*/

static bool is_text(const struct weir_str *s, const char *want)
{
	return s->off && (s->len & WEIR_STR_LEN) == strlen(want) &&
	       !memcmp(buf + s->off, want, strlen(want));
}

static void test_about(bool with)
{
	const char *what = with ? "with texts" : "without";
	struct weir_amendment *a = (void *)buf;
	struct weir_base *b = (void *)rec.rec;
	uint32_t size;

	mkrec_sample(&rec, WEIR_EV_exec, 3);
	mkrec_number(&rec, 17);
	b->outcome = WEIR_OUTCOME_FAILURE;
	b->error = 2;
	memset(buf, 0xee, sizeof(buf));
	size = event_about(buf, WEIR_EV_amendment, rec.rec, "hashes", with);
	is_int(size, a->base.size, "%s: size", what);
	is_int(size % 8, 0, "%s: of eight bytes", what);
	is_int(check_record(buf, size), CHECK_OK, "%s: a record in order", what);
	is_int(a->base.type, WEIR_EV_amendment, "%s: type", what);
	is_int(a->base.rclass, WEIR_CLASS_USER, "%s: class", what);
	ok(!a->base.id && !a->base.seq, "%s: without a number", what);
	ok(!a->base.outcome && !a->base.error, "%s: without an outcome", what);
	is_int((long long)a->ref_id, (long long)b->id, "%s: the event's id", what);
	is_int(a->ref_type, WEIR_EV_exec, "%s: its type", what);
	is_int(a->ref_hops, 1, "%s: the first behind the kernel", what);
	ok(is_text(&a->ref_by, "hashes"), "%s: who made it", what);
	ok(a->base.key == b->key && a->base.pid == b->pid && a->base.uid == b->uid &&
	   a->base.parent_key == b->parent_key && a->base.exe_ino == b->exe_ino,
	   "%s: the acting process", what);
	is_int(a->base.comm.off != 0, with, "%s: its name", what);
	is_int(a->base.args.off != 0, with, "%s: its arguments", what);
	if (with)
		ok(a->base.args.len == b->args.len &&
		   !memcmp(buf + a->base.args.off, rec.rec + b->args.off, b->args.len) &&
		   a->base.exe_path.len == b->exe_path.len &&
		   !memcmp(buf + a->base.exe_path.off, rec.rec + b->exe_path.off, b->exe_path.len),
		   "their bytes");
	ok(buf[size] == 0xee && buf[WEIR_REC_MAX] == 0xee, "%s: nothing is written behind it", what);
}

static void test_hops(void)
{
	static _Alignas(8) uint8_t first[WEIR_REC_MAX];
	struct weir_amendment *a = (void *)buf;
	uint32_t size;

	mkrec_sample(&rec, WEIR_EV_exec, 3);
	event_about(first, WEIR_EV_PLUGIN, rec.rec, "one", true);
	size = event_about(buf, WEIR_EV_PLUGIN + 1, first, "two", true);
	is_int(a->ref_hops, 2, "about an event of a plugin: the second");
	is_int(a->ref_type, WEIR_EV_PLUGIN, "its type");
	ok(is_text(&a->ref_by, "two"), "who made the second");
	memcpy(first, buf, size);
	event_about(buf, WEIR_EV_amendment, first, "three", false);
	is_int(a->ref_hops, 3, "the third");
	mkrec_sample(&rec, WEIR_EV_snapshot, 3);
	event_about(buf, WEIR_EV_PLUGIN, rec.rec, "one", true);
	is_int(a->ref_hops, 1, "about what user space saw: the first");

	size = event_about(buf, WEIR_EV_PLUGIN, NULL, "alone", true);
	is_int(a->base.size, size, "about nothing: size");
	ok(!a->ref_id && !a->ref_type && !a->ref_hops && !a->base.key, "no reference, no process");
	ok(is_text(&a->ref_by, "alone"), "who made it");
}

/* Marks of texts that were cut or could not be read are kept. */
static void test_marks(void)
{
	struct weir_amendment *a = (void *)buf;
	struct weir_base *b = (void *)rec.rec;
	uint32_t size;

	mkrec_init(&rec, WEIR_EV_exec);
	mkrec_str(&rec, &b->comm, "cut");
	b->comm.len |= WEIR_STR_TRUNCATED;
	b->cwd.len = WEIR_STR_ERROR;
	mkrec_end(&rec);
	size = event_about(buf, WEIR_EV_amendment, rec.rec, "x", true);
	is_int(check_record(buf, size), CHECK_OK, "marks: a record in order");
	is_int(a->base.comm.len, 3 | WEIR_STR_TRUNCATED, "a text that was cut says so");
	ok(!a->base.cwd.off && a->base.cwd.len == WEIR_STR_ERROR, "one that could not be read too");
	size = event_about(buf, WEIR_EV_amendment, rec.rec, "x", false);
	ok(!a->base.comm.off && !a->base.comm.len && !a->base.cwd.len, "but not without texts");
}

/* Room for `len` bytes of arguments, in texts of 99 bytes. */
static void args_make(size_t len)
{
	struct weir_base *b = mkrec_init(&rec, WEIR_EV_snapshot);
	static char args[WEIR_REC_MAX];
	size_t i;

	memset(args, 'a', sizeof(args));
	for (i = 99; i < len; i += 100)
		args[i] = 0;
	args[len - 1] = 0;
	mkrec_str(&rec, &b->comm, "name");
	mkrec_bytes(&rec, &b->args, args, len);
	mkrec_end(&rec);
}

/* The largest records there may be: what does not fit is cut, and says so. */
static void test_full(void)
{
	const size_t fixed = sizeof(struct weir_amendment) + 4, most = WEIR_REC_MAX - fixed;
	struct weir_amendment *a = (void *)buf;
	char why[64], by[200];
	size_t len;
	uint32_t size;

	memset(by, 'b', sizeof(by) - 1);
	by[sizeof(by) - 1] = 0;
	for (len = most - 260; len <= WEIR_REC_MAX - sizeof(struct weir_snapshot) - 8; len += 7) {
		args_make(len);
		MUST(check_record(rec.rec, rec.len) == CHECK_OK);
		memset(buf, 0xee, sizeof(buf));
		size = event_about(buf, WEIR_EV_amendment, rec.rec, by, true);
		snprintf(why, sizeof(why), "%zu bytes", len);
		if (size <= WEIR_REC_MAX && check_record(buf, size) == CHECK_OK &&
		    buf[WEIR_REC_MAX] == 0xee &&
		    (a->base.args.len == len ||
		     (a->base.args.len & WEIR_STR_TRUNCATED && a->base.args.off)) &&
		    ((a->ref_by.len & WEIR_STR_LEN) == strlen(by) ||
		     a->ref_by.len & WEIR_STR_TRUNCATED))
			continue;
		ok(false, "a full record: %s: size %u, check %s, args %#x, by %#x", why, size,
		   check_reason_name(check_record(buf, size)), a->base.args.len, a->ref_by.len);
		return;
	}
	ok(true, "full records are cut, say so, and are in order");
}

static void test_text(void)
{
	struct weir_config *c = (void *)buf;
	static char large[WEIR_REC_MAX * 2];
	uint32_t size = sizeof(*c);

	memset(buf, 0, sizeof(buf));
	memset(large, 'x', sizeof(large) - 1);
	event_text(buf, &size, &c->config_file, "weir.conf");
	is_int(size, sizeof(*c) + 16, "a text, padded");
	is_int(c->base.size, size, "the record's size");
	is_int(c->config_file.off, sizeof(*c), "where it lies");
	is_int(c->config_file.len, 9, "its length");
	event_text(buf, &size, &c->config_digest, "");
	is_int(size, sizeof(*c) + 16, "an empty one takes nothing");
	event_text(buf, &size, &c->config_error, large);
	is_int(size, WEIR_REC_MAX, "what is too large fills the record");
	ok(c->config_error.len & WEIR_STR_TRUNCATED, "and is cut");
	event_text(buf, &size, &c->config_digest, "more");
	is_int(size, WEIR_REC_MAX, "then nothing fits");
	is_int(c->config_digest.len, WEIR_STR_TRUNCATED, "which it says");
}

int main(void)
{
	test_copy(NULL);
	test_stale();
	test_only();
	test_pool();
	test_refs();
	test_about(true);
	test_about(false);
	test_hops();
	test_marks();
	test_full();
	test_text();
	return done_testing();
}
