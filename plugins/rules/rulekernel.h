/* SPDX-License-Identifier: Apache-2.0 */
/* A set of rules as the kernel takes it. No state. */
#pragma once

#include <weir/plugin.h>

#include "ruleset.h"

struct rulekernel_conf {
	const struct weir_setup *setup;
	const char *const *never;
	uint32_t n_never;
};

/*
 * Its generation in the kernel, or a negative errno; -E2BIG: more fields than the kernel
 * looks at. *judged: the types that it judges.
 */
int rulekernel_load(const struct ruleset *set, const struct rulekernel_conf *conf,
		    uint64_t *judged);
