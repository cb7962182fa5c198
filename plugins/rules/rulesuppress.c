/* SPDX-License-Identifier: Apache-2.0 */
#include "rulesuppress.h"

#include <string.h>

static bool is_word(const struct weir_value *v, const char *word)
{
	return v->len == strlen(word) && !memcmp(v->v.p, word, v->len);
}

bool rulesuppress_in_profile(const struct rulesuppress *s, const struct weir_event *ev)
{
	struct weir_value known = weir_get(ev, s->known), state = weir_get(ev, s->state);

	return weir_present(&known) && known.v.u && weir_present(&state) &&
	       (is_word(&state, "stable") || is_word(&state, "frozen"));
}

uint32_t rulesuppress_run(struct rulegen_result *r, const struct sigma_rule **out, uint32_t max)
{
	uint32_t i, n = 0, gone = 0;

	for (i = 0; i < r->n; i++) {
		if (!r->matches[i].rule->weir.unless_in_profile) {
			r->matches[n++] = r->matches[i];
			continue;
		}
		if (gone < max)
			out[gone] = r->matches[i].rule;
		gone++;
	}
	r->n = n;
	return gone;
}

bool rulesuppress_wanted(const struct rulegen *g)
{
	const struct sigma_set *set = g->load.set;
	uint32_t i;

	for (i = 0; i < set->n_rules; i++)
		if (set->rules[i]->weir.unless_in_profile)
			return true;
	return false;
}
