/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of Sigma rules, with a file that may be anything. What is not refused is
 * whole, of bounded depth, and can be printed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/rules/sigma.h"
#include "../../plugins/rules/sigmatext.h"

#define MAX_VALUES	2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int cond)
{
	if (!cond)
		abort();
}

static bool expand(void *arg, const char *name, struct sigma_words *out)
{
	static const char *const words[] = { "a", "*", "" };

	(void)arg;
	*out = (struct sigma_words){ 3, words };
	return *name != 'x';
}

static void check_glob(const struct sigma_glob *g)
{
	const struct sigma_part *p, *before = NULL;

	for (p = g->parts; p < g->parts + g->n; before = p++) {
		must(p->kind != SIGMA_LITERAL || (p->len && p->text));
		must(!before || p->kind != before->kind || p->kind == SIGMA_ONE);
	}
}

static void check_test(const struct sigma_test *t)
{
	must(t && t->op < SIGMA_OP__MAX && t->keyword == !t->field && t->written);
	must(t->place.line && t->place.col);
	if (t->op == SIGMA_TEXT)
		check_glob(&t->glob);
	must(t->op != SIGMA_RE || (t->regex && !t->regex[t->regex_len]));
	must(t->op != SIGMA_FIELDREF || *t->other);
	must(t->op != SIGMA_CIDR || t->cidr.bits <= (t->cidr.family == 4 ? 32 : 128));
}

/* How many tests are in it. */
static uint32_t check_expr(const struct sigma_expr *e, unsigned depth)
{
	uint32_t i, n = 0;

	must(e && depth < SIGMA_DEPTH);
	if (e->node == SIGMA_LEAF) {
		check_test(e->test);
		return 1;
	}
	must(e->n && (e->n == 1 || e->node == SIGMA_AND || e->node == SIGMA_OR));
	must(e->node != SIGMA_SELECTION || e->name);
	for (i = 0; i < e->n; i++)
		n += check_expr(e->of[i], depth + 1);
	return n;
}

static void check_rule(const struct sigma_rule *r)
{
	char *text = sigma_text(r->expr);

	must(text && (r->meta.title || r->meta.id));
	must(r->refused || (r->meta.title && check_expr(r->expr, 0) <= MAX_VALUES));
	free(text);
}

static void check_correlation(const struct sigma_correlation *c)
{
	uint32_t i;

	if (c->refused)
		return;
	must(c->n_refs && c->timespan_ns && c->n_bounds);
	for (i = 0; i < c->n_refs; i++) {
		must(!c->refs[i].rule != !c->refs[i].correlation);
		must(!c->refs[i].rule || !c->refs[i].rule->refused);
		must(!c->refs[i].correlation || !c->refs[i].correlation->refused);
	}
}

static void check_diags(const struct rulediags *d)
{
	char buf[512];
	uint32_t i, k;

	for (i = 0; i < d->n; i++) {
		rulediag_format(&d->items[i], buf, sizeof(buf));
		for (k = 0; buf[k]; k++)
			must((uint8_t)buf[k] >= 0x20);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sigma_conf conf = { expand, NULL, 100, MAX_VALUES };
	struct sigma_set *set = sigma_new(&conf);
	uint32_t i;

	if (!set)
		return 0;
	/* Twice: all ids are there again. */
	must(sigma_read(set, "a", data, size) >= 0);
	must(sigma_read(set, "b", data, size / 2) >= 0);
	must(!sigma_link(set));
	must(set->n_rules + set->n_correlations <= 100);
	for (i = 0; i < set->n_rules; i++)
		check_rule(set->rules[i]);
	for (i = 0; i < set->n_correlations; i++)
		check_correlation(set->correlations[i]);
	check_diags(&set->diags);
	sigma_free(set);
	return 0;
}
