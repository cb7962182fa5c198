/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what they match, what they learn, when they end, and what they give up, and when. */
#include "precord.h"
#include "tap.h"

#define NOW	1700000000u
#define S	1000000000ull
#define ALL	((1u << PTYPE__MAX) - 1)

static const struct pprofile_conf conf = { .max_versions = 2 };

static struct precord *begin(struct precords *x, const char *selector, uint32_t types)
{
	struct precord from = { .types = types, .until_s = NOW + 100 };

	snprintf(from.selector, sizeof(from.selector), "%s", selector);
	return precord_find(x, precord_begin(x, &from, 0, 1, NOW));
}

static void test_matches(void)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	struct precords x = { 0 };
	struct precord *r = begin(&x, "image:web/*", ALL);

	ok(precord_matches(r, "image:web/shop", NULL, 0), "a pattern");
	ok(!precord_matches(r, "unit:web.service", id, 32), "another name");
	r = begin(&x, "0123456789ab", ALL);
	ok(precord_matches(r, "image:x", id, 32), "the begin of a container's id");
	ok(!precord_matches(r, "image:x", id, 11), "a shorter id");
	r = begin(&x, "0123", ALL);
	ok(!precord_matches(r, "image:x", id, 32), "too short a begin");
	begin(&x, "a", ALL);
	ok(!begin(&x, "b", ALL), "there are so many");
	is_int(x.n, PRECORD_MAX, "which are counted");
	precord_fini(&x);
}

static void event(struct precord *r, const char *name, enum ptype type, uint8_t kind,
		  const char *what, struct ptrail *trail)
{
	struct pitem item = { .type = (uint8_t)type, .kind = kind, .name = what,
		.len = (uint32_t)strlen(what) };
	struct pprofile_ask ask = { .now_s = NOW + 5000, .start_s = 1, .trail = trail,
		.item = &item };

	precord_event(r, &conf, name, "v1", 2, &ask);
}

static void test_learns(void)
{
	struct ptrail *shop = ptrail_step(NULL, "/shop", 5);
	struct precords x = { 0 };
	struct precord *r = begin(&x, "unit:*", 1u << PTYPE_EXEC | 1u << PTYPE_DNS);
	struct pprofile *p;

	event(r, "unit:a", PTYPE_EXEC, PNODE_PROCESS, "/shop", shop);
	event(r, "unit:a", PTYPE_DNS, PNODE_DNS, "x.example", shop);
	event(r, "unit:a", PTYPE_MODULE, PNODE_MODULE, "m", shop);
	is_int(r->p->tree.n_nodes, 2, "what was asked for is learnt, and nothing else");
	is_int((long long)r->n_events, 2, "so many events");
	is_int(r->n_workloads, 1, "of one workload");
	event(r, "unit:b", PTYPE_EXEC, PNODE_PROCESS, "/shop", shop);
	is_int(r->n_workloads, 2, "of several");
	precord_check(&x, NOW + 99);
	ok(!r->over && x.n == 1, "it goes on");
	precord_check(&x, NOW + 100);
	ok(r->over && !x.n, "it is over");
	precord_stop(&x, r);
	is_int(x.n, 0, "once");
	p = precord_take(&x, r);
	is_int(p->versions[0].states[PTYPE_EXEC].is, PSTATE_LEARNING, "it learnt all the time");
	ok(!r->id, "its place is free");
	pprofile_free(p);
	ptrail_unref(shop);
	precord_fini(&x);
}

static void test_load(void)
{
	struct precords x = { 0 };
	struct precord *r = begin(&x, "a", ALL);
	uint64_t t = S;
	unsigned i;

	for (i = 0; i < 100; i++, t += S / 20)
		precord_spent(r, S / 20 / 25, t, NOW + i, 50);
	is_int(r->n_shed, 0, "as much as it may take");
	for (i = 0; i < 21; i++, t += S / 20)
		precord_spent(r, S / 20 / 10, t, NOW + 200 + i, 50);
	is_int(r->n_shed, 1, "more than that for a while");
	is_int(r->shed[0].type, PTYPE_FILE, "files are worth least");
	ok(r->shed[0].permille > 50 && r->shed[0].permille <= 105, "what it took is told");
	ok(!(r->types >> PTYPE_FILE & 1), "and recorded no more");
	for (i = 0; i < 20; i++, t += 2 * S)
		precord_spent(r, S, t, NOW + 300 + i, 50);
	is_int(r->shed[1].type, PTYPE_DNS, "then names");
	is_int(r->types, 1u << PTYPE_EXEC, "programs are never given up");
	is_int(r->n_shed, PTYPE__MAX - 1, "each once");
	precord_fini(&x);
}

int main(void)
{
	test_matches();
	test_learns();
	test_load();
	return done_testing();
}
