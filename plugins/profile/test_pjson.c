/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles as JSON: all of it comes back, the same text comes out, and faults are told with their place. */
#include <errno.h>

#include "pformat.h"
#include "pjson.h"
#include "tap.h"

#define NOW	1700000000u

static uint32_t node(struct pprofile *p, uint32_t parent, uint8_t kind, const void *name,
		     uint32_t len, uint32_t number)
{
	struct pkey key = { kind, number, len, name };
	uint32_t ref = ptree_add(&p->tree, parent, &key);
	struct pseen s = { .first_s = NOW, .last_s = NOW + 60, .count = 3, .version = 0 };

	ptree_join(&p->tree, ref, &s);
	ptree_mark(&p->tree, ref, PNODE_LEARNT | PNODE_APPROVED, kind == PNODE_FILE ? 5 : 0);
	return ref;
}

/* order: of what is added, which is no matter. */
static struct pprofile *make(bool order)
{
	static const struct pprofile_conf conf = { .max_versions = 8 };
	struct pprofile *p = pprofile_new("image:shop/web", 1, 0, 1, NOW - 10);
	static const uint8_t addr[16] = { 10, 1, 2 };
	struct pitem_net net, any;
	uint32_t shop, dir, seen;
	struct pseen s = { .first_s = 0, .last_s = UINT32_MAX, .count = 1, .version = 1 };

	pprofile_version(p, &conf, "v1", 2, NOW);
	pprofile_version(p, &conf, "\xffx", 2, NOW);
	p->versions[0].states[PTYPE_DNS] = (struct pstate){ .is = PSTATE_STABLE, .since_s = NOW,
		.new_s = NOW + 1, .warm_s = NOW + 2, .n = UINT32_MAX };
	p->frozen_s = NOW + 5;
	shop = node(p, p->tree.root, PNODE_PROCESS, "/usr/bin/shop", 13, 0);
	ptree_join(&p->tree, shop, &s);
	seen = node(p, shop, order ? PNODE_USER : PNODE_MODULE, order ? "" : "m\"\n\x7f\xc3\xa9", order ? 0 : 6,
		    order ? 7 : 0);
	(void)seen;
	if (order)
		node(p, shop, PNODE_MODULE, "m\"\n\x7f\xc3\xa9", 6, 0);
	else
		node(p, shop, PNODE_USER, "", 0, 7);
	node(p, shop, PNODE_CONNECT, &net, pitem_net(&net, 2, 6, addr, 24), 443);
	node(p, shop, PNODE_BIND, &any, pitem_net(&any, 10, 17, addr, 0), 53);
	node(p, shop, PNODE_CONNECT, "\x01\x02", 2, 1);
	dir = node(p, shop, PNODE_FILE, "srv", 3, 0);
	node(p, dir, PNODE_FILE, "\x80\x01z", 3, 0);
	node(p, dir, PNODE_PATTERN, "*.log", 5, 0);
	return p;
}

static void test_round(void)
{
	struct pprofile *p = make(true), *q = make(false), *back = NULL, *bin = NULL;
	char *a = pjson_write(p, NOW + 100), *b = pjson_write(q, NOW + 100), *c;
	char why[PJSON_WHY] = "";
	struct pformat_error e;
	uint32_t saved_s = 0;
	uint8_t *bytes = NULL;
	size_t len = 0;

	is_str(a, b, "the order in which it was learnt is no matter");
	ok(strstr(a, "\"address\":\"10.1.2.0/24\"") && strstr(a, "\"hex\":\"80017a\""), "as people read it");
	is_int(pjson_read(a, strlen(a), 9, &back, &saved_s, why), 0, "read: %s", why);
	is_int(saved_s, NOW + 100, "when it was written");
	c = pjson_write(back, saved_s);
	is_str(c, a, "and the same text comes out");
	free(c);
	pformat_write(back, saved_s, &bytes, &len);
	is_int(pformat_read(bytes, len, 0, 4, &bin, &saved_s, &e), 0, "as a file");
	c = pjson_write(bin, saved_s);
	is_str(c, a, "and the same once more");
	free(a);
	free(b);
	free(c);
	free(bytes);
	pprofile_free(p);
	pprofile_free(q);
	pprofile_free(back);
	pprofile_free(bin);
}

#define HEAD	"{\"weir_profile\":1,\"name\":\"unit:x\",\"begun\":\"2026-01-01T00:00:00Z\",\n" \
		"\"written\":\"2026-01-01T00:00:00Z\",\n"
#define TAG	"\"versions\":[{\"tag\":\"v\",\"first\":\"2026-01-01T00:00:00Z\",\"last\":\"2026-01-01T00:00:00Z\"}]"
#define NODE	"{\"kind\":\"program\",\"name\":\"/x\""

static void test_faults(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "line 1: it ends too early" },
		{ "{\n\"a\": 1,\n}", "line 3: ..." },
		{ "[]", "it is no object" },
		{ "null\n", "line 2: it is null" },
		{ "{}", "\"weir_profile\" is missing" },
		{ "{\"weir_profile\":2}", "it is no profile, or of a later version: \"weir_profile\" is not 1" },
		{ "{\"colour\":2}", "there is no \"colour\"" },
		{ HEAD "\"nodes\":[]}", "\"versions\" is missing" },
		{ HEAD "\"versions\":{},\"nodes\":[]}", "versions: it is no array" },
		{ HEAD "\"versions\":[{\"tag\":\"\"}],\"nodes\":[]}",
		  "versions[0]: \"tag\" is missing or empty, has a NUL, or is too long" },
		{ HEAD TAG ",\"nodes\":[{\"kind\":\"tree\"}]}", "nodes[0]: there is no kind \"tree\"" },
		{ HEAD TAG ",\"nodes\":[{\"kind\":\"file\",\"name\":\"x\"}]}",
		  "nodes[0]: it has no such name, or does not stand below such a node" },
		{ HEAD TAG ",\"nodes\":[" NODE "}," NODE "}]}", "nodes[0]: it is there twice" },
		{ HEAD TAG ",\"nodes\":[" NODE ",\"number\":-1}]}", "nodes[0]: \"number\" is out of range" },
		{ HEAD TAG ",\"nodes\":[" NODE ",\"origin\":[\"stolen\"]}]}",
		  "nodes[0].origin[0]: there is no \"stolen\"" },
		{ HEAD TAG ",\"nodes\":[" NODE ",\"below\":[{\"kind\":\"network\",\"address\":\"10.0.0.0\"}]}]}",
		  "nodes[0].below[0]: \"address\" is none as 10.0.0.0/24" },
		{ HEAD TAG ",\"nodes\":[" NODE ",\"seen\":[{\"version\":\"w\",\"first\":\"2026-01-01T00:00:00Z\","
		  "\"last\":\"2026-01-01T00:00:00Z\",\"count\":1}]}]}",
		  "nodes[0].seen[0]: there is no version \"w\"" },
		{ HEAD TAG ",\"nodes\":[" NODE ",\"seen\":[{\"version\":\"v\",\"first\":\"2026-01-01T00:00:00Z\","
		  "\"last\":\"2025-01-01T00:00:00Z\",\"count\":1}]}]}",
		  "nodes[0].seen[0]: \"last\" is before \"first\"" },
		{ HEAD TAG ",\"nodes\":[{\"kind\":\"program\",\"name\":{\"hex\":\"2fx0\"}}]}",
		  "nodes[0].name: its \"hex\" has more than hex digits" },
	};
	struct pprofile *p = NULL;
	char why[PJSON_WHY];
	const char *dots;
	uint32_t saved_s;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why[0] = 0;
		is_int(pjson_read(rows[i].text, strlen(rows[i].text), 1, &p, &saved_s, why), -EINVAL,
		       "refused");
		/* What json-c says differs by its version. */
		dots = strstr(rows[i].want, "...");
		if (dots)
			ok(!strncmp(why, rows[i].want, (size_t)(dots - rows[i].want)), "%s", why);
		else
			is_str(why, rows[i].want, "and why");
	}
	ok(!p, "nothing was given out");
}

int main(void)
{
	test_round();
	test_faults();
	return done_testing();
}
