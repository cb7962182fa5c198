/* SPDX-License-Identifier: Apache-2.0 */
/* Events for tests: set field by field, or filled at random from a seed. */
#pragma once

#include "toyschema.h"

#define TOY_ARENA	(256u * 1024)

struct toyevent {
	struct weir_event ev;
	const struct toyschema *toy;
	uint64_t rec[WEIR_REC_MAX / 8];
	struct weir_value added[TOY_FIELDS];
	size_t arena_len;
	uint64_t arena[TOY_ARENA / 8];
	uint64_t seed;
};

/* What random texts may hold. */
enum toyevent_texts {
	TOYEVENT_PLAIN,
	TOYEVENT_UTF8,
	TOYEVENT_HOSTILE,	/* any bytes */
};

void toyevent_init(struct toyevent *te, const struct toyschema *toy, int type);
void toyevent_u64(struct toyevent *te, const char *name, uint64_t u);
/* Text, bytes or texts; `marks`: WEIR_STR_*. NULL: absent. */
void toyevent_text(struct toyevent *te, const char *name, const void *p, size_t n,
		   uint32_t marks);
void toyevent_ip(struct toyevent *te, const char *name, uint32_t family,
		 const void *addr);
void toyevent_add(struct toyevent *te, const char *name, const struct weir_value *v);
void *toyevent_alloc(struct toyevent *te, size_t n);
uint64_t toyevent_random_u64(struct toyevent *te);
/* All fields; id, time and the type stay valid. */
void toyevent_fill(struct toyevent *te, uint64_t seed, enum toyevent_texts texts);
/* As an exec of everyday life is: about 45 fields. */
void toyevent_typical(struct toyevent *te);
