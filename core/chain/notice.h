/* SPDX-License-Identifier: Apache-2.0 */
/* Events about the sensor itself: config and stage. Any thread. */
#pragma once

#include <stdint.h>

struct instance;
struct services;

struct notice_config {
	unsigned trigger;	/* enum weir_config_trigger */
	unsigned generation;
	unsigned kept, adopted, cold, added, removed, errors;
	const char *digest;
	const char *file;
	const char *error;	/* NULL: it is in force */
};

void notice_config(struct services *s, const struct notice_config *n);
/* state: enum weir_stage_state. */
void notice_stage(struct instance *in, unsigned state, const char *reason);
