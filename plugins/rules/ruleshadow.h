/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of rules that runs beside the one in force, in user space, and does nothing: what
 * would be different with it is told. All calls but the first two and the last are made on
 * the chain's thread.
 */
#pragma once

#include <weir/plugin.h>

#include "rulegen.h"
#include "ruletell.h"

struct ruleshadow;

/* Of conf->paths; NULL: logged why. */
struct ruleshadow *ruleshadow_new(const struct rulegen_conf *conf);
bool ruleshadow_changed(const struct ruleshadow *s, const char *const *paths, uint32_t n);
/* The event `ruleset`, if it has rules. */
void ruleshadow_loaded(const struct ruleshadow *s, const struct ruletell *t);
/* Compares with what is begun in `t`, and tells there. How many rules differ. */
uint32_t ruleshadow_event(struct ruleshadow *s, struct ruletell *t, bool in_profile,
			  uint64_t time_ns);
struct ruleshadow *ruleshadow_free(struct ruleshadow *s);
