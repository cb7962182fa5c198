/* SPDX-License-Identifier: Apache-2.0 */
/* The async chains of a plan in the making. Inside of core/chain. */
#pragma once

#include <stdbool.h>

#include "chain/async.h"
#include "chain/plan.h"

/* All chains of the group `async`, with their plugins. 0 or negative. */
int lines_load(struct plan *p, const struct plan_conf *conf, struct diag *d);
/*
 * Binds the stages of one to what the sync chain has before its first
 * serializer (`before`), and lets that chain know the fields that will come as amendments.
 */
int line_resolve(struct plan_async *pa, const struct plan_conf *conf,
		 const struct schema *before, struct schema *sync, struct diag *d);
/* Queues of the running plan where the settings are the same, else new ones. */
int lines_queue(struct plan *p, const struct plan_conf *conf);
/* Have two lines an instance in common? */
bool lines_share(const struct line *a, const struct line *b);
/*
 * One reference less. true: it was the last one, its stages are to be freed,
 * then line_free.
 */
bool line_unref(struct line *line);
/* All but its stages. NULL, always. */
struct line *line_free(struct line *line);

/* ---- of plan.c, for both ------------------------------------------------------------*/

int plan_stages_load(const struct plan_conf *conf, const char *chain, bool is_async,
		     const struct conf_node *list, struct diag *d,
		     struct stage ***stages, size_t *n);
int plan_names_check(struct stage *const *stages, size_t n, struct diag *d);
int plan_types_add(struct schema *schema, struct stage *const *stages, size_t n,
		   struct diag *d);
/* Is it one that does not let go of its stages? */
bool plan_stuck(const struct plan_conf *conf, const char *chain);
/* NULL: there is none, or no plan. Names are interned. */
struct instance *plan_instance(const struct plan *p, const char *chain,
			       const char *name);

/* The option table of an async chain, for the manual. */
extern const struct weir_option line_options[];
extern const uint32_t line_n_options;
