/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of our own events, as events.def has them. Pure tables. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rulefield {
	const char *name;	/* ours */
	const char *sigma;	/* "": none */
	uint16_t kind;		/* enum weir_kind */
	const char *values;	/* set of values.def; "none" */
};

/* 0: there is no such type. */
uint16_t rulefield_type(const char *name);
const char *rulefield_type_name(uint16_t type);
/* A field of events of that type by our name or by that of Sigma; NULL: it has none. */
const struct rulefield *rulefield_find(uint16_t type, const char *name);
/*
 * Numbers of a set whose names are a text, or contain it, whatever their case: all of them
 * or-ed to *out. false: there is none.
 */
bool rulefield_number(const char *set, const char *text, bool contain, uint64_t *out);
