/* SPDX-License-Identifier: Apache-2.0 */
/* A matcher for the parts of each rule that has matched. */
#include "rulewhy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rulearena.h"
#include "rulelive.h"
#include "rulematch.h"
#include "ruleparts.h"

struct one {
	struct ruleparts parts;
	struct rulematch *match;
	struct rulelive *live;
	struct rulearena texts;
	const char **written;	/* by part; NULL: a selection */
	bool *holds;		/* by part: of the event at work */
};

struct rulewhy {
	const struct sigma_set *set;
	const struct rulemap *map;
	const struct weir_schema *schema;
	struct one **of;	/* by rule; NULL: it has not matched yet */
	struct rulewhy_found found;
};

struct rulewhy *rulewhy_new(const struct sigma_set *set, const struct rulemap *map,
			    const struct weir_schema *schema)
{
	struct rulewhy *y = calloc(1, sizeof(*y));

	if (!y)
		return NULL;
	*y = (struct rulewhy){ .set = set, .map = map, .schema = schema };
	y->of = calloc(set->n_rules + 1u, sizeof(*y->of));
	return y->of ? y : rulewhy_free(y);
}

/* ---- a rule --------------------------------------------------------------------------*/

static struct one *one_free(struct one *o)
{
	if (!o)
		return NULL;
	rulelive_free(o->live);
	rulematch_free(o->match);
	ruleparts_fini(&o->parts);
	rulearena_fini(&o->texts);
	free(o->written);
	free(o->holds);
	free(o);
	return NULL;
}

static bool write_all(struct one *o)
{
	const struct sigma_test *t;
	char text[1024];
	uint32_t i;
	int n;

	for (i = 0; i < o->parts.n; i++) {
		t = o->parts.parts[i].expr->test;
		if (!t)
			continue;
		n = snprintf(text, sizeof(text), "%s%s%s", t->keyword ? "keywords" : t->field,
			     t->has_modifiers ? "|" : ": ", t->written);
		o->written[i] = rulearena_text(&o->texts, text,
			(size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	}
	return !o->texts.failed;
}

static struct one *one_new(const struct rulewhy *y, uint32_t rule)
{
	const struct ruleset_conf conf = { .map = y->map, .parts = true };
	struct one *o = calloc(1, sizeof(*o));

	if (!o || !ruleparts_make(&o->parts, &y->set->rules[rule], 1, &conf))
		return one_free(o);
	o->match = rulematch_new(o->parts.image);
	o->live = rulelive_new(o->parts.image, y->schema);
	o->written = calloc(o->parts.n + 1, sizeof(*o->written));
	o->holds = calloc(o->parts.n + 1, sizeof(*o->holds));
	if (!o->match || !o->live || !o->written || !o->holds || !write_all(o))
		return one_free(o);
	return o;
}

/* ---- an event ------------------------------------------------------------------------*/

static void add(struct rulewhy_words *w, const char *word)
{
	if (w->n < RULEWHY_WORDS)
		w->word[w->n++] = word;
	else
		w->more = true;
}

/* What has to be false for a match is no reason, nor is what is in a selection that does not hold. */
static void tell(const struct one *o, struct rulewhy_found *to)
{
	const struct rulepart *p;
	uint32_t i;

	for (i = 0; i < o->parts.n; i++) {
		p = &o->parts.parts[i];
		if (p->negated || !o->holds[i])
			i += p->n_below;
		else if (p->expr->node == SIGMA_SELECTION)
			add(&to->selections, p->expr->name);
		else
			add(&to->values, o->written[i]);
	}
}

const struct rulewhy_found *rulewhy_event(struct rulewhy *y, uint32_t rule,
					  const struct weir_event *ev)
{
	struct one *o = y->of[rule];
	const struct match_found *found;
	uint32_t i, n;

	if (!o)
		o = y->of[rule] = one_new(y, rule);
	if (!o)
		return NULL;
	memset(o->holds, 0, o->parts.n * sizeof(*o->holds));
	found = rulematch_run(o->match, ev->type, rulelive_take(o->live, ev), &n);
	for (i = 0; i < n; i++)
		if (found[i].truth == MATCH_TRUE)
			o->holds[o->parts.image->programs[found[i].rule].rule_index] = true;
	y->found.selections = y->found.values = (struct rulewhy_words){ 0 };
	tell(o, &y->found);
	return &y->found;
}

struct rulewhy *rulewhy_free(struct rulewhy *y)
{
	uint32_t i;

	if (!y)
		return NULL;
	for (i = 0; y->of && i < y->set->n_rules; i++)
		one_free(y->of[i]);
	free(y->of);
	free(y);
	return NULL;
}
