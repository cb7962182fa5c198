/* SPDX-License-Identifier: Apache-2.0 */
/* What documents say of each other: correlations, filters, ids and names. */
#include "test_lib.h"

#define LOG	"logsource: {category: c, product: p}\n"
#define DET	"detection: {s: {A: x}, condition: s}\n"
#define R(n)	"title: " n "\nid: " n "-id\nname: " n "\n" LOG DET "---\n"
#define C(n, rest)	"title: " n "\nid: " n "-id\nname: " n "\ncorrelation:\n" rest "---\n"
#define COUNT(rules)	"  type: event_count\n  rules: " rules "\n  timespan: 5m\n" \
			"  condition: {gte: 3}\n"

static const struct sigma_correlation *only(struct sigma_set *set)
{
	is_int(set->diags.n, 0, "nothing is wrong");
	test_tell(set);
	if (!set->n_correlations)
		abort();
	return set->correlations[0];
}

static void test_correlation(void)
{
	struct sigma_set *set = test_set(R("a") R("b")
		"title: c\ncorrelation:\n  type: value_count\n  rules: [a, B-ID]\n"
		"  group-by: [u, host]\n  timespan: 90m\n  aliases: {u: {a: User, b: Owner}}\n"
		"  condition: {gt: 1, lte: 5, field: F}\n  generate: true\nlevel: high\n"
		"weir: {set: {name: n, scope: global, value: 1}}\n");
	const struct sigma_correlation *c = only(set);

	is_int(c->type, SIGMA_VALUE_COUNT, "type");
	is_int(c->n_refs, 2, "references");
	ok(c->refs[0].rule == set->rules[0] && c->refs[1].rule == set->rules[1],
	   "by name, and by id without case");
	is_int(c->group_by.n, 2, "group-by");
	is_int(c->timespan_ns, 90 * 60 * 1000000000ll, "timespan");
	ok(c->n_aliases == 1 && c->aliases[0].n == 2, "aliases");
	is_str(c->aliases[0].of[1].field, "Owner", "the second one's field");
	is_int(c->n_bounds, 2, "bounds");
	ok(c->bounds[0].op == SIGMA_GT && c->bounds[0].number == 1, "above 1");
	ok(c->bounds[1].op == SIGMA_LTE && c->bounds[1].number == 5, "and at most 5");
	is_str(c->field, "F", "field");
	ok(c->generate && c->meta.level == SIGMA_HIGH && c->weir.n_sets == 1, "the rest");
	ok(!set->rules[0]->quiet, "what it refers to is told");
	sigma_free(set);
	set = test_set(R("a") C("c", "  type: value_percentile\n  rules: a\n  timespan: 1h\n"
				"  condition: {lt: 0.5, field: F, percentile: 99.9}\n"));
	c = only(set);
	ok(c->percentile == 99.9 && c->bounds[0].op == SIGMA_LT && c->bounds[0].number == 0.5,
	   "percentile");
	ok(set->rules[0]->quiet, "what it refers to is quiet");
	sigma_free(set);
	set = test_set(R("a") R("b") C("c", "  type: temporal_ordered\n  rules: [a, b]\n"
				       "  timespan: 1d\n"));
	c = only(set);
	ok(c->n_bounds == 1 && c->bounds[0].op == SIGMA_GTE && c->bounds[0].number == 2,
	   "a temporal one wants all of its rules");
	sigma_free(set);
}

static void test_timespans(void)
{
	static const struct { const char *text; uint64_t seconds; } rows[] = {
		{ "1s", 1 }, { "2m", 120 }, { "3h", 10800 }, { "4d", 345600 }, { "5w", 3024000 },
		{ "1M", 2629746 }, { "1y", 31556952 }, { "0s", 0 }, { "5", 0 }, { "m", 0 },
		{ "5 m", 0 }, { "5min", 0 }, { "-5m", 0 }, { "1.5h", 0 }, { "300y", 0 },
		{ "99999999999999999999s", 0 }, { "[5m]", 0 }, { "5H", 0 }, { "292y", 9214629984 },
	};
	struct sigma_set *set;
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), R("a") "title: c\ncorrelation:\n  type: event_count\n"
			 "  rules: a\n  timespan: %s\n  condition: {gte: 3}\n", rows[i].text);
		set = test_set(text);
		ok(set->correlations[0]->refused == !rows[i].seconds &&
		   set->correlations[0]->timespan_ns == rows[i].seconds * 1000000000,
		   "timespan: %s", rows[i].text);
		sigma_free(set);
	}
}

static void test_correlation_wrong(void)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "  []\n", "`correlation` is a map with type, rules" },
		{ "  rules: a\n", "a correlation needs `type`: event_count" },
		{ "  type: count\n", "a correlation needs `type`: event_count" },
		{ "  type: value_median\n", "`value_median` is not of Sigma 2.1" },
		{ "  type: temporal\n  timespan: 1m\n", "a correlation needs `rules`" },
		{ "  type: temporal\n  rules: []\n  timespan: 1m\n", "`rules` are the ids or names" },
		{ "  type: temporal\n  rules: a\n", "a correlation needs `timespan`" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n",
		  "a correlation needs `condition`" },
		{ COUNT("a") "  window: 5\n", "`correlation` does not know the key `window`" },
		{ "  type: temporal\n  rules: a\n  timespan: 1m\n  condition: a and b\n",
		  "`condition` of a correlation is a map" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {ge: 1}\n",
		  "`condition` does not know the key `ge`" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {}\n",
		  "`condition` needs at least one of" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {gte: '1'}\n",
		  "`gte` is a count, without quotes" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {gte: 1.5}\n",
		  "`gte` is a count" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {gte: -1}\n",
		  "`gte` is a count" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {gt: 5, lt: 6}\n",
		  "no number can be within all of these bounds" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {eq: 5, neq: 5}\n",
		  "no number can be within all of these bounds" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n  condition: {lt: 0}\n",
		  "no number can be within all of these bounds" },
		{ "  type: event_count\n  rules: a\n  timespan: 1m\n"
		  "  condition: {gte: 1, field: F}\n", "`event_count` counts events" },
		{ "  type: value_count\n  rules: a\n  timespan: 1m\n  condition: {gte: 1}\n",
		  "`value_count` needs `field`" },
		{ "  type: value_sum\n  rules: a\n  timespan: 1m\n"
		  "  condition: {gte: 1, field: [F, G]}\n", "`field` is one field" },
		{ "  type: value_percentile\n  rules: a\n  timespan: 1m\n"
		  "  condition: {gte: 1, field: F}\n", "`value_percentile` needs `percentile`" },
		{ "  type: value_percentile\n  rules: a\n  timespan: 1m\n"
		  "  condition: {gte: 1, field: F, percentile: 100}\n", "needs `percentile`" },
		{ "  type: value_avg\n  rules: a\n  timespan: 1m\n"
		  "  condition: {gte: 1, field: F, percentile: 5}\n", "`percentile` is of the type" },
		{ COUNT("a") "  aliases: [x]\n", "`aliases` is a map" },
		{ COUNT("a") "  aliases: {x: y}\n", "an alias is a map of rules and their fields" },
		{ COUNT("a") "  aliases: {x: {b: F}}\n  group-by: x\n",
		  "`b` has an alias, and is none of the correlation's `rules`" },
		{ COUNT("[a, b]") "  aliases: {x: {b: F}}\n  group-by: x\n",
		  "`a` has no field for an alias" },
		{ COUNT("a") "  generate: 1\n", "`generate` is true or false" },
		{ COUNT("nobody") , "`nobody` is the id or name of no rule" },
		{ COUNT("bad") , "`bad` is refused, and with it all that refers to it" },
		{ COUNT("c") , "`c` leads in a circle" },
	};
	struct sigma_set *set;
	char text[2048];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), R("a") R("b") "title: c\nname: c\ncorrelation:\n%s"
			 "---\ntitle: bad\nname: bad\nlevel: none\n" LOG DET, rows[i].text);
		set = test_set(text);
		/* The last document has an error of its own, behind or before. */
		ok(set->correlations[0]->refused && set->diags.n > 1, "%s", rows[i].why);
		for (uint32_t k = 0; k <= set->diags.n; k++)
			if (k == set->diags.n ||
			    strstr(set->diags.items[k].text, rows[i].why)) {
				ok(k < set->diags.n, "which is told");
				break;
			}
		ok(!set->rules[0]->refused && !set->rules[0]->quiet, "its rules are told");
		sigma_free(set);
	}
	set = test_set(R("a") C("c", COUNT("a")) "title: d\ncorrelation:\n" COUNT("a")
		       "weir: {action: kill}\n");
	ok(set->correlations[1]->refused && strstr(test_diag(set, RULEDIAG_ERROR),
						   "a correlation can only observe"), "kill");
	sigma_free(set);
}

static void test_chains(void)
{
	struct sigma_set *set = test_set(C("c3", COUNT("c2")) C("c2", COUNT("[c1, a]"))
					 C("c1", COUNT("a-id")) R("a"));
	char text[8192], *p;
	int i, n_refused;

	is_int(set->diags.n, 0, "a chain of three, in any order");
	test_tell(set);
	ok(set->correlations[0]->refs[0].correlation == set->correlations[1], "refers to one");
	ok(set->correlations[1]->quiet && !set->correlations[0]->quiet && set->rules[0]->quiet,
	   "only the last one is told");
	sigma_free(set);
	set = test_set(R("a") C("x", COUNT("y")) C("y", COUNT("z")) C("z", COUNT("[a, x]"))
		       C("w", COUNT("z")) C("v", COUNT("a")));
	is_int(set->diags.n_errors, 4, "a circle, and what refers to it");
	ok(set->correlations[0]->refused && set->correlations[3]->refused &&
	   !set->correlations[4]->refused && !set->rules[0]->refused, "are refused alone");
	sigma_free(set);
	p = text + sprintf(text, "%s", R("a") C("c0", COUNT("a")));
	for (i = 1; i < 20; i++)
		p += sprintf(p, C("c%d", COUNT("c%d")), i, i, i, i - 1);
	set = test_set(text);
	for (i = n_refused = 0; i < 20; i++)
		n_refused += set->correlations[i]->refused;
	is_int(n_refused, 4, "more than sixteen are too many");
	ok(!set->correlations[15]->refused && set->correlations[16]->refused, "the last ones");
	sigma_free(set);
	set = test_set(R("a") C("x", COUNT("a")) C("y", COUNT("a") "  generate: true\n"));
	ok(!set->rules[0]->quiet, "one that asks for it alone is enough");
	sigma_free(set);
}

/* ---- filters ---------------------------------------------------------------------*/

#define S	"(s (= A \"x\"))"
#define FILTER(rules, log)	"title: f\nlogsource: " log "\nfilter:\n  rules: " rules "\n" \
	"  s: {U: adm}\n  condition: not s\n---\n"
#define F	"(not (\"f: s\" (= U \"adm\")))"

static void try_filter(const char *what, const char *text, const char *want, const char *warn)
{
	struct sigma_set *set = test_set(text);
	char *expr = sigma_text(set->rules[0]->expr);

	is_str(expr, want, "%s", what);
	is_int(set->diags.n_errors, 0, "without an error");
	ok(warn ? strstr(test_diag(set, RULEDIAG_WARNING), warn) != NULL : !set->diags.n, "%s",
	   warn ? warn : "without a warning");
	free(expr);
	sigma_free(set);
}

static void test_filters(void)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "filter: {rules: a, s: {U: x}, condition: s}\n", "no logsource" },
		{ LOG "filter: x\n", "`filter` is a map" },
		{ LOG "filter: {s: {U: x}, condition: s}\n", "a filter needs `rules`" },
		{ LOG "filter: {rules: [], s: {U: x}, condition: s}\n", "are the ids or names" },
		{ LOG "filter: {rules: a, s: {U: x}}\n", "`filter` has no condition" },
		{ LOG "filter: {rules: a, s: {U: x}, condition: [s]}\n", "a filter has one" },
		{ LOG "filter: {rules: a, s: {U|x: x}, condition: s}\n", "`x` is no modifier" },
		{ LOG "filter: {rules: a, s: {U: x}, condition: s}\nweir: {}\n",
		  "a filter only changes where rules match" },
	};
	struct sigma_set *set;
	char text[1024];
	size_t i;

	try_filter("by name", R("a") FILTER("[a]", "{category: c}"), "(and " S " " F ")", NULL);
	try_filter("by id", R("a") FILTER("A-id", "{product: p}"), "(and " S " " F ")", NULL);
	try_filter("before the rule", FILTER("a", "{product: p}") R("a"), "(and " S " " F ")",
		   NULL);
	try_filter("any", R("a") FILTER("any", "{product: p, category: c}"),
		   "(and " S " " F ")", NULL);
	try_filter("all", R("a") FILTER("all", "{product: p}"), "(and " S " " F ")", NULL);
	try_filter("once", R("a") FILTER("[a, a-id]", "{product: p}"), "(and " S " " F ")", NULL);
	try_filter("two of them", R("a") FILTER("a", "{product: p}") FILTER("any", "{product: p}"),
		   "(and " S " " F " " F ")", NULL);
	try_filter("another logsource", R("a") FILTER("a", "{product: q}"), S,
		   "`a` is of another logsource");
	try_filter("a narrower logsource", R("a") FILTER("a", "{product: p, service: s}"), S,
		   "`a` is of another logsource");
	try_filter("no logsource of any", R("a") FILTER("any", "{product: q}"), S,
		   "there is no rule of this logsource");
	try_filter("nobody", R("a") FILTER("b", "{product: p}"), S, "`b` is the id or name of no");
	try_filter("a correlation", R("a") C("c", COUNT("a")) FILTER("c", "{product: p}"), S,
		   "`c` is a correlation");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), R("a") "title: f\n%s", rows[i].text);
		set = test_set(text);
		ok(set->diags.n_errors && strstr(test_diag(set, RULEDIAG_ERROR), rows[i].why),
		   "%s", rows[i].why);
		ok(!set->rules[0]->refused && set->rules[0]->expr->node == SIGMA_SELECTION,
		   "the rule is as it was");
		sigma_free(set);
	}
	snprintf(text, sizeof(text), "%s", R("a") FILTER("a", "{product: p}"));
	set = test_limits(text, strlen(text), 0, 1);
	ok(set->rules[0]->refused && strstr(test_diag(set, RULEDIAG_ERROR),
		"with the filter `f` it has more than 1 values"), "too many values");
	sigma_free(set);
}

static void test_same(void)
{
	struct sigma_set *set = test_set(R("a") "title: b\nid: A-ID\n" LOG DET "---\n"
					 "title: c\nname: a\n" LOG DET "---\n"
					 "title: d\nname: A\n" LOG DET);

	is_int(set->diags.n_errors, 2, "an id and a name again");
	ok(!set->rules[0]->refused && set->rules[1]->refused && set->rules[2]->refused &&
	   !set->rules[3]->refused, "the first ones stay");
	ok(strstr(test_diag(set, RULEDIAG_ERROR), "t.yml:7:1: error: b: the id `A-ID` is that of "
		  "`a` (t.yml:1), too"), "where the other one is");
	sigma_free(set);
	set = test_set("title: bad\nid: x\nlevel: none\n" LOG DET "---\ntitle: good\nid: x\n"
		       LOG DET "---\n" C("c", COUNT("x")));
	ok(set->diags.n_errors == 1 && !set->rules[1]->refused &&
	   set->correlations[0]->refs[0].rule == set->rules[1], "what is refused takes no id");
	sigma_free(set);
}

int main(void)
{
	test_correlation();
	test_timespans();
	test_correlation_wrong();
	test_chains();
	test_filters();
	test_same();
	return done_testing();
}
