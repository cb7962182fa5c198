/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: test_matchfuzz [-n PAIRS] [-s SEED]
 *
 * The matcher in BPF against the same source on the host: random rules, random events,
 * and each of them has to find the same in the same order, and to leave nothing behind.
 * A set of rules that is not matched alike is repeated by its seed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/matchtest.h"
#include "fuzzevent.h"
#include "fuzzrule.h"
#include "plugins/rules/rulemap.h"
#include "plugins/rules/rulematch.h"
#include "plugins/rules/sigma.h"
#include "tap.h"

#define RULES	40u	/* of a set, at most */
#define EVENTS	50u	/* for it */

/* A set of rules, and both engines. */
struct pair {
	struct sigma_set *set;
	struct rulemap *map;
	struct ruleset *image;
	struct rulematch *host;
	struct matchtest *kernel;
	struct rulediags diags;
	uint32_t n_rules;
	char why[4096];
};

static struct {
	uint64_t pairs, found, unknown, refused, tried;
} sum;

/* ---- both ----------------------------------------------------------------------------*/

static bool pair_open(struct pair *p, const char *yaml, size_t len, bool lenient)
{
	struct sigma_conf conf = { 0 };
	struct ruleset_conf make = { .lenient = lenient };
	uint32_t i;

	*p = (struct pair){ .set = sigma_new(&conf), .why = "out of memory" };
	p->map = rulemap_new(NULL, NULL, 0, &p->diags);
	make.map = p->map;
	if (!p->set || !p->map || sigma_read(p->set, "fuzz", yaml, len) < 0 || sigma_link(p->set))
		return false;
	p->image = ruleset_new(p->set, &make, &p->diags);
	p->host = p->image ? rulematch_new(p->image) : NULL;
	p->kernel = p->host ? matchtest_new(p->image, p->why, sizeof(p->why)) : NULL;
	for (i = 0; i < p->set->n_rules; i++)
		p->n_rules += !p->set->rules[i]->refused;
	return p->kernel != NULL;
}

static void pair_close(struct pair *p)
{
	matchtest_free(p->kernel);
	rulematch_free(p->host);
	ruleset_free(p->image);
	rulediag_fini(&p->diags);
	rulemap_free(p->map);
	sigma_free(p->set);
}

static bool is_zero(const uint64_t *words, size_t n)
{
	uint64_t any = 0;

	while (n)
		any |= words[--n];
	return !any;
}

/* NULL: alike. */
static const char *difference(const struct pair *p, const struct match_work *w,
			      const struct match_found *found, uint32_t n)
{
	uint32_t i;

	if (!is_zero(w->bits, MATCH_BITS_MAX / 64) || !is_zero(w->marked, MATCH_RULES_MAX / 64))
		return "the kernel leaves bits set";
	if (w->n_cands != rulematch_tried(p->host))
		return "not the same rules are tried";
	if (w->more != rulematch_more(p->host) || !w->overflow != !rulematch_overflow(p->host))
		return "what was too much differs";
	if (w->n_found != n)
		return "not as many are found";
	for (i = 0; i < n; i++)
		if (w->found[i].rule != found[i].rule || w->found[i].truth != found[i].truth)
			return "others are found";
	return NULL;
}

static const char *compare(struct pair *p, uint32_t type, const struct match_value *values)
{
	const struct match_found *found;
	uint32_t i, n;

	found = rulematch_run(p->host, type, values, &n);
	if (matchtest_run(p->kernel, type, values))
		return "the kernel does not run it";
	for (i = 0; i < n; i++) {
		sum.found += found[i].truth == MATCH_TRUE;
		sum.unknown += found[i].truth == MATCH_UNKNOWN;
	}
	sum.pairs += p->n_rules;
	sum.tried += rulematch_tried(p->host);
	return difference(p, matchtest_work(p->kernel), found, n);
}

/* ---- what went wrong -------------------------------------------------------------------*/

static void tell_lines(const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		tap_diag("%.*s", (int)(end - text), text);
	}
}

static void tell_value(const char *name, const struct match_value *v)
{
	const uint8_t *text = (const uint8_t *)(uintptr_t)v->at;
	char hex[2 * 200 + 1] = "";
	uint32_t i;

	for (i = 0; v->flags & MATCH_VALUE_TEXT && i < v->len && i < 200; i++)
		snprintf(hex + 2 * i, 3, "%02x", text[i]);
	tap_diag("%s: flags %#x, %u bytes %s, number %lld + %u, family %u", name, v->flags, v->len,
		 hex, (long long)v->number, v->fraction, v->family);
}

static void tell(const struct pair *p, const char *why, const char *yaml, uint32_t type,
		 const struct match_value *values)
{
	const struct match_work *w = matchtest_work(p->kernel);
	const struct match_found *found;
	uint32_t i, n;

	tap_diag("%s; rules:", why);
	tell_lines(yaml);
	tap_diag("event of type %u:", type);
	for (i = 0; i < p->image->image.n_fields; i++)
		tell_value(p->image->names[i].name, &values[i]);
	for (i = 0; i < w->n_found; i++)
		tap_diag("kernel: %s: %u", p->image->programs[w->found[i].rule].rule->meta.title,
			 w->found[i].truth);
	found = rulematch_run(p->host, type, values, &n);
	for (i = 0; i < n; i++)
		tap_diag("host: %s: %u", p->image->programs[found[i].rule].rule->meta.title,
			 found[i].truth);
}

/* ---- random ones -----------------------------------------------------------------------*/

static bool run_events(struct pair *p, struct fuzz *f, const char *yaml)
{
	const struct match_value *values;
	const char *why;
	uint32_t i, type;

	for (i = 0; i < EVENTS; i++) {
		values = fuzz_event(f, p->image);
		type = fuzz_type(f);
		why = compare(p, type, values);
		if (why) {
			tell(p, why, yaml, type, values);
			return false;
		}
	}
	return true;
}

static bool run_set(uint64_t seed)
{
	bool good = false;
	struct fuzz f;
	struct pair p;
	char *yaml = NULL;
	size_t len = 0;
	uint32_t n;
	FILE *to = open_memstream(&yaml, &len);

	if (!to)
		return false;
	fuzz_init(&f, seed);
	n = 1 + fuzz_below(&f, RULES);
	fuzz_rules(&f, n, to);
	fclose(to);
	if (pair_open(&p, yaml, len, !f.strict))
		good = run_events(&p, &f, yaml);
	else
		tap_diag("%s", p.why);
	sum.refused += n - p.n_rules;
	pair_close(&p);
	free(yaml);
	return good;
}

static void test_random(uint64_t seed, uint64_t n)
{
	uint64_t sets = 0;
	bool good = true;

	while (good && sum.pairs < n)
		good = run_set(seed + sets++);
	ok(good, "random rules and events are matched alike");
	if (!good)
		tap_diag("again with -s %" PRIu64, seed + sets - 1);
	tap_diag("%" PRIu64 " sets, %" PRIu64 " pairs: %" PRIu64 " tried, %" PRIu64 " match, %" PRIu64
		 " may; %" PRIu64 " rules were refused", sets, sum.pairs, sum.tried, sum.found,
		 sum.unknown, sum.refused);
	ok(!good || (sum.found > n / 20 && sum.unknown > n / 100), "enough of them match");
}

/* ---- too much at once --------------------------------------------------------------------*/

static void test_many(const char *what, const char *format, uint32_t n, bool in_text)
{
	static char text[65536];
	static struct match_value value;
	const char *why = "it does not load";
	size_t len = 0, used = 0;
	char *yaml = NULL;
	struct pair p;
	uint32_t i;
	FILE *to = open_memstream(&yaml, &len);

	for (i = 0; to && i < n; i++) {
		fprintf(to, "---\ntitle: R%u\nlogsource: { category: c }\ndetection:\n", i);
		fprintf(to, format, i);
		fprintf(to, "\n  condition: s\n");
		if (in_text)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "w%u.", i);
	}
	if (to)
		fclose(to);
	if (pair_open(&p, yaml, len, true)) {
		value = (struct match_value){ .flags = MATCH_VALUE_TEXT | MATCH_VALUE_NUMBER,
			.at = (uintptr_t)text, .len = (uint32_t)used, .number = 1 << 20 };
		why = compare(&p, RULESET_ANY_TYPE, &value);
		if (!why && !rulematch_overflow(p.host) && !rulematch_more(p.host))
			why = "it is not too much";
	}
	ok(!why, "%s: %s", what, why ? why : "alike");
	pair_close(&p);
	free(yaml);
}

/* ---- all -----------------------------------------------------------------------------------*/

/* Whether the kernel lets us; what is wrong with the matcher itself is a failure. */
static bool permitted(char *why, size_t size)
{
	struct ruleset none = { 0 };
	struct matchtest *m = matchtest_new(&none, why, size);
	bool done = m || !strstr(why, "CAP_BPF");

	matchtest_free(m);
	return done;
}

int main(int argc, char **argv)
{
	uint64_t n = 20000, seed = (uint64_t)time(NULL) * 1000003;
	char why[4096] = "";
	int opt;

	while ((opt = getopt(argc, argv, "n:s:")) != -1)
		switch (opt) {
		case 'n': n = strtoull(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		default:
			fprintf(stderr, "usage: test_matchfuzz [-n PAIRS] [-s SEED]\n");
			return 2;
		}
	if (!permitted(why, sizeof(why))) {
		tap_skip("the matcher in BPF and on the host", why);
		return done_testing();
	}
	tap_diag("seed %" PRIu64, seed);
	test_random(seed, n);
	test_many("rules found", "  s: { F|contains: w1 } #%u", 1500, true);
	test_many("rules tried", "  s: { F|gte: %u }", 5000, false);
	test_many("texts found", "  s: { F|contains: w%u. }", 2000, true);
	return done_testing();
}
