/* SPDX-License-Identifier: Apache-2.0 */
/* Two sets over one event; rules are the same by their id, or by their title without one. */
#include "ruleshadow.h"

#include "rulesuppress.h"

#include <stdlib.h>
#include <string.h>

#define NAMED	(RULEGEN_MATCHES + RULETELL_HELD)

struct ruleshadow {
	struct rulegen *gen;
	struct rulecorr *corr;
	struct ruletell held;		/* only what is begun, of this set */
	struct rulegen_result result;
	struct ruletell_shadow rows[2 * NAMED];
};

struct ruleshadow *ruleshadow_new(const struct rulegen_conf *conf)
{
	struct ruleshadow *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->gen = rulegen_new(conf);
	s->corr = s->gen ? ruletell_corr_new(&s->held, s->gen) : NULL;
	return s->corr ? s : ruleshadow_free(s);
}

bool ruleshadow_changed(const struct ruleshadow *s, const char *const *paths, uint32_t n)
{
	return ruleload_changed(&s->gen->load, paths, n);
}

static bool has_rules(const struct ruleshadow *s)
{
	return s->gen->load.set->n_rules || s->gen->load.set->n_correlations;
}

void ruleshadow_loaded(const struct ruleshadow *s, const struct ruletell *t)
{
	if (has_rules(s))
		ruletell_loaded(t, s->gen);
}

/* ---- differences ---------------------------------------------------------------------*/

static uint32_t name_all(const struct ruletell *t, struct ruletell_shadow *to)
{
	const struct rulegen_match *m;
	uint32_t i, n = 0;

	for (i = 0; i < t->result->n; i++) {
		m = &t->result->matches[i];
		if (m->truth == MATCH_TRUE && !m->rule->quiet)
			to[n++] = (struct ruletell_shadow){ &m->rule->meta, &m->rule->weir, NULL };
	}
	for (i = 0; i < t->n_held; i++)
		if (!t->held[i]->quiet)
			to[n++] = (struct ruletell_shadow){ &t->held[i]->meta, &t->held[i]->weir,
				NULL };
	return n;
}

static bool is_same(const struct sigma_meta *a, const struct sigma_meta *b)
{
	if (a->id && b->id)
		return !strcmp(a->id, b->id);
	return !a->id && !b->id && a->title && b->title && !strcmp(a->title, b->title);
}

static const struct ruletell_shadow *find(const struct ruletell_shadow *in, uint32_t n,
					  const struct sigma_meta *meta)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (is_same(in[i].meta, meta))
			return &in[i];
	return NULL;
}

static bool acts_alike(const struct sigma_weir *a, const struct sigma_weir *b)
{
	return a->action == b->action && a->dry_run == b->dry_run;
}

/* Rows of both sets to those that differ. */
static uint32_t differ(const struct ruletell_shadow *now, uint32_t n_now,
		       const struct ruletell_shadow *then, uint32_t n_then,
		       struct ruletell_shadow *to)
{
	const struct ruletell_shadow *other;
	uint32_t i, n = 0;

	for (i = 0; i < n_then; i++) {
		other = find(now, n_now, then[i].meta);
		if (other && acts_alike(other->weir, then[i].weir))
			continue;
		to[n] = then[i];
		to[n++].matches = other ? "both" : "shadow";
	}
	for (i = 0; i < n_now; i++)
		if (!find(then, n_then, now[i].meta)) {
			to[n] = now[i];
			to[n++].matches = "in_force";
		}
	return n;
}

uint32_t ruleshadow_event(struct ruleshadow *s, struct ruletell *t, bool in_profile,
			  uint64_t time_ns)
{
	struct ruletell_shadow now[NAMED], then[NAMED];
	uint32_t n;

	if (!has_rules(s))
		return 0;
	rulegen_run(s->gen, t->ev, NULL, 0, &s->result);
	if (in_profile)
		rulesuppress_run(&s->result, NULL, 0);
	ruletell_begin(&s->held, t->ev, s->gen, &s->result);
	ruletell_correlate(&s->held, s->corr, time_ns);
	if (!s->result.n && !t->result->n && !t->n_held && !s->held.n_held)
		return 0;
	n = name_all(t, now);
	n = differ(now, n, then, name_all(&s->held, then), s->rows);
	ruletell_shadow(t, s->rows, n);
	return n;
}

struct ruleshadow *ruleshadow_free(struct ruleshadow *s)
{
	if (!s)
		return NULL;
	rulecorr_free(s->corr);
	rulegen_unref(s->gen);
	free(s);
	return NULL;
}
