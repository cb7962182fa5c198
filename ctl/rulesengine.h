/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decides of events in `weirctl rules test`: the matcher of the host alone or, as in
 * the sensor, that of the kernel for all that it can do. One thread.
 */
#pragma once

#include "plugins/rules/ruleevent.h"
#include "rules.h"

struct rulesengine;

typedef void rulesengine_found_f(void *arg, const struct ruleset_program *p);

/* NULL: what failed has been told. `rules` has to live longer. */
struct rulesengine *rulesengine_new(const struct rules *rules, bool bpf);
/* What matches `event`, in no order. 0, or a negative errno; -E2BIG: it is too long. */
int rulesengine_run(struct rulesengine *e, uint32_t type, struct json_object *event,
		    rulesengine_found_f *found, void *arg);
/* As ruleevent_get(), of the last event. */
struct match_value rulesengine_get(struct rulesengine *e, const char *name);
struct rulesengine *rulesengine_free(struct rulesengine *e);
