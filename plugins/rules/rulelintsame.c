/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that are there twice under two ids: by a number of what they say, then by that. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rulelintpriv.h"
#include "sigmatext.h"

struct said {
	uint64_t number;
	const struct sigma_rule *rule;
	uint32_t index;
};

static uint64_t number_of(const char *text, uint64_t h)
{
	for (; text && *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3u;
	return (h ^ 0xff) * 0x100000001b3u;
}

static bool said_init(struct said *s, const struct sigma_rule *r, uint32_t index)
{
	char *text = sigma_text(r->expr);

	*s = (struct said){ number_of(text, number_of(r->meta.title, 0)), r, index };
	free(text);
	return text;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same(const struct sigma_rule *a, const struct sigma_rule *b)
{
	char *x = sigma_text(a->expr), *y = sigma_text(b->expr);
	bool same = x && y && !strcmp(x, y) && same_name(a->meta.title, b->meta.title) &&
		    same_name(a->logsource.category, b->logsource.category) &&
		    same_name(a->logsource.product, b->logsource.product) &&
		    same_name(a->logsource.service, b->logsource.service);

	free(x);
	free(y);
	return same;
}

static int by_number(const void *a, const void *b)
{
	const struct said *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void rulelintsame_run(const struct sigma_set *set, struct rulediags *diags)
{
	struct said *all = calloc((size_t)set->n_rules + 1, sizeof(*all));
	uint32_t i, n = 0;

	for (i = 0; all && i < set->n_rules; i++)
		if (!set->rules[i]->refused && said_init(&all[n], set->rules[i], i))
			n++;
	if (n)
		qsort(all, n, sizeof(*all), by_number);
	for (i = 1; i < n; i++) {
		const struct sigma_rule *r = all[i].rule, *before = all[i - 1].rule;

		if (all[i].number == all[i - 1].number && is_same(before, r))
			rulediag_warn(diags, &r->meta.place, r->meta.title,
				      "the same rule is in %s:%u: leave out one", before->meta.place.file,
				      before->meta.place.line);
	}
	free(all);
}
