/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the copies that are whole rows. */
#include "rulearrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is shorter than a map's elements are: whole rows of it. */
static bool in_rows(struct rulearrays *a, enum match_array array, const void *p, uint32_t n,
		    size_t size)
{
	uint32_t n_rows = (uint32_t)((n * size + MATCH_ROW - 1) / MATCH_ROW);
	void *rows = calloc(n_rows + 1u, MATCH_ROW);

	if (!rows)
		return false;
	if (n)
		memcpy(rows, p, n * size);
	a->rows[array] = rows;
	a->of[array] = (struct weir_rules_array){ rows, n_rows, MATCH_ROW };
	return true;
}

int rulearrays_init(struct rulearrays *a, const struct ruleset *set)
{
	*a = (struct rulearrays){ .of = {
		[MATCH_ARRAY_cells] = { set->cells, set->n_cells, sizeof(*set->cells) },
		[MATCH_ARRAY_outs] = { set->outs, set->n_outs, sizeof(*set->outs) },
		[MATCH_ARRAY_automata] = { set->automata, set->n_automata, sizeof(*set->automata) },
		[MATCH_ARRAY_fields] = { set->fields, set->image.n_fields, sizeof(*set->fields) },
		[MATCH_ARRAY_bits] = { set->bits, set->image.n_bits, sizeof(*set->bits) },
		[MATCH_ARRAY_tests] = { set->tests, set->n_tests, sizeof(*set->tests) },
		[MATCH_ARRAY_dfas] = { set->dfas, set->n_dfas, sizeof(*set->dfas) },
		[MATCH_ARRAY_rules] = { set->rules, set->image.n_rules, sizeof(*set->rules) },
	} };
	if (in_rows(a, MATCH_ARRAY_list, set->list, set->n_list, sizeof(*set->list)) &&
	    in_rows(a, MATCH_ARRAY_ops, set->ops, set->n_ops, sizeof(*set->ops)) &&
	    in_rows(a, MATCH_ARRAY_next, set->next, set->n_next, sizeof(*set->next)))
		return 0;
	rulearrays_fini(a);
	return -ENOMEM;
}

void rulearrays_fini(struct rulearrays *a)
{
	uint32_t i;

	for (i = 0; i < MATCH_ARRAY__MAX; i++)
		free(a->rows[i]);
	*a = (struct rulearrays){ 0 };
}
