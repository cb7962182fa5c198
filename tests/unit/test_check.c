/* SPDX-License-Identifier: Apache-2.0 */
/* Each reason of the record check, and that every text of every type is checked. */
#include "source/check.h"

#include <string.h>

#include <weir/wire.h>

#include "mkrec.h"
#include "tap.h"

static struct mkrec m;
static size_t size;

static struct weir_base *base_of(unsigned type)
{
	size = mkrec_sample(&m, type, 3);
	return (void *)m.rec;
}

static int check(void)
{
	return check_record(m.rec, size);
}

static void test_good(void)
{
	int i;

	for (i = 0; mkrec_types[i]; i++) {
		base_of(mkrec_types[i]);
		is_int(check(), CHECK_OK, "sample of type %d", mkrec_types[i]);
		mkrec_init(&m, mkrec_types[i]);
		size = mkrec_end(&m);
		is_int(check(), CHECK_OK, "type %d with nothing in it", mkrec_types[i]);
	}
}

static void test_size(void)
{
	struct weir_base *b = base_of(WEIR_EV_exec);
	size_t whole = size;

	for (size = 0; size < sizeof(*b); size++)
		if (check() != CHECK_E_SHORT)
			break;
	is_int((long long)size, sizeof(*b), "less than the base is short");
	size = sizeof(*b);
	is_int(check(), CHECK_E_SIZE, "cut");
	size = whole + 8;
	is_int(check(), CHECK_E_SIZE, "more delivered than it tells");
	size = whole;
	b->size = 0xffffffff;
	is_int(check(), CHECK_E_SIZE, "it tells more than was delivered");
	size = b->size = (weir_u32)whole - 4;
	is_int(check(), CHECK_E_SIZE, "not a multiple of eight");
	b->size = sizeof(*b);
	size = sizeof(*b);
	is_int(check(), CHECK_E_FIXED, "an exec of the size of the base");
	b->size = sizeof(struct weir_exec) - 8;
	size = b->size;
	is_int(check(), CHECK_E_FIXED, "an exec that lacks a member");
}

static void test_large(void)
{
	static struct { struct mkrec m; uint8_t more[8]; } big;
	struct weir_base *b = mkrec_init(&big.m, WEIR_EV_exit);

	b->size = WEIR_REC_MAX;
	is_int(check_record(big.m.rec, b->size), CHECK_OK, "the largest record");
	b->size += 8;
	is_int(check_record(big.m.rec, b->size), CHECK_E_SIZE, "one that is larger");
}

static void test_type(void)
{
	struct weir_base *b = base_of(WEIR_EV_exit);
	int i, j, n = 0;

	for (i = 0; i < 65536; i++) {
		for (j = 0; mkrec_types[j] && mkrec_types[j] != i; j++)
			;
		if (mkrec_types[j])
			continue;
		b->type = (weir_u16)i;
		n += check() != CHECK_E_TYPE;
	}
	is_int(n, 0, "all types that the table does not have");
	b->type = WEIR_EV_exit;
	for (i = 0; i < 256; i++) {
		b->rclass = (weir_u8)i;
		n += check() == (i == WEIR_CLASS_CRITICAL ? CHECK_OK : CHECK_E_CLASS);
	}
	is_int(n, 256, "all classes of an exit");
	b = base_of(WEIR_EV_open);
	b->rclass = WEIR_CLASS_CRITICAL;
	is_int(check(), CHECK_E_CLASS, "an open is not critical");
}

static void test_str_bounds(struct weir_str *s, const char *what, unsigned fixed)
{
	static const struct {
		const char *how;
		int64_t off, len;	/* off: from the record's end if negative */
		int want;
	} rows[] = {
		{ "absent", 0, 0, CHECK_OK },
		{ "absent and unreadable", 0, WEIR_STR_ERROR, CHECK_OK },
		{ "absent with a length", 0, 1, CHECK_E_STR },
		{ "empty at the end", -1, 0, CHECK_OK },
		{ "one byte at the end", -1, 1, CHECK_E_STR },
		{ "beyond the end", INT32_MAX, 0, CHECK_E_STR },
		{ "last eight bytes", -9, 8, CHECK_OK },
		{ "last eight bytes, cut", -9, 8 | WEIR_STR_TRUNCATED, CHECK_OK },
		{ "one too many", -9, 9, CHECK_E_STR },
		{ "wraps around", -9, WEIR_STR_LEN, CHECK_E_STR },
		{ "highest offset", UINT32_MAX, 0, CHECK_E_STR },
		{ "highest offset and length", UINT32_MAX, UINT32_MAX, CHECK_E_STR },
		{ "in the head", 1, 1, CHECK_E_STR },
		{ "empty in the head", 8, 0, CHECK_E_STR },
	};
	struct weir_str was = *s;
	size_t i;
	int n = 0;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s->off = rows[i].off < 0 ? (weir_u32)((int64_t)size + rows[i].off + 1) :
			 (weir_u32)rows[i].off;
		s->len = (weir_u32)rows[i].len;
		if (check() != rows[i].want) {
			tap_diag("%s: %s: %s", what, rows[i].how,
				 check_reason_name(check()));
			n++;
		}
	}
	s->off = fixed - 1;
	s->len = 1;
	n += check() != CHECK_E_STR;
	s->off = fixed;
	n += check() != CHECK_OK;
	is_int(n, 0, "bounds of %s", what);
	*s = was;
}

static void test_strv(struct weir_str *s, const char *what)
{
	struct weir_str was = *s;

	is_int(check(), CHECK_OK, "%s ends with a NUL", what);
	s->len--;
	is_int(check(), CHECK_E_STRV, "%s does not", what);
	s->len |= WEIR_STR_TRUNCATED;
	is_int(check(), CHECK_E_STRV, "%s does not, though marked as cut", what);
	s->len = 0;
	is_int(check(), CHECK_OK, "%s is empty", what);
	*s = was;
}

static void test_ip(struct weir_ip *ip, const char *what)
{
	unsigned i;
	int n = 0;

	for (i = 0; i < 300; i++) {
		ip->family = i;
		n += check() == (i == 0 || i == 2 || i == 10 ? CHECK_OK : CHECK_E_IP);
	}
	is_int(n, 300, "families of %s", what);
	ip->family = 2;
}

/* The last bytes are NULs, so that lists of texts pass where texts do. */
static void begin(unsigned type)
{
	struct weir_str zeros;
	static const uint8_t z[64];

	mkrec_sample(&m, type, 1);
	mkrec_bytes(&m, &zeros, z, sizeof(z));
	size = mkrec_end(&m);
}

static void test_field(void *at, int kind, unsigned fixed, const char *what)
{
	uint8_t was = m.rec[fixed];

	if (kind == WEIR_KIND_STRV)
		test_strv(at, what);
	m.rec[fixed] = 0;
	if (kind == WEIR_KIND_STR || kind == WEIR_KIND_BYTES || kind == WEIR_KIND_STRV)
		test_str_bounds(at, what, fixed);
	if (kind == WEIR_KIND_IP)
		test_ip(at, what);
	m.rec[fixed] = was;
}

static void test_fields(void)
{
	begin(WEIR_EV_exit);
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	if (!strcmp(#ev, "base")) \
		test_field(m.rec + offsetof(struct weir_##ev, member), \
			   WEIR_KIND_##kind, sizeof(struct weir_exit), #member);
#include <weir/events.def>
#define EVENT(id, name, class, actor, doc) begin(id);
#define FIELD(ev, kind, member, name, values, sigma, ecs, ocsf, since, doc) \
	if (strcmp(#ev, "base")) \
		test_field(m.rec + offsetof(struct weir_##ev, member), \
			   WEIR_KIND_##kind, sizeof(struct weir_##ev), #ev "." #member);
#include <weir/events.def>
}

static void test_names(void)
{
	int i, j, n = 0;

	for (i = 0; i < CHECK_E__MAX; i++)
		for (j = 0; j < i; j++)
			n += !strcmp(check_reason_name(i), check_reason_name(j));
	is_int(n, 0, "each reason has its own name");
	is_str(check_reason_name(-1), "unknown", "no reason below");
	is_str(check_reason_name(CHECK_E__MAX), "unknown", "no reason above");
}

int main(void)
{
	test_good();
	test_size();
	test_large();
	test_type();
	test_fields();
	test_names();
	return done_testing();
}
