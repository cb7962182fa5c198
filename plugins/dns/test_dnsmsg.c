/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the reader of DNS messages: names, data, and what is wrong with them. */
#include "dnsmake.h"
#include "dnsmsg.h"
#include "tap.h"

static struct dnsmsg msg;

static const char *text_of(const struct dnsmsg_text *x)
{
	static char text[DNSMSG_POOL];

	if (!x->p)
		return "none";
	memcpy(text, x->p, x->len);
	text[x->len] = 0;
	return text;
}

/* ---- names ---------------------------------------------------------------------*/

#define S(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	size_t at;
	enum dnsname_result r;
	const char *text;
	size_t next;
} names[] = {
	{ "a name", S("\3www\4weir\4test\0zz"), 0, DNSNAME_OK, "www.weir.test", 15 },
	{ "the root", S("\0"), 0, DNSNAME_OK, ".", 1 },
	{ "case stays", S("\3WwW\0"), 0, DNSNAME_OK, "WwW", 5 },
	{ "other bytes", S("\7a.b\\\0\377_\1-\0"), 0, DNSNAME_OK, "a\\046b\\092\\000\\255_.-", 11 },
	{ "a pointer", S("\1a\0\1b\300\0z"), 3, DNSNAME_OK, "b.a", 7 },
	{ "a pointer to a pointer", S("\1a\0\300\0\1b\300\3"), 5, DNSNAME_OK, "b.a", 9 },
	{ "a pointer alone", S("\1a\0\300\0"), 3, DNSNAME_OK, "a", 5 },
	{ "a pointer to itself", S("\300\0"), 0, DNSNAME_BAD, NULL, 0 },
	{ "a pointer into its own name", S("\1a\300\0"), 0, DNSNAME_BAD, NULL, 0 },
	{ "a pointer forward", S("\300\2\1a\0"), 0, DNSNAME_BAD, NULL, 0 },
	{ "a pointer out of the message", S("\1a\300\100"), 0, DNSNAME_BAD, NULL, 0 },
	{ "a ring of two", S("\300\2\300\0"), 2, DNSNAME_BAD, NULL, 0 },
	{ "half a pointer", S("\1a\0\300"), 3, DNSNAME_SHORT, NULL, 0 },
	{ "a label of another kind", S("\100a\0"), 0, DNSNAME_BAD, NULL, 0 },
	{ "a label that is cut", S("\5abc"), 0, DNSNAME_SHORT, NULL, 0 },
	{ "no end", S("\1a"), 0, DNSNAME_SHORT, NULL, 0 },
	{ "nothing", S(""), 0, DNSNAME_SHORT, NULL, 0 },
};

static void test_names(void)
{
	char text[1100];
	size_t i, next;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct dnsbuf b = { text, 0, sizeof(text) - 1, false };

		is_int(dnsname_put(&b, (const uint8_t *)names[i].bytes, names[i].len,
				   names[i].at, &next), names[i].r, "%s", names[i].what);
		if (names[i].r)
			continue;
		text[b.len] = 0;
		is_str(text, names[i].text, "%s: text", names[i].what);
		is_int(next, names[i].next, "%s: what follows", names[i].what);
	}
}

/* n labels of 63 bytes, one of `last`, the end. */
static enum dnsname_result long_name(unsigned n, uint8_t last, uint8_t fill, struct dnsbuf *b)
{
	uint8_t wire[400], *p = wire;
	size_t next;

	for (; n; n--, p += 64) {
		memset(p, fill, 64);
		*p = 63;
	}
	memset(p, fill, last + 1u);
	*p = last;
	p += last + 1;
	*p++ = 0;
	return dnsname_put(b, wire, (size_t)(p - wire), 0, &next);
}

static void test_long_names(void)
{
	char text[1100];
	struct dnsbuf b = { text, 0, sizeof(text), false }, c = { text, 0, 100, false };

	is_int(long_name(3, 61, 'x', &b), DNSNAME_OK, "255 bytes are a name");
	is_int(b.len, 253, "of 253 letters");
	b.len = 0;
	is_int(long_name(3, 62, 'x', &b), DNSNAME_BAD, "256 bytes are none");
	b.len = 0;
	is_int(long_name(3, 61, 0, &b), DNSNAME_OK, "bytes that are no letters");
	is_int(b.len, 1003, "take four each");
	is_int(long_name(3, 61, 'x', &c), DNSNAME_OK, "no room for the text");
	ok(c.full && c.len == 100, "is told");
}

/* ---- data ----------------------------------------------------------------------*/

static const struct {
	const char *what;
	uint16_t type;
	const char *bytes;
	size_t len;
	const char *text;	/* NULL: bad */
} data[] = {
	{ "A", 1, S("\300\0\2\1"), "192.0.2.1" },
	{ "A too short", 1, S("\300\0\2"), NULL },
	{ "A too long", 1, S("\300\0\2\1\1"), NULL },
	{ "AAAA", 28, S("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"), "2001:db8::1" },
	{ "AAAA too short", 28, S("\40\1"), NULL },
	{ "CNAME", 5, S("\1a\300\014"), "a.q.test" },
	{ "CNAME with more behind", 5, S("\1a\0x"), NULL },
	{ "CNAME without end", 5, S("\1a"), NULL },
	{ "NS", 2, S("\1a\0"), "a" },
	{ "PTR", 12, S("\1a\0"), "a" },
	{ "MX", 15, S("\0\12\1a\0"), "10 a" },
	{ "MX without name", 15, S("\0\12"), NULL },
	{ "MX too short", 15, S("\0"), NULL },
	{ "SRV", 33, S("\0\1\0\2\0\65\1a\0"), "1 2 53 a" },
	{ "SOA", 6, S("\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\377\377\377\377"),
	  "a b 1 2 3 4 4294967295" },
	{ "SOA too short", 6, S("\1a\0\1b\0\0\0\0\1"), NULL },
	{ "TXT", 16, S("\3a\"\\\2\n\377"), "\"a\\\"\\\\\" \"\\010\\255\"" },
	{ "TXT, empty text", 16, S("\0"), "\"\"" },
	{ "TXT without text", 16, S(""), NULL },
	{ "TXT too long", 16, S("\4abc"), NULL },
	{ "an unknown type", 999, S("\1\377"), "\\# 2 01ff" },
	{ "an unknown type, empty", 999, S(""), "\\# 0" },
};

static void test_data(void)
{
	struct dnsmake m;
	enum dnsmsg_end end;
	size_t i;

	for (i = 0; i < sizeof(data) / sizeof(*data); i++) {
		dnsmake_head(&m, 0x8180, 1, 1);
		dnsmake_question(&m, "q.test", data[i].type);
		dnsmake_record(&m, DNSMAKE_POINTER, data[i].type, 60, data[i].bytes, data[i].len);
		end = dnsmsg_read(&msg, m.p, m.len, false);
		is_int(end, data[i].text ? DNSMSG_WHOLE : DNSMSG_BAD, "%s", data[i].what);
		is_int(msg.n_answers, data[i].text ? 1 : 0, "%s: answers", data[i].what);
		if (data[i].text)
			is_str(text_of(&msg.answers[0].data), data[i].text, "%s: text", data[i].what);
	}
}

/* ---- messages ------------------------------------------------------------------*/

static void message(struct dnsmake *m)
{
	dnsmake_head(m, 0x8180, 1, 3);
	dnsmake_question(m, "www.weir.test", 1);
	dnsmake_alias(m, DNSMAKE_POINTER, 300, "cdn.weir.test");
	dnsmake_address(m, "CDN.weir.test", 60, "192.0.2.1");
	dnsmake_address(m, "cdn.weir.test", 0x80000001, "2001:db8::1");
}

static void test_message(void)
{
	struct dnsmake m;
	uint32_t ttl;

	message(&m);
	is_int(dnsmsg_read(&msg, m.p, m.len, false), DNSMSG_WHOLE, "a message");
	is_int(msg.flags, 0x8180, "its flags");
	is_str(text_of(&msg.question), "www.weir.test", "its question");
	is_int(msg.qtype, 1, "the type of it");
	is_int(msg.n_answers, 3, "its answers");
	is_str(text_of(&msg.answers[0].name), "www.weir.test", "name of an answer");
	is_str(text_of(&msg.answers[0].data), "cdn.weir.test", "data of a CNAME");
	is_int(msg.answers[0].ip.family, 0, "which has no address");
	is_int(msg.answers[1].ip.family, 2, "address of an A");
	is_int(msg.answers[2].ip.family, 10, "address of an AAAA");
	is_int(msg.answers[1].ttl, 60, "time to live");
	is_int(msg.answers[2].ttl, 0, "which is 0 where it has its top bit");
	is_str(text_of(dnsmsg_canonical(&msg, &ttl)), "cdn.weir.test", "what the name stands for");
	is_int(ttl, 300, "and for how long");
}

/* Whatever is missing at the end: the message is bad, or cut if it was. */
static void test_every_length(void)
{
	struct dnsmake m;
	size_t len, good = 0;

	message(&m);
	for (len = 0; len < m.len; len++) {
		/* Memory of its own, for a sanitizer to see who reads beyond. */
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, m.p, len);
		good += dnsmsg_read(&msg, copy, len, false) == DNSMSG_BAD;
		good += dnsmsg_read(&msg, copy, len, true) == DNSMSG_CUT;
		free(copy);
	}
	is_int(good, 2 * m.len, "cut at any place");
}

static void test_odd(void)
{
	struct dnsmake m;
	uint32_t ttl;
	unsigned i;

	dnsmake_head(&m, 0x8180, 0, 0);
	is_int(dnsmsg_read(&msg, m.p, m.len, false), DNSMSG_WHOLE, "no question");
	ok(!msg.question.p, "none is there");
	dnsmake_head(&m, 0x8180, 2, 1);
	dnsmake_question(&m, "a.test", 1);
	dnsmake_question(&m, "b.test", 1);
	dnsmake_address(&m, "b.test", 1, "192.0.2.1");
	is_int(dnsmsg_read(&msg, m.p, m.len, false), DNSMSG_WHOLE, "two questions");
	is_str(text_of(&msg.question), "a.test", "the first is told");
	is_str(text_of(&msg.answers[0].name), "b.test", "and the answer's name");

	dnsmake_head(&m, 0x8180, 1, 2);
	dnsmake_question(&m, "a", 1);
	dnsmake_alias(&m, "a", 9, "b");
	dnsmake_alias(&m, "b", 9, "a");
	dnsmsg_read(&msg, m.p, m.len, false);
	ok(dnsmsg_canonical(&msg, &ttl) != NULL, "a ring of CNAMEs comes to an end");

	dnsmake_head(&m, 0x8180, 1, 65535);
	dnsmake_question(&m, "a", 1);
	for (i = 0; i < 150; i++)
		dnsmake_address(&m, "", 1, "192.0.2.1");
	is_int(dnsmsg_read(&msg, m.p, m.len, false), DNSMSG_CUT, "more answers than there is room");
	is_int(msg.n_answers, DNSMSG_ANSWERS, "so many are read");
}

/* Long names that are pointed at fill the room for texts. */
static void test_pool(void)
{
	struct dnsmake m;
	char label[64];
	unsigned i;

	memset(label, 1, sizeof(label));
	label[0] = 63;
	dnsmake_head(&m, 0x8180, 1, 100);
	for (i = 0; i < 3; i++)
		dnsmake_put(&m, label, 64);
	dnsmake_put(&m, "", 1);
	dnsmake_short(&m, 5);
	dnsmake_short(&m, 1);
	for (i = 0; i < 100; i++)
		dnsmake_record(&m, DNSMAKE_POINTER, 5, 1, i % 2 ? "\1a\300\014" : "\1b\300\014", 4);
	is_int(dnsmsg_read(&msg, m.p, m.len, false), DNSMSG_CUT, "names without end");
	ok(msg.used <= DNSMSG_POOL && msg.n_answers > 20 && msg.n_answers < 100, "are cut");
}

int main(void)
{
	test_names();
	test_long_names();
	test_data();
	test_message();
	test_every_length();
	test_odd();
	test_pool();
	return done_testing();
}
