/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How stages and the configuration say what is to change: rows of fields whose names
 * end in .set_variables, and definitions "name type value". README.md has the contract.
 */
#pragma once

#include <weir/plugin.h>

#include "varstore.h"

#define VARROW_FIELDS	16u

enum varrow_col {
	VARROW_SCOPE, VARROW_NAME, VARROW_OP, VARROW_TYPE, VARROW_VALUE, VARROW_TTL, VARROW_FLAGS,
	VARROW__MAX
};

struct varrow_field {
	struct weir_handle handle;
	uint32_t at[VARROW__MAX];	/* number of the column */
};

struct varrow_fields {
	uint32_t n;
	struct varrow_field field[VARROW_FIELDS];
};

/* All such fields of the schema. 0, or -1 and why. */
int varrow_bind(const struct weir_schema *schema, struct varrow_fields *out, char *why,
		size_t size);
/* False: the row says nothing that makes sense. Texts stay the row's. */
bool varrow_read(const struct varrow_field *f, const struct weir_value *row, uint32_t n_cols,
		 enum var_scope *scope, struct var_change *out);
/* "site string berlin", as a constant of `into`. 0, or -1 and why. */
int varrow_define(struct varstore *into, const char *text, char *why, size_t size);
