/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types and values of variables. A value is kept as its text, in one way of writing
 * for each; a list as texts that each end with a NUL. No memory of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum var_type {
	VAR_BOOL,
	VAR_INT,		/* 64 bits, with a sign */
	VAR_STRING,
	VAR_IP,
	VAR_LIST = 4,		/* of the above: VAR_LIST | VAR_INT */
};
#define VAR_TYPE__MAX	8u

enum varvalue_result {
	VARVALUE_OK,
	VARVALUE_MALFORMED,	/* not of this type */
	VARVALUE_MISMATCH,	/* nothing can be appended to it, or not this */
};

struct varvalue {
	uint8_t type;
	bool cut;		/* there was more than it holds; of a list: at its beginning */
	uint32_t len, max;
	char *bytes;		/* `max` of them, the caller's */
};

/* bool int string ip, and with [] behind it; -1: no type. */
int varvalue_type(const char *word, size_t len);
const char *varvalue_type_name(uint8_t type);
/* What the text means as v->type; a list's items by commas. At most `max_items` of them. */
enum varvalue_result varvalue_parse(struct varvalue *v, const char *text, size_t len,
				    uint32_t max_items);
/*
 * Numbers are added, strings joined; a list gets what it does not have yet, and gives up
 * its first items for it. `type` is that of the text: v's, or that of its items.
 */
enum varvalue_result varvalue_append(struct varvalue *v, uint8_t type, const char *text,
				     size_t len, uint32_t max_items);
