/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of all rules, matched as rules are. */
#include "rulestrace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "plugins/rules/ruleparts.h"

struct rulestrace {
	struct ruleparts parts;
	struct rules as;
	struct rulesengine *engine;
	bool *hit;		/* by part */
};

static bool make(struct rulestrace *t, const struct rules *rules, bool bpf)
{
	const struct ruleset_conf conf = { .map = rules->load.map, .lenient = true };
	const struct sigma_set *set = rules->load.set;

	if (!ruleparts_make(&t->parts, set->rules, set->n_rules, &conf))
		return false;
	t->hit = calloc(t->parts.n + 1, sizeof(*t->hit));
	t->as = (struct rules){ .load = { .set = &t->parts.set, .map = rules->load.map },
		.image = t->parts.image };
	t->engine = t->hit ? rulesengine_new(&t->as, bpf) : NULL;
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
	const struct sigma_expr *e = t->parts.parts[i].expr;
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
	memset(t->hit, 0, t->parts.n * sizeof(*t->hit));
	return rulesengine_run(t->engine, type, event, found, t);
}

struct json_object *rulestrace_parts(const struct rulestrace *t, uint32_t rule)
{
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < t->parts.n; i++)
		if (t->parts.parts[i].rule == rule)
			json_object_array_add(list, part_json(t, i));
	return list;
}

struct rulestrace *rulestrace_free(struct rulestrace *t)
{
	if (!t)
		return NULL;
	rulesengine_free(t->engine);
	ruleparts_fini(&t->parts);
	free(t->hit);
	free(t);
	return NULL;
}
