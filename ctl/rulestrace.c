/* SPDX-License-Identifier: Apache-2.0 */
/* Each selection and each test is a rule of its own here, matched as all others are. */
#include "rulestrace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"

struct part {
	const struct sigma_expr *expr;
	uint32_t rule;
};

struct rulestrace {
	struct sigma_set set;
	struct sigma_rule *rules, **list;	/* by part */
	struct part *parts;
	uint32_t n, cap;
	struct rules as;
	struct rulesengine *engine;
	bool *hit;
};

static bool add(struct rulestrace *t, const struct sigma_expr *e, uint32_t rule)
{
	struct part *more;

	if (t->n == t->cap) {
		more = realloc(t->parts, (t->cap * 2 + 64) * sizeof(*more));
		if (!more)
			return false;
		t->parts = more;
		t->cap = t->cap * 2 + 64;
	}
	t->parts[t->n++] = (struct part){ e, rule };
	return true;
}

/* A selection before its tests. */
static bool gather(struct rulestrace *t, const struct sigma_expr *e, uint32_t rule)
{
	uint32_t i;

	if ((e->node == SIGMA_SELECTION || e->node == SIGMA_LEAF) && !add(t, e, rule))
		return false;
	for (i = 0; e->node != SIGMA_LEAF && i < e->n; i++)
		if (!gather(t, e->of[i], rule))
			return false;
	return true;
}

static bool make(struct rulestrace *t, const struct rules *rules, bool bpf)
{
	const struct ruleset_conf conf = { .map = rules->load.map, .lenient = true };
	const struct sigma_set *set = rules->load.set;
	uint32_t i;

	for (i = 0; i < set->n_rules; i++)
		if (!set->rules[i]->refused && !gather(t, set->rules[i]->expr, i))
			return false;
	t->rules = calloc(t->n + 1, sizeof(*t->rules));
	t->list = calloc(t->n + 1, sizeof(*t->list));
	t->hit = calloc(t->n + 1, sizeof(*t->hit));
	if (!t->rules || !t->list || !t->hit)
		return false;
	for (i = 0; i < t->n; i++) {
		t->rules[i] = *set->rules[t->parts[i].rule];
		t->rules[i].expr = t->parts[i].expr;
		t->rules[i].weir = (struct sigma_weir){ 0 };
		t->list[i] = &t->rules[i];
	}
	t->set = (struct sigma_set){ .n_rules = t->n, .rules = t->list };
	t->as.load.set = &t->set;
	t->as.load.map = rules->load.map;
	t->as.image = ruleset_new(&t->set, &conf, &t->as.load.diags);
	t->engine = t->as.image ? rulesengine_new(&t->as, bpf) : NULL;
	return t->engine != NULL;
}

struct rulestrace *rulestrace_new(const struct rules *rules, bool bpf)
{
	struct rulestrace *t = calloc(1, sizeof(*t));

	if (t && make(t, rules, bpf))
		return t;
	human_error("--trace: out of memory, or too many rules: name fewer");
	return rulestrace_free(t);
}

static void found(void *arg, const struct ruleset_program *p)
{
	struct rulestrace *t = arg;

	t->hit[p->rule_index] = true;
}

static struct json_object *part_json(const struct rulestrace *t, uint32_t i)
{
	const struct sigma_expr *e = t->parts[i].expr;
	struct json_object *o = json_object_new_object();
	char at[64];

	if (e->node == SIGMA_SELECTION) {
		json_object_object_add(o, "selection", json_object_new_string(e->name));
	} else {
		json_object_object_add(o, "field", json_object_new_string(
			e->test->keyword ? "keywords" : e->test->field));
		json_object_object_add(o, "test", json_object_new_string(
			e->test->written ? e->test->written : ""));
		snprintf(at, sizeof(at), "%u:%u", e->test->place.line, e->test->place.col);
		json_object_object_add(o, "at", json_object_new_string(at));
	}
	json_object_object_add(o, "holds", json_object_new_boolean(t->hit[i]));
	return o;
}

int rulestrace_event(struct rulestrace *t, uint32_t type, struct json_object *event)
{
	memset(t->hit, 0, t->n * sizeof(*t->hit));
	return rulesengine_run(t->engine, type, event, found, t);
}

struct json_object *rulestrace_parts(const struct rulestrace *t, uint32_t rule)
{
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (t->parts[i].rule == rule)
			json_object_array_add(list, part_json(t, i));
	return list;
}

struct rulestrace *rulestrace_free(struct rulestrace *t)
{
	if (!t)
		return NULL;
	rulesengine_free(t->engine);
	ruleset_free(t->as.image);
	rulediag_fini(&t->as.load.diags);
	free(t->rules);
	free(t->list);
	free(t->parts);
	free(t->hit);
	free(t);
	return NULL;
}
