/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the enricher `dns`, through its callbacks. */
#include "dnsmake.h"
#include "../example/fake.h"
#include "tap.h"

extern const struct weir_plugin weir_plugin;

#define S	1000000000ull
#define REPLY	0x8180

static struct dnsmake msg;

static struct weir_ip ip_of(const char *text)
{
	struct weir_ip ip = { .family = strchr(text, ':') ? 10 : 2 };

	if (inet_pton(ip.family == 2 ? AF_INET : AF_INET6, text, ip.addr) != 1)
		abort();
	return ip;
}

static void begin(struct fake *f, uint16_t type, uint64_t time_ns, uint32_t ns)
{
	fake_begin(f, type);
	fake_u64(f, "time", time_ns);
	fake_u64(f, "process.namespaces.net", ns);
}

/* The message that was made, received at a time, cut to `len` bytes if that is not 0. */
static void reply(struct fake *f, uint64_t time_ns, uint32_t ns, uint32_t len)
{
	begin(f, WEIR_EV_dns_reply, time_ns, ns);
	fake_bytes(f, "dns.message", msg.p, len ? len : (uint32_t)msg.len,
		   len ? WEIR_STR_TRUNCATED : 0);
	is_int(fake_process(f), WEIR_CONTINUE, "a reply goes on");
}

/* An answer for one name with one address. */
static void learn(struct fake *f, uint64_t time_ns, uint32_t ns, const char *name,
		  const char *ip, unsigned ttl)
{
	dnsmake_head(&msg, REPLY, 1, 1);
	dnsmake_question(&msg, name, 1);
	dnsmake_address(&msg, DNSMAKE_POINTER, ttl, ip);
	reply(f, time_ns, ns, 0);
}

static const char *domain(struct fake *f, uint16_t type, uint64_t time_ns, uint32_t ns,
			  const char *to)
{
	struct weir_ip ip = ip_of(to);
	uint8_t kind;

	begin(f, type, time_ns, ns);
	memcpy(fake_at(f, "destination.ip", &kind), &ip, sizeof(ip));
	if (fake_process(f) != WEIR_CONTINUE)
		return "not gone on";
	return fake_text(f, "destination.domain");
}

static const char *connect_to(struct fake *f, uint64_t time_ns, const char *to)
{
	return domain(f, WEIR_EV_connect, time_ns, 1, to);
}

/* Seconds since the name of the last event expired; -1: it has not. */
static int expired(struct fake *f)
{
	struct weir_value v = fake_get(f, "destination.domain_expired");

	return weir_present(&v) ? (int)v.v.u : -1;
}

static const char *cell(struct fake *f, uint32_t row, uint32_t col)
{
	static char text[300];
	struct weir_value v = fake_get(f, "dns.answers"), *c;

	if (!weir_present(&v) || row >= v.v.list->n)
		return NULL;
	c = (struct weir_value *)(uintptr_t)&v.v.list->values[row * v.v.list->n_cols + col];
	snprintf(text, sizeof(text), "%.*s", (int)c->len, (const char *)c->v.p);
	return text;
}

static void test_answers(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	struct weir_value v;

	dnsmake_head(&msg, REPLY, 1, 4);
	dnsmake_question(&msg, "Www.weir.test", 1);
	dnsmake_alias(&msg, DNSMAKE_POINTER, 300, "cdn.weir.test");
	dnsmake_address(&msg, "cdn.weir.test", 60, "192.0.2.1");
	dnsmake_address(&msg, "cdn.weir.test", 60, "2001:db8::1");
	dnsmake_address(&msg, "other.test", 60, "192.0.2.66");
	reply(f, S, 1, 0);
	v = fake_get(f, "dns.answers");
	is_int(v.status, WEIR_PRESENT, "there are answers");
	is_int(v.v.list->n, 4, "all of them");
	is_str(cell(f, 0, 0), "Www.weir.test", "name of a row");
	is_str(cell(f, 0, 3), "cdn.weir.test", "its data");
	is_int(v.v.list->values[1].v.u, 5, "its type");
	is_int(v.v.list->values[2].v.u, 300, "its time to live");
	v = fake_get(f, "dns.resolved_ip");
	is_int(v.v.list->n, 3, "and addresses");
	ok(!memcmp(((const struct weir_ip *)v.v.list->values[0].v.p)->addr, "\300\0\2\1", 4),
	   "the first");
	is_str(connect_to(f, 2 * S, "192.0.2.1"), "www.weir.test", "the name that was asked for");
	is_int(expired(f), -1, "which holds");
	is_str(connect_to(f, 2 * S, "2001:db8::1"), "www.weir.test", "of both addresses");
	is_str(domain(f, WEIR_EV_udp_send, 2 * S, 1, "192.0.2.1"), "www.weir.test",
	       "of a datagram, too");
	is_str(connect_to(f, 2 * S, "192.0.2.66"), NULL, "not of an address that nobody asked for");
	is_str(connect_to(f, 2 * S, "192.0.2.2"), NULL, "nor of an unknown one");
	is_str(domain(f, WEIR_EV_connect, 2 * S, 2, "192.0.2.1"), NULL,
	       "nor in another network namespace");
	is_str(domain(f, WEIR_EV_accept, 2 * S, 1, "192.0.2.1"), NULL, "nor of an accept");
	is_int(fake_count(f, "learnt"), 2, "names learnt");
	is_int(fake_count(f, "hits"), 3, "found");
	fake_close(f);
}

static const struct {
	const char *options;
	unsigned ttl;
	uint64_t after;		/* seconds */
	int expired;		/* -1: not; -2: not told at all */
} times[] = {
	{ "min_ttl=0 keep=10s", 60, 60, -1 },
	{ "min_ttl=0 keep=10s", 60, 63, 3 },
	{ "min_ttl=0 keep=10s", 60, 70, 10 },
	{ "min_ttl=0 keep=10s", 60, 71, -2 },
	{ "min_ttl=5s keep=0", 0, 5, -1 },
	{ "min_ttl=5s keep=0", 0, 6, -2 },
	{ "min_ttl=30s keep=1m", 4000000000u, 61, 31 },	/* RFC 2181: counts as 0 */
	{ "max_ttl=1m keep=10s", 100000, 60, -1 },
	{ "max_ttl=1m keep=10s", 100000, 65, 5 },
};

static void test_times(void)
{
	struct fake *f;
	const char *name;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(*times); i++) {
		f = fake_open(&weir_plugin, times[i].options, NULL);
		learn(f, 100 * S, 1, "a.test", "192.0.2.1", times[i].ttl);
		name = connect_to(f, (100 + times[i].after) * S, "192.0.2.1");
		is_str(name, times[i].expired == -2 ? NULL : "a.test", "row %zu: the name", i);
		is_int(expired(f), times[i].expired == -2 ? -1 : times[i].expired,
		       "row %zu: seconds since", i);
		fake_close(f);
	}
}

/* An alias that holds shorter than the address; and what renews a name. */
static void test_renewal(void)
{
	struct fake *f = fake_open(&weir_plugin, "min_ttl=0 keep=1m", NULL);

	dnsmake_head(&msg, REPLY, 1, 2);
	dnsmake_question(&msg, "a.test", 1);
	dnsmake_address(&msg, "b.test", 600, "192.0.2.1");
	dnsmake_alias(&msg, "a.test", 5, "b.test");
	reply(f, 100 * S, 1, 0);
	is_str(connect_to(f, 110 * S, "192.0.2.1"), "a.test", "whatever the order");
	is_int(expired(f), 5, "the shortest time counts");
	learn(f, 111 * S, 1, "c.test", "192.0.2.1", 60);
	is_str(connect_to(f, 112 * S, "192.0.2.1"), "c.test", "the last name counts");
	is_int(expired(f), -1, "with its own time");
	is_int(fake_count(f, "names"), 1, "one address");
	learn(f, 113 * S, 1, "d.test", "::ffff:192.0.2.1", 60);
	is_str(connect_to(f, 114 * S, "192.0.2.1"), "d.test", "IPv4 in IPv6 is IPv4");
	fake_close(f);
}

static const struct {
	const char *what;
	unsigned flags, questions;
} refused[] = {
	{ "a question", 0x0100, 1 },
	{ "an error", 0x8183, 1 },
	{ "another operation", 0xa800, 1 },
	{ "no question", 0x8180, 0 },
};

static void test_not_learnt(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		dnsmake_head(&msg, refused[i].flags, refused[i].questions, 1);
		if (refused[i].questions)
			dnsmake_question(&msg, "a.test", 1);
		dnsmake_address(&msg, "a.test", 60, "192.0.2.1");
		reply(f, S, 1, 0);
		is_str(connect_to(f, S, "192.0.2.1"), NULL, "not learnt from %s", refused[i].what);
	}
	dnsmake_head(&msg, REPLY, 1, 2);
	dnsmake_question(&msg, "a.test", 1);
	dnsmake_address(&msg, "a.test", 60, "192.0.2.1");
	dnsmake_put(&msg, "\300\377", 2);
	reply(f, S, 1, 0);
	is_int(fake_get(f, "dns.answers").status, WEIR_ERROR, "a malformed reply is told");
	is_int(fake_count(f, "malformed"), 1, "and counted");
	is_str(connect_to(f, S, "192.0.2.1"), NULL, "and nothing is learnt from it");
	fake_close(f);
}

static void test_cut(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	uint32_t len;

	dnsmake_head(&msg, REPLY, 1, 2);
	dnsmake_question(&msg, "a.test", 1);
	dnsmake_address(&msg, DNSMAKE_POINTER, 60, "192.0.2.1");
	len = (uint32_t)msg.len + 7;
	dnsmake_address(&msg, DNSMAKE_POINTER, 60, "192.0.2.2");
	reply(f, S, 1, len);
	is_int(fake_get(f, "dns.answers").status, WEIR_TRUNCATED, "a reply that is cut");
	is_int(fake_get(f, "dns.answers").v.list->n, 1, "says what it has");
	is_int(fake_count(f, "cut"), 1, "is counted");
	is_str(connect_to(f, S, "192.0.2.1"), "a.test", "and remembered");
	begin(f, WEIR_EV_dns_reply, S, 1);
	is_int(fake_process(f), WEIR_CONTINUE, "a reply without a message");
	is_int(fake_get(f, "dns.answers").status, WEIR_ABSENT, "has no answers");
	fake_close(f);
}

static void test_eviction(void)
{
	struct fake *f = fake_open(&weir_plugin, "max_names=16", NULL);
	char ip[32], name[32];
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(ip, sizeof(ip), "192.0.2.%d", i);
		snprintf(name, sizeof(name), "n%d.test", i);
		learn(f, S, 1, name, ip, 60);
		/* The first stays young. */
		learn(f, S, 1, "n0.test", "192.0.2.0", 60);
	}
	is_int(fake_count(f, "names"), 16, "as many as there may be");
	is_int(fake_count(f, "evicted"), 4, "the others made room");
	is_str(connect_to(f, S, "192.0.2.0"), "n0.test", "one that was renewed is there");
	is_str(connect_to(f, S, "192.0.2.4"), NULL, "the oldest is not");
	is_str(connect_to(f, S, "192.0.2.5"), "n5.test", "the next one is");
	fake_close(f);
}

static void test_long_name(void)
{
	struct fake *f = fake_open(&weir_plugin, "", NULL);
	char name[200];

	memset(name, '!', sizeof(name));
	name[60] = name[120] = name[180] = '.';
	name[199] = 0;
	learn(f, S, 1, name, "192.0.2.1", 60);
	connect_to(f, S, "192.0.2.1");
	is_int(fake_get(f, "destination.domain").status, WEIR_TRUNCATED, "a name that is too long");
	is_int(fake_get(f, "destination.domain").len, 255, "is cut");
	fake_close(f);
}

static void adopt(const char *options)
{
	struct fake *from = fake_open(&weir_plugin, "max_names=32", NULL);
	struct fake *to = fake_open(&weir_plugin, options, NULL);
	char ip[32];
	int i;

	for (i = 0; i < 32; i++) {
		snprintf(ip, sizeof(ip), "192.0.2.%d", i);
		learn(from, S, 1, "a.test", ip, 60);
	}
	is_int(fake_adopt(to, from), 0, "%s: taken over", options);
	is_str(connect_to(to, S, "192.0.2.31"), "a.test", "%s: the newest is there", options);
	is_str(connect_to(from, S, "192.0.2.31"), NULL, "%s: and here no more", options);
	learn(from, S, 1, "b.test", "192.0.2.1", 60);
	is_str(connect_to(from, S, "192.0.2.1"), "b.test", "%s: the old one goes on", options);
	is_int(fake_adopt(from, to), 0, "%s: and back", options);
	is_str(connect_to(from, S, "192.0.2.31"), "a.test", "%s: there it is again", options);
	fake_close(to);
	fake_close(from);
}

static void test_options(void)
{
	struct fake *f = fake_open(&weir_plugin, "min_ttl=2h max_ttl=1h", NULL);

	ok(!f->inst && strstr(f->log, "min_ttl"), "min_ttl above max_ttl is refused");
	fake_close(f);
}

int main(void)
{
	test_answers();
	test_times();
	test_renewal();
	test_not_learnt();
	test_cut();
	test_eviction();
	test_long_name();
	adopt("max_names=32");
	adopt("max_names=16");
	adopt("max_names=64");
	test_options();
	return done_testing();
}
