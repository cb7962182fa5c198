/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a rule matches an event, or not: the truth of each selection and each test of it.
 * One thread.
 */
#pragma once

#include "rulesengine.h"

struct rulestrace;

/* NULL: what failed has been told. `rules` has to live longer. */
struct rulestrace *rulestrace_new(const struct rules *rules, bool bpf);
/* Takes an event. 0, or a negative errno as rulesengine_run(). */
int rulestrace_event(struct rulestrace *t, uint32_t type, struct json_object *event);
/* Of the last event and a rule of the set: a list of objects in its order, the caller's. */
struct json_object *rulestrace_parts(const struct rulestrace *t, uint32_t rule);
struct rulestrace *rulestrace_free(struct rulestrace *t);
