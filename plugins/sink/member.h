/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single members of a JSON object on one line, found without parsing the rest. What is no JSON is
 * not found; it is no check of the syntax. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the line: of a string without its quotes, and escaped as it is there. */
struct member {
	const char *p;
	size_t len;
	bool is_string;
};

/* The object's own member of that name. */
bool member_find(const char *line, size_t len, const char *name, struct member *found);
/* The n first of several at once, in one pass; those that are not there have p == NULL. */
void members_find(const char *line, size_t len, const char *const *names, unsigned n,
		  struct member *found);
/* A number, or a string of digits. False: it is none, or does not fit. */
bool member_u64(const struct member *m, uint64_t *value);
static inline bool member_there(const struct member *m)
{
	return m->p != NULL;
}
