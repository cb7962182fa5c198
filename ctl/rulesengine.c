/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules are compiled as a whole; for the kernel, they are once more in two halves, of
 * which it has one. That is how plugins/rules/rulegen.c divides them.
 */
#include "rulesengine.h"

#include <errno.h>
#include <stdlib.h>

#include "human.h"
#include "matchtest.h"
#include "plugins/rules/rulematch.h"

/* Rules that are decided at the same place. */
struct half {
	const struct ruleset *set;
	struct ruleset *own;		/* the same, if it is to be freed */
	struct ruleevent *event;
	struct rulematch *host;		/* one of the two */
	struct matchtest *kernel;
};

struct rulesengine {
	struct half all;		/* decides, or knows the names of fields only */
	struct half halves[2];		/* by enum ruleset_place */
	bool bpf;
};

static bool half_make(struct half *h, const struct rules *rules, enum ruleset_place place)
{
	const struct ruleset_conf conf = { .map = rules->load.map, .lenient = true,
		.like = rules->image, .place = place };
	struct rulediags again = { 0 };		/* all is told already */
	char why[4096] = "out of memory";

	h->set = h->own = ruleset_new(rules->load.set, &conf, &again);
	rulediag_fini(&again);
	h->event = h->set ? ruleevent_new(h->set) : NULL;
	if (h->event && place == RULESET_USER)
		h->host = rulematch_new(h->set);
	else if (h->event)
		h->kernel = matchtest_new(h->set, why, sizeof(why));
	if (!h->host && !h->kernel)
		human_error("%s", why);
	return h->host || h->kernel;
}

static bool all_make(struct half *h, const struct rules *rules)
{
	h->set = rules->image;
	h->event = ruleevent_new(h->set);
	h->host = rulematch_new(h->set);
	if (!h->event || !h->host)
		human_error("out of memory");
	return h->event && h->host;
}

struct rulesengine *rulesengine_new(const struct rules *rules, bool bpf)
{
	struct rulesengine *e = calloc(1, sizeof(*e));

	if (!e) {
		human_error("out of memory");
		return NULL;
	}
	e->bpf = bpf;
	if (!all_make(&e->all, rules) ||
	    (bpf && (!half_make(&e->halves[RULESET_KERNEL], rules, RULESET_KERNEL) ||
		     !half_make(&e->halves[RULESET_USER], rules, RULESET_USER))))
		return rulesengine_free(e);
	return e;
}

static void tell(const struct half *h, const struct match_found *found, uint32_t n,
		 rulesengine_found_f *f, void *arg)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (found[i].truth == MATCH_TRUE)
			f(arg, &h->set->programs[found[i].rule]);
}

static int half_run(struct half *h, uint32_t type, struct json_object *event,
		    rulesengine_found_f *f, void *arg)
{
	const struct match_found *found;
	const struct match_work *w;
	uint32_t n;
	int r;

	if (ruleevent_take(h->event, event))
		return -ENOMEM;
	if (h->host) {
		found = rulematch_run(h->host, type, ruleevent_values(h->event), &n);
		tell(h, found, n, f, arg);
		return 0;
	}
	r = matchtest_run(h->kernel, type, ruleevent_values(h->event));
	w = matchtest_work(h->kernel);
	if (!r)
		tell(h, w->found, w->n_found, f, arg);
	return r;
}

int rulesengine_run(struct rulesengine *e, uint32_t type, struct json_object *event,
		    rulesengine_found_f *found, void *arg)
{
	int r;

	if (!e->bpf)
		return half_run(&e->all, type, event, found, arg);
	if (ruleevent_take(e->all.event, event))
		return -ENOMEM;
	r = half_run(&e->halves[RULESET_KERNEL], type, event, found, arg);
	return r ? r : half_run(&e->halves[RULESET_USER], type, event, found, arg);
}

struct match_value rulesengine_get(struct rulesengine *e, const char *name)
{
	return ruleevent_get(e->all.event, name);
}

static void half_fini(struct half *h)
{
	matchtest_free(h->kernel);
	rulematch_free(h->host);
	ruleevent_free(h->event);
	ruleset_free(h->own);
}

struct rulesengine *rulesengine_free(struct rulesengine *e)
{
	if (!e)
		return NULL;
	half_fini(&e->all);
	half_fini(&e->halves[RULESET_KERNEL]);
	half_fini(&e->halves[RULESET_USER]);
	free(e);
	return NULL;
}
