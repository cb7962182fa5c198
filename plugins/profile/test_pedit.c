/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person changes: approved nodes stay whatever happens, what is forgotten is new
 * again, a frozen profile stays as it is, and what was not known is approved as it came.
 */
#include "pedit.h"
#include "pevict.h"
#include "pformat.h"
#include "pnews.h"
#include "tap.h"

#define NOW	1700000000u

static const struct pprofile_conf conf = {
	.states = { .unstable_s = 3600, .quiet_s = 3600,
		.stable_s = { 900, 900, 900, 900, 900, 900, 900, 900, 900 } },
	.max_versions = 2, .types = (1u << PTYPE__MAX) - 1,
};

struct world {
	struct pprofile *p;
	struct ptrail *shop, *sh;
	struct pnews *news;
};

static struct pprofile_answer run(struct world *w, struct ptrail *trail, const char *tag,
				  uint32_t at)
{
	struct pitem item = { .type = PTYPE_EXEC, .kind = PNODE_PROCESS, .name = trail->path,
		.len = trail->len };
	struct pitem user = { .type = PTYPE_EXEC, .kind = PNODE_USER, .number = 7 };
	struct pprofile_ask q = { .now_s = NOW + at, .start_s = NOW - 1000, .trail = trail,
		.item = &item, .more = &user, .n_more = 1 };
	struct pprofile_answer a;

	q.version = pprofile_version(w->p, &conf, tag, (uint32_t)strlen(tag), NOW + at);
	pprofile_ask(w->p, &conf, &q, &a);
	if (a.unknown && pstate_judges(a.state))
		pnews_note(w->news, pnews_id(w->p, trail, a.unknown), 5, w->p, &q, a.unknown);
	return a;
}

static struct pprofile_answer touch(struct world *w, struct ptrail *trail, const char *path,
				    uint8_t access, uint32_t at)
{
	struct pitem item = { .type = PTYPE_FILE, .kind = PNODE_FILE, .access = access,
		.name = path, .len = (uint32_t)strlen(path) };
	struct pprofile_ask q = { .now_s = NOW + at, .start_s = NOW - 1000, .trail = trail,
		.item = &item };
	struct pprofile_answer a;

	pprofile_ask(w->p, &conf, &q, &a);
	if (a.unknown && pstate_judges(a.state))
		pnews_note(w->news, pnews_id(w->p, trail, a.unknown), 5, w->p, &q, a.unknown);
	return a;
}

/* It has learnt /shop with three files, and is stable. */
static void begin(struct world *w)
{
	w->p = pprofile_new("unit:shop.service", 1, 0, 3, NOW);
	w->shop = ptrail_step(NULL, "/shop", 5);
	w->sh = ptrail_step(w->shop, "/sh", 3);
	w->news = pnews_new();
	run(w, w->shop, "v1", 0);
	touch(w, w->shop, "/srv/a/x", PNODE_READ, 0);
	touch(w, w->shop, "/srv/a/y", PNODE_READ, 0);
	touch(w, w->shop, "/srv/b", PNODE_READ, 0);
	run(w, w->shop, "v1", 1000);
	touch(w, w->shop, "/srv/b", PNODE_READ, 1000);
}

static void end(struct world *w)
{
	pprofile_free(w->p);
	ptrail_unref(w->shop);
	ptrail_unref(w->sh);
	pnews_free(w->news);
}

static void test_approved(void)
{
	struct world w;
	uint32_t n;

	begin(&w);
	is_int(pedit_approve(w.p, "/srv/a"), 2, "a folder: what is in it");
	is_int(pedit_approve(w.p, "/srv/none"), 0, "nothing of that name");
	pprofile_drop_version(w.p, 0);
	is_int(w.p->tree.n_nodes, 5, "the version goes, what is approved stays, and what leads there");
	run(&w, w.shop, "v2", 2000);
	ok(touch(&w, w.shop, "/srv/a/x", PNODE_READ, 2000).known, "known, although never seen");
	for (n = 0; pevict_one(&w.p->tree, 0, NOW + 2000) && n < 100; n++)
		;
	ok(touch(&w, w.shop, "/srv/a/y", PNODE_READ, 2001).known, "and never thrown out");
	is_int(pedit_approve(w.p, NULL), (int)pedit_approve(w.p, NULL), "all, twice");
	end(&w);
}

static void test_forget(void)
{
	struct world w;

	begin(&w);
	is_int(pedit_forget(w.p, "/srv/none"), 0, "nothing of that name");
	is_int(pedit_forget(w.p, "/srv/a"), 3, "a folder with its files");
	ok(!touch(&w, w.shop, "/srv/a/x", PNODE_READ, 1001).known, "they are not known");
	ok(touch(&w, w.shop, "/srv/b", PNODE_READ, 1001).known, "what is beside it is");
	is_int(pedit_forget(w.p, "/shop"), 4, "a program with all it did");
	is_int(w.p->tree.n_nodes, 0, "nothing is left");
	is_int(w.p->tree.nodes.n, 0, "in the table neither");
	end(&w);
}

static void test_frozen(void)
{
	struct pformat_error e;
	struct pprofile *back = NULL;
	struct world w;
	uint32_t saved_s, n;
	uint8_t *bytes;
	size_t len;

	begin(&w);
	n = w.p->tree.n_nodes;
	pprofile_freeze(w.p, NOW + 1001);
	run(&w, w.shop, "v2", 1002);
	is_int(run(&w, w.sh, "v3", 1003).state, PSTATE_FROZEN, "of a new version too");
	ok(!run(&w, w.sh, "v3", 1003).known, "what is new is not known");
	ok(run(&w, w.shop, "v3", 1003).known, "what is known is");
	is_int(w.p->tree.n_nodes, n, "nothing is learnt");
	ok(pprofile_find_version(w.p, "v1", 2) >= 0 && pprofile_find_version(w.p, "v3", 2) < 0,
	   "no version makes room");
	is_int(pformat_write(w.p, NOW + 1100, &bytes, &len), 0, "written");
	is_int(pformat_read(bytes, len, 0, 9, &back, &saved_s, &e), 0, "read");
	is_int(back->frozen_s, NOW + 1001, "it is frozen still");
	free(bytes);
	pprofile_pause(back, 500);
	pprofile_thaw(back, NOW + 5001);
	is_int(back->versions[0].states[PTYPE_EXEC].since_s,
	       w.p->versions[0].states[PTYPE_EXEC].since_s + 4000, "its clocks stood still, once");
	pprofile_free(back);
	end(&w);
}

static void test_news(void)
{
	struct pnews_item *items[8], *x;
	struct world w;
	char who[32];

	begin(&w);
	run(&w, w.sh, "v1", 1001);
	run(&w, w.sh, "v1", 1002);
	touch(&w, w.sh, "/tmp/x", PNODE_WRITE, 1002);
	is_int(pnews_find(w.news, 0, 0, NULL, items, 8), 2, "each thing once");
	is_str(items[0]->profile, "unit:shop.service", "whose");
	pnews_process(items[0], who, sizeof(who));
	is_str(who, "/sh", "by whom");
	pnews_process(items[1], who, sizeof(who));
	is_str(who, "/shop", "of a program: who began it");
	pnews_put(items[0]);
	pnews_put(items[1]);
	is_int(pnews_find(w.news, 6, 0, NULL, items, 8), 0, "of another workload: none");
	is_int(pnews_find(w.news, 5, 0, "/tmp/x", items, 8), 1, "by what it is");
	x = items[0];
	ok(pedit_add(w.p, x, NOW + 1003), "approved");
	pnews_forget(w.news, x->id);
	is_int(pnews_find(w.news, 0, x->id, NULL, items, 8), 0, "it is no news any more");
	pnews_put(x);
	ok(touch(&w, w.sh, "/tmp/x", PNODE_WRITE, 1004).known, "it is known");
	ok(!touch(&w, w.sh, "/tmp/x", PNODE_REMOVE, 1004).known, "done otherwise it is not");
	ok(!run(&w, w.sh, "v1", 1005).known, "as whom its program ran is another thing");
	is_int(pnews_find(w.news, 5, 0, "/sh", items, 8), 1, "the program");
	ok(pedit_add(w.p, items[0], NOW + 1006), "approved");
	ok(run(&w, w.sh, "v1", 1007).known, "with its user");
	pnews_put(items[0]);
	end(&w);
}

static void test_news_bound(void)
{
	struct pnews_item *items[4];
	struct world w;
	char path[32];
	uint32_t i;

	begin(&w);
	for (i = 0; i < PNEWS_MAX + 10; i++) {
		snprintf(path, sizeof(path), "/new/%u", i);
		touch(&w, w.shop, path, PNODE_READ, 1001);
	}
	is_int(pnews_find(w.news, 0, 0, "/new/9", items, 4), 0, "the oldest made room");
	is_int(pnews_find(w.news, 0, 0, "/new/10", items, 4), 1, "the next is there");
	pnews_put(items[0]);
	end(&w);
}

int main(void)
{
	test_approved();
	test_forget();
	test_frozen();
	test_news();
	test_news_bound();
	return done_testing();
}
