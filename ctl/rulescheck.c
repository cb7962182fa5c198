/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `weirctl rules check`: whether rules load, where each would run, and what is odd about
 * them.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "human.h"
#include "plugins/rules/rulefield.h"
#include "plugins/rules/rulelint.h"
#include "rules.h"
#include "weirctl.h"

#define USAGE \
	"usage: weirctl rules check PATH...\n" \
	"  --map FILE           more log sources and names of fields\n" \
	"  --placeholders DIR   values of %%name%%: the lines of DIR/name.txt\n" \
	"  --json               for programs\n"

/* ---- what is said of a rule --------------------------------------------------------*/

static void add_text(struct json_object *o, const char *key, const char *text)
{
	if (text)
		json_object_object_add(o, key, json_object_new_string(text));
}

static struct json_object *types_of(const struct match_rule *rule)
{
	struct json_object *list = json_object_new_array();
	uint16_t type;

	for (type = 0; type < RULESET_ANY_TYPE; type++)
		if (rule->types[type / 64] >> type % 64 & 1)
			json_object_array_add(list, json_object_new_string(rulefield_type_name(type)));
	return list;
}

static struct json_object *program(const struct ruleset *set, uint32_t i)
{
	const struct ruleset_program *p = &set->programs[i];
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "events", types_of(&set->rules[i]));
	add_text(o, "place", p->place == RULESET_KERNEL ? "kernel" : "user");
	add_text(o, "why", p->why);
	json_object_object_add(o, "operations", json_object_new_int64(set->rules[i].n_ops));
	json_object_object_add(o, "guards", json_object_new_int64(p->n_guards));
	if (p->unguarded)
		json_object_object_add(o, "each_event", json_object_new_boolean(true));
	return o;
}

/* Programs are in the order of rules: *at goes on from those of the rule before. */
static struct json_object *rule(const struct rules *r, uint32_t number, uint32_t *at)
{
	const struct sigma_rule *s = r->load.set->rules[number];
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	const struct ruleset *set = r->image;

	add_text(o, "id", s->meta.id);
	add_text(o, "title", s->meta.title);
	add_text(o, "file", s->meta.place.file);
	json_object_object_add(o, "line", json_object_new_int64(s->meta.place.line));
	json_object_object_add(o, "refused", json_object_new_boolean(s->refused));
	for (; *at < set->image.n_rules && set->programs[*at].rule_index == number; ++*at)
		json_object_array_add(list, program(set, *at));
	json_object_object_add(o, "programs", list);
	return o;
}

static void add_diags(struct json_object *list, const struct rulediags *d)
{
	static const char *const levels[] = { [RULEDIAG_ERROR] = "error",
		[RULEDIAG_WARNING] = "warning", [RULEDIAG_NOTE] = "note" };
	struct json_object *o;
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		o = json_object_new_object();
		add_text(o, "level", levels[d->items[i].level]);
		add_text(o, "file", d->items[i].place.file);
		json_object_object_add(o, "line", json_object_new_int64(d->items[i].place.line));
		json_object_object_add(o, "column", json_object_new_int64(d->items[i].place.col));
		add_text(o, "rule", d->items[i].rule);
		add_text(o, "text", d->items[i].text);
		json_object_array_add(list, o);
	}
}

/* ---- the whole -------------------------------------------------------------------*/

struct summary {
	uint32_t rules, refused, kernel, user, each_event;
};

/* A rule of several programs runs where the worst of them does. */
static struct summary sum_up(const struct rules *r)
{
	struct summary s = { .rules = r->load.set->n_rules };
	const struct ruleset_program *p;
	uint32_t i, k = 0;
	bool user, each;

	for (i = 0; i < r->load.set->n_rules; i++) {
		if (r->load.set->rules[i]->refused) {
			s.refused++;
			continue;
		}
		user = each = false;
		for (; k < r->image->image.n_rules; k++) {
			p = &r->image->programs[k];
			if (p->rule_index != i)
				break;
			user |= p->place == RULESET_USER;
			each |= p->unguarded;
		}
		s.user += user;
		s.kernel += !user;
		s.each_event += each;
	}
	return s;
}

static void print_json(const struct rules *r)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct json_object *diags = json_object_new_array(), *sum = json_object_new_object();
	struct summary s = sum_up(r);
	uint32_t i, at = 0;

	for (i = 0; i < r->load.set->n_rules; i++)
		json_object_array_add(list, rule(r, i, &at));
	add_diags(diags, &r->load.set->diags);
	add_diags(diags, &r->load.diags);
	json_object_object_add(sum, "rules", json_object_new_int64(s.rules));
	json_object_object_add(sum, "correlations", json_object_new_int64(r->load.set->n_correlations));
	json_object_object_add(sum, "refused", json_object_new_int64(s.refused));
	json_object_object_add(sum, "kernel", json_object_new_int64(s.kernel));
	json_object_object_add(sum, "user", json_object_new_int64(s.user));
	json_object_object_add(sum, "each_event", json_object_new_int64(s.each_event));
	json_object_object_add(sum, "states", json_object_new_int64(r->image->n_states));
	json_object_object_add(o, "rules", list);
	json_object_object_add(o, "diagnostics", diags);
	json_object_object_add(o, "summary", sum);
	human_json_object(o);
	json_object_put(o);
}

static void print_human(const struct rules *r)
{
	const struct ruleset *set = r->image;
	const struct ruleset_program *p;
	struct summary s = sum_up(r);
	uint32_t i;

	for (i = 0; i < set->image.n_rules; i++) {
		p = &set->programs[i];
		if (p->place == RULESET_KERNEL)
			continue;
		human_put(stdout, rules_name(&p->rule->meta));
		printf(": ");
		human_put(stdout, p->rule->meta.title ? p->rule->meta.title : "");
		printf(": in user space: ");
		human_put(stdout, p->why);
		putchar('\n');
	}
	printf("%u rules: %u in the kernel, %u in user space, %u refused; %u looked at for each "
	       "event; %u correlations; %u texts, %u operations, %u states\n", s.rules, s.kernel, s.user,
	       s.refused, s.each_event, r->load.set->n_correlations, set->n_strings, set->n_ops,
	       set->n_states);
}

int rulescheck_main(int n, char **args, bool json)
{
	static const struct option options[] = {
		{ "map", required_argument, NULL, 'm' }, { "json", no_argument, NULL, 'j' },
		{ "placeholders", required_argument, NULL, 'p' }, { NULL, 0, NULL, 0 }
	};
	static struct rules r;
	int opt, status;

	optind = 0;
	while ((opt = getopt_long(n, args, "j", options, NULL)) != -1)
		switch (opt) {
		case 'm': r.load.map_file = optarg; break;
		case 'p': r.load.placeholder_dir = optarg; break;
		case 'j': json = true; break;
		default: n = 0;
		}
	if (optind >= n) {
		fprintf(stderr, USAGE);
		return ST_USAGE;
	}
	status = rules_load(&r, args + optind, n - optind, false);
	if (status == ST_OK)
		rulelint_run(r.load.set, r.image, &r.load.diags);
	if (r.load.set && !(json && status == ST_OK))
		rules_complain(&r);
	if (status == ST_OK && json)
		print_json(&r);
	else if (status == ST_OK)
		print_human(&r);
	if (status == ST_OK && rules_errors(&r))
		status = ST_REFUSED;
	rules_fini(&r);
	return status;
}
