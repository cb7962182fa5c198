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

/* Texts one behind the other, each ended by a NUL. */
struct notice_texts {
	char p[8192];
	uint32_t len;
};

struct notice_self_test {
	unsigned result;	/* enum weir_self_test_result */
	unsigned tried;
	uint64_t duration_ns;
	struct notice_texts missing, skipped;
};

/* What there is no room for is left out. */
void notice_texts_add(struct notice_texts *t, const char *text);
void notice_self_test(struct services *s, const struct notice_self_test *n);
void notice_config(struct services *s, const struct notice_config *n);
/* state: enum weir_stage_state. */
void notice_stage(struct instance *in, unsigned state, const char *reason);
